"""How strongly columns go together, whatever their types."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

from ml_engine.contract.data import Association
from ml_engine.contract.manifest import ColumnSchema

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]
MOST_COLUMNS = 60
MOST_LEVELS = 50
MOST_PAIR_ROWS = 20_000_000
"""Pairs times rows past which categories are compared on evenly spaced rows only."""
CLOSE_ROWS = 5000
BLOCK_ROWS = 1 << 15
RANKED_ROWS = 25_000
"""Evenly spaced rows of larger tables that Spearman's rho is of."""
SHOWN_PAIRS = 20
WEAK = 0.1
"""Association below which a pair is not worth a line."""


def numeric_columns(columns: Sequence[ColumnSchema], frame: pl.DataFrame) -> list[str]:
    """The columns whose order means something: numbers that are no identifiers."""
    return [
        c["name"]
        for c in columns
        if frame.schema[c["name"]].is_numeric() and c["role"] not in ("identifier", "constant", "personal")
    ][:MOST_COLUMNS]


def category_columns(columns: Sequence[ColumnSchema], frame: pl.DataFrame) -> list[str]:
    """Text and true/false columns of at most MOST_LEVELS levels."""
    names = [
        c["name"]
        for c in columns
        if c["role"] not in ("identifier", "constant", "personal")
        and frame.schema[c["name"]] in (pl.String(), pl.Boolean())
    ]
    return [name for name in names if frame[name].n_unique() <= MOST_LEVELS][:MOST_COLUMNS]


def associations(frame: pl.DataFrame, columns: Sequence[ColumnSchema]) -> list[Association]:
    """The strongest pairs of all types, strongest first.

    Numbers by Pearson's r or Spearman's rho, whichever is greater in size, over the rows where both are there; two
    categories by Cramér's V, corrected for bias (Bergsma 2013); a category and a number by the correlation ratio.
    """
    numbers, categories = numeric_columns(columns, frame), category_columns(columns, frame)
    found = _between_numbers(frame, numbers)
    pairs = len(categories) * (len(categories) + len(numbers))
    every = max(1, -(-pairs * frame.height // MOST_PAIR_ROWS))
    rows = frame.gather_every(every)
    codes = {name: encode(rows[name]) for name in categories}
    found += _between_categories(categories, codes)
    values = {name: as_floats(rows[name]) for name in numbers}
    found += [
        _pair(a, b, "correlation_ratio", correlation_ratio(codes[a], values[b])) for a in categories for b in numbers
    ]
    strong = [pair for pair in found if abs(pair["value"]) >= WEAK]
    return [_told(pair, frame) for pair in sorted(strong, key=lambda pair: -abs(pair["value"]))[:SHOWN_PAIRS]]


def _told(pair: Association, frame: pl.DataFrame) -> Association:
    """A pair with what is too slow to ask of every pair: Kendall's tau-b and mutual information, on fewer rows."""
    rows = frame.select(pair["a"], pair["b"]).gather_every(max(1, -(-frame.height // CLOSE_ROWS)))
    a, b = rows[pair["a"]], rows[pair["b"]]
    numeric = pair["method"] in ("pearson", "spearman")
    tau: float | None = None
    if numeric:
        x, y = as_floats(a), as_floats(b)
        both = np.isfinite(x) & np.isfinite(y)
        found = float(stats.kendalltau(x[both], y[both]).statistic) if both.sum() > 1 else 0.0
        tau = round(found, 6) if np.isfinite(found) else None
    codes = [in_bins(as_floats(one)) if one.dtype.is_numeric() else encode(one) for one in (a, b)]
    return {**pair, "kendall": tau, "nats": round(mutual_information(crosstab(codes[0], codes[1])), 6)}


def _pair(
    a: str, b: str, method: Literal["pearson", "spearman", "cramers_v", "correlation_ratio"], value: float
) -> Association:
    return {"a": a, "b": b, "method": method, "value": round(value, 6), "kendall": None, "nats": 0.0}


def _between_numbers(frame: pl.DataFrame, names: list[str]) -> list[Association]:
    if len(names) < 2:
        return []
    values = np.column_stack([as_floats(frame[name]) for name in names])
    linear = pairwise_correlation(values)
    ranked = pairwise_ranks(values[:: max(1, -(-len(values) // RANKED_ROWS))])
    found: list[Association] = []
    for i, j in zip(*np.triu_indices(len(names), 1), strict=True):
        r, rho = float(linear[i, j]), float(ranked[i, j])
        found.append(
            _pair(names[i], names[j], "spearman", rho)
            if abs(rho) > abs(r) + 0.05
            else _pair(names[i], names[j], "pearson", r)
        )
    return found


def as_floats(column: pl.Series) -> Floats:
    """`column` as floats, missing and infinite values as NaN."""
    values = column.cast(pl.Float64).to_numpy(writable=True)
    values[~np.isfinite(values)] = np.nan
    return values


def pairwise_correlation(values: Floats) -> Floats:
    """Pearson's r of each pair of columns of `values` (n, k) over the rows where both are there; 0 where undefined.

    Sums are taken block by block, so that the memory needed beside `values` does not grow with n.
    """
    k = values.shape[1]
    blocks = [values[at : at + BLOCK_ROWS] for at in range(0, len(values), BLOCK_ROWS)]
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        total, rows = np.zeros(k), np.zeros(k)
        for block in blocks:
            there = np.isfinite(block)
            total += np.where(there, block, 0.0).sum(axis=0)
            rows += there.sum(axis=0)
        center, scale = total / np.maximum(rows, 1), np.full(k, 1e-300)
        for block in blocks:
            scale = np.fmax(scale, np.abs(np.where(np.isfinite(block), block - center, 0.0)).max(axis=0))
        n, sx, sxx, sxy = (np.zeros((k, k)) for _ in range(4))
        for block in blocks:
            there = np.isfinite(block)
            m, x = there.astype(np.float64), np.where(there, (block - center) / scale, 0.0)
            n += m.T @ m
            sx += x.T @ m
            sxx += (x * x).T @ m
            sxy += x.T @ x
        variances = sxx - sx * sx / n
        r = (sxy - sx * sx.T / n) / np.sqrt(variances * variances.T)
    return np.clip(np.where(np.isfinite(r), r, 0.0), -1.0, 1.0)


def pairwise_ranks(values: Floats) -> Floats:
    """Spearman's rho of each pair of columns of `values` (n, k), ranked over the rows where both are there."""
    present = np.isfinite(values)
    ranks = np.column_stack([_ranks(column) for column in values.T])
    rho = pairwise_correlation(ranks)
    for i in np.flatnonzero(~present.all(axis=0)):
        for j in range(values.shape[1]):
            both = present[:, i] & present[:, j]
            if j == i or ((both == present[:, i]).all() and (both == present[:, j]).all()):
                continue
            pair = np.column_stack([_ranks(values[both, i]), _ranks(values[both, j])])
            rho[i, j] = rho[j, i] = pairwise_correlation(pair)[0, 1] if len(pair) > 1 else 0.0
    return rho


def _ranks(values: Floats) -> Floats:
    """Average ranks; NaN where a value is NaN."""
    return as_floats(pl.Series(values, nan_to_null=True).rank("average"))


def encode(column: pl.Series) -> Codes:
    """Each value's place among the sorted levels; -1 for missing."""
    text = column.cast(pl.String)
    levels = text.drop_nulls().unique().sort()
    return text.cast(pl.Enum(levels)).to_physical().cast(pl.Int64).fill_null(-1).to_numpy().astype(np.intp)


def _between_categories(names: list[str], codes: dict[str, Codes]) -> list[Association]:
    return [
        _pair(a, b, "cramers_v", cramers_v(crosstab(codes[a], codes[b])))
        for place, a in enumerate(names)
        for b in names[place + 1 :]
    ]


def crosstab(a: Codes, b: Codes) -> Floats:
    """Counts of each pair of codes, shape (levels of a, levels of b), rows with a missing one left out."""
    both = (a >= 0) & (b >= 0)
    rows, columns = int(a.max(initial=-1)) + 1, int(b.max(initial=-1)) + 1
    return np.bincount(a[both] * columns + b[both], minlength=rows * columns).reshape(rows, columns).astype(np.float64)


def cramers_v(counts: Floats) -> float:
    """Cramér's V with Bergsma's correction (2013, equation 9), 0 to 1; 0 where a side has one level."""
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    n = counts.sum()
    if n < 2 or min(counts.shape) < 2:
        return 0.0
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0, keepdims=True) / n
    phi2 = float(((counts - expected) ** 2 / expected).sum() / n)
    r, c = counts.shape
    corrected = max(0.0, phi2 - (r - 1) * (c - 1) / (n - 1))
    smaller = min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1
    return float(np.sqrt(corrected / smaller)) if smaller > 0 else 0.0


def correlation_ratio(codes: Codes, values: Floats) -> float:
    """Eta: the square root of the share of the variance of `values` that lies between the categories, 0 to 1."""
    both = (codes >= 0) & np.isfinite(values)
    if both.sum() < 2:
        return 0.0
    code, value = codes[both], values[both] - values[both].mean()
    counts = np.bincount(code)
    sums = np.bincount(code, weights=value)
    total = float((value**2).sum())
    between = float((sums[counts > 0] ** 2 / counts[counts > 0]).sum())
    return float(np.sqrt(min(1.0, between / total))) if total > 0 else 0.0


def mutual_information(counts: Floats) -> float:
    """Mutual information of a table of counts in nats, less Miller and Madow's bias (r-1)(c-1)/2n, never below 0."""
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    n = counts.sum()
    if n == 0:
        return 0.0
    p = counts / n
    outer = p.sum(axis=1, keepdims=True) * p.sum(axis=0, keepdims=True)
    plain = float((p[p > 0] * np.log(p[p > 0] / outer[p > 0])).sum())
    return max(0.0, plain - (counts.shape[0] - 1) * (counts.shape[1] - 1) / (2 * float(n)))


def in_bins(values: Floats, bins: int = 10) -> Codes:
    """Each value's bin among `bins` of about equal count; -1 for NaN."""
    finite = np.isfinite(values)
    if not finite.any():
        return np.full(len(values), -1, dtype=np.intp)
    edges = np.unique(np.quantile(values[finite], np.linspace(0, 1, bins + 1)[1:-1]))
    codes = np.searchsorted(edges, values, side="left").astype(np.intp)
    codes[~finite] = -1
    return codes
