"""Bootstrap intervals of metrics and paired comparisons of two models.

Intervals are bias-corrected percentiles (Efron 1981): a metric such as ECE, which resampling alone makes larger, would
otherwise lie at the edge of its own interval.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import stats
from threadpoolctl import threadpool_limits

from ml_engine.metrics import Measure, Scores

LEVEL = 0.95
Z = 1.959964


def wilson(share: float, count: int) -> tuple[float, float]:
    """Wilson's 95 % interval (1927) of a share of `count` trials."""
    scale = 1 + Z**2 / count
    middle = share + Z**2 / (2 * count)
    spread = Z * math.sqrt(share * (1 - share) / count + Z**2 / (4 * count**2))
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def resample(measures: list[Measure], rows: int, resamples: int, seed: int,
             heard: Callable[[int], None] | None = None) -> list[dict[str, np.ndarray]]:  # fmt: skip
    """Metrics of each resample of the rows, the same resamples for every measure: arrays of shape (resamples,)."""
    generator = np.random.default_rng(seed)
    drawn: list[list[Scores]] = [[] for _ in measures]
    # The vectors are short: threads of the linear algebra would only wait for each other.
    with threadpool_limits(1):
        for number in range(resamples):
            weights = np.bincount(generator.integers(0, rows, rows), minlength=rows).astype(np.float64)
            for scores, measure in zip(drawn, measures, strict=True):
                scores.append(measure(weights))
            if heard and number % 50 == 0:
                heard(number)
    return [{name: np.array([one[name] for one in scores]) for name in scores[0]} for scores in drawn]


def interval(estimate: float, values: np.ndarray) -> tuple[float, float] | None:
    """The central 95 % of resampled values around an estimate; None where more than half of them are undefined."""
    finite = values[np.isfinite(values)]
    if len(finite) < len(values) / 2:
        return None
    below = ((finite < estimate).mean() + (finite <= estimate).mean()) / 2
    bias = float(stats.norm.ppf(np.clip(below, 0.5 / len(finite), 1 - 0.5 / len(finite))))
    tail = float(stats.norm.ppf((1 + LEVEL) / 2))
    low, high = np.quantile(finite, stats.norm.cdf([2 * bias - tail, 2 * bias + tail]))
    return float(low), float(high)


@dataclass(frozen=True)
class PairedTest:
    test: str
    statistic: str
    p_value: float


def mcnemar(right: np.ndarray, other_right: np.ndarray) -> PairedTest:
    """Mid-p McNemar test of two classifiers on the same rows (Fagerland, Lydersen & Laake 2013).

    Args:
        right: Whether this model was right, shape (rows,); `other_right` the same of the other.
    """
    only, only_other = int((right & ~other_right).sum()), int((~right & other_right).sum())
    disagreements = only + only_other
    said = f"{only} rows right here only, {only_other} there only"
    if disagreements == 0:
        return PairedTest("McNemar mid-p", said, 1.0)
    exact = stats.binom(disagreements, 0.5)
    fewer = min(only, only_other)
    point = float(exact.pmf(fewer))
    p = 1.0 - point / 2 if only == only_other else 2 * float(exact.cdf(fewer)) - point
    return PairedTest("McNemar mid-p", said, min(1.0, p))


def signed_rank(error: np.ndarray, other_error: np.ndarray) -> PairedTest:
    """Wilcoxon's signed-rank test of two regressors' absolute errors on the same rows."""
    difference = np.abs(error) - np.abs(other_error)
    said = f"closer in {int((difference < 0).sum())} of {len(difference)} rows"
    if not difference.any():
        return PairedTest("Wilcoxon signed-rank", said, 1.0)
    return PairedTest("Wilcoxon signed-rank", said, float(stats.wilcoxon(difference).pvalue))
