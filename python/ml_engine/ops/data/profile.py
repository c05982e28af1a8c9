"""Describes every column of a dataset and what of it would hurt training."""

from collections import Counter

import polars as pl

from ml_engine.contract.data import Artifact, ColumnProfile, MissingPattern, ProfileParams, ProfileResult
from ml_engine.job import Job
from ml_engine.names import require_column
from ml_engine.profiling.alerts import find_alerts
from ml_engine.profiling.associations import RANKED_ROWS, associations
from ml_engine.profiling.bound import bounded
from ml_engine.profiling.columns import profile_columns
from ml_engine.profiling.picture import draw_overview
from ml_engine.profiling.report import render_report
from ml_engine.profiling.target import profile_target
from ml_engine.tables import Table, read_table
from ml_engine.validation.drift import compare_columns, schema_changes

PATTERNS = 10
PATTERN_COLUMNS = 60


def profile(params: ProfileParams, job: Job) -> ProfileResult:
    """Profiles a dataset, writes the report and the picture, and answers a bounded account.

    Raises:
        OpError: the dataset cannot be read, or `target` is no column of it or has no value.
    """
    table = read_table(params["dataset"])
    target = params.get("target")
    if target is not None:
        require_column("target", target, table.frame.columns)
    job.progress(1, 4, "columns")
    whole = describe(table, target)
    job.progress(3, 4, "report")
    baseline = params.get("baseline")
    if baseline is not None:
        before = read_table(baseline, "baseline")
        changes, drift = schema_changes(table.frame, before.frame), compare_columns(table.frame, before.frame)
        whole["schema_changes"], whole["drift"] = changes, drift
    path, report = job.artifact("profile.html", f"Profile of {table.name}")
    path.write_text(render_report(whole), encoding="utf-8")
    picture = draw_overview(job, whole["profiles"], table.name)
    shown: list[Artifact] = [
        {"path": one["path"], "uri": one["uri"], "title": one["title"]} for one in (report, picture)
    ]
    return bounded({**whole, "artifacts": shown}, params["detail"])


def describe(table: Table, target: str | None) -> ProfileResult:
    """The whole profile, before anything is cut and without artifacts."""
    frame = table.frame
    profiles = profile_columns(frame, table.columns)
    pairs = associations(frame, table.columns)
    told = None if target is None else profile_target(frame, table.columns, target)
    duplicates = _repeated(frame, profiles)
    missing_cells = sum(frame.null_count().row(0))
    return {
        "dataset": table.name,
        "rows": frame.height,
        "columns": frame.width,
        "memory_bytes": int(frame.estimated_size()),
        "missing_cells": missing_cells,
        "missing": round(missing_cells / max(frame.height * frame.width, 1), 6),
        "duplicate_rows": duplicates,
        "types": dict(Counter(column["role"] for column in table.columns)),
        "alerts": find_alerts(frame, table.columns, profiles, pairs, told, duplicates),
        "profiles": profiles,
        "missing_patterns": missing_patterns(frame),
        "associations": pairs,
        "target": told,
        "personal": [
            {"column": column["name"], "kind": column["personal"]}
            for column in table.columns
            if column["personal"] is not None
        ],
        "contains_pii": table.contains_pii,
        "schema_changes": [],
        "drift": [],
        "left_out": [],
        "artifacts": [],
        "warnings": [*table.warnings, *_on_fewer_rows(frame)],
    }


def _repeated(frame: pl.DataFrame, profiles: list[ColumnProfile]) -> int:
    """Rows that equal an earlier one: none where some column never repeats itself."""
    if frame.height == 0 or any(one["missing"] == 0 and one["distinct"] == frame.height for one in profiles):
        return 0
    return frame.height - frame.n_unique()


def _on_fewer_rows(frame: pl.DataFrame) -> list[str]:
    if frame.height <= RANKED_ROWS:
        return []
    step = -(-frame.height // RANKED_ROWS)
    return [f"Spearman's rho is of every {step}th row; all else but what says so is of all rows."]


def missing_patterns(frame: pl.DataFrame) -> list[MissingPattern]:
    """Sets of columns that are missing in the same rows, the commonest first; rows without a gap are left out."""
    gappy = [name for name, nulls in zip(frame.columns, frame.null_count().row(0), strict=True) if nulls][
        :PATTERN_COLUMNS
    ]
    if not gappy:
        return []
    flags = frame.select(pl.col(gappy).is_null()).filter(pl.any_horizontal(pl.all()))
    counts = (
        flags.group_by(gappy).agg(pl.len().alias("\x00rows")).sort(["\x00rows", *gappy], descending=True).head(PATTERNS)
    )
    return [
        {"columns": [name for name, gone in zip(gappy, row[:-1], strict=True) if gone], "rows": int(row[-1])}
        for row in counts.iter_rows()
    ]
