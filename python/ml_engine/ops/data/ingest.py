"""Brings a table in: read, typed, checked for bad rows, staged as a dataset."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from ml_engine.cells import preview
from ml_engine.contract.data import Artifact, IngestedColumn, IngestParams, IngestResult
from ml_engine.contract.manifest import ColumnSchema
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.names import nearest
from ml_engine.reading.formats import read_source
from ml_engine.reading.options import NULL_TOKENS, Reading, ReadOptions
from ml_engine.roles import contains_personal, stored_roles
from ml_engine.tables import stage_file

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
    with TemporaryDirectory(dir=job.folder) as scratch:
        return _ingested(read_source(params["source"], _options(params), "source", Path(scratch)), params, job)


def _ingested(reading: Reading, params: IngestParams, job: Job) -> IngestResult:
    bad_rows = reading.rejects[:SHOWN_BAD_ROWS]
    if params["on_bad_rows"] == "fail" and reading.rejected_rows:
        listed = "; ".join(f"line {bad.line}: {bad.reason}" for bad in bad_rows)
        raise OpError(
            "invalid_input",
            f"source: {reading.rejected_rows} bad rows ({listed})",
            "`on_bad_rows: quarantine` puts them aside.",
        )
    job.progress(1, 3, "finding roles")
    columns, sampled = stored_roles(reading.path, reading.rows)
    shown = preview(pl.scan_parquet(reading.path).head(5).collect())
    job.progress(2, 3, "writing")
    source = params["source"] if reading.format == "sample" else Path(params["source"]).name
    folder = stage_file(
        job, reading.path, name=params["name"], source=source, digest=reading.hash, rows=reading.rows, roles=columns
    )
    warnings = [*reading.warnings, *sampled]
    return {
        "dataset": folder,
        "rows": reading.rows,
        "columns": len(columns),
        "rows_in": reading.rows + reading.rejected_rows,
        "quarantined": reading.rejected_rows,
        "quarantine": _quarantine(reading, job),
        "format": reading.format,
        "files": reading.files,
        "dialect": reading.dialect,
        "schema": _described(reading, columns),
        "preview": shown,
        "contains_pii": contains_personal(columns),
        "hash": reading.hash,
        "bad_rows": [f"{bad.file} line {bad.line}: {bad.reason}: {bad.raw[:80]}" for bad in bad_rows],
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


def _described(reading: Reading, columns: list[ColumnSchema]) -> list[IngestedColumn]:
    return [
        {
            "name": column["name"],
            "dtype": column["dtype"],
            "role": column["role"],
            "personal": column["personal"],
            "missing": round(reading.missing[column["name"]] / max(reading.rows, 1), 6),
        }
        for column in columns[:SHOWN_COLUMNS]
    ]


def _quarantine(reading: Reading, job: Job) -> Artifact | None:
    if reading.quarantine is None:
        return None
    path, artifact = job.artifact("quarantine.csv", f"{reading.rejected_rows} bad rows")
    shutil.move(reading.quarantine, path)
    return {"path": artifact["path"], "uri": artifact["uri"], "title": artifact["title"]}
