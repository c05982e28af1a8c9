"""What a reader may be told, and what it answers."""

from dataclasses import dataclass, field
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


class Reject(NamedTuple):
    """One bad row: the line it starts on (the row's number where the format has no lines), why, and its text."""

    file: str
    line: int
    reason: str
    raw: str


@dataclass
class Reading:
    """A table read, and everything about it that a person should know."""

    frame: pl.DataFrame
    format: str
    files: int
    rejects: list[Reject]
    warnings: list[str]
    dialect: dict[str, str]
    """Delimiter, encoding, quote, decimal mark and header as used; empty for formats that have none."""

    @property
    def rejected_rows(self) -> int:
        return len(self.rejects)
