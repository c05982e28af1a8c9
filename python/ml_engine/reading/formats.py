"""One table from files of one shape, a database, an object store or a sample, whatever the format."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from ml_engine.errors import OpError
from ml_engine.reading.alike import look_alikes
from ml_engine.reading.cloud import bring, is_cloud
from ml_engine.reading.columns import Column, TextColumn
from ml_engine.reading.databases import SqliteFile, duckdb_part, is_server, server_part
from ml_engine.reading.delimited import DelimitedFile
from ml_engine.reading.described import read_described
from ml_engine.reading.files import find_files, kind_of, partition_values
from ml_engine.reading.growth import Watched
from ml_engine.reading.hub import bring_from_hub, is_hub
from ml_engine.reading.inference import check_types
from ml_engine.reading.json_columns import JsonColumn
from ml_engine.reading.json_text import JsonFile
from ml_engine.reading.options import NULL_TOKENS, Reading, ReadOptions
from ml_engine.reading.packed import unpack
from ml_engine.reading.parts import Part, Partitioned, TypedPart, sliced
from ml_engine.reading.quarantine import put_aside
from ml_engine.reading.samples import PREFIX, read_sample
from ml_engine.reading.storing import Store, Stored
from ml_engine.reading.typed import typed_part

DATA_FILE = "data.parquet"


def read_source(source: str, options: ReadOptions, field: str, scratch: Path) -> Reading:
    """The table at `source`: an absolute path of a file or folder, a glob pattern, or `sample:<name>`.

    Its rows are written to a Parquet file in `scratch`, an existing folder of this reading alone.

    Raises:
        OpError: naming `field`: nothing there, nothing readable, or files of different shapes.
    """
    if source.startswith(PREFIX):
        frame = read_sample(source, field)
        return _read(
            [TypedPart(Path(source), "sample", frame.schema, sliced(frame, frame.height), options)],
            options,
            field,
            scratch,
        )
    if is_server(source):
        return _read([server_part(source, options, field)], options, field, scratch)
    brought: list[str] = []
    if is_cloud(source) or is_hub(source):
        folder = scratch / "brought"
        folder.mkdir()
        if is_cloud(source):
            source = bring(source, folder, field)
        else:
            source, brought = bring_from_hub(source, folder, field)
    paths = find_files(source, field)
    described = read_described(paths[0]) if len(paths) == 1 and options == ReadOptions() else None
    if described is not None:
        typed = TypedPart(paths[0], "described", described.schema, sliced(described, described.height), options)
        return _read([typed], options, field, scratch)
    watched = [Watched(path, scratch, field) for path in paths]
    while True:
        parts = [_part(file, source, options, field, scratch) for file in watched]
        kinds = {part.path.name: part.format for part in parts}
        first = parts[0]
        other = next((part for part in parts if part.format != first.format), None)
        if other is not None:
            raise OpError(
                "invalid_input",
                f"{field}: `{first.path.name}` is {first.format} but `{other.path.name}` is {kinds[other.path.name]}",
                "Give files of one format.",
            )
        reading = _read(parts, options, field, scratch)
        grew = [file.grew for file in watched]
        if not any(grew):
            break
    reading.warnings.extend(brought)
    reading.warnings.extend(file.warning for file in watched if file.warning)
    return reading


def _part(file: Watched, source: str, options: ReadOptions, field: str, scratch: Path) -> Part:
    path = file.path
    unpacked = unpack(path, scratch, field)
    kind = kind_of(unpacked.path, field, unpacked.name)
    part: Part
    if kind == "csv":
        part = DelimitedFile(unpacked.path, path.name, options, scratch, field)
    elif kind in ("json", "jsonl"):
        part = JsonFile(unpacked.path, path.name, kind, options, scratch, field)
    elif kind == "sqlite":
        part = SqliteFile(unpacked.path, path.name, options, field)
    elif kind == "duckdb":
        part = duckdb_part(unpacked.path, path.name, options, field)
    else:
        part = typed_part(unpacked.path, path.name, kind, options, field)
    values = partition_values(file.original, source)
    return Partitioned(part, values, options) if values else part


def _read(parts: list[Part], options: ReadOptions, field: str, scratch: Path) -> Reading:
    names = parts[0].names
    _same_columns(parts, field)
    if not names:
        raise OpError("invalid_input", f"{field}: `{parts[0].path.name}` has no columns", "Give a table.")
    check_types(options, names)
    _one_schema(parts, field)
    columns = {name: parts[0].column(name) for name in names}
    store = Store(columns, scratch / DATA_FILE)

    def batches() -> Iterator[pl.DataFrame]:
        for part in parts:
            for batch in part.batches():
                yield batch.select(names)

    stored = store.fill(batches)
    quarantine = put_aside(parts, store.bad, names, options.types, scratch)
    for part in parts:
        part.close()
    if stored.rows == 0:
        first = next(iter(quarantine.first), None)
        if first is None:
            raise OpError(
                "invalid_input", f"{field}: `{parts[0].path.name}` has no rows", "Give a file with at least one row."
            )
        raise OpError(
            "invalid_input",
            f"types: no row is left; line {first.line}: {first.reason}",
            "Change the type, or leave it out to have it found.",
        )
    return Reading(
        path=store.target,
        rows=stored.rows,
        hash=stored.hash,
        missing=stored.missing,
        format=parts[0].format,
        files=len(parts),
        rejects=quarantine.first,
        rejected_rows=quarantine.rows,
        quarantine=quarantine.path,
        warnings=[*parts[0].warnings, *look_alikes(names), *_said(columns, options), *_doubts(stored)],
        dialect=_dialect(parts[0], columns),
    )


def _said(columns: dict[str, Column], options: ReadOptions) -> list[str]:
    met: dict[str, int] = {}
    spaced = False
    for column in columns.values():
        if isinstance(column, (TextColumn, JsonColumn)):
            for token, count in column.met.items():
                met[token] = met.get(token, 0) + count
        spaced = spaced or (isinstance(column, TextColumn) and column.spaced)
    said = ["Blanks after the delimiter were removed."] if spaced else []
    if met:
        order = {token: index for index, token in enumerate(options.null_tokens)}
        listed = ", ".join(f"{met[token]} cells `{token}`" for token in sorted(met, key=lambda token: order[token]))
        standard = set(options.null_tokens) == set(NULL_TOKENS)
        said.append(f"Read as missing: {listed}." + (" Set `null_tokens` to change that." if standard else ""))
    return said + [warning for column in columns.values() for warning in column.warnings()]


def _doubts(stored: Stored) -> list[str]:
    """What a reader should know of values that are stored as they were."""
    return [
        f"`{name}` has no value at all."
        if stored.missing[name] == stored.rows
        else f"`{name}` has {stored.infinite[name]} infinite values."
        for name in stored.schema
        if stored.missing[name] == stored.rows or stored.infinite.get(name)
    ]


def _dialect(part: Part, columns: dict[str, Column]) -> dict[str, str]:
    if isinstance(part, Partitioned):
        return _dialect(part.part, columns)
    if not isinstance(part, DelimitedFile):
        return {}
    comma = any(isinstance(column, TextColumn) and column.decimal_comma for column in columns.values())
    return {
        "delimiter": part.dialect.delimiter,
        "encoding": part.text.encoding,
        "quote": part.dialect.quote,
        "decimal": "," if comma or part.decimal == "," else ".",
        "header": "yes" if part.dialect.header else "no",
    }


def _one_schema(parts: list[Part], field: str) -> None:
    """Gives files that say their types the types that fit all of them."""
    inner = [part.part if isinstance(part, Partitioned) else part for part in parts]
    typed = [part for part in inner if isinstance(part, TypedPart)]
    if len(typed) < 2:
        return
    names = typed[0].schema.names()
    try:
        empty = [part.schema.to_frame().select(names) for part in typed]
        schema = pl.concat(empty, how="vertical_relaxed").schema
    except pl.exceptions.PolarsError as error:
        raise OpError(
            "invalid_input",
            f"{field}: the files' columns have types that do not go together",
            "Give files of one shape.",
        ) from error
    for part in typed:
        part.schema = pl.Schema({name: schema[name] for name in part.schema})


def _same_columns(parts: list[Part], field: str) -> None:
    first, names = parts[0].path.name, parts[0].names
    for part in parts[1:]:
        lacking = [name for name in names if name not in part.names]
        extra = [name for name in part.names if name not in names]
        if lacking or extra:
            what = f"has no `{lacking[0]}`" if lacking else f"has a column `{extra[0]}` more"
            raise OpError(
                "invalid_input",
                f"{field}: `{part.path.name}` {what} than `{first}`"
                if extra and not lacking
                else f"{field}: `{part.path.name}` {what}, which `{first}` has",
                "Give files of one shape, or ingest them apart.",
            )
