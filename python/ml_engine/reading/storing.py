"""Batches of raw rows into one Parquet file of typed rows, in as many passes as it takes to know the types."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
from polars.io.plugins import register_io_source

from ml_engine.content import ContentHash
from ml_engine.reading.columns import Column

MOST_PASSES = 6
AHEAD = 2
"""Batches that may wait to be hashed."""
THREADS = 2
ROW_GROUP_ROWS = 1 << 18


class Again(Exception):  # noqa: N818 - no error: the source has learnt how it has to be read
    """The source must be read once more, from its start."""


class Bad(NamedTuple):
    """A row in which a value is not of the type asked for: its number among the rows that came, and the column's."""

    row: int
    column: int


class Stored(NamedTuple):
    """What is in the Parquet file."""

    rows: int
    hash: str
    missing: dict[str, int]
    infinite: dict[str, int]
    schema: pl.Schema


class Store:
    """Columns on their way into a file."""

    def __init__(self, columns: dict[str, Column], target: Path) -> None:
        self.columns = columns
        self.target = target
        self._pool = ThreadPoolExecutor(THREADS)
        self._bad: list[npt.NDArray[np.int64]] = []
        self._came = 0
        self._doomed = False
        """Whether this pass has met a type that is not that of the rows before."""

    @property
    def bad(self) -> list[Bad]:
        """The rows left out because a value is not of the type asked for, in order."""
        return [Bad(int(row), int(column)) for part in self._bad for row, column in part]

    def fill(self, batches: Callable[[], Iterator[pl.DataFrame]]) -> Stored:
        """Reads `batches` until every column knows its type, and leaves the file right.

        Raises:
            OpError: whatever `batches` raises.
        """
        for _ in range(MOST_PASSES):
            for column in self.columns.values():
                column.begin()
            self._bad, self._came, self._doomed = [], 0, False
            try:
                stored = self._pass(batches())
            except Again:
                continue
            # All are asked: each that was wrong makes its new plan then.
            settled = [column.settled for column in self.columns.values()]
            if all(settled) and not self._doomed:
                return stored
        raise AssertionError("a column changes its type with every pass")

    def _pass(self, batches: Iterator[pl.DataFrame]) -> Stored:
        first = self._typed(next(batches, None))
        account = _Account(first.schema)
        failed: list[BaseException] = []
        with ThreadPoolExecutor(1) as hashing:

            def rows(*_: object) -> Iterator[pl.DataFrame]:
                waiting: list[Future[None]] = []
                try:
                    for typed in chain([first], map(self._typed, batches)):
                        self._doomed = self._doomed or typed.schema != first.schema
                        if self._doomed:
                            # Read on all the same: the next pass knows what this one learns.
                            continue
                        waiting.append(hashing.submit(account.add, typed))
                        if len(waiting) > AHEAD:
                            waiting.pop(0).result()
                        yield typed
                    for future in waiting:
                        future.result()
                except BaseException as error:
                    failed.append(error)
                    raise

            try:
                register_io_source(rows, schema=first.schema).sink_parquet(
                    self.target, compression="zstd", compression_level=1, row_group_size=ROW_GROUP_ROWS
                )
            except Exception:
                # Polars reports what its source raises in words of its own.
                if failed:
                    raise failed[0] from None
                raise
        return account.close()

    def _typed(self, batch: pl.DataFrame | None) -> pl.DataFrame:
        if batch is None:
            batch = pl.DataFrame(schema=dict.fromkeys(self.columns, pl.String))
        read = list(self._pool.map(_read, self.columns.values(), batch.get_columns()))
        typed = pl.DataFrame([column for column, _ in read])
        flags = [(index, bad) for index, (_, bad) in enumerate(read) if bad is not None and bad.any()]
        start, self._came = self._came, self._came + batch.height
        if not flags:
            return typed
        left_out = pl.select(pl.any_horizontal([bad for _, bad in flags])).to_series()
        rows = left_out.arg_true().to_numpy().astype(np.int64)
        columns = np.full(len(rows), -1, dtype=np.int64)
        for index, bad in reversed(flags):
            columns[bad.to_numpy()[rows]] = index
        self._bad.append(np.stack([rows + start, columns], axis=1))
        return typed.filter(~left_out)


def _read(column: Column, part: pl.Series) -> tuple[pl.Series, pl.Series | None]:
    return column.read(part)


class _Account:
    """Counts what goes into the file, and hashes it."""

    def __init__(self, schema: pl.Schema) -> None:
        self._hash = ContentHash()
        self._schema = schema
        self._missing = dict.fromkeys(schema.names(), 0)
        self._infinite = {name: 0 for name, dtype in schema.items() if dtype.is_float()}

    def add(self, part: pl.DataFrame) -> None:
        self._hash.update(part)
        for column in part.get_columns():
            self._missing[column.name] += column.null_count()
            if column.name in self._infinite:
                self._infinite[column.name] += int(column.is_infinite().sum())

    def close(self) -> Stored:
        return Stored(self._hash.rows, self._hash.hexdigest(), self._missing, self._infinite, self._schema)
