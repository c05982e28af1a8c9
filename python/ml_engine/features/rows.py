"""Feature values, one row for each row of the source, each made of rows up to its own time only."""

import hashlib
import math
from collections.abc import Callable, Sequence
from datetime import datetime

import polars as pl

from ml_engine.contract.features import Feature, FeatureViewDefinition
from ml_engine.errors import OpError
from ml_engine.expressions import sql_expression
from ml_engine.features.definition import ALL, CYCLES, WINDOWED, check_feature, ordered, passes_on, seconds_of
from ml_engine.features.moments import CLOCK, on_one_clock

EVENT = "\x00event"
CREATED = "\x00created"
ALWAYS = datetime(1, 1, 1)  # noqa: DTZ001 - the clock has no zone
"""Event time of a view without one: what it says has always been so."""
FOREVER = "1000000d"
"""Longer than any history; Polars has no endless window."""
AGGREGATES: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "sum": lambda column: column.sum(),
    "mean": lambda column: column.mean(),
    "std": lambda column: column.std(ddof=1),
    "min": lambda column: column.min(),
    "max": lambda column: column.max(),
    "first": lambda column: column.drop_nulls().first(),
    "last": lambda column: column.drop_nulls().last(),
    "nunique": lambda column: column.drop_nulls().n_unique(),
    "count": lambda column: column.count(),
}


def feature_rows(
    source: pl.DataFrame, definition: FeatureViewDefinition, warnings: list[str], target: str | None = None
) -> pl.DataFrame:
    """Entity keys, event time, created time and features of each usable row, by entity and time.

    A window (t − length, t] ends with the row's own time t and holds all rows of the entity of that time.

    Returns:
        Columns: the entities, EVENT and CREATED (UTC; null where the view has none), the features by name.

    Raises:
        OpError: a feature cannot be made of the source.
    """
    frame = _timed(source, definition, warnings)
    names = [feature["name"] for feature in definition["features"]]
    ready = ordered(definition["features"], source.columns)
    for place, feature in enumerate(ready):
        if passes_on(feature) or feature["name"] in frame.columns:
            if passes_on(feature):
                check_feature(feature, frame, target, f"features[{names.index(feature['name'])}]")
            continue
        batch = _batch(ready[place:], feature, frame.columns)
        for one in batch:
            check_feature(one, frame, target, f"features[{names.index(one['name'])}]")
        frame = _added(frame, feature, batch, definition)
    return frame.select([*definition["entities"], EVENT, CREATED, *_made(ready, names)])


def _made(features: Sequence[Feature], names: Sequence[str]) -> list[str]:
    """Column names of the features in the order they were defined in; a cyclic one is two."""
    cyclic = {feature["name"] for feature in features if feature.get("function") == "cyclic"}
    return [made for name in names for made in ([f"{name}_sin", f"{name}_cos"] if name in cyclic else [name])]


def column_names(definition: FeatureViewDefinition) -> list[str]:
    """The columns that a view's features become."""
    return _made(definition["features"], [feature["name"] for feature in definition["features"]])


def _timed(source: pl.DataFrame, definition: FeatureViewDefinition, warnings: list[str]) -> pl.DataFrame:
    event, created = definition["event_time"], definition["created_time"]
    frame = source.with_columns(
        (pl.lit(ALWAYS, dtype=CLOCK) if event is None else on_one_clock(source[event], "event_time", warnings)).alias(
            EVENT
        ),
        (
            pl.lit(None, dtype=CLOCK) if created is None else on_one_clock(source[created], "created_time", warnings)
        ).alias(CREATED),
    )
    keyed = frame.drop_nulls([*definition["entities"], *([] if event is None else [EVENT])])
    if lost := frame.height - keyed.height:
        warnings.append(f"{lost} of {frame.height} source rows have no entity key or no event time and were left out.")
    return keyed.sort([*definition["entities"], EVENT, CREATED], maintain_order=True)


def _batch(features: Sequence[Feature], first: Feature, known: Sequence[str]) -> list[Feature]:
    """Features of one window that can be made in one pass with `first`, of columns that are `known`."""
    if first.get("function") not in WINDOWED:
        return [first]
    return [
        one
        for one in features
        if one is first
        or (
            one.get("function") in WINDOWED
            and one.get("window") == first.get("window")
            and one["name"] not in known
            and one.get("column", known[0]) in known
        )
    ]


def _added(
    frame: pl.DataFrame, feature: Feature, batch: Sequence[Feature], definition: FeatureViewDefinition
) -> pl.DataFrame:
    name, entities = feature["name"], definition["entities"]
    if "expression" in feature:
        return frame.with_columns(sql_expression(feature["expression"], frame, "expression").alias(name))
    function, column = feature.get("function", ""), feature.get("column", "")
    if function in WINDOWED:
        return _windows(frame, batch, feature.get("window", ALL), definition)
    if function == "lag":
        return frame.with_columns(pl.col(column).shift(feature.get("size", 1)).over(entities).alias(name))
    if function == "words":
        return frame.with_columns(pl.col(column).str.count_matches(r"\S+").alias(name))
    if function == "hash":
        return frame.with_columns(_buckets(frame[column], feature.get("size", 1)).alias(name))
    cycle = feature.get("window", "hour")
    part = {
        "hour": pl.col(column).dt.hour(),
        "weekday": pl.col(column).dt.weekday(),
        "month": pl.col(column).dt.month(),
    }
    angle = part[cycle].cast(pl.Float64) * (2 * math.pi / CYCLES[cycle])
    return frame.with_columns(angle.sin().alias(f"{name}_sin"), angle.cos().alias(f"{name}_cos"))


def _windows(
    frame: pl.DataFrame, batch: Sequence[Feature], window: str, definition: FeatureViewDefinition
) -> pl.DataFrame:
    if definition["event_time"] is None:
        raise OpError("invalid_input", "event_time: a window needs it", "Name the column that says when each row was.")
    period = FOREVER if window == ALL else f"{int(seconds_of(window, 'window'))}s"
    made = [
        (pl.len() if "column" not in one else AGGREGATES[one.get("function", "")](pl.col(one["column"]))).alias(
            one["name"]
        )
        for one in batch
    ]
    rolled = frame.rolling(EVENT, period=period, group_by=definition["entities"], closed="right").agg(made)
    counts = [one["name"] for one in batch if one.get("function") in ("count", "nunique")]
    return frame.hstack(rolled.select([one["name"] for one in batch]).with_columns(pl.col(counts).cast(pl.Int64)))


def _buckets(column: pl.Series, size: int) -> pl.Series:
    """SHA-256 of each value's text, modulo `size`: the same in every process and version."""
    texts = column.cast(pl.String)
    known = texts.drop_nulls().unique().to_list()
    buckets = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % size for text in known]
    return texts.replace_strict(known, buckets, default=None, return_dtype=pl.Int64)
