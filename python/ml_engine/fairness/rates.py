"""Rates of decisions and errors by group, and how sure they are.

Definitions: Hardt, Price & Srebro 2016 (equalised odds, equal opportunity), Chouldechova 2017 (predictive parity), the
four-fifths rule of the US Uniform Guidelines on Employee Selection Procedures (1978).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

RATES = ["base_rate", "selection_rate", "accuracy", "tpr", "fpr", "fnr", "ppv"]
CRITERIA = {
    "demographic parity": ["selection_rate"],
    "equal opportunity": ["tpr"],
    "equalised odds": ["tpr", "fpr"],
    "predictive parity": ["ppv"],
    "accuracy parity": ["accuracy"],
    "calibration": ["calibration_gap"],
}
REGRESSION_CRITERIA = {"equal error": ["mae"], "equal bias": ["bias"], "equal prediction": ["mean_prediction"]}
PRIOR = 0.25
"""Of each of four cells; two of them are Jeffreys' half."""
BINS = 10
INTERVAL = (2.5, 97.5)
CHUNK = 4_000_000

Estimate = tuple[float, float, float]
"""Value, low, high; NaN where undefined."""


@dataclass(frozen=True)
class Measured:
    """One metric by group: `values` (groups,), `draws` (resamples, groups) of the bootstrap, or None."""

    values: np.ndarray
    draws: np.ndarray | None

    def interval(self, group: int) -> tuple[float, float]:
        """95 % percentile interval of one group; NaN where there is none."""
        return (float("nan"), float("nan")) if self.draws is None else _interval(self.draws[:, group])


@dataclass(frozen=True)
class Gap:
    criterion: str
    metric: str
    difference: Estimate
    ratio: Estimate
    lowest: int
    highest: int


def counts_by_group(codes: np.ndarray, groups: int, truth: np.ndarray, selected: np.ndarray) -> np.ndarray:
    """True positives, false positives, false negatives and true negatives a group; shape (groups, 4).

    Args:
        truth: Whether each row is truly positive.
        selected: Whether each row is decided positive.
    """
    cell = np.where(truth, np.where(selected, 0, 2), np.where(selected, 1, 3))
    return np.bincount(codes * 4 + cell, minlength=groups * 4).reshape(groups, 4)


def rates(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Every rate of `RATES` from counts (…, 4) in the order of `counts_by_group`; NaN where undefined."""
    tp, fp, fn, tn = (counts[..., cell].astype(np.float64) for cell in range(4))
    rows = tp + fp + fn + tn
    return {
        "base_rate": _share(tp + fn, rows),
        "selection_rate": _share(tp + fp, rows),
        "accuracy": _share(tp + tn, rows),
        "tpr": _share(tp, tp + fn),
        "fpr": _share(fp, fp + tn),
        "fnr": _share(fn, tp + fn),
        "ppv": _share(tp, tp + fp),
    }


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)


def measure_decisions(
    codes: np.ndarray,
    groups: int,
    truth: np.ndarray,
    selected: np.ndarray,
    score: np.ndarray,
    *,
    resamples: int,
    seed: int,
) -> dict[str, Measured]:
    """Rates and calibration by group, and how sure they are.

    The rates' intervals are of a Bayesian bootstrap (Rubin 1981) of the four cells of each group, with the prior that
    makes the interval of a selection rate Jeffreys' (Brown, Cai & DasGupta 2001): unlike resampled counts it does not
    shrink to a point where a group has none of something. The calibration gap's are of resampled rows.

    Args:
        score: Probability of being positive, shape (rows,).
    """
    generator = np.random.default_rng(seed)
    counts = counts_by_group(codes, groups, truth, selected)
    drawn = generator.standard_gamma(counts + PRIOR, size=(resamples, groups, 4))
    values, draws = rates(counts), rates(drawn)
    measured = {
        name: Measured(values[name], np.where(np.isfinite(values[name]), draws[name], np.nan)) for name in RATES
    }
    gap = (score - truth)[:, None]
    means, mean_draws = bootstrap_means(gap, codes, groups, resamples, generator)
    measured["calibration_gap"] = Measured(means[:, 0], mean_draws[:, :, 0])
    measured["ece"] = Measured(calibration_error(codes, groups, truth, score), None)
    return measured


def calibration_error(codes: np.ndarray, groups: int, truth: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Expected calibration error within each group (Naeini et al. 2015), ten bins of equal width; shape (groups,)."""
    place = codes * BINS + np.minimum((score * BINS).astype(np.int64), BINS - 1)
    gap = np.bincount(place, weights=score - truth, minlength=groups * BINS).reshape(groups, BINS)
    return np.abs(gap).sum(axis=1) / np.maximum(np.bincount(codes, minlength=groups), 1)


def measure_numbers(
    codes: np.ndarray, groups: int, truth: np.ndarray, predicted: np.ndarray, *, resamples: int, seed: int
) -> dict[str, Measured]:
    """Mean prediction and truth, mean absolute error and bias (mean of prediction − truth) by group."""
    error = predicted - truth
    columns = {"mean_prediction": predicted, "mean_truth": truth, "mae": np.abs(error), "bias": error}
    stacked = np.column_stack(list(columns.values()))
    means, draws = bootstrap_means(stacked, codes, groups, resamples, np.random.default_rng(seed))
    return {name: Measured(means[:, place], draws[:, :, place]) for place, name in enumerate(columns)}


def bootstrap_means(
    values: np.ndarray, codes: np.ndarray, groups: int, resamples: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Means of `values` (rows, metrics) by group, (groups, metrics), and of resamples within groups, (resamples, …)."""
    means = np.full((groups, values.shape[1]), np.nan)
    draws = np.full((resamples, groups, values.shape[1]), np.nan)
    for group in range(groups):
        own = values[codes == group]
        if len(own) == 0:
            continue
        means[group] = own.mean(axis=0)
        chunk = max(1, CHUNK // len(own))
        for start in range(0, resamples, chunk):
            size = min(chunk, resamples - start)
            weights = generator.multinomial(len(own), np.full(len(own), 1 / len(own)), size=size)
            draws[start : start + size, group] = weights @ own / len(own)
    return means, draws


def gaps(measured: Mapping[str, Measured], compared: np.ndarray, criteria: Mapping[str, list[str]]) -> list[Gap]:
    """For each criterion the widest gap among its metrics between two of the compared groups.

    The two groups are those with the highest and lowest estimate; the interval is that of the difference between them.
    """
    found: list[Gap] = []
    for criterion, metrics in criteria.items():
        candidates = [gap for name in metrics if (gap := _gap(criterion, name, measured[name], compared)) is not None]
        if candidates:
            found.append(max(candidates, key=lambda gap: gap.difference[0]))
    return found


def _gap(criterion: str, name: str, measured: Measured, compared: np.ndarray) -> Gap | None:
    usable = np.flatnonzero(compared & np.isfinite(measured.values))
    if len(usable) < 2:
        return None
    highest = int(usable[np.argmax(measured.values[usable])])
    lowest = int(usable[np.argmin(measured.values[usable])])
    top, bottom = measured.values[highest], measured.values[lowest]
    # A ratio of signed quantities means nothing.
    ratio = float(bottom / top) if top > 0 and bottom >= 0 and name not in ("bias", "calibration_gap") else float("nan")
    if measured.draws is None:
        nothing = (float("nan"), float("nan"))
        return Gap(criterion, name, (float(top - bottom), *nothing), (ratio, *nothing), lowest, highest)
    high, low = measured.draws[:, highest], measured.draws[:, lowest]
    quotient = np.divide(low, high, out=np.full_like(low, np.nan), where=high > 0)
    ratio_interval = _interval(quotient) if np.isfinite(ratio) else (float("nan"), float("nan"))
    return Gap(
        criterion, name, (float(top - bottom), *_interval(high - low)), (ratio, *ratio_interval), lowest, highest
    )


def _interval(draws: np.ndarray) -> tuple[float, float]:
    finite = draws[np.isfinite(draws)]
    if len(finite) < len(draws) / 2:
        return float("nan"), float("nan")
    low, high = np.percentile(finite, INTERVAL)
    return float(low), float(high)
