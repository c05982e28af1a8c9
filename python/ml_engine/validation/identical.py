"""Columns that say the same."""

from collections.abc import Mapping

import polars as pl


def identical_columns(frame: pl.DataFrame, counted: Mapping[str, int] | None = None) -> list[tuple[str, str, str]]:
    """Pairs of columns that are not constant: `equal` in every row, or `renamed`, one value for one value.

    Columns of which most values differ are never called renamed: any two of them map one to one. `counted` are the
    distinct values of each column, missing ones aside, where they are known already.
    """
    pairs: list[tuple[str, str, str]] = []
    groups: dict[tuple[int, int], list[str]] = {}
    for column in frame.get_columns():
        distinct = column.n_unique() if counted is None else counted[column.name] + (column.null_count() > 0)
        if distinct > 1:
            groups.setdefault((distinct, column.null_count()), []).append(column.name)
    for (distinct, _), names in groups.items():
        for place, second in enumerate(names):
            alike = ((first, _alike(frame[first], frame[second], distinct)) for first in names[:place])
            found = next(((first, how) for first, how in alike if how is not None), None)
            if found is not None:
                pairs.append((found[0], second, found[1]))
    return pairs


def _alike(a: pl.Series, b: pl.Series, distinct: int) -> str | None:
    if a.dtype == b.dtype and a.head(100).equals(b.head(100)) and a.equals(b):
        return "equal"
    if a.dtype.is_numeric() and b.dtype.is_numeric() and a.cast(pl.Float64).equals(b.cast(pl.Float64)):
        return "equal"
    if 2 * distinct > len(a):
        return None
    both = pl.DataFrame([a.alias("a"), b.alias("b")])
    return "renamed" if both.head(1000).n_unique() == a.head(1000).n_unique() and both.n_unique() == distinct else None
