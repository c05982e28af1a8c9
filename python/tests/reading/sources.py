"""What the tests of reading share: files written, read in pieces of any size."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import polars as pl

from ml_engine.reading.formats import read_source
from ml_engine.reading.options import ReadOptions, Reject


class Outcome(NamedTuple):
    """All that a reading says, with its rows in memory."""

    frame: pl.DataFrame
    hash: str
    rejects: list[Reject]
    rejected_rows: int
    warnings: list[str]
    dialect: dict[str, str]
    files: int
    format: str


def read(source: Path | str, *, options: ReadOptions | None = None, **given: object) -> Outcome:
    """`source` read with the options `given`."""
    with TemporaryDirectory() as scratch:
        chosen = options or ReadOptions(**given)  # pyright: ignore[reportArgumentType]
        found = read_source(str(source), chosen, "source", Path(scratch))
        return Outcome(
            found.frame(),
            found.hash,
            found.rejects,
            found.rejected_rows,
            found.warnings,
            found.dialect,
            found.files,
            found.format,
        )


def written(folder: Path, content: str | bytes, name: str = "t.csv") -> Path:
    """A file with `content`."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
