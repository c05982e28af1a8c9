"""What a writer is given, the same for every format."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

BATCH_ROWS = 50_000


@dataclass(frozen=True)
class Output:
    """One table about to be written, already as the format can hold it."""

    frame: pl.LazyFrame
    rows: int
    at: Path
    """Where to write: a place aside that is put where it belongs when the writer is done."""
    compression: str | None
    partition_by: list[str]
    table: str
    """Name of the table in a database."""
    split: str
    """`train`, `test`, …: which part of a dataset this is."""
    headers: list[str]
    """Names for the first line of a format that people open; as the columns', but guarded."""
    said: Callable[[int], None]
    """Told how many rows are written so far."""
    overwrite: bool = False

    def moved(self, at: Path) -> "Output":
        """The same, written elsewhere."""
        return replace(self, at=at)

    def batches(self) -> Iterator[pl.DataFrame]:
        """The rows, in order, BATCH_ROWS at a time, so that a table need not fit into memory."""
        done = 0
        for batch in self.frame.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
            yield batch
            done += batch.height
            self.said(done)

    def reader(self) -> Any:
        """The same as a `pyarrow.RecordBatchReader`."""
        schema = pl.DataFrame(schema=self.frame.collect_schema()).to_arrow().schema
        return pa.RecordBatchReader.from_batches(
            schema, (part for batch in self.batches() for part in batch.to_arrow().cast(schema).to_batches())
        )
