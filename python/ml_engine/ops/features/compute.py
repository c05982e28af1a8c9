"""Feature values: beside labels, for an interval, the newest by key, and how they differ from what is served."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import polars as pl

from ml_engine.cells import preview
from ml_engine.contract.features import ComputeParams, ComputeResult, ViewRows
from ml_engine.errors import OpError
from ml_engine.features.definition import read_view
from ml_engine.features.joining import join_features, view_rows
from ml_engine.features.moments import moment
from ml_engine.features.online import EVENT_COLUMN, INDEX_FILE, look_up, newest_rows, write_index
from ml_engine.features.rows import CREATED, EVENT
from ml_engine.job import Job
from ml_engine.tables import read_table, stage_dataset
from ml_engine.validation.drift import compare_columns, schema_changes

FAR = "9999-12-31"


def compute(params: ComputeParams, job: Job) -> ComputeResult:
    """Does what `action` says; see the tool.

    Raises:
        OpError: what the action needs is missing, or does not fit the view.
    """
    return ACTIONS[params["action"]](params, job)


def _empty() -> ComputeResult:
    return {
        "dataset": None,
        "rows": 0,
        "views": [],
        "found": [],
        "missing": 0,
        "freshness": [],
        "skew": [],
        "schema_changes": [],
        "preview": [],
        "warnings": [],
    }


def _join(params: ComputeParams, job: Job) -> ComputeResult:
    warnings: list[str] = []
    labels = read_table(_needed(params, "labels"), "labels")
    joined, reports = join_features(
        labels.frame,
        params.get("label_time"),
        _views(params),
        params.get("source"),
        created_before=params["created_before"],
        warnings=warnings,
    )
    stem = params.get("name") or f"{labels.name.partition('@')[0].partition('.')[0]}_features"
    staged = stage_dataset(job, joined, name=stem, source=f"{labels.name} with {_said(reports)}", part=labels.part)
    result = _empty()
    result["dataset"], result["rows"], result["preview"] = staged, joined.height, preview(joined)
    result["views"] = reports
    result["warnings"] = warnings
    return result


def _said(reports: list[ViewRows]) -> str:
    return ", ".join(report["view"] for report in reports)


def _backfill(params: ComputeParams, job: Job) -> ComputeResult:
    """Feature rows with event time in [start, end); with `dataset`, put in place of its rows of that interval."""
    warnings: list[str] = []
    folder = _one_view(params)
    name, definition, rows = view_rows(folder, params.get("source"), warnings)
    if definition["event_time"] is None:
        raise OpError("invalid_input", f"views: `{name}` has no event time to fill by", "Use action `materialize`.")
    start, end = moment(params.get("start", "0001-01-01"), "start"), moment(params.get("end", FAR), "end")
    inside = (pl.col(EVENT_COLUMN) >= start) & (pl.col(EVENT_COLUMN) < end)
    kept = rows.rename({EVENT: EVENT_COLUMN, CREATED: "created_time"}).filter(inside)
    if definition["created_time"] is None:
        kept = kept.drop("created_time")
    before = params.get("dataset")
    if before is not None:
        earlier = read_table(before).frame
        if changed := schema_changes(kept, earlier):
            raise OpError(
                "conflict", f"dataset: {changed[0]}", f"It was not filled by {name}; leave it out to begin anew."
            )
        kept = pl.concat([earlier.filter(~inside), kept.select(earlier.columns)])
    order = [*definition["entities"], EVENT_COLUMN]
    kept = kept.sort([*order, *(["created_time"] if "created_time" in kept.columns else [])], maintain_order=True)
    staged = stage_dataset(
        job, kept, name=params.get("name") or f"{_stem(name)}_rows", source=f"feature rows of {name}"
    )
    result = _empty()
    result["dataset"], result["rows"], result["preview"], result["warnings"] = (
        staged,
        kept.height,
        preview(kept),
        warnings,
    )
    result["views"] = [{"view": name, "features": len(definition["features"]), "rows": kept.height}]
    return result


def _materialize(params: ComputeParams, job: Job) -> ComputeResult:
    warnings: list[str] = []
    folder = _one_view(params)
    name, definition, rows = view_rows(folder, params.get("source"), warnings)
    if "end" in params:
        rows = rows.filter(pl.col(EVENT) <= moment(params["end"], "end"))
    newest = newest_rows(rows, definition["entities"])
    stored = params.get("name") or f"{_stem(name)}_online"
    staged = stage_dataset(job, newest, name=stored, source=f"newest features of {name}")
    write_index(newest, definition["entities"], name, Path(staged) / INDEX_FILE)
    result = _empty()
    result["dataset"], result["rows"], result["preview"], result["warnings"] = (
        staged,
        newest.height,
        preview(newest),
        warnings,
    )
    result["views"] = [{"view": name, "features": len(definition["features"]), "rows": newest.height}]
    return result


def _lookup(params: ComputeParams, job: Job) -> ComputeResult:
    del job
    keys = params.get("keys")
    if not keys:
        raise OpError("invalid_input", "keys: `lookup` needs them", "[{customer_id: 7}].")
    view, features, found, missing = look_up(_needed(params, "dataset"), keys)
    result = _empty()
    result["found"], result["missing"], result["rows"] = found, missing, len(found)
    result["views"] = [{"view": view, "features": features, "rows": len(found) - missing}]
    return result


def _freshness(params: ComputeParams, job: Job) -> ComputeResult:
    """How old the newest row of each view is, now or at `end`."""
    del job
    result = _empty()
    at = params.get("end", datetime.now(tz=UTC).isoformat())
    for folder in _views(params):
        name, definition, rows = view_rows(folder, params.get("source"), result["warnings"])
        if definition["event_time"] is None:
            continue
        newest = rows.select((moment(at, "end") - pl.col(EVENT).max()).dt.total_microseconds() / 1_000_000).item()
        ttl = definition["ttl_seconds"]
        result["freshness"].append(
            {
                "view": name,
                "age_seconds": newest,
                "ttl_seconds": ttl,
                "stale": newest is None or (ttl is not None and newest > ttl),
            }
        )
    return result


def _skew(params: ComputeParams, job: Job) -> ComputeResult:
    """What serving sees (`dataset`) against what was trained on (`labels`), feature by feature."""
    del job
    serving, training = read_table(_needed(params, "dataset")), read_table(_needed(params, "labels"), "labels")
    names: list[str] = []
    for folder in params.get("views", []):
        _, definition = read_view(folder)
        names += [feature["name"] for feature in definition["features"]]
    common = [name for name in training.frame.columns if name in serving.frame.columns]
    chosen = [name for name in common if not names or name in names]
    if not chosen:
        raise OpError(
            "invalid_input", "dataset: shares no feature with `labels`", "Give two tables of the same features."
        )
    result = _empty()
    result["skew"] = [
        {
            "feature": one["column"],
            "drifted": one["drifted"],
            "psi": one["psi"],
            "p_adjusted": one["p_adjusted"],
            "missing_training": one["missing_before"],
            "missing_serving": one["missing_now"],
        }
        for one in compare_columns(serving.frame.select(chosen), training.frame.select(chosen))
    ]
    result["schema_changes"] = schema_changes(serving.frame, training.frame)
    result["rows"] = serving.frame.height
    for name in chosen:
        dtype = training.frame.schema[name]
        if dtype == pl.String:
            unseen = serving.frame[name].drop_nulls().is_in(training.frame[name].drop_nulls().unique().implode())
            if count := int((~unseen).sum()):
                result["warnings"].append(f"`{name}`: {count} serving rows have a value that training never had.")
    return result


def _needed(params: ComputeParams, field: Literal["labels", "dataset"]) -> str:
    value = params.get(field)
    if value is None:
        raise OpError("invalid_input", f"{field}: `{params['action']}` needs it")
    return value


def _views(params: ComputeParams) -> list[str]:
    views = params.get("views")
    if not views:
        raise OpError("invalid_input", f"views: `{params['action']}` needs it", "Names of feature views.")
    return views


def _one_view(params: ComputeParams) -> str:
    views = _views(params)
    if len(views) != 1:
        raise OpError("invalid_input", f"views: `{params['action']}` takes one, not {len(views)}")
    return views[0]


def _stem(name: str) -> str:
    return name.partition("@")[0]


ACTIONS = {
    "join": _join,
    "backfill": _backfill,
    "materialize": _materialize,
    "lookup": _lookup,
    "freshness": _freshness,
    "skew": _skew,
}
