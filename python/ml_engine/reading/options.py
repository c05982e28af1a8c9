"""What a reader may be told, and what it answers."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import polars as pl

NULL_TOKENS = ("", "NA", "N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "#N/A", "?")
"""Cells read as missing where nothing else is said; surrounding blanks are ignored."""


@dataclass(frozen=True)
class ReadOptions:
    """What to take as given; None means to find out from the data."""

    delimiter: str | None = None
    encoding: str | None = None
    header: bool | None = None
    quote: str | None = None
    decimal: str | None = None
    sheet: str | None = None
    null_tokens: tuple[str, ...] = NULL_TOKENS
    types: dict[str, str] = field(default_factory=dict[str, str])
    """Column to `text`, `int`, `float`, `bool`, `date`, `datetime`, or `date:%d/%m/%Y` with a strptime format."""
    text: frozenset[str] = frozenset()
    """Columns that are text whatever they look like, where `types` says nothing of them."""
    query: str | None = None
    """What to read of a database."""
    batch_rows: int = 1 << 17
    """Rows at a time; what is read does not depend on it."""

    def wanted(self, column: str) -> str | None:
        """The type that `column` was said to have."""
        return self.types.get(column) or ("text" if column in self.text else None)


class Reject(NamedTuple):
    """One bad row: the line it starts on (the row's number where the format has no lines), why, and its text."""

    file: str
    line: int
    reason: str
    raw: str


@dataclass(frozen=True)
class Reading:
    """A table read into a Parquet file of canonical rows, and everything about it that a person should know."""

    path: Path
    """The Parquet file, in the scratch folder the reader was given."""
    rows: int
    hash: str
    missing: dict[str, int]
    """Rows without a value, of each column in the table's order."""
    format: str
    files: int
    rejects: list[Reject]
    """The first bad rows."""
    rejected_rows: int
    quarantine: Path | None
    """CSV of every bad row: file, line, reason, raw."""
    warnings: list[str]
    dialect: dict[str, str]
    """Delimiter, encoding, quote, decimal mark and header as used; empty for formats that have none."""

    def frame(self) -> pl.DataFrame:
        """All rows, in memory."""
        return pl.read_parquet(self.path)
