"""Columns from one type to another."""

import math
from collections.abc import Callable

import polars as pl

from ml_engine.errors import OpError
from ml_engine.reading.dates import parse_dates
from ml_engine.transforming.steps import CYCLES

TYPES: dict[str, pl.DataType] = {
    "int": pl.Int64(),
    "float": pl.Float64(),
    "text": pl.String(),
    "bool": pl.Boolean(),
    "date": pl.Date(),
    "datetime": pl.Datetime("us"),
}


def as_type(column: pl.Series, wanted: str, field: str) -> pl.Series:
    """`column` as one of TYPES, no value lost.

    Raises:
        OpError: naming a value that cannot be cast.
    """
    source = column
    if column.dtype == pl.String and wanted in ("date", "datetime"):
        source = parse_dates(column)[0]
    elif column.dtype == pl.String and wanted == "bool":
        lowered = column.str.to_lowercase()
        source = lowered.replace_strict(
            ["true", "yes", "1", "false", "no", "0"],
            [True, True, True, False, False, False],
            default=None,
            return_dtype=pl.Boolean,
        )
    elif column.dtype == pl.String and wanted == "int":
        source = column.str.strip_chars()
    if source is None or (column.dtype.is_temporal() != (wanted in ("date", "datetime")) and wanted == "bool"):
        raise OpError("invalid_input", f"{field}.map.{column.name}: its values are no {wanted}")
    after = source.cast(TYPES[wanted], strict=False)
    lost = column.filter(after.is_null() & column.is_not_null())
    if len(lost):
        raise OpError(
            "invalid_input",
            f"{field}.map.{column.name}: {len(lost)} values are no {wanted}, e.g. `{str(lost[0])[:40]}`",
            "Filter those rows out first, or ingest again with `types`.",
        )
    return after


def date_columns(name: str, part: str, whole_days: bool) -> list[pl.Expr]:
    """The new columns of one part of the date in `name`: `day_month`, or `day_month_sin` and `day_month_cos`."""
    plain = part.removesuffix("_cyclic")
    value = date_part(pl.col(name), plain, whole_days)
    if plain == part:
        return [value.alias(f"{name}_{part}")]
    # Counted from 0 or 1, a cycle is the same circle turned.
    angle = value * (2 * math.pi / CYCLES[plain])
    return [angle.sin().alias(f"{name}_{plain}_sin"), angle.cos().alias(f"{name}_{plain}_cos")]


def date_part(column: pl.Expr, part: str, whole_days: bool) -> pl.Expr:
    """One part of a date as a whole number; hours and less are 0 where `whole_days`."""
    if part == "timestamp":
        return column.cast(pl.Datetime("us")).dt.epoch("s")
    if whole_days and part in ("hour", "minute", "second"):
        return pl.when(column.is_not_null()).then(0).cast(pl.Int64)
    parts: dict[str, Callable[[], pl.Expr]] = {
        "year": column.dt.year,
        "quarter": column.dt.quarter,
        "month": column.dt.month,
        "week": column.dt.week,
        "day": column.dt.day,
        "weekday": column.dt.weekday,
        "ordinal_day": column.dt.ordinal_day,
        "hour": column.dt.hour,
        "minute": column.dt.minute,
        "second": column.dt.second,
    }
    return parts[part]().cast(pl.Int64)
