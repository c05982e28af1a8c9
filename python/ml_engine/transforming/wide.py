"""Steps that look beyond one row or one table, under one signature."""

from collections.abc import Sequence

import polars as pl

from ml_engine.contract.data import Step
from ml_engine.transforming.joining import join, named, union
from ml_engine.transforming.learnt import Learnt
from ml_engine.transforming.outcome import Named, Outcome
from ml_engine.transforming.querying import query
from ml_engine.transforming.reshaping import aggregate, pivot, unpivot, window

ALONE = {"aggregate": aggregate, "window": window, "unpivot": unpivot}
TOGETHER = {"join": join, "union": union, "sql": query}
WIDE = (*ALONE, *TOGETHER, "pivot")


def run_wide(
    frame: pl.DataFrame, step: Step, where: str, others: Sequence[Named], learnt: Learnt | None = None
) -> tuple[Outcome, Learnt]:
    """`frame` after one step of WIDE, and what has to be kept of it: the columns that a pivot made.

    Raises:
        OpError: the step does not fit the table.
    """
    op, by = step["op"], step.get("by", "")
    if op in ALONE:
        return ALONE[op](frame, step, where), {}
    if op in TOGETHER:
        return TOGETHER[op](frame, step, where, others), {}
    known = learnt[by]["levels"] if learnt else None
    outcome, levels = pivot(frame, step, where, [str(one) for one in known] if isinstance(known, list) else None)
    return outcome, {by: {"levels": levels}}


def resolved(step: Step, others: Sequence[Named], where: str) -> Step:
    """`step` with the version of the dataset it names, for the record."""
    return {**step, "with": named(others, step["with"], where).name} if "with" in step else step
