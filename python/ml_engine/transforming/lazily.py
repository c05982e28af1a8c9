"""Steps before an aggregation, run as one streamed plan over the file: only the columns and groups that are needed."""

import polars as pl

from ml_engine.contract.data import Step, StepReport
from ml_engine.expressions import condition, looks_across_rows, sql_expression
from ml_engine.names import require_column
from ml_engine.transforming.outcome import new_name
from ml_engine.transforming.pipeline import Run
from ml_engine.transforming.reshaping import aggregate_note, lazy_aggregate

ROW_BY_ROW = ("select", "drop", "filter", "derive")


def streamed(steps: list[Step]) -> int:
    """How many of the first steps can run as a streamed plan: up to the first aggregation, if there is nothing else."""
    for place, step in enumerate(steps):
        if step["op"] == "aggregate":
            return place + 1
        if step["op"] not in ROW_BY_ROW:
            break
        if step["op"] == "derive" and _across(step):
            break
    return 0


def run_streamed(plan: pl.LazyFrame, rows: int, steps: list[Step]) -> Run:
    """The table after `steps`, which `streamed` allows, and their account; `rows` are those of `plan`.

    Raises:
        OpError: a step does not fit the table; the message names its place.
    """
    schemas = [plan.collect_schema()]
    notes: list[str] = []
    counts: list[pl.LazyFrame] = []
    for place, step in enumerate(steps):
        plan, note = _step(plan, step, f"steps[{place}]")
        schemas.append(plan.collect_schema())
        notes.append(note)
        if step["op"] == "filter":
            counts.append(plan.select(pl.len()))
    frame, *counted = pl.collect_all([plan, *counts], engine="streaming")
    left = iter([int(count.item()) for count in counted])
    run = Run(frame)
    for place, step in enumerate(steps):
        after = next(left) if step["op"] == "filter" else frame.height if step["op"] == "aggregate" else rows
        run.reports.append(_report(step, rows, after, schemas[place], schemas[place + 1], notes[place]))
        run.kept.append({"step": step, "learnt": {}})
        run.removed += max(0, rows - after)
        run.added += max(0, after - rows)
        rows = after
    return run


def _step(plan: pl.LazyFrame, step: Step, field: str) -> tuple[pl.LazyFrame, str]:
    empty = plan.collect_schema().to_frame()
    names = [require_column(f"{field}.columns", name, empty.columns) for name in step.get("columns", [])]
    text = step.get("expression", "")
    if step["op"] == "select":
        return plan.select(list(dict.fromkeys(names))), ""
    if step["op"] == "drop":
        return plan.drop(names), ""
    if step["op"] == "filter":
        return plan.filter(condition(text, empty, f"{field}.expression")), text[:120]
    if step["op"] == "derive":
        name = new_name(step.get("as", ""), f"{field}.as")
        return plan.with_columns(
            sql_expression(text, empty, f"{field}.expression").alias(name)
        ), f"{name} = {text[:100]}"
    return lazy_aggregate(plan, step, field), aggregate_note(step)


def _across(step: Step) -> bool:
    try:
        return looks_across_rows(pl.sql_expr(step.get("expression", "")))
    except pl.exceptions.PolarsError:
        return False


def _report(step: Step, before: int, after: int, old: pl.Schema, new: pl.Schema, note: str) -> StepReport:
    return {
        "op": step["op"],
        "rows_before": before,
        "rows_after": after,
        "added": [name for name in new if name not in old][:100],
        "removed": [name for name in old if name not in new][:100],
        "note": note,
    }
