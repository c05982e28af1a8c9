"""Statistics of each column."""

from concurrent.futures import ThreadPoolExecutor
from typing import cast

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

from ml_engine.cells import Cell, cell, number
from ml_engine.contract.data import ColumnProfile, TopValue
from ml_engine.contract.manifest import ColumnSchema
from ml_engine.profiling.text import text_facts
from ml_engine.profiling.times import time_facts

THREADS = 2
HISTOGRAM_BINS = 20
TOP_VALUES = 5
QUANTILES = {"p05": 0.05, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95}
Floats = npt.NDArray[np.float64]
EXACT_INTEGERS = 2.0**53
"""Whole numbers past this are no longer all different as floats."""


def profile_columns(frame: pl.DataFrame, columns: list[ColumnSchema]) -> list[ColumnProfile]:
    """One full profile for each of `columns`, in their order.

    Moments and quantiles are of the values that are neither missing nor infinite; std and variance have ddof 1,
    skewness is the biased Fisher-Pearson g1, kurtosis excess; quantiles are linearly interpolated.
    """
    # Sorting and summing leave Python's lock to others.
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(_profile, [frame[column["name"]] for column in columns], columns))


def _profile(column: pl.Series, schema: ColumnSchema) -> ColumnProfile:
    found: ColumnProfile = {
        "name": schema["name"],
        "dtype": schema["dtype"],
        "role": schema["role"],
        "missing": column.null_count() / max(len(column), 1),
        "distinct": 0,
    }
    if column.dtype.is_numeric():
        return {**found, **_of_numbers(column, schema)}
    present = column.drop_nulls()
    counts = present.value_counts(name="\x00rows")["\x00rows"]
    found["distinct"] = len(counts)
    more = _different(len(counts), int((counts == 1).sum()), len(present))
    if column.dtype.is_temporal():
        return {
            **found,
            "min": cell(present.min()),
            "max": cell(present.max()),
            "more": {**more, **time_facts(present)},
        }
    facts = text_facts(present) if column.dtype == pl.String else {}
    return {**found, "top": top_values(column), "more": {**more, **facts}}


def _different(distinct: int, once: int, present: int) -> dict[str, object]:
    """`p_distinct` of the values that are there, `n_unique` of them occurring once, and whether all do."""
    return {
        "p_distinct": distinct / present if present else None,
        "n_unique": once,
        "is_unique": present > 0 and once == present,
    }


def _of_numbers(column: pl.Series, schema: ColumnSchema) -> ColumnProfile:
    present = column.drop_nulls().cast(pl.Float64).to_numpy()
    finite = np.sort(present[np.isfinite(present)])
    infinite = len(present) - len(finite)
    starts = np.flatnonzero(np.diff(finite, prepend=-np.inf) > 0)
    ends = [int((present == limit).sum()) for limit in (-np.inf, np.inf)]
    distinct = len(starts) + sum(rows > 0 for rows in ends)
    once = int((np.diff(starts, append=len(finite)) == 1).sum()) + sum(rows == 1 for rows in ends)
    if column.dtype.is_integer() and len(finite) and abs(finite[-1]) + abs(finite[0]) >= EXACT_INTEGERS:
        rows_of_each = column.drop_nulls().value_counts(name="\x00rows")["\x00rows"]
        distinct, once = len(rows_of_each), int((rows_of_each == 1).sum())
    q = {key: number(_quantile(finite, level)) if len(finite) else None for key, level in QUANTILES.items()}
    moments = _moments(finite)
    low, high = (number(float(finite[0])), number(float(finite[-1]))) if len(finite) else (None, None)
    p25, p75 = q["p25"], q["p75"]
    mean, std = moments["mean"], moments["std"]
    histogram = _histogram(finite)
    more: dict[str, object] = {
        **_different(distinct, once, len(present)),
        "zeros": int((present == 0).sum()),
        "negative": int((present < 0).sum()),
        "infinite": infinite,
        "sum": number(float(finite.sum())),
        "p05": q["p05"],
        "p95": q["p95"],
        "mad": number(float(np.median(np.abs(finite - q["median"])))) if q["median"] is not None else None,
        "kurtosis": moments["kurtosis"],
        "variance": None if std is None else std * std,
        "range": None if low is None or high is None else high - low,
        "iqr": None if p25 is None or p75 is None else p75 - p25,
        "cv": std / mean if std is not None and mean else None,
        "monotonic": _monotonic(column),
        "chi_squared": _evenness(histogram),
        "histogram": histogram,
    }
    found: dict[str, object] = {
        "distinct": distinct,
        "mean": mean,
        "std": std,
        "min": _like(low, column),
        "p25": p25,
        "median": q["median"],
        "p75": p75,
        "max": _like(high, column),
        "skewness": moments["skewness"],
        "outliers": 0 if p25 is None or p75 is None else _outliers(finite, p25, p75),
        "more": more,
    }
    if schema["role"] in ("ordinal", "target_candidate", "constant") or distinct <= TOP_VALUES:
        found["top"] = top_values(column)
    return cast(ColumnProfile, found)


def _quantile(finite: Floats, level: float) -> float:
    """Of sorted values, linearly interpolated: `numpy.quantile` of the two beside it, which need no partition."""
    at = level * (len(finite) - 1)
    below = int(at)
    return float(np.quantile(finite[below : below + 2], at - below))


def _moments(finite: Floats) -> dict[str, float | None]:
    if len(finite) == 0:
        return {"mean": None, "std": None, "skewness": None, "kurtosis": None}
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        mean = float(finite.mean())
        centred = finite - mean
        # Of length one at most, so that no power of the tiniest or the largest number is 0 or infinite.
        reach = float(np.abs(centred).max())
        unit = centred / reach if reach > 0 else centred
        squares = unit * unit
        second = float(squares.mean())
        std = reach * float(np.sqrt(squares.sum() / (len(finite) - 1))) if len(finite) > 1 else None
        # Values that differ by rounding alone have no shape.
        flat = reach * second**0.5 <= 1e-15 * abs(mean)
        skewness = None if flat else float((squares * unit).mean()) / second**1.5
        kurtosis = None if flat else float((squares * squares).mean()) / second**2 - 3
    return {"mean": number(mean), "std": number(std), "skewness": number(skewness), "kurtosis": number(kurtosis)}


def _outliers(finite: Floats, p25: float, p75: float) -> int:
    """Values beyond 1.5 interquartile ranges of the quartiles; `finite` is sorted."""
    reach = 1.5 * (p75 - p25)
    below, above = np.searchsorted(finite, p25 - reach, side="left"), np.searchsorted(finite, p75 + reach, side="right")
    return int(below) + len(finite) - int(above)


def _like(value: float | None, column: pl.Series) -> Cell:
    return int(value) if value is not None and column.dtype.is_integer() else value


def _monotonic(column: pl.Series) -> str | None:
    if column.null_count() or len(column) < 3:
        return None
    if column.is_sorted():
        return "increasing"
    return "decreasing" if column.is_sorted(descending=True) else None


def _histogram(finite: Floats) -> dict[str, object] | None:
    """Counts in HISTOGRAM_BINS bins of equal width over sorted values; None where there is none."""
    if len(finite) == 0:
        return None
    low, high = float(finite[0]), float(finite[-1])
    if not np.isfinite(high - low):
        return None
    if high == low:
        return {"low": low, "high": high, "counts": [len(finite)]}
    places = np.searchsorted(finite, low + (high - low) * np.arange(1, HISTOGRAM_BINS) / HISTOGRAM_BINS, side="left")
    return {"low": low, "high": high, "counts": np.diff([0, *places.tolist(), len(finite)]).tolist()}


def _evenness(histogram: dict[str, object] | None) -> dict[str, object] | None:
    """Pearson's χ² of the histogram against equal bins, and its p-value."""
    counts = cast(list[int], histogram["counts"]) if histogram is not None else []
    if len(counts) < 2:
        return None
    test = stats.chisquare(np.asarray(counts))
    return {"statistic": float(test.statistic), "p_value": float(test.pvalue)}


def bin_counts(profile: ColumnProfile) -> list[int]:
    """The counts of a profile's histogram; none where it has no histogram."""
    found = profile.get("more", {}).get("histogram")
    return cast(list[int], cast(dict[str, object], found)["counts"]) if isinstance(found, dict) else []


def top_values(column: pl.Series, most: int = TOP_VALUES) -> list[TopValue]:
    """The most common values with their rows and shares of all rows, ties in the order of the values."""
    counts = (
        column.drop_nulls()
        .value_counts(name="\x00rows")
        .sort(["\x00rows", column.name], descending=[True, False])
        .head(most)
    )
    return [
        {"value": cell(value), "rows": int(rows), "share": rows / len(column)} for value, rows in counts.iter_rows()
    ]
