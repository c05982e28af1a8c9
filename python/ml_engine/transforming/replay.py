"""Steps once fitted, done again: on a table named by hand, or on raw rows that a model is given."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import polars as pl

from ml_engine.contract.data import Step
from ml_engine.errors import OpError
from ml_engine.roles import infer_roles
from ml_engine.tables import Table
from ml_engine.transforming.kept import Kept, Pipeline, chain, extends, remaining
from ml_engine.transforming.learnt import Learnt, apply_learnt
from ml_engine.transforming.outcome import Named
from ml_engine.transforming.pipeline import Run
from ml_engine.transforming.plain import run_plain
from ml_engine.transforming.querying import reads_more
from ml_engine.transforming.steps import LEARNING, NAMING
from ml_engine.transforming.target_codes import MISSING
from ml_engine.transforming.wide import WIDE, run_wide


def repeat(table: Table, pipeline: Pipeline, others: Sequence[Named]) -> Run:
    """Prepares a table as the pipeline's own was: with what was learnt then, nothing learnt anew.

    Where the table had the first of those steps already, only the rest is done.

    Raises:
        OpError: a column or dataset that a step needs is not there, or everything was done already.
    """
    wanted, done = chain(pipeline), chain(cast("Pipeline | None", table.pipeline))
    rest = remaining(wanted, done)
    if rest == [] and wanted:
        raise OpError("invalid_input", f"dataset: `{table.name}` was prepared by these steps already")
    run = Run(table.frame, others)
    if rest is None:
        run.warnings.append(f"{table.name} was prepared by other steps before; all of these were done after them.")
    _do(run, wanted if rest is None else rest, pipeline["seed"], "apply")
    left_out = [kept["step"]["op"] for kept in pipeline["steps"] if kept not in wanted]
    if left_out:
        run.warnings.append(f"Not repeated, as they shape a set of rows and not a row: {', '.join(left_out)}.")
    return run


def as_trained(table: Table, manifest: Mapping[str, Any], field: str = "dataset") -> Table:
    """`table` as the rows that a model was trained on were prepared; unchanged where it is so already.

    Raw rows go through the steps that the model's manifest keeps, with what they learnt in training; the warnings say
    so. The target need not be there.

    Raises:
        OpError: a step cannot be repeated on these rows; the hint says how to prepare them by hand.
    """
    pipeline = cast("Pipeline | None", manifest.get("pipeline"))
    wanted, done = chain(pipeline), chain(cast("Pipeline | None", table.pipeline))
    if pipeline is None or not wanted or extends(done, wanted):
        return table
    rest = remaining(wanted, done)
    if rest is None:
        said = f"{table.name} was prepared otherwise than the rows that {manifest['name']} was trained on."
        return replace(table, warnings=(*table.warnings, said))
    way_out = f"Prepare it with ml_data_transform `apply: {manifest['dataset']}` first."
    reading = next((kept["step"] for kept in rest if kept["step"]["op"] in NAMING and _reads_more(kept)), None)
    if reading is not None:
        what = f"`{reading['with']}`" if "with" in reading else "further datasets"
        raise OpError(
            "invalid_input",
            f"{field}: {manifest['name']} was trained on rows that a {reading['op']} with {what} made; "
            f"{table.name} is raw",
            way_out.replace("` first", "` and `with` first"),
        )
    run = Run(table.frame)
    target = manifest["target"]
    if target not in table.frame.columns:
        rest = [_without(kept, target) for kept in rest if not _about(kept, target)]
    try:
        _do(run, rest, pipeline["seed"], field)
    except OpError as error:
        raise OpError(
            error.kind, f"{error.message} ({manifest['name']} was trained on prepared rows)", way_out
        ) from error
    if run.frame.height == 0:
        raise OpError(
            "invalid_input", f"{field}: no row is left by the steps that {manifest['name']} was trained after"
        )
    ops = ", ".join(dict.fromkeys(kept["step"]["op"] for kept in rest))
    lost = f"; {run.removed} rows were left out by them" if run.removed else ""
    said = (
        f"{table.name} is raw: the steps of {manifest['dataset']} were done on it as learnt in training ({ops}){lost}."
    )
    return Table(
        frame=run.frame,
        columns=infer_roles(run.frame),
        name=table.name,
        hash=table.hash,
        part=table.part,
        warnings=(*table.warnings, said, *run.warnings),
        pipeline=table.pipeline,
    )


def require_same_preparation(mine: Mapping[str, Any], theirs: Mapping[str, Any], field: str) -> None:
    """Refuses two models that were trained on differently prepared rows: no table suits both.

    Raises:
        OpError: naming both.
    """
    first, second = (chain(cast("Pipeline | None", one.get("pipeline"))) for one in (mine, theirs))
    if not (extends(first, second) and extends(second, first)):
        raise OpError(
            "invalid_input",
            f"{field}: {theirs['name']} was trained on rows prepared otherwise than those of {mine['name']}",
            "Evaluate each by itself on the same raw rows.",
        )


def _do(run: Run, steps: Sequence[Kept], seed: int, field: str) -> None:
    for place, kept in enumerate(steps):
        before, step, where = run.frame, kept["step"], f"{field}, step {place + 1}"
        learnt = kept["learnt"]
        if step["op"] in LEARNING:
            run.warnings += _unseen(step["op"], learnt, before)
            run.frame, note = apply_learnt(before, step["op"], learnt, where), "as learnt before" if learnt else ""
        elif step["op"] in WIDE:
            outcome, _ = run_wide(before, step, where, run.others, learnt)
            run.frame, note = outcome.frame, outcome.note
            run.warnings += outcome.warnings
            if step["op"] == "window":
                run.warnings.append(f"{where}: the window saw these rows alone, not those before them elsewhere.")
        else:
            run.frame, note = run_plain(before, step, seed, where)
        run.account(step, learnt, before, note)


def _reads_more(kept: Kept) -> bool:
    step = kept["step"]
    return "with" in step or (step["op"] == "sql" and reads_more(step.get("expression", "")))


def _about(kept: Kept, column: str) -> bool:
    """Whether the step's expression reads `column`."""
    step = kept["step"]
    expression = step.get("expression", "") if step["op"] in ("filter", "derive") else ""
    return bool(expression) and column in pl.sql_expr(expression).meta.root_names()


def _without(kept: Kept, target: str) -> Kept:
    """The step where the column to predict is not known: nothing is done to it."""
    learnt = {name: found for name, found in kept["learnt"].items() if name != target}
    step: Step = kept["step"]
    if target in step.get("map", {}):
        step = {**step, "map": {name: to for name, to in step.get("map", {}).items() if name != target}}
    if target in step.get("columns", []):
        step = {**step, "columns": [name for name in step.get("columns", []) if name != target]}
    return {"step": step, "learnt": learnt}


def _unseen(op: str, learnt: Learnt, frame: pl.DataFrame) -> list[str]:
    if op != "encode":
        return []
    found: list[str] = []
    for name, known in learnt.items():
        levels = cast(list[str], known["levels"])
        missing = MISSING if known["method"] == "target" else None
        column = frame[name].cast(pl.String) if missing is None else frame[name].cast(pl.String).fill_null(missing)
        strange = int((~column.is_in(levels)).sum())
        if strange:
            found.append(f"`{name}`: {strange} rows have a level that was not there when the encoding was learnt.")
    return found
