"""Functions that steps name in words: `mean(price)`, `quantile(price, 0.9)`, `lag(price)`."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

import polars as pl

from ml_engine.errors import OpError
from ml_engine.names import require_column
from ml_engine.transforming.checks import require_known

CALL = re.compile(r"^\s*(\w+)\s*\(\s*(.*?)\s*(?:,\s*([0-9.]+)\s*)?\)\s*$", re.DOTALL)
NUMERIC = ("sum", "mean", "std", "var", "median", "quantile", "cumsum")
"""Functions of numbers and true/false only."""


@dataclass(frozen=True)
class Call:
    """One function of one column; `column` is empty in `count()`, which counts rows."""

    function: str
    column: str
    argument: float | None = None


def parse_call(text: str, known: Collection[str], frame: pl.DataFrame | pl.LazyFrame, field: str) -> Call:
    """`mean(price)` as a Call of one of the `known` functions over a column of `frame`.

    Raises:
        OpError: it is no call, the function is unknown, or the column is not there or does not fit.
    """
    found = CALL.match(text)
    if found is None:
        raise OpError("invalid_input", f"{field}: `{text[:80]}` is no function of a column", "e.g. `mean(price)`.")
    function, column, argument = found.group(1).lower(), found.group(2).strip('"'), found.group(3)
    require_known(field, function, known, "no function")
    schema = frame.collect_schema()
    if column in ("", "*") and function == "count":
        return Call("count", "")
    require_column(field, column, schema.names())
    if function in NUMERIC and not (schema[column].is_numeric() or schema[column] == pl.Boolean):
        raise OpError(
            "invalid_input", f"{field}: `{column}` is {schema[column]}; {function} works on numbers", "Cast it first."
        )
    if (function == "quantile") != (argument is not None) or not 0 <= float(argument or 0) <= 1:
        raise OpError("invalid_input", f"{field}: quantile, and no other, takes a share: `quantile({column}, 0.9)`")
    return Call(function, column, None if argument is None else float(argument))


AGGREGATES: dict[str, Callable[[pl.Expr, float], pl.Expr]] = {
    "sum": lambda column, _: column.sum(),
    "mean": lambda column, _: column.mean(),
    "min": lambda column, _: column.min(),
    "max": lambda column, _: column.max(),
    "count": lambda column, _: column.count(),
    "nunique": lambda column, _: column.drop_nulls().n_unique(),
    "std": lambda column, _: column.std(),
    "var": lambda column, _: column.var(),
    "median": lambda column, _: column.median(),
    "quantile": lambda column, share: column.quantile(share, "linear"),
    "first": lambda column, _: column.first(),
    "last": lambda column, _: column.last(),
}


def aggregate_of(call: Call) -> pl.Expr:
    """The call as one value a group: nulls are left out; `first` and `last` are of the rows' order."""
    if not call.column:
        return pl.len().cast(pl.Int64)
    value = AGGREGATES[call.function](pl.col(call.column), call.argument or 0.0)
    return value.cast(pl.Int64) if call.function in ("count", "nunique") else value


ROLLED: dict[str, Callable[[pl.Expr, int, float], pl.Expr]] = {
    "sum": lambda column, size, _: column.rolling_sum(size, min_samples=1),
    "mean": lambda column, size, _: column.rolling_mean(size, min_samples=1),
    "min": lambda column, size, _: column.rolling_min(size, min_samples=1),
    "max": lambda column, size, _: column.rolling_max(size, min_samples=1),
    "std": lambda column, size, _: column.rolling_std(size, min_samples=2),
    "median": lambda column, size, _: column.rolling_median(size, min_samples=1),
    "quantile": lambda column, size, share: column.rolling_quantile(
        share, interpolation="linear", window_size=size, min_samples=1
    ),
    "count": lambda column, size, _: column.is_not_null().cast(pl.Int64).rolling_sum(size, min_samples=1),
}
WINDOWED = (*ROLLED, "lag", "lead", "rank", "cumsum")
FORWARD = ("lead", "rank")
"""Functions whose value in one row depends on rows after it."""


def window_of(call: Call, size: int | None, longest: int) -> pl.Expr:
    """The call over rows in order: the last `size` rows with this one, or all so far where `size` is None."""
    if not call.column:
        return pl.int_range(1, pl.len() + 1).clip(upper_bound=size or longest)
    column = pl.col(call.column)
    if call.function in ("lag", "lead"):
        return column.shift((size or 1) * (1 if call.function == "lag" else -1))
    if call.function == "rank":
        return column.rank("average")
    if call.function == "cumsum":
        return column.cum_sum()
    return ROLLED[call.function](column, min(size or longest, longest), call.argument or 0.0)
