"""Where a model is worst: slices of the rows whose loss is higher than that of the rest.

After SliceFinder (Chung et al. 2019): every value or bin of one column, then pairs of the columns that mattered;
Welch's t-test of the loss, one-sided, Holm's correction over everything tried; effect size d as they define it.
"""

from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import polars as pl
from scipy import stats

MOST_LEVELS = 15
BINS = 4
COLUMNS_TO_PAIR = 6
LEAST_EFFECT = 0.1
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Cut:
    """A column as slice codes; `labels[code]` says which rows have it. Code -1 is in no slice."""

    column: str
    labels: list[str]
    codes: np.ndarray


@dataclass(frozen=True)
class WorseSlice:
    label: str
    mask: np.ndarray
    effect: float
    p: float


def worst(cuts: list[Cut], loss: np.ndarray, most: int = 10) -> tuple[list[WorseSlice], int]:
    """Slices of significantly higher loss, largest effect first, and how many were tried."""
    least = max(30, int(0.01 * len(loss)))
    single = [(cut, slice_) for cut in cuts for slice_ in _slices(cut, loss, least)]
    strength = {cut.column: max((s.effect for c, s in single if c is cut), default=-np.inf) for cut in cuts}
    strongest = sorted(cuts, key=lambda cut: -strength[cut.column])[:COLUMNS_TO_PAIR]
    paired = [slice_ for one, two in combinations(strongest, 2) for slice_ in _slices(_cross(one, two), loss, least)]
    tried = [slice_ for _, slice_ in single] + paired
    if not tried:
        return [], 0
    adjusted = holm(np.array([slice_.p for slice_ in tried]))
    found = [
        WorseSlice(one.label, one.mask, one.effect, float(p))
        for one, p in zip(tried, adjusted, strict=True)
        if p < SIGNIFICANT and one.effect >= LEAST_EFFECT
    ]
    return _distinct(sorted(found, key=lambda one: -one.effect), most), len(tried)


def cut(column: pl.Series) -> Cut | None:
    """Values of a text, boolean or few-valued column, quarters of a number; None where neither makes sense."""
    if column.dtype.is_numeric() and column.n_unique() > BINS + 1:
        values = column.cast(pl.Float64).to_numpy()
        finite = np.isfinite(values)
        if not finite.any():
            return None
        edges = np.unique(np.quantile(values[finite], np.linspace(0, 1, BINS + 1)))
        if len(edges) < 3:
            return None
        inner = edges[1:-1]
        codes = np.where(finite, np.searchsorted(inner, np.where(finite, values, 0.0), side="right"), len(inner) + 1)
        labels = [
            f"{column.name} < {inner[0]:.6g}",
            *(f"{low:.6g} <= {column.name} < {high:.6g}" for low, high in pairwise(inner)),
            f"{column.name} >= {inner[-1]:.6g}",
            f"{column.name} missing",
        ]
        return Cut(column.name, labels, codes)
    if not (column.dtype.is_numeric() or isinstance(column.dtype, pl.String | pl.Boolean | pl.Categorical | pl.Enum)):
        return None
    texts = column.cast(pl.String).fill_null("(missing)").to_numpy().astype(object)
    levels, counts = np.unique(texts, return_counts=True)
    if len(levels) < 2 or len(levels) > len(texts) / 2:
        return None
    kept = [str(level) for level in levels[np.argsort(-counts, kind="stable")][:MOST_LEVELS]]
    position = {level: code for code, level in enumerate(kept)}
    codes = np.array([position.get(text, -1) for text in texts])
    return Cut(column.name, [f"{column.name} = {level}" for level in kept], codes)


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's step-down adjusted p-values (Holm 1979)."""
    order = np.argsort(p)
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def _cross(one: Cut, two: Cut) -> Cut:
    labels = [f"{first} & {second}" for first in one.labels for second in two.labels]
    outside = (one.codes < 0) | (two.codes < 0)
    return Cut(f"{one.column}&{two.column}", labels, np.where(outside, -1, one.codes * len(two.labels) + two.codes))


def _slices(source: Cut, loss: np.ndarray, least: int) -> list[WorseSlice]:
    inside = source.codes >= 0
    size = len(source.labels)
    counts = np.bincount(source.codes[inside], minlength=size).astype(np.float64)
    sums = np.bincount(source.codes[inside], weights=loss[inside], minlength=size)
    squares = np.bincount(source.codes[inside], weights=loss[inside] ** 2, minlength=size)
    rest, rows = len(loss) - counts, len(loss)
    found: list[WorseSlice] = []
    for code in np.flatnonzero((counts >= least) & (rest >= least)):
        mean, other = sums[code] / counts[code], (loss.sum() - sums[code]) / rest[code]
        spread = max((squares[code] - counts[code] * mean**2) / (counts[code] - 1), 0.0)
        other_spread = max(((loss**2).sum() - squares[code] - rest[code] * other**2) / (rest[code] - 1), 0.0)
        error, other_error = spread / counts[code], other_spread / rest[code]
        if error + other_error <= 0:
            continue
        freedom = (error + other_error) ** 2 / (error**2 / (counts[code] - 1) + other_error**2 / (rest[code] - 1))
        p = float(stats.t.sf((mean - other) / np.sqrt(error + other_error), min(freedom, rows - 2)))
        effect = float((mean - other) / np.sqrt((spread + other_spread) / 2))
        found.append(WorseSlice(source.labels[code], source.codes == code, effect, p))
    return found


def _distinct(found: list[WorseSlice], most: int) -> list[WorseSlice]:
    """Leaves out a slice that is nearly the same rows as one before it."""
    kept: list[WorseSlice] = []
    for one in found:
        if len(kept) == most:
            break
        if all((one.mask & other.mask).sum() < 0.8 * (one.mask | other.mask).sum() for other in kept):
            kept.append(one)
    return kept
