"""The smallest changes of a row that a model would decide otherwise on.

A beam search over values that occur in the data (after Wachter, Mittelstadt & Russell 2017 and DiCE, Mothilal et al.
2020): few changes first, then shrunk towards the row as it is; every answer is checked with the model itself.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml_engine.attribution.similarity import Space

Score = Callable[[pd.DataFrame], np.ndarray]
"""From features to how far each row is on the wanted side; at or above 0 is there."""
Changes = dict[str, Any]

MOST_CHANGES = 4
BEAM = 24
QUANTILES = 15
MOST_CATEGORIES = 12
MOST_COLUMNS = 20
RAREST = 0.01
SHRINKING = 24


@dataclass(frozen=True)
class Found:
    changes: Changes
    distance: float
    nearest: float


def search(
    score: Score, row: pd.DataFrame, reference: pd.DataFrame, immutable: Collection[str], most: int
) -> list[Found]:
    """Up to `most` sets of changes, each of other columns, fewest and smallest first; empty where none is found.

    Args:
        row: One row of features.
        reference: Rows whose values count as possible; no value outside them is proposed.
    """
    space = Space.of(reference)
    free = [str(name) for name in reference.columns if name not in immutable]
    options = {name: _options(reference[name], row[name].iloc[0]) for name in free}
    singles = [(name, value) for name, values in options.items() for value in values]
    if not singles or most == 0:
        return []
    reached = _score(score, row, [{name: value} for name, value in singles])
    best: dict[str, float] = {}
    for (name, _), value in zip(singles, reached, strict=True):
        best[name] = max(best.get(name, -np.inf), float(value))
    kept = set(sorted(best, key=lambda name: -best[name])[:MOST_COLUMNS])
    singles = [single for single in singles if single[0] in kept]
    beam: list[Changes] = [{}]
    found: dict[frozenset[str], tuple[float, Changes]] = {}
    for _ in range(MOST_CHANGES):
        tried = _extended(beam, singles, found)
        if not tried:
            break
        scores = _score(score, row, tried)
        for changes, value in zip(tried, scores, strict=True):
            key = frozenset(changes)
            distance = _distance(space, row, changes)
            if value >= 0 and (key not in found or distance < found[key][0]):
                found[key] = (distance, changes)
        if len(found) >= most:
            break
        beam = _best(tried, scores)
    answers = [_shrunk(score, row, changes, reference, space) for _, changes in found.values()]
    answers.sort(key=lambda changes: (len(changes), _distance(space, row, changes)))
    return [_described(changes, row, reference, space) for changes in answers[:most]]


def _options(column: pd.Series, current: Any) -> list[Any]:
    """Values that occur: quantiles of numbers, categories that are not rare; dates are left alone."""
    if column.dtype == object:
        shares = column.dropna().value_counts(normalize=True).head(MOST_CATEGORIES)
        return [value for value, share in shares.items() if share >= RAREST and value != current]
    if column.dtype.kind == "M":
        return []
    present = column.to_numpy(dtype=np.float64)
    present = present[np.isfinite(present)]
    if len(present) == 0:
        return []
    values = np.unique(np.quantile(present, np.linspace(0, 1, QUANTILES), method="nearest"))
    return [float(value) for value in values if value != current]


def _score(score: Score, row: pd.DataFrame, tried: list[Changes]) -> np.ndarray:
    return score(applied(row, tried))


def applied(row: pd.DataFrame, tried: list[Changes]) -> pd.DataFrame:
    """The row once for each set of changes, changed."""
    columns: dict[str, pd.Series] = {}
    for name in [str(column) for column in row.columns]:
        current = row[name].iloc[0]
        columns[name] = pd.Series([changes.get(name, current) for changes in tried], dtype=row[name].dtype)
    return pd.DataFrame(columns)


def _extended(beam: list[Changes], singles: list[tuple[str, Any]], found: dict[frozenset[str], Any]) -> list[Changes]:
    """Each candidate with one change more; supersets of what is already enough are not worth trying."""
    tried: dict[tuple[Any, ...], Changes] = {}
    for changes in beam:
        for name, value in singles:
            if name in changes:
                continue
            extended = {**changes, name: value}
            if any(enough <= extended.keys() for enough in found):
                continue
            tried.setdefault(tuple(sorted(extended.items(), key=lambda item: item[0])), extended)
    return list(tried.values())


def _best(tried: list[Changes], scores: np.ndarray) -> list[Changes]:
    """The most promising, at most two of the same columns."""
    kept: list[Changes] = []
    seen: dict[frozenset[str], int] = {}
    for place in np.argsort(-scores, kind="stable"):
        key = frozenset(tried[place])
        if seen.get(key, 0) < 2:
            seen[key] = seen.get(key, 0) + 1
            kept.append(tried[place])
        if len(kept) == BEAM:
            break
    return kept


def _shrunk(score: Score, row: pd.DataFrame, changes: Changes, reference: pd.DataFrame, space: Space) -> Changes:
    """Takes back what is not needed, then moves each number to the nearest occurring value that is enough."""
    for name in list(changes):
        without = {other: value for other, value in changes.items() if other != name}
        if without and _score(score, row, [without])[0] >= 0:
            changes = without
    for name, value in list(changes.items()):
        current = row[name].iloc[0]
        if name not in space.spans or pd.isna(current):
            continue
        values = np.unique(reference[name].to_numpy(dtype=np.float64))
        low, high = sorted((float(current), float(value)))
        between = values[(values > low) & (values < high)]
        if len(between) == 0:
            continue
        nearer = between[np.unique(np.linspace(0, len(between) - 1, SHRINKING).astype(int))]
        nearer = nearer[np.argsort(np.abs(nearer - float(current)))]
        enough = _score(score, row, [{**changes, name: float(one)} for one in nearer]) >= 0
        if enough.any():
            changes = {**changes, name: float(nearer[int(enough.argmax())])}
    return changes


def _distance(space: Space, row: pd.DataFrame, changes: Changes) -> float:
    moved = 0.0
    for name, value in changes.items():
        changed = pd.Series([value], dtype=row[name].dtype)
        moved += float(space.difference(name, row[name], changed)[0])
    return moved / max(len(space.columns), 1)


def _described(changes: Changes, row: pd.DataFrame, reference: pd.DataFrame, space: Space) -> Found:
    changed = applied(row, [changes])
    return Found(changes, _distance(space, row, changes), float(space.distances(changed, reference).min()))
