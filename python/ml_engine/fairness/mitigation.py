"""What evening a model out would cost, tried on rows that the mitigation did not learn from. Nothing is registered.

A randomised rule is judged by its expectation, so the same call gives the same numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from sklearn.model_selection import train_test_split

from ml_engine.errors import OpError
from ml_engine.fairness.methods import BOUNDS, Cohort, Constraint, group_thresholds, reductions, reweighed
from ml_engine.labelled import Labelled
from ml_engine.models import Model

SHARES = [0.25, 0.5, 0.75]
LEAST_OUTCOMES = 4
"""Rows of either outcome a group needs to take part."""


@dataclass(frozen=True)
class Judged:
    """A randomised decision rule in expectation."""

    accuracy: float
    selection_rate: float
    parity_difference: float
    parity_ratio: float
    odds_difference: float
    by_group: np.ndarray
    """Selection rate a group."""

    def disparity(self, constraint: Constraint) -> float:
        """The difference that the constraint evens out."""
        return self.parity_difference if constraint == "demographic_parity" else self.odds_difference


@dataclass(frozen=True)
class Tried:
    """One mitigation on the tested rows; `chance[i]` is the probability of selecting row i."""

    method: str
    note: str
    chance: np.ndarray
    judged: Judged


@dataclass(frozen=True)
class Point:
    """One setting of one method on the trade-off curve."""

    method: str
    setting: float
    accuracy: float
    disparity: float


@dataclass
class Mitigations:
    """Everything tried beside the model as it is."""

    cohort: Cohort
    left_out: int
    baseline: np.ndarray
    before: Judged
    tried: list[Tried] = field(default_factory=list)
    rules: list[tuple[str, str]] = field(default_factory=list)
    curve: list[Point] = field(default_factory=list)


def judge(truth: np.ndarray, chance: np.ndarray, codes: np.ndarray, groups: int) -> Judged:
    """Expected accuracy and disparities of a rule that selects row i with probability `chance[i]`."""

    def by_group(rows: np.ndarray) -> np.ndarray:
        counted = np.bincount(codes[rows], minlength=groups).astype(np.float64)
        total = np.bincount(codes[rows], weights=chance[rows], minlength=groups)
        return np.divide(total, counted, out=np.full(groups, np.nan), where=counted > 0)

    selection = by_group(np.ones(len(truth), dtype=bool))
    odds = [by_group(truth == label) for label in (1, 0)]
    top = float(np.nanmax(selection))
    return Judged(
        accuracy=float(np.where(truth == 1, chance, 1 - chance).mean()),
        selection_rate=float(chance.mean()),
        parity_difference=top - float(np.nanmin(selection)),
        parity_ratio=float(np.nanmin(selection)) / top if top > 0 else float("nan"),
        odds_difference=max(float(np.nanmax(rate) - np.nanmin(rate)) for rate in odds),
        by_group=selection,
    )


def split(
    rows: Labelled, truth: np.ndarray, selected: np.ndarray, score: np.ndarray, *, codes: np.ndarray, groups: list[str],
    compared: np.ndarray, seed: int,
) -> Cohort:  # fmt: skip
    """Halves the rows of the groups that have enough of both outcomes, stratified by group and outcome.

    Raises:
        OpError: `invalid_input` where fewer than two groups do.
    """
    least = np.array([np.bincount(truth[codes == group], minlength=2).min() for group in range(len(groups))])
    usable = compared & (least >= LEAST_OUTCOMES)
    if usable.sum() < 2:
        raise OpError(
            "invalid_input",
            f"sensitive: mitigation needs two groups with at least {LEAST_OUTCOMES} rows of either outcome.",
            "Use more rows or coarser groups.",
        )
    kept = np.flatnonzero(usable[codes])
    halves = train_test_split(kept, test_size=0.5, stratify=codes[kept] * 2 + truth[kept], random_state=seed)
    learn, test = (np.sort(np.asarray(half)) for half in halves)
    return Cohort(rows, truth, selected, score, codes, groups, learn, test)


def mitigate(
    model: Model, cohort: Cohort, constraint: Constraint, seed: int, heard: Callable[[float, float, str], None]
) -> Mitigations:
    """Tries each mitigation: learns on half of the rows, judges on the other half."""
    test = cohort.test
    truth, codes, groups = cohort.truth[test], cohort.codes[test], len(cohort.groups)
    baseline = cohort.selected[test].astype(np.float64)

    def judged(chance: np.ndarray) -> Judged:
        return judge(truth, chance, codes, groups)

    left_out = len(cohort.truth) - len(cohort.learn) - len(test)
    found = Mitigations(cohort, left_out, baseline, judged(baseline))
    heard(0, 3, "optimising thresholds")
    fair, found.rules = group_thresholds(cohort, constraint)
    drawn = float(((fair > 0.001) & (fair < 0.999)).mean())
    note = f"Same scores, thresholds a group; {drawn:.1%} of decisions are drawn by lot."
    found.tried.append(Tried("threshold optimiser", note, fair, judged(fair)))
    before = found.before
    found.curve.append(Point("model as it is", 0.0, before.accuracy, before.disparity(constraint)))
    for setting, chance in _relaxed(found, constraint, fair):
        at = judged(chance)
        found.curve.append(Point("threshold optimiser", setting, at.accuracy, at.disparity(constraint)))
    heard(1, 3, "reweighing and fitting again")
    again, note = reweighed(model, cohort, seed)
    found.tried.append(Tried("reweighing", note, again, judged(again)))
    heard(2, 3, "exponentiated gradient")
    plain, bounded = reductions(model, cohort, constraint, seed)
    for bound, chance in bounded:
        at = judged(chance)
        found.curve.append(Point("exponentiated gradient", bound, at.accuracy, at.disparity(constraint)))
    free = float((plain == truth).mean())
    note = f"Logistic regressions on the model's features, mixed; one without the constraint has accuracy {free:.3f}."
    found.tried.append(Tried("exponentiated gradient", note, bounded[0][1], judged(bounded[0][1])))
    heard(3, 3, "mitigations compared")
    return found


def _relaxed(found: Mitigations, constraint: Constraint, fair: np.ndarray) -> list[tuple[float, np.ndarray]]:
    """Rules between the model as it is and the constraint held in full, which comes last.

    Demographic parity is relaxed by tolerance. Fairlearn cannot relax equalised odds, so there the fair rule decides a
    share of the rows, drawn by lot.
    """
    if constraint == "demographic_parity":
        relaxed = [(bound, group_thresholds(found.cohort, constraint, bound)[0]) for bound in BOUNDS[1:]]
        return [*relaxed, (0.0, fair)]
    return [*((share, share * fair + (1 - share) * found.baseline) for share in SHARES), (1.0, fair)]
