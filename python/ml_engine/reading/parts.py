"""What a table is read from: files, queries and frames, each a part that gives its rows batch by batch."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, Protocol

import polars as pl

from ml_engine.reading.columns import Column, TextColumn, TextRules, TypedColumn
from ml_engine.reading.dialect import unique_names
from ml_engine.reading.options import ReadOptions, Reject

RAW_CHARACTERS = 10_000


class Located(NamedTuple):
    """Where a row stands, counted from 1, its cells by column, and its text."""

    line: int
    cells: Mapping[str, object]
    raw: str


class Part(Protocol):
    """One file, query or frame."""

    path: Path
    format: str

    @property
    def rows(self) -> int:
        """Good rows of the last pass."""
        ...

    @property
    def names(self) -> list[str]: ...
    @property
    def warnings(self) -> list[str]: ...
    def column(self, name: str) -> Column: ...
    def batches(self) -> Iterator[pl.DataFrame]: ...
    def rejects(self) -> Iterator[Reject]: ...
    def locate(self, rows: list[int]) -> Iterator[Located]: ...
    def close(self) -> None: ...


class TypedPart:
    """Rows whose types the source says; `batches` is asked anew for each pass.

    `text` says how columns of text are read where the format has one type for all that is not a number.
    """

    def __init__(
        self,
        path: Path,
        format: str,  # noqa: A002 - the word the result uses
        schema: pl.Schema,
        batches: Callable[[], Iterator[pl.DataFrame]],
        options: ReadOptions,
        text: TextRules | None = None,
    ) -> None:
        self.path = path
        self.format = format
        self.rows = 0
        self.names, self.warnings = unique_names(schema.names())
        self.schema = pl.Schema(zip(self.names, schema.dtypes(), strict=True))
        self._batches = batches
        self._options = options
        self._text = text

    def column(self, name: str) -> Column:
        """How the column `name` is read."""
        wanted = self._options.wanted(name)
        if self._text is not None and self.schema[name] == pl.String:
            return TextColumn(name, self._text, wanted)
        return TypedColumn(name, wanted, self._options.decimal)

    def batches(self) -> Iterator[pl.DataFrame]:
        """The rows, in the source's order."""
        self.rows = 0
        for batch in self._batches():
            if batch.height:
                self.rows += batch.height
                batch.columns = self.names
                yield batch.cast(self.schema) if batch.schema != self.schema else batch

    def rejects(self) -> Iterator[Reject]:
        """None: a file of this kind is good or damaged as a whole."""
        return iter(())

    def locate(self, rows: list[int]) -> Iterator[Located]:
        """Each of `rows` (ascending, from 0), by reading the source again."""
        wanted = iter(rows)
        sought = next(wanted, None)
        start = 0
        for batch in self.batches():
            while sought is not None and sought < start + batch.height:
                row = batch.row(sought - start, named=True)
                raw = json.dumps(row, default=str, ensure_ascii=False)[:RAW_CHARACTERS]
                yield Located(sought + 1, row, raw)
                sought = next(wanted, None)
            start += batch.height

    def close(self) -> None:
        """Nothing is held."""


def sliced(frame: pl.DataFrame, rows: int) -> Callable[[], Iterator[pl.DataFrame]]:
    """`frame` as batches of `rows`."""
    return lambda: frame.iter_slices(rows)


class Partitioned:
    """A part of a folder of `key=value` folders: the keys are columns after its own."""

    def __init__(self, part: Part, values: dict[str, str | None], options: ReadOptions) -> None:
        self.part = part
        self._values = {key: value for key, value in values.items() if key not in part.names}
        self._options = options
        self.path = part.path
        self.format = part.format

    @property
    def rows(self) -> int:
        return self.part.rows

    @property
    def names(self) -> list[str]:
        return [*self.part.names, *self._values]

    @property
    def warnings(self) -> list[str]:
        return self.part.warnings

    def column(self, name: str) -> Column:
        """How the column `name` is read; a key's type is found from what the folders are called."""
        if name in self._values:
            return TextColumn(name, TextRules(self._options.null_tokens), self._options.wanted(name))
        return self.part.column(name)

    def batches(self) -> Iterator[pl.DataFrame]:
        """The part's rows with the keys beside them."""
        for batch in self.part.batches():
            yield batch.with_columns([pl.lit(value, dtype=pl.String).alias(key) for key, value in self._values.items()])

    def rejects(self) -> Iterator[Reject]:
        """The part's bad rows."""
        return self.part.rejects()

    def locate(self, rows: list[int]) -> Iterator[Located]:
        """Where the part's rows stand."""
        for line, cells, raw in self.part.locate(rows):
            yield Located(line, {**cells, **self._values}, raw)

    def close(self) -> None:
        """Closes the part."""
        self.part.close()
