"""Brings a table in: read, typed, checked for bad rows, staged as a dataset."""

import csv
from pathlib import Path

import polars as pl

from ml_engine.cells import preview
from ml_engine.content import canonical
from ml_engine.contract.data import Artifact, IngestedColumn, IngestParams, IngestResult
from ml_engine.contract.manifest import ColumnSchema
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.names import nearest
from ml_engine.reading.formats import read_source
from ml_engine.reading.options import NULL_TOKENS, Reading, ReadOptions
from ml_engine.roles import contains_personal, infer_roles
from ml_engine.tables import read_manifest, stage_dataset

DIALECT_KEYS = ("delimiter", "encoding", "header", "quote", "decimal", "sheet")
YES_NO = {"yes": True, "true": True, "no": False, "false": False}
NAMED_CHARACTERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
SHOWN_COLUMNS = 100
SHOWN_BAD_ROWS = 5
SHOWN_WARNINGS = 40


def ingest(params: IngestParams, job: Job) -> IngestResult:
    """Reads `source`, stages it as a dataset named `name`, and accounts for every row.

    Raises:
        OpError: the source is not there, is no table, an option is wrong, or rows are bad and `on_bad_rows` is `fail`.
    """
    job.progress(0, 3, "reading")
    reading = read_source(params["source"], _options(params), "source")
    if params["on_bad_rows"] == "fail" and reading.rejects:
        listed = "; ".join(f"line {bad.line}: {bad.reason}" for bad in reading.rejects[:SHOWN_BAD_ROWS])
        raise OpError(
            "invalid_input",
            f"source: {reading.rejected_rows} bad rows ({listed})",
            "`on_bad_rows: quarantine` puts them aside.",
        )
    job.progress(1, 3, "finding roles")
    frame, changed = canonical(reading.frame)
    columns = infer_roles(frame)
    job.progress(2, 3, "writing")
    source = params["source"] if reading.format == "sample" else Path(params["source"]).name
    folder = stage_dataset(job, frame, name=params["name"], source=source, roles=columns)
    warnings = [*reading.warnings, *changed, *_doubts(frame)]
    return {
        "dataset": folder,
        "rows": frame.height,
        "columns": frame.width,
        "rows_in": frame.height + reading.rejected_rows,
        "quarantined": reading.rejected_rows,
        "quarantine": _quarantine(reading, job),
        "format": reading.format,
        "files": reading.files,
        "dialect": reading.dialect,
        "schema": _described(frame, columns),
        "preview": preview(frame),
        "contains_pii": contains_personal(columns),
        "hash": read_manifest(Path(folder))["hash"],
        "bad_rows": [
            f"{bad.file} line {bad.line}: {bad.reason}: {bad.raw[:80]}" for bad in reading.rejects[:SHOWN_BAD_ROWS]
        ],
        "warnings": warnings[:SHOWN_WARNINGS]
        + ([f"{len(warnings) - SHOWN_WARNINGS} more warnings."] if len(warnings) > SHOWN_WARNINGS else []),
    }


def _options(params: IngestParams) -> ReadOptions:
    dialect = params["dialect"]
    for key in dialect:
        if key not in DIALECT_KEYS:
            guess = nearest(key, DIALECT_KEYS)
            suggestion = f"; did you mean `{guess}`?" if guess else ""
            raise OpError(
                "invalid_input", f"dialect: no setting `{key}`{suggestion}", f"One of {', '.join(DIALECT_KEYS)}."
            )
    header = dialect.get("header")
    if header is not None and header.lower() not in YES_NO:
        raise OpError("invalid_input", f"dialect.header: `{header}` is neither yes nor no")
    if dialect.get("decimal", ".") not in (".", ","):
        raise OpError("invalid_input", f"dialect.decimal: `{dialect['decimal']}` is neither `.` nor `,`")
    delimiter = dialect.get("delimiter")
    tokens = params.get("null_tokens")
    return ReadOptions(
        delimiter=delimiter if delimiter is None else NAMED_CHARACTERS.get(delimiter.lower(), delimiter),
        encoding=dialect.get("encoding"),
        header=None if header is None else YES_NO[header.lower()],
        quote=dialect.get("quote"),
        decimal=dialect.get("decimal"),
        sheet=dialect.get("sheet"),
        null_tokens=NULL_TOKENS if tokens is None else ("", *tokens),
        types=params["types"],
    )


def _described(frame: pl.DataFrame, columns: list[ColumnSchema]) -> list[IngestedColumn]:
    missing = frame.null_count().row(0)
    return [
        {
            "name": column["name"],
            "dtype": column["dtype"],
            "role": column["role"],
            "personal": column["personal"],
            "missing": round(nulls / max(frame.height, 1), 6),
        }
        for column, nulls in list(zip(columns, missing, strict=True))[:SHOWN_COLUMNS]
    ]


def _doubts(frame: pl.DataFrame) -> list[str]:
    """What a reader should know of values that are stored as they were."""
    found: list[str] = []
    for column in frame.get_columns():
        if column.null_count() == len(column):
            found.append(f"`{column.name}` has no value at all.")
        elif column.dtype.is_float():
            infinite = int(column.is_infinite().sum())
            if infinite:
                found.append(f"`{column.name}` has {infinite} infinite values.")
    return found


def _quarantine(reading: Reading, job: Job) -> Artifact | None:
    if not reading.rejects:
        return None
    path, artifact = job.artifact("quarantine.csv", f"{reading.rejected_rows} bad rows")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "line", "reason", "raw"])
        writer.writerows(reading.rejects)
    return {"path": artifact["path"], "uri": artifact["uri"], "title": artifact["title"]}
