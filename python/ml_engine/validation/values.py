"""A rule's own values (numbers, sets, dates as text) in the type of the column they are held against."""

from collections.abc import Iterable, Sequence
from typing import cast

import polars as pl

from ml_engine.reading.dates import parse_dates
from ml_engine.validation.plans import Kwargs, RuleError, Scope

NAMES_OF = {
    "integer": "INTEGER INT INT64 INT32 BIGINT SMALLINT",
    "float": "FLOAT FLOAT64 FLOAT32 DOUBLE REAL NUMERIC DECIMAL",
    "text": "STRING STR OBJECT VARCHAR TEXT UTF8 CHAR",
    "boolean": "BOOL BOOLEAN",
    "date": "DATE",
    "datetime": "DATETIME DATETIME64 TIMESTAMP",
}
GROUPS = {name: group for group, names in NAMES_OF.items() for name in names.split()}
"""Names of types that Great Expectations' suites use, over pandas, Spark and SQL."""


def type_group(dtype: pl.DataType) -> str:
    """`integer`, `float`, `text`, `boolean`, `date`, `datetime` or the type's own name."""
    if dtype.is_integer():
        return "integer"
    if dtype.is_float():
        return "float"
    named = {"String": "text", "Boolean": "boolean", "Date": "date"}
    return "datetime" if isinstance(dtype, pl.Datetime) else named.get(str(dtype), str(dtype).lower())


def named_group(name: object) -> str:
    """The group a type's name in a suite stands for; the name itself, lower case, where it is none of ours."""
    return GROUPS.get(str(name).upper().rpartition(".")[2], str(name).lower())


def column_name(kwargs: Kwargs, scope: Scope, key: str = "column") -> str:
    """The column a rule names under `key`.

    Raises:
        RuleError: it names none, or one that there is not.
    """
    name = kwargs.get(key)
    if not isinstance(name, str):
        raise RuleError(f"needs `{key}`")
    if name not in scope.schema:
        raise RuleError(f"there is no column `{name}`")
    return name


def need(kwargs: Kwargs, key: str) -> object:
    """A rule's argument.

    Raises:
        RuleError: it is not there.
    """
    if kwargs.get(key) is None:
        raise RuleError(f"needs `{key}`")
    return kwargs[key]


def need_list(kwargs: Kwargs, key: str) -> list[object]:
    """A rule's argument that is a list with something in it.

    Raises:
        RuleError: it is not there, no list, or empty.
    """
    found = as_list(need(kwargs, key))
    if not found:
        raise RuleError(f"`{key}` is a list with at least one entry")
    return found


def as_list(value: object) -> list[object]:
    """A list or tuple as a list; empty for anything else."""
    return list(cast(Sequence[object], value)) if isinstance(value, (list, tuple)) else []


def need_numbers(name: str, dtype: pl.DataType) -> None:
    """Raises RuleError where a column holds no numbers."""
    if not (dtype.is_numeric() or dtype == pl.Boolean):
        raise RuleError(f"`{name}` is {dtype}, not a number")


def need_text(name: str, dtype: pl.DataType) -> None:
    """Raises RuleError where a column holds no text."""
    if dtype != pl.String:
        raise RuleError(f"`{name}` is {dtype}, not text")


def literal(value: object, dtype: pl.DataType) -> pl.Expr:
    """`value` to compare with a column of type `dtype`: dates may be given as text.

    Raises:
        RuleError: it cannot be compared with that type.
    """
    return pl.lit(as_series([value], dtype)[0], dtype=None if dtype.is_numeric() else dtype)


def as_series(values: Iterable[object], dtype: pl.DataType) -> pl.Series:
    """`values` as a series comparable with a column of type `dtype`, once that is cast to the series' type.

    Raises:
        RuleError: one of them cannot be.
    """
    given = [value for value in values if value is not None]
    if dtype == pl.String:
        return pl.Series([str(value) for value in given], dtype=pl.String)
    if dtype.is_numeric():
        try:
            whole = dtype.is_integer() and all(isinstance(value, int) for value in given)
            return (
                pl.Series(given, dtype=pl.Int64)
                if whole
                else pl.Series([float(str(value)) for value in given], dtype=pl.Float64)
            )
        except (ValueError, OverflowError) as error:
            raise RuleError(f"`{given[0]}` is no number") from error
    if dtype == pl.Boolean:
        words = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False}
        if any(str(value).lower() not in words for value in given):
            raise RuleError(f"`{given[0]}` is neither true nor false")
        return pl.Series([words[str(value).lower()] for value in given], dtype=pl.Boolean)
    if dtype.is_temporal():
        parsed, _ = parse_dates(pl.Series([str(value) for value in given], dtype=pl.String))
        if parsed is None:
            raise RuleError(f"`{given[0]}` is no date")
        zone = getattr(dtype, "time_zone", None)
        moments = (
            parsed.cast(pl.Datetime("us")).dt.replace_time_zone(zone) if isinstance(dtype, pl.Datetime) else parsed
        )
        return moments.cast(dtype)
    raise RuleError(f"values cannot be compared with {dtype}")
