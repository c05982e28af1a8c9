"""How unlike its training data a table is, column by column."""

from typing import Any

import numpy as np
import pandas as pd

BINS = 10
MOST_LEVELS = 50
NOTABLE = 0.2
"""A population stability index above this is a shift worth acting on (Siddiqi 2006: 0.1 slight, 0.25 major)."""
_FLOOR = 1e-4


def summarise(features: pd.DataFrame) -> dict[str, Any]:
    """Shares of each column's values: by deciles of numbers and dates, by the commonest texts."""
    return {str(name): _summary(features[name]) for name in features.columns}


def stability(reference: dict[str, Any], features: pd.DataFrame) -> list[tuple[str, float]]:
    """Population stability index of each column against the reference, largest first."""
    found = [(name, _index(one, features[name])) for name, one in reference.items() if name in features.columns]
    return sorted(found, key=lambda pair: -pair[1])


def _summary(column: pd.Series) -> dict[str, Any]:
    if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)):
        counts = column.value_counts().head(MOST_LEVELS)
        levels = sorted(str(level) for level in counts.index)
        return {"levels": levels, "shares": _level_shares(column, levels)}
    values = _floats(column)
    present = values[np.isfinite(values)]
    edges = np.unique(np.quantile(present, np.linspace(0, 1, BINS + 1)[1:-1])) if len(present) else np.array([])
    return {"edges": edges.tolist(), "shares": _bin_shares(values, edges)}


def _index(reference: dict[str, Any], column: pd.Series) -> float:
    if "levels" in reference:
        now = _level_shares(column, reference["levels"])
    else:
        now = _bin_shares(_floats(column), np.array(reference["edges"]))
    before, after = np.maximum(reference["shares"], _FLOOR), np.maximum(now, _FLOOR)
    return float(((after - before) * np.log(after / before)).sum())


def _level_shares(column: pd.Series, levels: list[str]) -> list[float]:
    """Share of each level, then of other texts, then of gaps."""
    found, values = pd.factorize(column)
    places = {level: code for code, level in enumerate(levels)}
    # The last place is factorize's -1, a gap.
    coded = np.array([*(places.get(str(value), len(levels)) for value in values), len(levels) + 1])
    codes = coded[found]
    return (np.bincount(codes, minlength=len(levels) + 2) / max(len(column), 1)).tolist()


def _bin_shares(values: np.ndarray, edges: np.ndarray) -> list[float]:
    """Share of each bin, then of what is not a finite number."""
    finite = np.isfinite(values)
    codes = np.where(finite, np.searchsorted(edges, np.where(finite, values, 0.0), side="left"), len(edges) + 1)
    return (np.bincount(codes, minlength=len(edges) + 2) / max(len(values), 1)).tolist()


def _floats(column: pd.Series) -> np.ndarray:
    if pd.api.types.is_datetime64_any_dtype(column):
        days = (column - pd.Timestamp(0)) / pd.Timedelta(days=1)
        return days.to_numpy(dtype=np.float64, na_value=np.nan)
    return column.to_numpy(dtype=np.float64)
