"""What each column of a table means, beside its storage type."""

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Literal

import polars as pl

from ml_engine.contract.manifest import ColumnSchema
from ml_engine.personal import personal_kind

Role = Literal[
    "identifier",
    "target_candidate",
    "numeric",
    "categorical",
    "ordinal",
    "boolean",
    "datetime",
    "text",
    "geo",
    "constant",
    "personal",
]

DIRECT_KINDS = frozenset({"email", "phone", "card", "iban", "ssn", "ip", "name", "national_id", "address"})
"""Personal data that points at one person and is no feature; a birth date stays a date."""

IDENTIFIER_NAME = re.compile(
    r"(^|[ _-])(id|uuid|guid|key|index|rownum|row[ _-]?number)$|^(id|idx|unnamed.*)$|[a-z](ID|Id)$"
)
TARGET_NAMES = frozenset(
    (
        *("target", "label", "class", "y", "outcome", "response", "income", "churn", "churned", "default", "survived"),
        *("species", "diagnosis", "price", "is_fraud", "fraud", "quality", "disease_progression", "medv", "saleprice"),
    )
)
LATITUDE_NAME = re.compile(r"^(lat|latitude|geo[ _-]?lat)$")
LONGITUDE_NAME = re.compile(r"^(lon|lng|long|longitude|geo[ _-]?(lon|lng))$")
ORDERED_WORDS = (
    frozenset({"low", "medium", "high", "very low", "very high", "mid", "none"}),
    frozenset({"xs", "s", "m", "l", "xl", "xxl"}),
    frozenset({"small", "medium", "large", "tiny", "huge", "extra large"}),
    frozenset({"never", "rarely", "sometimes", "often", "always"}),
    frozenset({"bad", "poor", "fair", "good", "very good", "excellent", "ideal", "premium"}),
    frozenset({"strongly disagree", "disagree", "neutral", "agree", "strongly agree"}),
)
SAMPLE_ROWS = 200_000
"""Rows of a stored table up to which roles are found on all of them."""
SLICES = 20
FEW_LEVELS = 10
"""Distinct whole numbers up to which a column from 0 or 1 upwards is read as ordered levels."""


def infer_roles(frame: pl.DataFrame) -> list[ColumnSchema]:
    """Name, dtype, role and suspected kind of personal data of each column, in the frame's order."""
    return [column_schema(column) for column in frame.get_columns()]


def stored_roles(path: Path, rows: int) -> tuple[list[ColumnSchema], list[str]]:
    """As `infer_roles`, of the canonical Parquet file at `path`, and what was not looked at whole, in a sentence.

    Tables of more than SAMPLE_ROWS rows are judged by slices spread evenly over them, whatever the file's row groups;
    whether a column is constant is found over all rows.
    """
    whole = pl.scan_parquet(path)
    if rows <= SAMPLE_ROWS:
        return infer_roles(whole.collect()), []
    step = rows // SLICES
    slices = [whole.slice(number * step, SAMPLE_ROWS // SLICES).collect() for number in range(SLICES)]
    sample = pl.concat(slices)
    columns = infer_roles(sample)
    for index, column in enumerate(columns):
        if column["role"] == "constant":
            values = whole.select(pl.col(column["name"]).unique(maintain_order=True)).collect().to_series()
            columns[index] = column_schema(values.head(SAMPLE_ROWS))
    return columns, [f"Roles and personal data were found on {sample.height} rows spread over the table."]


def column_schema(column: pl.Series) -> ColumnSchema:
    """The schema entry of one column."""
    kind = personal_kind(column)
    return {"name": column.name, "dtype": dtype_name(column.dtype), "role": _role(column, kind), "personal": kind}


def dtype_name(dtype: pl.DataType) -> str:
    """Polars' name of a type, with the parameters that matter: `Datetime[UTC]`, `List(Int64)`."""
    if isinstance(dtype, pl.Datetime):
        return f"Datetime[{dtype.time_zone}]" if dtype.time_zone else "Datetime"
    return str(dtype).partition("(")[0] if isinstance(dtype, pl.Duration) else str(dtype)


def contains_personal(columns: list[ColumnSchema]) -> bool:
    """Whether any column is suspected of holding personal data."""
    return any(column["personal"] is not None for column in columns)


def _role(column: pl.Series, kind: str | None) -> Role:
    present = column.drop_nulls()
    dtype = column.dtype
    name = column.name.casefold().strip()
    # Different values are counted only where a rule asks for their number: it is the slowest thing here.
    distinct = cache(present.n_unique)
    if len(present) == 0 or (present.min() == present.max() if dtype.is_numeric() else distinct() <= 1):
        return "constant"
    if kind in DIRECT_KINDS:
        return "personal"
    if dtype.is_temporal():
        return "datetime"
    if name in TARGET_NAMES and (dtype.is_numeric() or distinct() <= 50):
        return "target_candidate"
    if dtype == pl.Boolean:
        return "boolean"
    if dtype.is_numeric():
        return _role_of_numbers(column, present, distinct, name)
    if dtype == pl.String:
        return _role_of_text(column, present, distinct())
    return "text"


def _role_of_numbers(column: pl.Series, present: pl.Series, distinct: Callable[[], int], name: str) -> Role:
    if (LATITUDE_NAME.match(name) and _within(present, 90)) or (LONGITUDE_NAME.match(name) and _within(present, 180)):
        return "geo"
    if column.dtype.is_integer():
        named = IDENTIFIER_NAME.search(column.name.strip()) is not None
        if named and (distinct() == len(present) or distinct() > FEW_LEVELS):
            return "identifier"
        if len(present) > 20 and _counts_up(present):
            return "identifier"
        low, high = _bounds(present)
        if 0 <= low <= 1 and high <= FEW_LEVELS and 2 < distinct() <= FEW_LEVELS:
            return "ordinal"
    return "numeric"


def _role_of_text(column: pl.Series, present: pl.Series, distinct: int) -> Role:
    rows = len(present)
    mean_length = float(present.str.len_chars().cast(pl.Float64).mean() or 0.0)  # pyright: ignore[reportArgumentType]
    spaced = float(present.str.contains(r"\s").cast(pl.Float64).mean() or 0.0)  # pyright: ignore[reportArgumentType]
    if distinct == rows and (
        IDENTIFIER_NAME.search(column.name.strip()) or (rows > 20 and spaced < 0.05 and mean_length <= 64)
    ):
        return "identifier"
    if IDENTIFIER_NAME.search(column.name.strip()) and distinct > 0.5 * rows:
        return "identifier"
    if distinct <= 12:
        levels = {str(value).strip().casefold() for value in present.unique()}
        if any(levels <= words for words in ORDERED_WORDS) and distinct > 2:
            return "ordinal"
    if (mean_length > 50 and distinct > 0.1 * rows) or (
        distinct > 0.5 * rows and distinct > 50 and spaced > 0.5 and mean_length > 20
    ):
        return "text"
    return "categorical"


def _within(present: pl.Series, bound: float) -> bool:
    low, high = _bounds(present)
    return -bound <= low and high <= bound


def _bounds(present: pl.Series) -> tuple[float, float]:
    values = present.cast(pl.Float64)
    low, high = values.min(), values.max()
    return (low if isinstance(low, float) else 0.0, high if isinstance(high, float) else 0.0)


def _counts_up(present: pl.Series) -> bool:
    steps = present.cast(pl.Int64, strict=False).diff().drop_nulls()
    return len(steps) > 0 and bool((steps == 1).all())
