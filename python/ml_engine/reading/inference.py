"""Finds the type of each column of text over all of its values, or applies the type it was told."""

from typing import NamedTuple

import polars as pl

from ml_engine.errors import OpError
from ml_engine.names import nearest, require_column
from ml_engine.reading.dates import parse_dates, parse_with
from ml_engine.reading.options import NULL_TOKENS, ReadOptions

TYPES = ("text", "int", "float", "bool", "date", "datetime")
TRUE, FALSE = ["true", "yes", "y", "t", "1"], ["false", "no", "n", "f", "0"]
STRAYS_SHARE = 0.05
"""Share of values that are no numbers up to which a column is called numbers with strays, not text."""
LEADING_ZERO = r"^[+-]?0\d"
DECIMAL_COMMA = r"^[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?([eE][+-]?\d+)?$"
THOUSANDS = r"^[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?$"
DIGITS_ONLY = r"^[+-]?\d+$"


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


def blank_to_null(frame: pl.DataFrame, tokens: tuple[str, ...]) -> tuple[pl.DataFrame, list[str]]:
    """Text cells that are one of `tokens` become null; a sentence for each token but the empty one that was met."""
    text = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    if not text or not tokens:
        return frame, []
    stripped = pl.col(text).str.strip_chars()
    counts = {token: sum(frame.select((stripped == token).sum()).row(0)) for token in tokens if token}
    met = [f"{count} cells `{token}`" for token, count in counts.items() if count]
    cleaned = frame.with_columns(pl.when(stripped.is_in(list(tokens))).then(None).otherwise(pl.col(text)).name.keep())
    standard = set(tokens) == set(NULL_TOKENS)
    return cleaned, [
        f"Read as missing: {', '.join(met)}." + (" Set `null_tokens` to change that." if standard else "")
    ] if met else []


class Found(NamedTuple):
    """A column with its type found, what a person should know about that, and whether its decimal mark is a comma."""

    column: pl.Series
    warning: str | None = None
    decimal_comma: bool = False


def find_type(column: pl.Series, decimal: str | None, delimiter: str) -> Found:
    """`column` of text as whole numbers, numbers, true/false or dates where every value is one, else as it is."""
    present = column.drop_nulls().str.strip_chars()
    if len(present) == 0:
        return Found(column)
    probe = present.head(1000)
    as_number = probe.cast(pl.Float64, strict=False)
    if as_number.null_count() <= STRAYS_SHARE * len(probe):
        return Found(*_numbers(column, present))
    if as_number.null_count() == len(probe) and probe.str.to_lowercase().is_in(["true", "false"]).all():
        lowered = column.str.strip_chars().str.to_lowercase()
        only_words = present.str.to_lowercase().is_in(["true", "false"]).all()
        return Found(lowered == "true") if only_words else Found(column)
    may_be_comma = decimal == "," or (decimal is None and delimiter != ",")
    if may_be_comma and _all_match(probe, present, DECIMAL_COMMA) and _is_decimal_comma(present, delimiter, decimal):
        return Found(_from_decimal_comma(column), None, decimal_comma=True)
    if _all_match(probe, present, THOUSANDS):
        plain = column.str.strip_chars().str.replace_all(",", "", literal=True)
        return Found(_numbers(plain, plain.drop_nulls())[0], f"`{column.name}`: commas read as thousands separators.")
    parsed, warning = parse_dates(column)
    return Found(column if parsed is None else parsed, warning)


def as_type(column: pl.Series, wanted: str, decimal: str | None) -> pl.Series:
    """`column` as the type it was said to have; null where a value cannot be read as that."""
    base, _, fmt = wanted.partition(":")
    if base == "text":
        return column.cast(pl.String)
    if column.dtype != pl.String:
        casts: dict[str, pl.DataType] = {
            "int": pl.Int64(),
            "float": pl.Float64(),
            "bool": pl.Boolean(),
            "date": pl.Date(),
            "datetime": pl.Datetime("us"),
        }
        try:
            return column.cast(casts[base], strict=False)
        except pl.exceptions.PolarsError:
            return column.cast(pl.String).cast(casts[base], strict=False)
    text = column.str.strip_chars()
    if base == "int":
        whole = text.cast(pl.Int64, strict=False)
        number = text.cast(pl.Float64, strict=False)
        rounded = (
            pl.select(pl.when(number.is_finite() & (number == number.floor())).then(number))
            .to_series()
            .cast(pl.Int64, strict=False)
        )
        return whole.fill_null(rounded).alias(column.name) if whole.null_count() > text.null_count() else whole
    if base == "float":
        return _from_decimal_comma(column) if decimal == "," else text.cast(pl.Float64, strict=False)
    if base == "bool":
        lowered = text.str.to_lowercase()
        return (
            pl.select(pl.when(lowered.is_in(TRUE)).then(True).when(lowered.is_in(FALSE)).then(False).otherwise(None))
            .to_series()
            .alias(column.name)
        )
    if fmt:
        return parse_with(column, fmt)
    parsed, _ = parse_dates(column)
    best = (
        parsed if parsed is not None else parse_with(column, "%Y-%m-%d" if base == "date" else "%Y-%m-%dT%H:%M:%S%.f")
    )
    return (
        best.cast(pl.Date) if base == "date" else best.cast(pl.Datetime("us", getattr(best.dtype, "time_zone", None)))
    )


def _numbers(column: pl.Series, present: pl.Series) -> tuple[pl.Series, str | None]:
    if present.str.contains(LEADING_ZERO).any() and not present.str.contains(r"\.").any():
        return column, f"`{column.name}` stays text: its numbers have leading zeros."
    text = column.str.strip_chars()
    whole = text.cast(pl.Int64, strict=False)
    if whole.null_count() == column.null_count():
        return whole, None
    number = text.cast(pl.Float64, strict=False)
    if number.null_count() == column.null_count():
        if present.str.contains(DIGITS_ONLY).all():
            return column, f"`{column.name}` stays text: its whole numbers are too long for 64 bits."
        return number, None
    stray = column.filter(number.is_null() & column.is_not_null())
    if len(stray) <= STRAYS_SHARE * len(present):
        warning = (
            f"`{column.name}` stays text: {len(stray)} of {len(present)} values are no numbers, "
            f'e.g. `{str(stray[0])[:40]}`. Set types: {{"{column.name}": "float"}} to put those rows aside.'
        )
        return column, warning
    return column, None


def _all_match(probe: pl.Series, present: pl.Series, pattern: str) -> bool:
    return bool(probe.str.contains(pattern).all()) and bool(present.str.contains(pattern).all())


def _is_decimal_comma(present: pl.Series, delimiter: str, decimal: str | None) -> bool:
    has_comma = present.str.contains(",", literal=True)
    if not has_comma.any():
        return False
    return decimal == "," or delimiter == ";" or present.str.contains(r",(\d{1,2}|\d{4,})$").any()


def _from_decimal_comma(column: pl.Series) -> pl.Series:
    return (
        column.str.strip_chars()
        .str.replace_all(".", "", literal=True)
        .str.replace(",", ".", literal=True)
        .cast(pl.Float64, strict=False)
    )
