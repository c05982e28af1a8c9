"""Defines a feature view, or looks for features worth defining."""

import json
from typing import cast

import polars as pl

from ml_engine.cells import preview
from ml_engine.contract.features import DefineParams, DefineResult, FeatureViewDefinition
from ml_engine.errors import OpError
from ml_engine.features.definition import (
    ALL,
    MANIFEST_FILE,
    WINDOWED,
    check_tests,
    definition_hash,
    seconds_of,
)
from ml_engine.features.describing import statistics, violations
from ml_engine.features.rows import CREATED, EVENT, column_names, feature_rows
from ml_engine.features.suggesting import suggest
from ml_engine.job import Job
from ml_engine.names import require_column
from ml_engine.roles import dtype_name
from ml_engine.tables import Table, read_table


def define(params: DefineParams, job: Job) -> DefineResult:
    """Checks a view against its source by computing it once, and stages it; with `suggest`, proposes features.

    Raises:
        OpError: the source is not registered, or the definition does not fit it.
    """
    table = read_table(params["source"], "source")
    if params["action"] == "suggest":
        return suggest(params, table, job)
    definition = _definition(params, table)
    warnings = list(table.warnings)
    job.progress(1, 3, "computing the features once")
    rows = feature_rows(table.frame, definition, warnings, params.get("target"))
    names = column_names(definition)
    check_tests(definition["tests"], names)
    warnings += _doubts(rows, definition, names)
    described = statistics(rows, names)
    job.progress(2, 3, "writing")
    folder = job.folder / "view"
    folder.mkdir()
    digest = definition_hash(definition)
    manifest = {"name": params["name"], "hash": digest, "definition": definition, "statistics": described}
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest, ensure_ascii=False, indent=2), encoding="utf-8")
    shown = rows.rename({EVENT: "event_time"}).drop(CREATED) if "event_time" not in names else rows.select(names)
    return {
        "view": str(folder.resolve()),
        "definition": definition,
        "source": table.name,
        "entities": definition["entities"],
        "rows": rows.height,
        "features": described,
        "failed_tests": violations(rows, definition["tests"]),
        "preview": preview(shown),
        "candidates": [],
        "dataset": None,
        "warnings": warnings,
    }


def _definition(params: DefineParams, table: Table) -> FeatureViewDefinition:
    if "@" not in table.name:
        raise OpError(
            "invalid_input",
            f"source: `{table.name}` is a file; a view needs data that stays as it is",
            "Register it with ml_data_ingest first.",
        )
    frame = table.frame
    if not params["entities"]:
        raise OpError("invalid_input", "entities: name at least one key column")
    if not params["features"]:
        raise OpError("invalid_input", "features: name at least one", "[{name: 'spent_7d', function: 'sum', …}].")
    entities = [require_column("entities", name, frame.columns) for name in params["entities"]]
    event = params.get("event_time")
    if event is not None:
        require_column("event_time", event, frame.columns)
    elif any(feature.get("function") in (*WINDOWED, "lag") for feature in params["features"]):
        raise OpError("invalid_input", "event_time: windows and lags need it", "Name the column that dates each row.")
    created = params.get("created_time")
    if created is not None:
        require_column("created_time", created, frame.columns)
    ttl = params.get("ttl")
    if ttl is not None and event is None:
        raise OpError("invalid_input", "ttl: without `event_time` nothing grows old")
    read = [one for one in frame.columns if one not in (*entities, event, created)]
    return {
        "source": table.name,
        "source_hash": table.hash,
        "entities": entities,
        "event_time": event,
        "created_time": created,
        "ttl_seconds": None if ttl is None else seconds_of(ttl, "ttl"),
        "features": params["features"],
        "tests": params["tests"],
        "description": params["description"],
        "owner": params["owner"],
        "tags": params["tags"],
        "columns": {
            name: dtype_name(frame.schema[name])
            for name in [*entities, *[one for one in (event, created) if one], *read]
        },
    }


def _doubts(rows: pl.DataFrame, definition: FeatureViewDefinition, names: list[str]) -> list[str]:
    found = [f"`{name}` never has a value." for name in names if rows[name].null_count() == rows.height]
    found += [
        f"`{name}` never changes." for name in names if rows.height > 1 and rows[name].drop_nulls().n_unique() == 1
    ]
    whole = [feature["name"] for feature in definition["features"] if feature.get("window") == ALL]
    if definition["event_time"] is None:
        keys = rows.select(definition["entities"]).is_duplicated().sum()
        if keys:
            found.append(f"{cast(int, keys)} rows share a key and have no time: the last of each counts.")
    elif whole and definition["ttl_seconds"] is not None:
        found.append(f"{', '.join(whole)}: from the beginning, although values older than the ttl are not used.")
    return found
