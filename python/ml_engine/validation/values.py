"""A rule's own values (numbers, sets, dates as text) in the type of the column they are held against."""

from collections.abc import Iterable, Sequence
from typing import cast

import polars as pl

from ml_engine.reading.dates import parse_dates
from ml_engine.validation.plans import Kwargs, RuleError, Scope

GROUPS = {
    "INTEGER": "integer", "INT": "integer", "INT64": "integer", "INT32": "integer", "BIGINT": "integer", "SMALLINT": "integer",
    "FLOAT": "float", "FLOAT64": "float", "FLOAT32": "float", "DOUBLE": "float", "REAL": "float", "NUMERIC": "float", "DECIMAL": "float",
    "STRING": "text", "STR": "text", "OBJECT": "text", "VARCHAR": "text", "TEXT": "text", "UTF8": "text", "CHAR": "text",
    "BOOL": "boolean", "BOOLEAN": "boolean", "DATE": "date", "DATETIME": "datetime", "DATETIME64": "datetime", "TIMESTAMP": "datetime",
}  # fmt: skip
"""Names of types that Great Expectations' suites use, over pandas, Spark and SQL."""


def type_group(dtype: pl.DataType) -> str:
    """`integer`, `float`, `text`, `boolean`, `date`, `datetime` or the type's own name."""
    if dtype.is_integer():
        return "integer"
    if dtype.is_float():
        return "float"
    named = {pl.String: "text", pl.Boolean: "boolean", pl.Date: "date"}
    return "datetime" if isinstance(dtype, pl.Datetime) else named.get(dtype.base_type(), str(dtype).lower())


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
    found = need(kwargs, key)
    if not isinstance(found, (list, tuple)) or not found:
        raise RuleError(f"`{key}` is a list with at least one entry")
    return list(cast(Sequence[object], found))


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
    """`values` as a series comparable with a column of type `dtype`.

    Raises:
        RuleError: one of them cannot be.
    """
    given = [value for value in values if value is not None]
    if dtype == pl.String:
        return pl.Series([str(value) for value in given], dtype=pl.String)
    if dtype.is_numeric():
        try:
            return pl.Series([float(str(value)) for value in given], dtype=pl.Float64)
        except ValueError as error:
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
