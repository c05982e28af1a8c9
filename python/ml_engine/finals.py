"""The last round of a contest: who takes part, scored on folds nobody tuned by, alone and blended."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ml_engine.blended import BLEND, blended, greedy
from ml_engine.contestants import Entry
from ml_engine.contract.training import Candidate
from ml_engine.crossval import Validation
from ml_engine.metrics import better, measure_of
from ml_engine.problem import Problem

FINALISTS = 5
RANKED = {"roc_auc", "average_precision"}


def finalists(ranked: list[Entry], cost: Callable[[Entry], float], most: float) -> list[Entry]:
    """The best of each family, and the runner-up of the best family: as many as together cost at most that.

    Two take part whatever they cost.
    """
    best: dict[str, Entry] = {}
    for one in ranked:
        best.setdefault(one.family, one)
    second = [one for one in ranked if one is not ranked[0] and one.family == ranked[0].family][:1]
    team: list[Entry] = []
    for one in [*list(best.values())[: FINALISTS - len(second)], *second]:
        if len(team) < 2 or sum(map(cost, [*team, one])) <= most:
            team.append(one)
    return team


@dataclass
class Finals:
    """Who takes part, and what they put out for rows they had not seen, a row of `rounds` a plan of folds."""

    team: list[Entry]
    rounds: list[list[Validation]] = field(default_factory=list[list[Validation]])

    def settle(self, problem: Problem) -> list[Entry]:
        """All who took part, with the scores of these rounds, best first; a blend of them where it is better."""
        for number, one in enumerate(self.team):
            one.score, one.sd = self._score(problem, [float(other == number) for other in range(len(self.team))])
        ranked = sorted(self.team, key=lambda one: -one.score if np.isfinite(one.score) else np.inf)
        found = greedy(len(self.team), lambda weights: self._score(problem, weights)[0])
        chosen = [(one, weight) for one, weight in zip(self.team, found.weights, strict=False) if weight > 0]
        if len(chosen) < 2:
            return ranked
        members = [{"family": one.family, "params": one.params, "weight": weight} for one, weight in chosen]
        seconds = sum(one.seconds for one, _ in chosen)
        spread = self._score(problem, found.weights)[1]
        return [Entry(BLEND, {"members": members}, found.score, spread, seconds, 0.0, np.nan), *ranked]

    def _score(self, problem: Problem, weights: list[float]) -> tuple[float, float]:
        """Mean over folds and plans, larger being better, and the deviation between folds."""
        scores: list[float] = []
        for found in self.rounds:
            output = blended([one.output for one in found], weights)
            for rows in found[0].tested:
                truth = problem.truth[rows]
                measure = measure_of(problem.task, truth, output[rows], problem.positive, problem.metric in RANKED)
                scores.append(better(problem.metric, measure(np.ones(len(rows))).get(problem.metric, np.nan)))
        mean = float(np.mean(scores))
        return mean if np.isfinite(mean) else -np.inf, float(np.std(scores, ddof=1)) if len(scores) > 1 else 0.0


def composition(params: dict[str, Any]) -> str:
    """`0.6 lightgbm, 0.4 svm`."""
    return ", ".join(f"{one['weight']:.2g} {one['family']}" for one in params["members"])


def compared(metric: str, sign: float, blend: Entry, alone: Entry) -> str:
    """What the blend is, and what the best alone would be."""
    return (
        f"A blend ({composition(blend.params)}): {metric} {sign * blend.score:.4g} against {sign * alone.score:.4g} of "
        f"{alone.family} alone; `family: {alone.family}` with its settings trains that."
    )


def listed(one: Entry, sign: float) -> Candidate:
    """As it is reported; `sign` turns its score back."""
    score = sign * one.score if np.isfinite(one.score) else None
    seconds = round(one.seconds, 3)
    return {"family": one.family, "score": score, "sd": one.sd, "seconds": seconds, "note": _note(one)}


def _note(one: Entry) -> str | None:
    if one.family == BLEND:
        return composition(one.params)
    return ", ".join(f"{key}={_short(value)}" for key, value in one.params.items()) or None


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
