"""SQL expressions over a table's columns, from somebody else's hand: one expression, no tables, no files."""

import re

import polars as pl

from ml_engine.errors import OpError
from ml_engine.names import require_column

CHARACTERS = 2000
WRAPPED = re.compile(r"col\(\s*([\"'])(.+?)\1\s*\)")
ACROSS_ROWS = ('"Agg"', '"Window"', '"Over"', '"Rolling"')


def sql_expression(text: str, frame: pl.DataFrame, field: str) -> pl.Expr:
    """`text` as a Polars expression over the columns of `frame`, tried on none of its rows.

    Great Expectations' `col("x")` is read as the column x.

    Raises:
        OpError: `text` is no single expression, or names a column that there is not.
    """
    plain = WRAPPED.sub(lambda found: f'"{found.group(2)}"', text)
    if not plain.strip() or len(plain) > CHARACTERS:
        raise OpError("invalid_input", f"{field}: an expression has 1 to {CHARACTERS} characters", "e.g. `age >= 18`.")
    try:
        expression = pl.sql_expr(plain)
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0][:120]
        raise OpError(
            "invalid_input",
            f"{field}: `{text[:120]}` is no SQL expression ({reason})",
            "One expression, e.g. `age >= 18 AND city = 'Oslo'`.",
        ) from error
    for name in dict.fromkeys(expression.meta.root_names()):
        require_column(field, name, frame.columns)
    try:
        frame.clear().select(expression)
    except pl.exceptions.PolarsError as error:
        types = ", ".join(f"{name} {frame.schema[name]}" for name in dict.fromkeys(expression.meta.root_names()))
        raise OpError(
            "invalid_input",
            f"{field}: `{text[:120]}` does not fit the columns' types ({types})",
            "Cast the column first, or quote text with '…'.",
        ) from error
    return expression


def condition(text: str, frame: pl.DataFrame, field: str) -> pl.Expr:
    """`sql_expression` that must be true or false for each row.

    Raises:
        OpError: as there, or it is something else than a condition.
    """
    expression = sql_expression(text, frame, field)
    dtype = frame.clear().select(expression).to_series().dtype
    if dtype != pl.Boolean:
        raise OpError("invalid_input", f"{field}: `{text[:120]}` is a {dtype}, not a condition", "e.g. `age >= 18`.")
    return expression


def looks_across_rows(expression: pl.Expr) -> bool:
    """Whether the value in one row depends on other rows (a sum, a rank, a window)."""
    plan = str(expression.meta.serialize(format="json"))
    return any(word in plan for word in ACROSS_ROWS)
