"""Column-level lineage from one dataset to those it was made of."""

from collections.abc import Mapping, Sequence
from typing import Any

from ml_engine.lineage.sources import DIRECT, Source, Traced
from ml_engine.lineage.steps import follow
from ml_engine.lineage.trace import Trace


def trace_columns(
    columns: Sequence[str], inputs: Sequence[tuple[str, Sequence[str]]], pipeline: Mapping[str, Any] | None
) -> tuple[Traced, set[Source], str]:
    """What each of a dataset's `columns` was made from, what decided its rows, and on what that knowledge rests.

    Args:
        columns: Of the dataset.
        inputs: Name and columns of each dataset it was made from, the one its steps began with first; a file whose
            columns nobody recorded has none.
        pipeline: The steps that the dataset's manifest keeps, if it was transformed.

    Returns:
        The sources of each column; those of the set of rows; `steps` where recorded steps were followed, else
        `same name`: a column is taken to be the one of that name.
    """
    tables = {name: {column: _itself(name, column) for column in known or columns} for name, known in inputs}
    if pipeline is None or not inputs:
        return {name: _named(name, tables) for name in columns}, set(), "same name"
    first = next(iter(tables))
    trace = Trace(dict(tables[first]), others=tables)
    for kept in pipeline["steps"]:
        follow(trace, kept["step"], kept.get("learnt") or {})
    return {name: trace.columns.get(name, frozenset()) for name in columns}, trace.rows, "steps"


def _itself(dataset: str, column: str) -> frozenset[Source]:
    return frozenset({Source(dataset, column, "IDENTITY", "")})


def _named(column: str, tables: Mapping[str, Traced]) -> frozenset[Source]:
    return frozenset(source for table in tables.values() for source in table.get(column, ()))


def direct(source: Source) -> bool:
    """Whether values come from the source, rather than only the choice of rows."""
    return source.subtype in DIRECT
