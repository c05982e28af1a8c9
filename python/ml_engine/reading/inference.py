"""Types of text: those a person may ask for, and how text is read as each of them."""

from typing import NamedTuple

import polars as pl

from ml_engine.errors import OpError
from ml_engine.names import nearest, require_column
from ml_engine.reading.dates import DateEvidence, parse_with, possible_formats
from ml_engine.reading.options import ReadOptions

TYPES = ("text", "int", "float", "bool", "date", "datetime")
TRUE, FALSE = ["true", "yes", "y", "t", "1"], ["false", "no", "n", "f", "0"]
CASTS: dict[str, pl.DataType] = {
    "text": pl.String(),
    "int": pl.Int64(),
    "float": pl.Float64(),
    "bool": pl.Boolean(),
    "date": pl.Date(),
    "datetime": pl.Datetime("us"),
}


class Plan(NamedTuple):
    """How a column of text is read: as `kind`, dates by `fmt`, text with blanks around it taken off where `strip`."""

    kind: str
    fmt: str | None = None
    strip: bool = False


TEXT = Plan("text")


def check_types(options: ReadOptions, columns: list[str]) -> None:
    """Refuses a type that there is not, or one for a column that there is not.

    Raises:
        OpError: naming the column and the nearest valid name.
    """
    for name, wanted in options.types.items():
        require_column("types", name, columns)
        base, _, fmt = wanted.partition(":")
        if base not in TYPES or (fmt and (base not in ("date", "datetime") or "%" not in fmt)):
            guess = nearest(base, TYPES)
            raise OpError(
                "invalid_input",
                f"types.{name}: no type `{wanted}`" + (f"; did you mean `{guess}`?" if guess else ""),
                f"One of {', '.join(TYPES)}, or `date:%d/%m/%Y`.",
            )


def read_as(column: pl.Series, plan: Plan) -> pl.Series:
    """`column` of text as `plan` says; null where a value cannot be read as that."""
    if plan.kind == "text":
        return column.str.strip_chars() if plan.strip else column
    text = column.str.strip_chars()
    if plan.kind in ("int", "float"):
        return text.cast(CASTS[plan.kind], strict=False)
    if plan.kind == "bool":
        return text.str.to_lowercase() == "true"
    if plan.kind == "comma":
        return from_decimal_comma(column)
    if plan.kind.startswith("thousands_"):
        plain = text.str.replace_all(",", "", literal=True)
        return plain.cast(CASTS[plan.kind.removeprefix("thousands_")], strict=False)
    return parse_with(column, plan.fmt or "")


def as_type(column: pl.Series, wanted: str, decimal: str | None, fmt: str | None = None) -> pl.Series:
    """`column` as the type it was said to have; null where a value cannot be read as that.

    Dates in text are read by the format `wanted` names, else by `fmt`.
    """
    base, _, given = wanted.partition(":")
    if base == "text":
        return column.cast(pl.String)
    if column.dtype != pl.String:
        try:
            return column.cast(CASTS[base], strict=False)
        except pl.exceptions.PolarsError:
            return column.cast(pl.String).cast(CASTS[base], strict=False)
    text = column.str.strip_chars()
    if base == "int":
        return _whole(text)
    if base == "float":
        return from_decimal_comma(column) if decimal == "," else text.cast(pl.Float64, strict=False)
    if base == "bool":
        return _flags(text)
    return _dates(column, base, given, fmt)


def _flags(text: pl.Series) -> pl.Series:
    lowered = text.str.to_lowercase()
    flags = pl.when(lowered.is_in(TRUE)).then(True).when(lowered.is_in(FALSE)).then(False).otherwise(None)
    return pl.select(flags).to_series().alias(text.name)


def _dates(column: pl.Series, base: str, given: str, fmt: str | None) -> pl.Series:
    if given:
        return parse_with(column, given)
    dates = parse_with(column, fmt or ("%Y-%m-%d" if base == "date" else "%Y-%m-%dT%H:%M:%S%.f"))
    if base == "date":
        return dates.cast(pl.Date)
    return dates.cast(pl.Datetime("us", getattr(dates.dtype, "time_zone", None)))


def best_format(present: pl.Series) -> str | None:
    """The format of dates that fits most of `present`, the earlier one of equals; None where none fits any."""
    evidence = DateEvidence(possible_formats(present))
    evidence.add(present)
    return max(evidence.fits, key=lambda fmt: evidence.fits[fmt], default=None)


def _whole(text: pl.Series) -> pl.Series:
    whole = text.cast(pl.Int64, strict=False)
    if whole.null_count() == text.null_count():
        return whole
    number = text.cast(pl.Float64, strict=False)
    kept = pl.when(number.is_finite() & (number == number.floor())).then(number)
    return whole.fill_null(pl.select(kept).to_series().cast(pl.Int64, strict=False)).alias(text.name)


def from_decimal_comma(column: pl.Series) -> pl.Series:
    """Numbers with a decimal comma, points between thousands."""
    return (
        column.str.strip_chars()
        .str.replace_all(".", "", literal=True)
        .str.replace(",", ".", literal=True)
        .cast(pl.Float64, strict=False)
    )
