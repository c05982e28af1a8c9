"""Hands a dataset on: as a file, a folder or a database table, whole or not at all."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ml_engine.contract.data import Artifact, ExportParams, ExportResult, Masked
from ml_engine.contract.manifest import ColumnSchema
from ml_engine.errors import OpError
from ml_engine.expressions import condition
from ml_engine.job import Job
from ml_engine.names import require_column
from ml_engine.roles import contains_personal
from ml_engine.tables import MANIFEST_FILE, read_manifest, read_table, registered_name, scan_table
from ml_engine.writing.carriers import FORMULA, GUARDED, Carried, carry
from ml_engine.writing.datasheet import Described, datasheet, manifest, sidecar
from ml_engine.writing.formats import Format, choose_compression, choose_format
from ml_engine.writing.masking import apply_masks, masked_columns
from ml_engine.writing.output import Output
from ml_engine.writing.partitions import check_partitions
from ml_engine.writing.postgres import place
from ml_engine.writing.publishing import DATASHEET, MANIFEST, Written, checksums, publish, refuse_existing, staged
from ml_engine.writing.writers import write

SHOWN_FILES = 20


@dataclass(frozen=True)
class Origin:
    """The dataset that is handed on, before anything was left out."""

    frame: pl.LazyFrame
    columns: list[ColumnSchema]
    name: str
    hash: str
    rows: int
    part: str | None
    warnings: list[str]


def export(params: ExportParams, job: Job) -> ExportResult:
    """Writes `dataset` to `path`.

    Raises:
        OpError: a field names what is not there, the format cannot hold the table, or something is at `path` already.
    """
    chosen = choose_format(params["path"], params.get("format"))
    compression = choose_compression(params["path"], chosen, params.get("compression"))
    if chosen.place != "database":
        folder = chosen.place == "folder" or bool(params["partition_by"])
        refuse_existing(Path(params["path"]), folder=folder, overwrite=params["overwrite"])
    job.progress(0, 3, "reading")
    origin = _origin(params["dataset"])
    masks = masked_columns(params["mask"], origin.columns)
    frame, columns = _asked(origin, masks, params)
    check_partitions(params["partition_by"], chosen, frame)
    job.progress(1, 3, "looking at what the format can hold")
    try:
        carried = carry(frame, chosen.name, guard=params["guard_formulas"])
    except pl.exceptions.PolarsError as error:
        raise _failed_filter(params, error) from error
    headers = _headers([column["name"] for column in columns], chosen, guard=params["guard_formulas"])
    guarded = sum(header != column["name"] for header, column in zip(headers, columns, strict=True))
    described = Described(
        name=origin.name.partition("@")[0],
        version=f"{origin.name.partition('@')[2] or 1}.0.0",
        source_hash=origin.hash,
        rows=carried.rows,
        format=chosen,
        columns=columns,
        guarded=carried.guarded_columns,
        headers=headers,
        compression=compression,
    )
    output = Output(
        frame=carried.frame,
        rows=carried.rows,
        at=Path(params["path"]),
        compression=compression,
        partition_by=params["partition_by"],
        table=params.get("table") or _table_name(described.name),
        split=origin.part or "train",
        headers=headers,
        said=lambda done: job.progress(1 + done / max(carried.rows, 1), 3, f"writing ({done} of {carried.rows} rows)"),
        overwrite=params["overwrite"],
    )
    files, sheets, warnings = _written(output, described, params, job)
    kept = [column for column in columns if column["name"] not in {mask["column"] for mask in masks}]
    return {
        "path": place(params["path"]) + f"#{output.table}" if chosen.place == "database" else params["path"],
        "format": chosen.name,
        "rows": carried.rows,
        "rows_in": origin.rows,
        "columns": len(columns),
        "size_bytes": sum(file.size_bytes for file in files),
        "files": [
            {
                "path": str(Path(params["path"]).parent / file.path),
                "sha256": file.sha256,
                "size_bytes": file.size_bytes,
            }
            for file in files[:SHOWN_FILES]
        ],
        "file_count": len(files),
        "datasheet": sheets[0],
        "manifest": sheets[1],
        "masked": masks,
        "guarded": carried.guarded_cells + guarded,
        "contains_pii": contains_personal(kept),
        "warnings": [*origin.warnings, *_cautions(params, carried, kept, masks), *carried.warnings, *warnings],
    }


def _origin(path: str) -> Origin:
    folder = Path(path)
    if (folder / MANIFEST_FILE).is_file():
        found = read_manifest(folder)
        name = registered_name(folder, found)
        return Origin(scan_table(path), found["columns"], name, found["hash"], found["rows"], found["part"], [])
    table = read_table(path)
    frame = table.frame
    return Origin(
        frame.lazy(), table.columns, Path(table.name).stem, table.hash, frame.height, table.part, list(table.warnings)
    )


def _asked(origin: Origin, masks: list[Masked], params: ExportParams) -> tuple[pl.LazyFrame, list[ColumnSchema]]:
    """The rows and columns to write, and what they are then; the filter sees values as they were before masking."""
    schema = origin.frame.collect_schema()
    names = list(schema)
    frame = origin.frame
    text = params.get("filter")
    if text is not None:
        frame = frame.filter(condition(text, pl.DataFrame(schema=schema), "filter"))
    masked = {mask["column"]: mask["how"] for mask in masks}
    dropped = {name for name, how in masked.items() if how == "drop"}
    chosen = [require_column("columns", name, names) for name in dict.fromkeys(params.get("columns") or names)]
    kept = [name for name in chosen if name not in dropped]
    if not kept:
        raise OpError(
            "invalid_input", "columns: none is left to write", "Mask or hash a column instead of dropping it."
        )
    by_name = {column["name"]: column for column in origin.columns}
    columns = [
        ColumnSchema(name=name, dtype="String", role="text", personal=by_name[name]["personal"])
        if name in masked
        else by_name[name]
        for name in kept
    ]
    return apply_masks(frame, masks, params.get("salt")).select(kept), columns


def _failed_filter(params: ExportParams, error: pl.exceptions.PolarsError) -> OpError:
    text = params.get("filter")
    if text is None:
        return OpError("failed", "dataset: its rows cannot be read", "Ingest it again.")
    reason = str(error).splitlines()[0][:160]
    return OpError(
        "invalid_input", f"filter: `{text[:120]}` fails on a row ({reason})", "Use TRY_CAST, or clean the column first."
    )


def _headers(names: list[str], chosen: Format, *, guard: bool) -> list[str]:
    if not guard or chosen.name not in GUARDED:
        return names
    frame = pl.DataFrame({"name": names}, schema={"name": pl.String})
    formula = frame.select(pl.col("name").str.contains(FORMULA)).to_series()
    return [f"'{name}" if runs else name for name, runs in zip(names, formula, strict=True)]


def _table_name(name: str) -> str:
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name)[:63]
    return plain if plain[:1].isalpha() else f"t_{plain}"[:63]


def _cautions(params: ExportParams, carried: Carried, kept: list[ColumnSchema], masks: list[Masked]) -> list[str]:
    found: list[str] = []
    personal = [f"`{column['name']}` ({column['personal']})" for column in kept if column["personal"]]
    if personal:
        found.append(f"Personal data goes out as it is: {', '.join(personal[:10])}. `mask` can change that.")
    if any(mask["how"] == "hash" for mask in masks) and params.get("salt") is None:
        found.append("Hashes have a salt that nobody keeps: they cannot be matched with another export's.")
    if carried.rows == 0:
        found.append("No row is left: only the columns were written.")
    return found


def _written(
    output: Output, described: Described, params: ExportParams, job: Job
) -> tuple[list[Written], tuple[str | Artifact, str | Artifact], list[str]]:
    if described.format.place == "database":
        warnings = write(output, described.format.name, params["path"])
        sheet_at, sheet_artifact = job.artifact(f"{output.table}{DATASHEET}", "Datasheet")
        list_at, list_artifact = job.artifact(f"{output.table}{MANIFEST}", "Manifest")
        sheet_at.write_text(datasheet(described, []), encoding="utf-8")
        list_at.write_text(manifest(described, []), encoding="utf-8")
        return [], (_artifact(sheet_artifact), _artifact(list_artifact)), warnings
    target = output.at
    overwrite = params["overwrite"]
    sheets = sidecar(target, DATASHEET), sidecar(target, MANIFEST)
    with staged(target, job.id) as aside, staged(sheets[0], job.id) as sheet, staged(sheets[1], job.id) as listed:
        warnings = write(output.moved(aside), described.format.name, params["path"])
        job.progress(2, 3, "checksums")
        files = checksums(aside, target)
        sheet.write_text(datasheet(described, files), encoding="utf-8")
        listed.write_text(manifest(described, files), encoding="utf-8")
        publish(aside, target, overwrite=overwrite)
        publish(sheet, sheets[0], overwrite=overwrite)
        publish(listed, sheets[1], overwrite=overwrite)
    return files, (str(sheets[0]), str(sheets[1])), warnings


def _artifact(found: Artifact) -> Artifact:
    return {"path": found["path"], "uri": found["uri"], "title": found["title"]}
