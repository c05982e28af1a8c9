"""What a column was made from, in the words of OpenLineage's column lineage facet (1-2-0)."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ml_engine.errors import OpError

Subtype = Literal[
    "IDENTITY", "TRANSFORMATION", "AGGREGATION", "JOIN", "GROUP_BY", "FILTER", "SORT", "WINDOW", "CONDITIONAL"
]
DIRECT: tuple[Subtype, ...] = ("IDENTITY", "TRANSFORMATION", "AGGREGATION")
"""Subtypes where the value itself comes from the source; the others only decide which rows there are."""
DIALECT = "duckdb"


class Source(NamedTuple):
    """One column that another depends on, and how; `description` is the last thing done to it."""

    dataset: str
    column: str
    subtype: Subtype
    description: str


Traced = dict[str, frozenset[Source]]
"""Column to what it was made from."""


def through(sources: Iterable[Source], subtype: Subtype, description: str) -> frozenset[Source]:
    """`sources` after one more step: a transformed copy is a transformation, an aggregate stays one."""
    return frozenset(
        Source(one.dataset, one.column, _combined(one.subtype, subtype), description or one.description)
        for one in sources
    )


def _combined(before: Subtype, now: Subtype) -> Subtype:
    if before not in DIRECT or now == "IDENTITY":
        return before
    if now == "TRANSFORMATION" and before == "AGGREGATION":
        return before
    return now


def columns_of(expression: str) -> tuple[list[str], Subtype]:
    """Columns that an SQL expression reads, and what it does with them.

    Raises:
        OpError: it is no SQL.
    """
    try:
        parsed = sqlglot.parse_one(expression, dialect=DIALECT)
    except SqlglotError as error:
        raise OpError("invalid_input", f"expression: `{expression[:80]}` is no SQL expression") from error
    names = list(dict.fromkeys(column.name for column in parsed.find_all(exp.Column)))
    if isinstance(parsed, exp.Column):
        return names, "IDENTITY"
    if parsed.find(exp.Window):
        return names, "WINDOW"
    return names, "AGGREGATION" if parsed.find(exp.AggFunc) else "TRANSFORMATION"
