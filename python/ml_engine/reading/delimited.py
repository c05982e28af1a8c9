"""Reads delimited text into columns of text, every bad row with its line and reason."""

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import polars as pl

from ml_engine.errors import OpError
from ml_engine.reading.dialect import Dialect, find_dialect
from ml_engine.reading.encoding import TextFile, as_utf8
from ml_engine.reading.options import ReadOptions, Reject

THREADS = 2
RAW_CHARACTERS = 10_000
LONG_VALUE_BYTES = 1_000_000
CHUNK_BYTES = 1 << 22
REJECTED = (
    "SELECT line_byte_position, error_type, csv_line, error_message FROM reject_errors "
    "ORDER BY line_byte_position, column_idx"
)
REASONS = {
    "MISSING COLUMNS": "too few fields",
    "TOO MANY COLUMNS": "too many fields",
    "UNQUOTED VALUE": "a quote that never closes",
    "LINE SIZE OVER MAXIMUM": "longer than can be read",
    "INVALID ENCODING": "bytes that are no text",
}


@dataclass(frozen=True)
class RawTable:
    """One file's rows as text (missing only where the cell was empty and not quoted), before types are found."""

    path: Path
    text: TextFile
    dialect: Dialect
    frame: pl.DataFrame
    rejects: list[Reject]


def read_delimited(path: Path, options: ReadOptions, scratch: Path, field: str) -> RawTable:
    """Every row of `path` that has as many fields as there are columns.

    Raises:
        OpError: the file is empty, binary, has no row below its header, or no row that fits its header.
    """
    text = as_utf8(path, options.encoding, scratch, field)
    dialect = find_dialect(text.path, options)
    try:
        frame, rejected = _rows(text, dialect)
    except duckdb.Error:
        text = _one_newline(text, scratch)
        try:
            frame, rejected = _rows(text, dialect)
        except duckdb.Error as error:
            raise OpError(
                "invalid_input",
                f"{field}: `{path.name}` cannot be read as delimited text",
                "Set `delimiter`, `quote` or `encoding`.",
            ) from error
    rejects = [
        Reject(path.name, line, _reason(kind, message), raw.strip("\r\n")[:RAW_CHARACTERS])
        for line, kind, raw, message in rejected
    ]
    if frame.height == 0:
        if rejects:
            raise OpError(
                "invalid_input",
                f"{field}: no row of `{path.name}` fits its header of {len(dialect.names)} columns "
                f"(line {rejects[0].line}: {rejects[0].reason})",
                "Set `delimiter`, `quote` or `header`.",
            )
        raise OpError(
            "invalid_input",
            f"{field}: `{path.name}` has a header and no rows",
            "Set `header: false` if its first line is data.",
        )
    return RawTable(path, text, dialect, frame, rejects)


def locate(raw: RawTable, rows: set[int]) -> dict[int, tuple[int, str]]:
    """First line and text of each of the good `rows` (counted from 0), by reading the file a second time."""
    found: dict[int, tuple[int, str]] = {}
    dialect = raw.dialect
    with raw.text.path.open(encoding="utf-8-sig", newline="") as file:
        escape = None if dialect.escape == dialect.quote else dialect.escape
        reader = csv.reader(
            file, delimiter=dialect.delimiter, quotechar=dialect.quote, escapechar=escape, doublequote=escape is None
        )
        index, line = 0, 1
        for number, record in enumerate(reader):
            start, line = line, reader.line_num + 1
            if (number == 0 and dialect.header) or len(record) != len(dialect.names):
                continue
            if index in rows:
                found[index] = (start, dialect.delimiter.join(record)[:RAW_CHARACTERS])
            index += 1
    return found


def long_values(frame: pl.DataFrame) -> list[str]:
    """A warning for each text column that holds a value of more than LONG_VALUE_BYTES."""
    text = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    if not text:
        return []
    longest = frame.select(pl.col(text).str.len_bytes().max()).row(0)
    return [
        f"`{name}` holds a value of {size / 1e6:.1f} MB."
        for name, size in zip(text, longest, strict=True)
        if size is not None and size > LONG_VALUE_BYTES
    ]


def _rows(text: TextFile, dialect: Dialect) -> tuple[pl.DataFrame, list[tuple[int, str, str, str]]]:
    keys = [f"c{i}" for i in range(len(dialect.names))]
    connection = duckdb.connect(config={"threads": THREADS})
    try:
        rows = connection.from_query(_query(text, dialect, keys)).to_arrow_table()
        rejected: list[tuple[object, ...]] = connection.from_query(REJECTED).fetchall()
    finally:
        connection.close()
    first: dict[int, tuple[str, str, str]] = {}
    for at, kind, raw, message in rejected:
        first.setdefault(int(str(at)) - 1, (str(kind), str(raw or ""), str(message)))
    lines = _line_numbers(text.path, sorted(first))
    frame = pl.DataFrame(rows).rename(dict(zip(keys, dialect.names, strict=True)))
    return frame, [(line, *first[at]) for at, line in lines.items()]


def _line_numbers(path: Path, offsets: list[int]) -> dict[int, int]:
    """The line, counted from 1, in which each of the ascending byte `offsets` lies."""
    found: dict[int, int] = {}
    at, line = 0, 1
    with path.open("rb") as file:
        for offset in offsets:
            while at < offset and (chunk := file.read(min(CHUNK_BYTES, offset - at))):
                line += chunk.count(b"\n")
                at += len(chunk)
            found[offset] = line
    return found


def _one_newline(text: TextFile, scratch: Path) -> TextFile:
    """A copy with `\n` alone between lines: the parser wants one kind in a file."""
    copy = scratch / f"{text.path.stem}-lines.txt"
    with (
        text.path.open(encoding="utf-8-sig", newline=None) as lines,
        copy.open("w", encoding="utf-8", newline="") as out,
    ):
        out.writelines(lines)
    return replace(text, path=copy)


def _query(text: TextFile, dialect: Dialect, keys: list[str]) -> str:
    columns = ", ".join(f"'{key}': 'VARCHAR'" for key in keys)
    size = max(2_000_000, 2 * text.longest_line_bytes + 1024)
    options = {
        "auto_detect": "false",
        "header": str(dialect.header).lower(),
        "delim": _quoted(dialect.delimiter),
        "quote": _quoted(dialect.quote),
        "escape": _quoted(dialect.escape),
        "columns": f"{{{columns}}}",
        "store_rejects": "true",
        "strict_mode": "true",
        "max_line_size": str(size),
    }
    given = ", ".join(f"{key}={value}" for key, value in options.items())
    return f"FROM read_csv({_quoted(str(text.path))}, {given})"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _reason(kind: str, message: str) -> str:
    found = message.rpartition("Found: ")[2].strip()
    counted = f" ({found})" if found.isdigit() else ""
    return REASONS.get(kind, kind.lower()) + counted
