"""Tables as ops see them: a registered dataset's folder or a plain file in, a staged dataset folder out."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import polars as pl

from ml_engine.content import canonical, content_hash
from ml_engine.contract.manifest import ColumnSchema, DatasetManifest
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.names import require_column
from ml_engine.reading.formats import read_source
from ml_engine.reading.options import ReadOptions
from ml_engine.roles import contains_personal, infer_roles

DATA_FILE = "data.parquet"
MANIFEST_FILE = "dataset.json"


@dataclass(frozen=True)
class Table:
    """A table in memory. `hash` is of the whole table even where only some rows or columns were asked for."""

    frame: pl.DataFrame
    columns: list[ColumnSchema]
    """One entry for each column of `frame`, in its order."""
    name: str
    """`loans@1` for a registered dataset, the file's name otherwise."""
    hash: str
    part: str | None = None
    """`train`, `test`, …, where it is a part of a split."""
    warnings: tuple[str, ...] = ()
    """What reading a plain file had to decide or leave out; empty for a registered dataset."""
    pipeline: object = None
    """The steps that made it, where it was transformed."""

    @property
    def contains_pii(self) -> bool:
        return contains_personal(self.columns)

    def schema_of(self, column: str) -> ColumnSchema:
        """The schema entry of one column.

        Raises:
            KeyError: there is no such column; check with `names.require_column` first.
        """
        return next(schema for schema in self.columns if schema["name"] == column)


def read_table(path: str, field: str = "dataset", columns: list[str] | None = None, rows: int | None = None) -> Table:
    """The table at `path`, a registered dataset's folder or a data file; `columns` in the order asked for.

    Raises:
        OpError: naming `field`: there is nothing at `path`, it cannot be read, or a column is not there.
    """
    folder = Path(path)
    if (folder / MANIFEST_FILE).is_file():
        return _read_registered(folder, field, columns, rows)
    if folder.is_dir():
        raise OpError(
            "invalid_input",
            f"{field}: `{folder.name}` is a folder, not a data file",
            "Ingest the folder with ml_data_ingest first.",
        )
    with TemporaryDirectory() as scratch:
        reading = read_source(path, ReadOptions(), field, Path(scratch))
        frame = reading.frame()
    rejected = [f"{reading.rejected_rows} bad rows were left out."] if reading.rejected_rows else []
    if columns is not None:
        frame = frame.select([require_column(field, name, frame.columns) for name in columns])
    schema = infer_roles(frame)
    return Table(
        frame=frame if rows is None else frame.head(rows),
        columns=schema,
        name=folder.name,
        hash=reading.hash,
        warnings=(*reading.warnings, *rejected),
    )


def _read_registered(folder: Path, field: str, columns: list[str] | None, rows: int | None) -> Table:
    manifest = read_manifest(folder)
    known = [column["name"] for column in manifest["columns"]]
    wanted = known if columns is None else [require_column(field, name, known) for name in columns]
    frame = pl.read_parquet(folder / DATA_FILE, columns=wanted, n_rows=rows)
    by_name = {column["name"]: column for column in manifest["columns"]}
    return Table(
        frame=frame.select(wanted),
        columns=[by_name[name] for name in wanted],
        name=registered_name(folder, manifest),
        hash=manifest["hash"],
        part=manifest["part"],
        pipeline=manifest["pipeline"],
    )


def scan_table(path: str) -> pl.LazyFrame:
    """A lazy scan of a registered dataset's folder; a plain file is read whole first."""
    folder = Path(path)
    if (folder / MANIFEST_FILE).is_file():
        return pl.scan_parquet(folder / DATA_FILE)
    return read_table(path).frame.lazy()


def read_manifest(folder: Path) -> DatasetManifest:
    """`dataset.json` of a registered dataset's folder."""
    return cast(DatasetManifest, json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8")))


def registered_name(folder: Path, manifest: DatasetManifest) -> str:
    """`loans@1`: the manifest's name and the folder's, which is the version."""
    return f"{manifest['name']}@{folder.name}"


def stage_dataset(
    job: Job,
    frame: pl.DataFrame,
    *,
    name: str,
    source: str,
    part: str | None = None,
    pipeline: object = None,
    slot: str = "dataset",
    roles: Sequence[ColumnSchema] | None = None,
) -> str:
    """Writes `frame` as a dataset folder `<job.folder>/<slot>` for the road to register; answers its absolute path.

    The frame is brought into canonical form first. `roles` are used as they are where given, else inferred. Give each
    dataset of one call its own `slot`.
    """
    stored, _ = canonical(frame)
    folder = job.folder / slot
    folder.mkdir(parents=True, exist_ok=False)
    stored.write_parquet(folder / DATA_FILE, compression="zstd", statistics=True)
    columns = list(roles) if roles is not None else infer_roles(stored)
    return _described(folder, _Description(name, content_hash(stored), stored.height, columns, source, part, pipeline))


def stage_file(
    job: Job, data: Path, *, name: str, source: str, digest: str, rows: int, roles: Sequence[ColumnSchema]
) -> str:
    """Makes a Parquet file of canonical rows with the content hash `digest` a dataset folder, as `stage_dataset` does.

    The file is moved.
    """
    folder = job.folder / "dataset"
    folder.mkdir(parents=True, exist_ok=False)
    shutil.move(data, folder / DATA_FILE)
    return _described(folder, _Description(name, digest, rows, list(roles), source))


@dataclass(frozen=True)
class _Description:
    name: str
    hash: str
    rows: int
    columns: list[ColumnSchema]
    source: str
    part: str | None = None
    pipeline: object = None


def _described(folder: Path, is_: _Description) -> str:
    manifest: DatasetManifest = {
        "name": is_.name,
        "hash": is_.hash,
        "rows": is_.rows,
        "size_bytes": (folder / DATA_FILE).stat().st_size,
        "columns": is_.columns,
        "source": is_.source,
        "contains_pii": contains_personal(is_.columns),
        "part": is_.part,
        "pipeline": is_.pipeline,
    }
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest, ensure_ascii=False, indent=2), encoding="utf-8")
    return str(folder.resolve())
