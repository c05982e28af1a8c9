"""Columns that stand in for each other."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

STRONG = 0.7
MOST_COLUMNS = 150


def association(features: pd.DataFrame) -> np.ndarray:
    """How strongly each two columns go together, 0..1: |Spearman|, Cramér's V, or the correlation ratio; columns².

    Missing numbers take the median rank; missing texts are a category of their own.
    """
    ranks = {name: _ranks(features[name]) for name in features if features[name].dtype != object}
    codes = {
        name: pd.factorize(features[name], use_na_sentinel=False)[0]
        for name in features
        if features[name].dtype == object
    }
    names = list(features.columns)
    found = np.eye(len(names))
    for i, a in enumerate(names):
        for j in range(i):
            b = names[j]
            if a in ranks and b in ranks:
                value = _correlation(ranks[a], ranks[b])
            elif a in codes and b in codes:
                value = _cramers_v(codes[a], codes[b])
            else:
                value = _ratio(ranks[a], codes[b]) if a in ranks else _ratio(ranks[b], codes[a])
            found[i, j] = found[j, i] = value
    return found


def clusters(features: pd.DataFrame, strong: float = STRONG) -> list[tuple[list[str], float]]:
    """Groups of two or more columns joined by average linkage at `strong`, with the strongest pair in each."""
    if not 2 <= features.shape[1] <= MOST_COLUMNS:
        return []
    together = association(features)
    apart = squareform(1 - together, checks=False)
    labels = fcluster(linkage(apart, method="average"), 1 - strong, criterion="distance")
    found: list[tuple[list[str], float]] = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if len(members) > 1:
            inner = together[np.ix_(members, members)][np.triu_indices(len(members), 1)]
            found.append(([str(features.columns[int(member)]) for member in members], float(inner.max())))
    return sorted(found, key=lambda one: -one[1])


def _ranks(column: pd.Series) -> np.ndarray:
    values = (
        column.to_numpy().astype("datetime64[us]").astype(np.float64)
        if column.dtype.kind == "M"
        else column.to_numpy(dtype=np.float64)
    )
    values = np.where(column.isna().to_numpy(), np.nan, values)
    ranks = np.asarray(rankdata(values, nan_policy="omit"))
    return np.where(np.isfinite(ranks), ranks, np.nanmedian(ranks) if np.isfinite(ranks).any() else 0.0)


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(min(abs(np.corrcoef(a, b)[0, 1]), 1.0))


def _cramers_v(a: np.ndarray, b: np.ndarray) -> float:
    """Bias-corrected (Bergsma 2013)."""
    table = np.zeros((a.max() + 1, b.max() + 1))
    np.add.at(table, (a, b), 1)
    rows = table.sum()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / rows
    phi = float(((table - expected) ** 2 / expected).sum() / rows)
    r, k = table.shape
    phi = max(0.0, phi - (k - 1) * (r - 1) / (rows - 1))
    r, k = r - (r - 1) ** 2 / (rows - 1), k - (k - 1) ** 2 / (rows - 1)
    least = min(r, k) - 1
    return float(min(np.sqrt(phi / least), 1.0)) if least > 0 else 0.0


def _ratio(values: np.ndarray, codes: np.ndarray) -> float:
    """Correlation ratio (eta) of ranks by category."""
    total = ((values - values.mean()) ** 2).sum()
    counts = np.bincount(codes)
    means = np.bincount(codes, weights=values) / np.maximum(counts, 1)
    return float(np.sqrt(min((counts * (means - values.mean()) ** 2).sum() / total, 1.0))) if total > 0 else 0.0


def members(groups: Sequence[tuple[list[str], float]], column: str) -> int | None:
    """Index of the group that a column is in."""
    return next((place for place, (names, _) in enumerate(groups) if column in names), None)
