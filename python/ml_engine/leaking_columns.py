"""Columns that no row could have when it is used: aggregates over rows that come later, or over the target itself."""

from collections.abc import Iterable

import numpy as np
import polars as pl

from ml_engine.transforming.signs import repeated_identifiers

MOST_COLUMNS = 60
MOST_KEYS = 8
ROWS_A_KEY = 2
LEAST_KEYS = 2
FIRST_ROWS = 5000
CLOSE = 1e-9
"""Relative difference below which two numbers are one."""
STATISTICS = ("mean", "sum", "min", "max", "median", "std")


def whole_aggregates(frame: pl.DataFrame, target: str, features: Iterable[str]) -> list[str]:
    """Warnings that name features which are an aggregate of a column over all rows of a group, later ones among them.

    Of the target such an aggregate holds the row's own answer. Of other columns it is said only where the table has
    dates, as elsewhere no row is later than another.
    """
    known = [name for name in features if frame.schema[name].is_numeric()][:MOST_COLUMNS]
    dated = any(dtype.is_temporal() for dtype in frame.dtypes)
    truth = _numbered(frame[target])
    table = frame.with_columns(truth.alias(target)) if truth is not None else frame.drop(target)
    sources = [name for name in table.columns if table.schema[name].is_numeric() and (dated or name == target)]
    found: dict[str, tuple[str, str, str]] = {}
    for key in _keys(frame, target):
        constant = _constant(table, key, {*known, *sources})
        wanted = [name for name in known if name in constant and name != key and name not in found]
        varying = [name for name in sources if name not in constant and name != key][:MOST_COLUMNS]
        found |= _matches(table, key, wanted, varying)
    return [_sentence(name, *match, of_target=match[1] == target) for name, match in found.items()]


def untold_groups(frame: pl.DataFrame, *, told: bool) -> list[str]:
    """Warnings that name identifiers with several rows each that no `group` keeps out of two folds."""
    if told:
        return []
    return [
        f"`{name}` has several rows each ({frame[name].n_unique()} values in {frame.height} rows), which folds tear "
        f"apart: what is learnt of one is known of its others. Give group: {name}."
        for name in repeated_identifiers(frame)[:3]
    ]


def _sentence(name: str, statistic: str, source: str, key: str, *, of_target: bool) -> str:
    told = (
        "the row's own among them; use encode with method target, whose codes are out of fold."
        if of_target
        else "later ones among them; use a window over earlier rows."
    )
    return f"Leakage: `{name}` is the {statistic} of `{source}` over all rows of each `{key}`, {told}"


def _numbered(target: pl.Series) -> pl.Series | None:
    """The target as numbers: itself, or 0 and 1 for two classes in sorted order."""
    if target.dtype.is_numeric() or target.dtype == pl.Boolean:
        return target.cast(pl.Float64)
    classes = target.drop_nulls().unique().sort()
    return (target == classes[1]).cast(pl.Float64) if len(classes) == 2 else None


def _keys(frame: pl.DataFrame, target: str) -> list[str]:
    """Columns whose values several rows share, identifiers first."""
    first = repeated_identifiers(frame)
    kinds = [name for name, dtype in frame.schema.items() if dtype == pl.String or dtype.is_integer()]
    shared = [
        name for name in kinds if name != target and LEAST_KEYS <= frame[name].n_unique() <= frame.height / ROWS_A_KEY
    ]
    return list(dict.fromkeys([*(name for name in first if name != target), *shared]))[:MOST_KEYS]


def _constant(table: pl.DataFrame, key: str, names: set[str]) -> set[str]:
    """Those of `names` that have one value for each value of `key`."""
    others = sorted(names - {key})
    # Most columns vary within the first rows already; only the rest has to be looked at whole.
    for part in (table.head(FIRST_ROWS), table):
        spread = part.group_by(key).agg([pl.col(name).n_unique() for name in others])
        others = [name for name in others if spread[name].max() == 1]
    return set(others)


def _matches(table: pl.DataFrame, key: str, wanted: list[str], sources: list[str]) -> dict[str, tuple[str, str, str]]:
    """Statistic, source and key of each of `wanted` that is one."""
    if not wanted or not sources:
        return {}
    made = [
        getattr(pl.col(name), statistic)().cast(pl.Float64).alias(f"\x00{statistic}\x00{name}")
        for name in sources
        for statistic in STATISTICS
    ]
    own = [pl.col(name).first().cast(pl.Float64).alias(name) for name in wanted]
    groups = table.group_by(key).agg([*own, *made])
    found: dict[str, tuple[str, str, str]] = {}
    for name in wanted:
        if groups[name].n_unique() < LEAST_KEYS:
            continue
        for label in groups.columns:
            if label.startswith("\x00") and _same(groups[name], groups[label]):
                _, statistic, source = label.split("\x00")
                found[name] = statistic, source, key
                break
    return found


def _same(first: pl.Series, second: pl.Series) -> bool:
    both = first.is_not_null() & second.is_not_null()
    if both.sum() < LEAST_KEYS or both.sum() < 0.9 * len(first):
        return False
    bound = np.maximum(np.maximum(first.abs().to_numpy(), second.abs().to_numpy()), 1.0) * CLOSE
    return bool(((first - second).abs() <= pl.Series(bound)).filter(both).all())
