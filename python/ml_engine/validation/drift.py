"""Whether a table still looks like an earlier one: schema changes and, column by column, drift."""

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

from ml_engine.contract.data import ColumnDrift

BINS = 10
EPSILON = 1e-4
"""Stands in for an empty bin's share in PSI and Jensen–Shannon."""
MOST_LEVELS = 100
ALPHA = 0.05
PSI_LIMIT = 0.2
"""PSI from which a shift is called significant (Siddiqi 2006: < 0.1 none, 0.1 to 0.25 some, > 0.25 major)."""
Frame = pl.DataFrame | pl.LazyFrame
Floats = npt.NDArray[np.float64]


class Shift(NamedTuple):
    """How far apart two samples of one column are."""

    column: str
    test: Literal["ks", "chi2"]
    statistic: float
    p_value: float
    psi: float
    js_distance: float
    wasserstein: float | None
    missing_before: float
    missing_now: float


def schema_changes(now: Frame, before: Frame) -> list[str]:
    """A sentence for each column that came, went, or moved to another type."""
    ours, theirs = now.collect_schema(), before.collect_schema()
    gone = [f"Column `{name}` is gone." for name in theirs if name not in ours]
    come = [f"Column `{name}` is new." for name in ours if name not in theirs]
    both = [name for name in theirs if name in ours]
    typed = [f"Column `{name}` was {theirs[name]}, is {ours[name]}." for name in both if theirs[name] != ours[name]]
    return [*gone, *come, *typed]


def compare_columns(now: Frame, before: Frame) -> list[ColumnDrift]:
    """Drift of every column that both have and that can be compared, worst first; one column is in memory at a time.

    A column has drifted where its p-value, after Benjamini–Hochberg over all columns, is below ALPHA and its PSI is
    PSI_LIMIT or more: large samples make any difference significant, small ones make any PSI large.
    """
    ours = now.collect_schema()
    both = [name for name in before.collect_schema() if name in ours]
    shifts = [
        shift for name in both for shift in [_shift(_column(now, name), _column(before, name))] if shift is not None
    ]
    if not shifts:
        return []
    adjusted = np.asarray(stats.false_discovery_control([shift.p_value for shift in shifts], method="bh"))
    found: list[ColumnDrift] = [
        {
            "column": shift.column,
            "drifted": bool(p < ALPHA and shift.psi >= PSI_LIMIT),
            "test": shift.test,
            "statistic": round(shift.statistic, 6),
            "p_adjusted": float(f"{p:.4g}"),
            "psi": round(shift.psi, 6),
            "js_distance": round(min(shift.js_distance, 1.0), 6),
            "wasserstein": None if shift.wasserstein is None else float(f"{shift.wasserstein:.6g}"),
            "missing_before": round(shift.missing_before, 6),
            "missing_now": round(shift.missing_now, 6),
        }
        for shift, p in zip(shifts, adjusted.tolist(), strict=True)
    ]
    return sorted(found, key=lambda one: (not one["drifted"], -one["psi"]))


def _column(frame: Frame, name: str) -> pl.Series:
    return frame.lazy().select(name).collect()[name]


def _shift(now: pl.Series, before: pl.Series) -> Shift | None:
    missing = (before.null_count() / max(len(before), 1), now.null_count() / max(len(now), 1))
    a, b = before.drop_nulls(), now.drop_nulls()
    if len(a) == 0 or len(b) == 0:
        return None
    numeric = _comparable(a.dtype) and _comparable(b.dtype)
    if numeric and a.n_unique() > BINS:
        x, y = _numbers(a), _numbers(b)
        if len(x) == 0 or len(y) == 0:
            return None
        test = stats.ks_2samp(x, y, method="asymp")
        p, q = numeric_shares(x, y)
        distances = (psi(p, q), js_distance(p, q), float(stats.wasserstein_distance(x, y)))
        return Shift(now.name, "ks", float(test.statistic), float(test.pvalue), *distances, *missing)
    counts = _level_counts(a, b)
    if counts.shape[1] > MOST_LEVELS * 10 or counts.shape[1] > 0.5 * len(a) + 1:
        return None
    p, q = counts[0] / counts[0].sum(), counts[1] / counts[1].sum()
    statistic, p_value = chi_square(counts)
    return Shift(now.name, "chi2", statistic, p_value, psi(p, q), js_distance(p, q), None, *missing)


def _comparable(dtype: pl.DataType) -> bool:
    return dtype.is_numeric() or dtype.is_temporal()


def _numbers(column: pl.Series) -> Floats:
    values = column.to_physical().cast(pl.Float64).to_numpy()
    return values[np.isfinite(values)]


def _level_counts(a: pl.Series, b: pl.Series) -> Floats:
    """Counts of each level, shape (2, levels), rare levels pooled past MOST_LEVELS."""
    before, now = (
        column.cast(pl.String).value_counts(name="count").rename({column.name: "level"}) for column in (a, b)
    )
    both = before.join(now, on="level", how="full", coalesce=True, suffix="_now").fill_null(0)
    both = both.sort((pl.col("count") + pl.col("count_now")), "level", descending=[True, False])
    counts = both.select("count", "count_now").to_numpy().astype(np.float64).T
    if counts.shape[1] <= MOST_LEVELS:
        return counts
    return np.hstack([counts[:, : MOST_LEVELS - 1], counts[:, MOST_LEVELS - 1 :].sum(axis=1, keepdims=True)])


def numeric_shares(before: Floats, now: Floats) -> tuple[Floats, Floats]:
    """Shares of both samples in the deciles of `before`; each array sums to 1."""
    edges = np.unique(np.quantile(before, np.linspace(0, 1, BINS + 1)[1:-1]))
    p = np.bincount(np.searchsorted(edges, before, side="left"), minlength=len(edges) + 1)
    q = np.bincount(np.searchsorted(edges, now, side="left"), minlength=len(edges) + 1)
    return p / p.sum(), q / q.sum()


def psi(before: Floats, now: Floats) -> float:
    """Population stability index, Σ (q − p) ln(q / p), over shares of the same bins; empty bins count as EPSILON."""
    p, q = np.maximum(before, EPSILON), np.maximum(now, EPSILON)
    return float(np.sum((q - p) * np.log(q / p)))


def js_distance(before: Floats, now: Floats) -> float:
    """Jensen–Shannon distance, base 2: the square root of the divergence, 0 to 1."""
    middle = (before + now) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        halves = [np.nansum(np.where(one > 0, one * np.log2(one / middle), 0.0)) for one in (before, now)]
    return float(np.sqrt(max(0.0, 0.5 * (halves[0] + halves[1]))))


def chi_square(counts: Floats) -> tuple[float, float]:
    """Pearson's χ² of a (2, levels) table and its p-value; 0 and 1 where there is but one level."""
    if counts.shape[1] < 2:
        return 0.0, 1.0
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / counts.sum()
    statistic = float(np.sum((counts - expected) ** 2 / expected))
    return statistic, float(stats.chi2.sf(statistic, counts.shape[1] - 1))
