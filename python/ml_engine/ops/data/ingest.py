"""Brings a table in: read, typed, checked for bad rows, staged as a dataset."""

import shutil
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import polars as pl

from ml_engine.cells import preview
from ml_engine.contract.data import Artifact, IngestedColumn, IngestParams, IngestResult
from ml_engine.contract.manifest import ColumnSchema
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.names import nearest
from ml_engine.reading.formats import read_source
from ml_engine.reading.growing import Grown, grown
from ml_engine.reading.options import NULL_TOKENS, Reading, ReadOptions
from ml_engine.roles import contains_personal, stored_roles
from ml_engine.tables import DATA_FILE, MANIFEST_FILE, read_manifest, stage_file

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
    onto, key = params.get("onto"), params.get("key", [])
    if key and onto is None:
        raise OpError(
            "invalid_input", "key: there is nothing to match it with", "Name the dataset to change in `onto`."
        )
    options = _options(params)
    if onto is not None:
        known = read_manifest(_registered(onto))["columns"]
        text = frozenset(column["name"] for column in known if column["dtype"] == "String")
        options = replace(options, text=text)
    with TemporaryDirectory(dir=job.folder) as scratch:
        reading = read_source(params["source"], options, "source", Path(scratch))
        if params["on_bad_rows"] == "fail" and reading.rejected_rows:
            raise _refused(reading)
        change = None if onto is None else grown(Path(onto) / DATA_FILE, reading, key, options, Path(scratch))
        return _ingested(reading, change, params, job)


def _registered(onto: str) -> Path:
    if not (Path(onto) / MANIFEST_FILE).is_file():
        raise OpError(
            "invalid_input", f"onto: `{Path(onto).name}` is a file, not a registered dataset", "Ingest it first."
        )
    return Path(onto)


def _refused(reading: Reading) -> OpError:
    listed = "; ".join(f"line {bad.line}: {bad.reason}" for bad in reading.rejects[:SHOWN_BAD_ROWS])
    return OpError(
        "invalid_input",
        f"source: {reading.rejected_rows} bad rows ({listed})",
        "`on_bad_rows: quarantine` puts them aside.",
    )


def _source_of(params: IngestParams, reading: Reading) -> str:
    source = params["source"]
    if reading.format == "sample":
        return source
    address = urlsplit(source)
    return f"{address.scheme}://{address.hostname}{address.path}" if address.hostname else Path(source).name


def _ingested(came: Reading, change: Grown | None, params: IngestParams, job: Job) -> IngestResult:
    reading = came if change is None else change.reading
    bad_rows = reading.rejects[:SHOWN_BAD_ROWS]
    job.progress(1, 3, "finding roles")
    columns, sampled = stored_roles(reading.path, reading.rows)
    shown = preview(pl.scan_parquet(reading.path).head(5).collect())
    job.progress(2, 3, "writing")
    source = _source_of(params, reading)
    folder = stage_file(
        job, reading.path, name=params["name"], source=source, digest=reading.hash, rows=reading.rows, roles=columns
    )
    warnings = [*reading.warnings, *sampled]
    return {
        "dataset": folder,
        "rows": reading.rows,
        "columns": len(columns),
        "rows_in": came.rows + reading.rejected_rows,
        "quarantined": reading.rejected_rows,
        "quarantine": _quarantine(reading, job),
        "format": reading.format,
        "files": reading.files,
        "dialect": reading.dialect,
        "schema": _described(reading, columns),
        "preview": shown,
        "contains_pii": contains_personal(columns),
        "grown": None
        if change is None
        else {"before": change.before, "added": change.added, "replaced": change.replaced},
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
        query=params.get("query"),
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
