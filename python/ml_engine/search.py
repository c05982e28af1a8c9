"""Trials of a hyperparameter search: each a cross-validation that a pruner may end early."""

import time
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import optuna

from ml_engine.checkpoints import Book
from ml_engine.contract.training import SweepParams
from ml_engine.crossval import Stopped, Validation, pipeline_for, validate
from ml_engine.errors import OpError
from ml_engine.folds import Folds
from ml_engine.job import Job
from ml_engine.metrics import Scores, summary
from ml_engine.problem import Problem
from ml_engine.search_spaces import Space, grid, pruner, sampler, suggest
from ml_engine.target import direction

if TYPE_CHECKING:
    from ml_engine.crew import Crew


@dataclass(frozen=True)
class Search:
    """One search: what each trial needs."""

    problem: Problem
    folds: Folds
    family: str
    fixed: dict[str, Any]
    space: Space
    seed: int
    balanced: bool

    def validate(self, settings: dict[str, Any], on_fold: Any = None) -> Validation:
        params = {**self.fixed, **settings}
        return validate(
            self.problem,
            self.folds,
            lambda: pipeline_for(self.problem, self.family, params, self.seed, self.balanced, refit=False),
            on_fold,
        )


def planned(params: SweepParams, space: Space) -> int:
    """Trials there can be: a grid has only so many points."""
    if params["sampler"] != "grid":
        return params["trials"]
    return min(params["trials"], int(np.prod([len(values) for values in grid(space).values()])))


@dataclass
class Outcome:
    """What became of one trial."""

    state: Literal["complete", "pruned", "failed"]
    folds: list[Scores]
    """Scores of each fold that was done."""
    rounds: list[Stopped]
    seconds: float
    refusal: str = ""

    @property
    def mean(self) -> Scores:
        return summary(self.folds)[0]

    @property
    def sd(self) -> Scores:
        return summary(self.folds)[1]


def run(
    search: Search, params: SweepParams, job: Job, started: float, book: Book, crew: "Crew"
) -> tuple[optuna.Study, dict[int, Outcome]]:
    """Trials until there are enough or time is up; a trial whose settings the estimator refuses counts as failed.

    As many trials as there are workers are asked for at once and told in their order, so that the same seed and number
    of workers search alike. A trial that was finished before the call broke off is told again, not done again: the
    sampler sees what it would have seen.

    Raises:
        OpError: the first refusal, where no trial was completed.
    """
    metrics = objectives(search.problem.metric, params)
    total = planned(params, search.space)
    deadline = started + params["time_budget_seconds"]
    study = _study(search, params, metrics)
    found: dict[int, Outcome] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        while len(study.trials) < total and not _exhausted(study):
            batch = [_asked(study, search) for _ in range(min(crew.size, total - len(study.trials)))]
            for trial, outcome in zip(batch, crew.evaluate(study, batch, metrics, book), strict=True):
                found[trial.number] = outcome
                _tell(study, trial, outcome, metrics)
                if outcome.state == "complete":
                    job.metrics(outcome.mean, step=trial.number)
            done = len(study.trials)
            elapsed = (time.monotonic() - started) / params["time_budget_seconds"]
            job.progress(5 + 85 * min(max(done / total, elapsed), 1.0), 100, f"trial {done} of {total}")
            if time.monotonic() > deadline:
                break
    _account(search, found, len(study.trials), total)
    return study, found


def objectives(metric: str, params: SweepParams) -> list[str]:
    """What is searched by: the metric, and a second one where there is one."""
    return [metric, *([params["second_metric"]] if "second_metric" in params else [])]


def _study(search: Search, params: SweepParams, metrics: list[str]) -> optuna.Study:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return optuna.create_study(
            directions=["minimize" if metric == "seconds" else direction(metric) for metric in metrics],
            sampler=sampler(params["sampler"], search.space, search.seed, params["workers"]),
            pruner=pruner("none" if len(metrics) > 1 else params["pruner"], len(search.folds.splits)),
        )


def _asked(study: optuna.Study, search: Search) -> optuna.Trial:
    trial = study.ask()
    trial.set_user_attr("settings", suggest(trial, search.space))
    return trial


def _exhausted(study: optuna.Study) -> bool:
    return isinstance(study.sampler, optuna.samplers.GridSampler) and study.sampler.is_exhausted(study)


def _tell(study: optuna.Study, trial: optuna.Trial, outcome: Outcome, metrics: list[str]) -> None:
    if outcome.state == "complete":
        study.tell(trial, [value_of(outcome, metric) for metric in metrics])
    else:
        state = optuna.trial.TrialState
        study.tell(trial, state=state.PRUNED if outcome.state == "pruned" else state.FAIL)


def value_of(outcome: Outcome, metric: str) -> float:
    """A metric of a trial, or the seconds it took."""
    return outcome.seconds if metric == "seconds" else outcome.mean[metric]


def _account(search: Search, found: dict[int, Outcome], done: int, total: int) -> None:
    refused = [outcome.refusal for outcome in found.values() if outcome.state == "failed"]
    if not any(outcome.state == "complete" for outcome in found.values()):
        if refused:
            raise OpError(
                "invalid_input", f"space: every one of {len(refused)} trials failed. {refused[0]}", "Change the space."
            )
        raise OpError("failed", "No trial was completed.", "Use pruner `none`.")
    if done < total:
        search.problem.warnings.append(f"time_budget_seconds ran out after {done} of {total} trials.")
    if refused:
        search.problem.warnings.append(f"{len(refused)} trials had settings that do not go together: {refused[0]}")


def ranked(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    """Complete trials, best first; of equals the earlier."""
    complete = study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.COMPLETE])
    sign = -1.0 if study.directions[0] == optuna.study.StudyDirection.MAXIMIZE else 1.0
    return sorted(complete, key=lambda trial: (sign * score_of(trial), trial.number))


def score_of(trial: optuna.trial.FrozenTrial) -> float:
    """The first objective's value."""
    return float(trial.values[0])


def settings_of(trial: optuna.trial.FrozenTrial) -> dict[str, Any]:
    return dict(trial.user_attrs["settings"])


def importance(study: optuna.Study) -> tuple[dict[str, float], str | None]:
    """Of the first objective: fANOVA's shares (Hutter, Hoos & Leyton-Brown 2014).

    Nothing where trials are too few or all alike.
    """
    complete = study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.COMPLETE])
    shared = set.intersection(*(set(trial.params) for trial in complete))
    varied = [name for name in sorted(shared) if len({str(trial.params[name]) for trial in complete}) > 1]
    if len(complete) < 8 or not varied or len({trial.values[0] for trial in complete}) < 2:
        return {}, None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
        found = optuna.importance.get_param_importances(
            study, evaluator=evaluator, params=varied, target=lambda trial: trial.values[0]
        )
    return {name: float(np.clip(value, 0.0, 1.0)) for name, value in found.items()}, "fANOVA"
