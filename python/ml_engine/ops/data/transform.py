"""Reshapes and splits a dataset by declared steps."""

from pathlib import Path
from typing import cast

import polars as pl

from ml_engine.cells import preview
from ml_engine.content import canonical
from ml_engine.contract.data import Dataset, TransformParams, TransformResult
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.roles import infer_roles
from ml_engine.tables import MANIFEST_FILE, Table, read_manifest, read_table, stage_dataset
from ml_engine.transforming.pipeline import PART, Pipeline, Run, part_sizes, repeat, run_steps
from ml_engine.transforming.plain import visible
from ml_engine.transforming.steps import check_steps

NAME_CHARACTERS = 50


def transform(params: TransformParams, job: Job) -> TransformResult:
    """Runs `steps`, or repeats the pipeline of `apply`, on a dataset; stages one dataset a part.

    Raises:
        OpError: the steps are wrong, do not fit the table, or leave no row.
    """
    pipeline = _pipeline_of(params)
    check_steps(params["steps"])
    table = read_table(params["dataset"])
    job.progress(1, 3, "transforming")
    run = run_steps(table.frame, params["steps"], params["seed"]) if pipeline is None else repeat(table.frame, pipeline)
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
    }
    made = [] if params["preview"] else _stage(params, job, table, run, kept)
    own = run.frame.select(visible(run.frame))
    return {
        "datasets": made,
        "source": table.name,
        "rows_in": table.frame.height,
        "rows_out": run.frame.height,
        "removed": run.removed,
        "added": run.added,
        "steps": run.reports,
        "preview": preview(own),
        "contains_pii": table.contains_pii,
        "warnings": [*table.warnings, *run.warnings][:40],
    }


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
