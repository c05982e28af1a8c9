"""What `auto` trains: families halved on a sample, the best tuned while there is time, the last few scored afresh.

Successive halving over families (Jamieson & Talwalkar 2016) and TPE over the settings of those that are left (Bergstra
et al. 2011). The best of many looks better than it is: the best of the last families are scored again, and chosen
between or blended, on folds nobody has tuned by.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna

from ml_engine.blended import BLEND
from ml_engine.contestants import Entry, growth, sample, study_of, turns
from ml_engine.contract.training import Candidate, TrainParams
from ml_engine.crossval import Validation, pipeline_for, validate
from ml_engine.errors import OpError
from ml_engine.finals import Finals, compared, finalists, listed
from ml_engine.folds import Folds, plan
from ml_engine.job import Job
from ml_engine.memory import estimated_mb
from ml_engine.metrics import Scores, better
from ml_engine.problem import Problem
from ml_engine.search_spaces import default_space, suggest
from ml_engine.sklearn_families import KERNEL_ROWS

AUTO = ["linear", "lightgbm", "random_forest", "svm", "xgboost", "extra_trees", "hist_gradient_boosting"]
"""What `auto` tries, in this order while there is time; a kernel machine only where it needs no approximation."""
AUTO_SECONDS = 15
SCREENING_ROWS, TUNING_ROWS = 4000, 12_000
TRIALS = 100
"""At most, in the usual time; in proportion where there is more."""
TUNED, REPEATS = 3, 3
BLEND_SHARE = 0.5
"""Of the whole time, that scoring all who are left and fitting a blend of them may take at most."""


@dataclass(frozen=True)
class Choice:
    family: str
    candidates: list[Candidate]
    params: dict[str, Any]


class _PoorStartError(Exception):
    """The first fold says that the rest is not worth the time."""


def choose(problem: Problem, folds: Folds, params: TrainParams, deadline: float, job: Job) -> Choice:
    """The family asked for; for `auto` the best of several, and its settings."""
    if params["family"] != "auto":
        return Choice(params["family"], [], dict(params["params"]))
    contest = _Contest(problem, folds, params, deadline, job)
    contest.screen()
    contest.tune()
    return contest.decide()


class _Contest:
    def __init__(self, problem: Problem, folds: Folds, params: TrainParams, deadline: float, job: Job) -> None:
        self.problem, self.folds, self.deadline, self.job = problem, folds, deadline, job
        self.started = time.monotonic()
        self.seed, self.balanced = params["seed"], params["balanced"]
        self.metric = problem.metric
        self.budget_mb = params.get("memory_budget_mb")
        self.entries: list[Entry] = []
        self.skipped: dict[str, str] = {}
        self.growth: dict[str, float] = {}
        # Families that the first round put last, on fewer rows than those in `entries`.
        self.screened: list[Entry] = []
        self.team: list[Entry] = []
        self.finalists: list[Entry] = []
        self.tuning = folds
        # Of what was asked for, not of what is left of it: the same call may make as many trials each time.
        seconds = params.get("time_budget_seconds", AUTO_SECONDS)
        self.trials, self.most_trials = 0, round(TRIALS * max(1.0, seconds / AUTO_SECONDS))
        self.cut = False

    def screen(self) -> None:
        """Every family with its usual settings, on a sample where there are many rows."""
        small, folds = sample(self.problem, self.folds, SCREENING_ROWS, self.seed)
        for number, family in enumerate(AUTO, start=1):
            if family == "svm" and self.problem.rows > KERNEL_ROWS:
                continue
            if self.budget_mb is not None and (need := estimated_mb(self.problem, family, {})) > self.budget_mb:
                self.skipped[family] = f"{need:.0f} MiB needed"
                continue
            if self.entries and time.monotonic() > self.started + (self.deadline - self.started) / 2:
                self.skipped[family] = "no time left"
                continue
            self._add(small, folds, family, {})
            self.job.progress(5 + 15 * number / len(AUTO), 100, f"compared {family}")
        if not self.entries:
            raise OpError(
                "refused",
                f"memory_budget_mb: no family is estimated to fit into {self.budget_mb:.0f} MiB.",
                f"Estimates: {', '.join(f'{family} {why}' for family, why in self.skipped.items())}.",
            )

    def tune(self) -> None:
        """The better half of the families, usual settings first, on more rows; then TPE on them in turn."""
        left = [one.family for one in self._ranked()][: max(2, (len(self.entries) + 1) // 2)]
        problem, folds = sample(self.problem, self.folds, TUNING_ROWS, self.seed)
        self.tuning = folds
        if problem.rows > SCREENING_ROWS:
            # Scores on more rows are not those on fewer: what is left is scored anew, or nothing is.
            screened, self.entries = self.entries, []
            for family in left:
                if self.entries and self._late():
                    self.skipped[family] = "no time left"
                    continue
                entry = self._add(problem, folds, family, {})
                before = next(one for one in screened if one.family == family)
                if entry:
                    self.growth[family] = growth(before, entry, problem.rows / SCREENING_ROWS)
                    entry.seconds = entry.measured * (self.problem.rows / problem.rows) ** self.growth[family]
            self.screened = [one for one in screened if one.family not in left]
        studies = {family: study_of(self.seed) for family in left[:TUNED]}
        spaces = {family: default_space(family, problem.task, problem.rows) for family in studies}
        turn = 0
        while self.trials < self.most_trials and not self.cut:
            turn += 1
            for family, study in studies.items():
                if turn % turns(family):
                    continue
                if self.trials >= self.most_trials or self._late(self._team(problem), self._again_seconds(problem)):
                    self.cut = self.trials < self.most_trials
                    break
                trial = study.ask()
                found = self._add(problem, folds, family, suggest(trial, spaces[family]), prune=True)
                study.tell(trial, found.score if found else None, state=None if found else optuna.trial.TrialState.FAIL)
                self.trials += 1
                self.job.progress(20 + 15 * self.trials / self.most_trials, 100, f"tuned {family}: trial {self.trials}")
        self._again(problem)

    def decide(self) -> Choice:
        """The winner, its family's best beside those of the others, recorded."""
        ranked = [*self.finalists, *self._ranked()]
        best: dict[str, Entry] = {}
        for one in [*ranked, *sorted(self.screened, key=lambda one: -one.score)]:
            best.setdefault(one.family, one)
        sign = better(self.metric, 1.0)
        candidates = [listed(one, sign) for one in best.values()]
        for family, why in self.skipped.items():
            candidates.append({"family": family, "score": None, "sd": None, "seconds": 0.0, "note": why})
        if late := [family for family, why in self.skipped.items() if why == "no time left"]:
            self.problem.warnings.append(
                f"No time to try {', '.join(late)}; a larger time_budget_seconds would, and could change the choice."
            )
        if self.cut:
            self.problem.notes.append(
                f"time_budget_seconds ended the search after {self.trials} of {self.most_trials} trials: "
                "the same call may choose otherwise on a machine of another speed."
            )
        if ranked[0].family == BLEND:
            self.problem.notes.append(compared(self.metric, sign, *ranked[:2]))
        self.job.decide(
            {
                "type": "ModelSelection",
                "selected": ranked[0].family,
                "task": self.problem.task,
                "alternatives": [{"name": one["family"], "score": one["score"]} for one in candidates],
                "rationale": (
                    f"Best cross-validated {self.metric}; {self.trials} trials of settings of the better half, "
                    f"the best {len(self.team)} scored again on other folds, alone and blended."
                ),
            }
        )
        return Choice(ranked[0].family, candidates, ranked[0].params)

    def _again(self, problem: Problem) -> None:
        """Scores those left on fresh folds instead, as often as time allows; then chooses between them, or blends."""
        finals = Finals(self._team(problem))
        self.cut |= len(finals.team) < len(finalists(self._ranked(), lambda _: 0.0, 0.0))
        for repeat in range(1, REPEATS + 1 if len(finals.team) > 1 else 1):
            if self._late(finals.team, self._again_seconds(problem) / REPEATS):
                self.cut = True
                break
            folds = plan(problem, len(self._folds_of(problem).splits), self.seed + repeat)
            finals.rounds.append([self._validated(problem, folds, one.family, one.params) for one in finals.team])
            self.job.progress(35 + 4 * repeat / REPEATS, 100, f"scored the last {len(finals.team)} again")
        if finals.rounds:
            self.team, self.finalists = finals.team, finals.settle(problem)

    def _team(self, problem: Problem) -> list[Entry]:
        """Those worth scoring again, as many as there is time to score and to fit all of."""
        again = REPEATS * len(self._folds_of(problem).splits)
        most = BLEND_SHARE * (self.deadline - self.started)
        return finalists(self._ranked(), lambda one: self._closing_fits * one.seconds + again * one.measured, most)

    def _again_seconds(self, problem: Problem) -> float:
        """What `_again` takes."""
        return REPEATS * len(self._folds_of(problem).splits) * sum(one.measured for one in self._team(problem))

    def _folds_of(self, problem: Problem) -> Folds:
        return self.folds if problem is self.problem else self.tuning

    def _ranked(self) -> list[Entry]:
        return sorted(self.entries, key=lambda one: -one.score if np.isfinite(one.score) else np.inf)

    def _add(
        self, problem: Problem, folds: Folds, family: str, params: dict[str, Any], prune: bool = False
    ) -> Entry | None:
        first: list[float] = []
        floor = float(np.median([one.first for one in self.entries])) if prune and self.entries else -np.inf

        def heard(number: int, scores: Scores) -> None:
            first.append(better(self.metric, scores.get(self.metric, np.nan)))
            if number == 1 and first[0] < floor:
                raise _PoorStartError

        try:
            found = self._validated(problem, folds, family, params, heard)
        except (_PoorStartError, OpError):
            if not prune:
                raise
            return None
        score = better(self.metric, found.mean.get(self.metric, np.nan))
        measured = found.seconds / max(len(found.scores), 1)
        seconds = measured * (self.problem.rows / problem.rows) ** self.growth.get(family, 1.0)
        entry = Entry(family, params, score, found.sd.get(self.metric, 0.0), seconds, measured, first[0])
        self.entries.append(entry)
        return entry

    def _validated(
        self,
        problem: Problem,
        folds: Folds,
        family: str,
        params: dict[str, Any],
        heard: Callable[[int, Scores], None] | None = None,
    ) -> Validation:
        return validate(
            problem,
            folds,
            lambda: pipeline_for(problem, family, params, self.seed, self.balanced, refit=False),
            heard,
        )

    @property
    def _closing_fits(self) -> float:
        """Of cross-validating what is chosen, and fitting it on all rows."""
        return 1.2 * (len(self.folds.splits) + 1.5)

    def _late(self, team: list[Entry] | None = None, more_seconds: float = 0.0) -> bool:
        """Whether the team, or else what is best so far, cross-validated and fitted, would end after the deadline."""
        team = self._ranked()[:1] if team is None else team
        return time.monotonic() + self._closing_fits * sum(one.seconds for one in team) + more_seconds > self.deadline
