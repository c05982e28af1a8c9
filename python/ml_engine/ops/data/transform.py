"""Reshapes and splits a dataset by declared steps."""

from pathlib import Path
from typing import cast

import polars as pl

from ml_engine.cells import preview
from ml_engine.content import canonical
from ml_engine.contract.data import Dataset, TransformParams, TransformResult
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.roles import contains_personal, infer_roles
from ml_engine.tables import MANIFEST_FILE, Table, read_manifest, read_table, scan_table, stage_dataset
from ml_engine.transforming.checks import check_steps
from ml_engine.transforming.kept import Pipeline
from ml_engine.transforming.lazily import run_streamed, streamed
from ml_engine.transforming.outcome import PART, Named, visible
from ml_engine.transforming.pipeline import Run, part_sizes, run_steps
from ml_engine.transforming.replay import repeat
from ml_engine.transforming.splits import FOLD

NAME_CHARACTERS = 50


def transform(params: TransformParams, job: Job) -> TransformResult:
    """Runs `steps`, or repeats the pipeline of `apply`, on a dataset; stages one dataset a part.

    Raises:
        OpError: the steps are wrong, do not fit the table, or leave no row.
    """
    pipeline = _pipeline_of(params)
    check_steps(params["steps"])
    others = [_named(path, f"with[{place}]") for place, path in enumerate(params.get("with", []))]
    job.progress(1, 3, "transforming")
    table, rows, run = _run(params, pipeline, others)
    job.progress(2, 3, "writing")
    kept: Pipeline = {
        "version": 1,
        "source": table.name,
        "source_hash": table.hash,
        "learnt_on": pipeline["learnt_on"]
        if pipeline is not None
        else f"{table.name}, train part"
        if run.is_split
        else table.name,
        "seed": params["seed"],
        "steps": run.kept,
        "others": {one.name: one.hash for one in others},
        "before": cast("Pipeline | None", table.pipeline),
    }
    made = [] if params["preview"] else _stage(params, job, table, run, kept)
    own = run.frame.select(visible(run.frame))
    return {
        "datasets": made,
        "source": table.name,
        "rows_in": rows,
        "rows_out": run.frame.height,
        "removed": run.removed,
        "added": run.added,
        "steps": run.reports,
        "preview": preview(own),
        "contains_pii": table.contains_pii or any(contains_personal(infer_roles(one.frame)) for one in others),
        "warnings": [*table.warnings, *run.warnings][:40],
    }


def _run(params: TransformParams, pipeline: Pipeline | None, others: list[Named]) -> tuple[Table, int, Run]:
    """The table that went in, without its rows where they were streamed, how many those were, and what came out."""
    steps, folder = params["steps"], Path(params["dataset"])
    lazy = streamed(steps) if pipeline is None and (folder / MANIFEST_FILE).is_file() else 0
    if lazy:
        table, rows = read_table(params["dataset"], rows=0), read_manifest(folder)["rows"]
        run = run_streamed(scan_table(params["dataset"]), rows, steps[:lazy])
        run.others = others
        empty = next((place for place, one in enumerate(run.reports) if one["rows_after"] == 0), None)
        if empty is not None:
            raise OpError("invalid_input", f"steps[{empty}]: no row is left after `{steps[empty]['op']}`")
        return table, rows, run_steps(run, steps, params["seed"], lazy)
    table = read_table(params["dataset"])
    if pipeline is not None:
        return table, table.frame.height, repeat(table, pipeline, others)
    return table, table.frame.height, run_steps(Run(table.frame, others), steps, params["seed"])


def _named(path: str, field: str) -> Named:
    table = read_table(path, field)
    return Named(table.name, table.hash, table.frame)


def _pipeline_of(params: TransformParams) -> Pipeline | None:
    source = params.get("apply")
    if source is None and not params["steps"]:
        raise OpError(
            "invalid_input",
            "steps: give at least one, or `apply`",
            "e.g. [{op: 'split', method: 'stratified', by: 'target'}].",
        )
    if source is None:
        return None
    if params["steps"]:
        raise OpError("invalid_input", "apply: repeats another dataset's steps; leave `steps` out")
    folder = Path(source)
    manifest = read_manifest(folder) if (folder / MANIFEST_FILE).is_file() else None
    if manifest is None or not isinstance(manifest["pipeline"], dict):
        raise OpError(
            "invalid_input", f"apply: `{folder.name}` was not made by ml_data_transform", "Name a dataset that was."
        )
    return cast(Pipeline, manifest["pipeline"])


def _stage(params: TransformParams, job: Job, table: Table, run: Run, kept: Pipeline) -> list[Dataset]:
    stem = params.get("name") or _stem(table.name)
    whole, _ = canonical(run.frame.select(visible(run.frame)))
    # Roles are read off all rows, so that every part of a split has the same.
    roles = infer_roles(whole)
    if run.folds:
        # A fold says nothing of a row; training leaves identifiers out.
        for role in roles:
            role["role"] = "identifier" if role["name"] == FOLD else role["role"]

    def stage(frame: pl.DataFrame, name: str, part: str | None) -> Dataset:
        source = f"{table.name}, transformed"
        slot = part or "dataset"
        folder = stage_dataset(job, frame, name=name, source=source, part=part, pipeline=kept, slot=slot, roles=roles)
        return {"part": part, "dataset": folder, "rows": frame.height, "columns": frame.width}

    if run.is_split and len(stem) > NAME_CHARACTERS:
        raise OpError("invalid_input", f"name: `{stem}` has more than {NAME_CHARACTERS} characters; parts add to it")
    if not run.is_split:
        return [stage(whole, stem, None)]
    return [stage(whole.filter(run.frame[PART] == part), f"{stem}_{part}", part) for part in part_sizes(run.frame)]


def _stem(name: str) -> str:
    plain = "".join(
        character if character.isascii() and character.isalnum() else "_"
        for character in Path(name.partition("@")[0]).stem
    )
    return (plain if plain[:1].isalpha() else f"data_{plain}")[:NAME_CHARACTERS]
