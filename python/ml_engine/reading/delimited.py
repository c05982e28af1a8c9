"""Reads delimited text into batches of text, every bad row with its line and reason."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import duckdb
import polars as pl

from ml_engine.errors import OpError
from ml_engine.reading.columns import Column, TextColumn, TextRules
from ml_engine.reading.dialect import Dialect, find_dialect
from ml_engine.reading.encoding import CHUNK_BYTES, as_utf8
from ml_engine.reading.options import ReadOptions, Reject
from ml_engine.reading.parts import Located
from ml_engine.reading.storing import Again

THREADS = 2
MEMORY = "512MB"
RAW_CHARACTERS = 10_000
LINE_BYTES = 2_000_000
REJECTS_AT_ONCE = 1000
REJECTED = (
    "SELECT line_byte_position, min_by(error_type, column_idx), min_by(csv_line, column_idx), "
    "min_by(error_message, column_idx) FROM reject_errors GROUP BY ALL ORDER BY line_byte_position"
)
TOO_LONG = "LINE SIZE OVER MAXIMUM"
REASONS = {
    "MISSING COLUMNS": "too few fields",
    "TOO MANY COLUMNS": "too many fields",
    "UNQUOTED VALUE": "a quote that never closes",
    TOO_LONG: "longer than can be read",
    "INVALID ENCODING": "bytes that are no text",
}


class DelimitedFile:
    """One delimited text file: its batches of text cells (null where empty) and, after them, its bad rows.

    Raises:
        OpError: the file is empty, binary or not text; later, when it has no row below its header, or none that fits.
    """

    def __init__(self, path: Path, name: str, options: ReadOptions, scratch: Path, field: str) -> None:
        self.path = Path(name)
        self.format = "csv"
        self.rows = 0
        """Good rows of the last pass."""
        self._field = field
        self._scratch = scratch
        self._options = options
        self.text = as_utf8(path, name, options.encoding, scratch, field)
        self.dialect: Dialect = find_dialect(self.text.path, options)
        self._line_bytes = LINE_BYTES
        self._one_newline = False
        self._connection: duckdb.DuckDBPyConnection | None = None

    @property
    def decimal(self) -> str | None:
        """The decimal mark it was said to have."""
        return self._options.decimal

    @property
    def names(self) -> list[str]:
        return self.dialect.names

    @property
    def warnings(self) -> list[str]:
        return [*self.text.warnings, *self.dialect.warnings]

    def column(self, name: str) -> Column:
        """How the column `name` is read: its type is found, or is the one asked for."""
        rules = TextRules(self._options.null_tokens, self._options.decimal, self.dialect.delimiter)
        return TextColumn(name, rules, self._options.wanted(name))

    def batches(self) -> Iterator[pl.DataFrame]:
        """Every row that has as many fields as there are columns, as text.

        Raises:
            Again: the file has to be read in another way, which is known now.
        """
        keys = [f"c{i}" for i in range(len(self.dialect.names))]
        self.rows = 0
        self.close()
        connection = self._connection = duckdb.connect(
            config={"threads": THREADS, "memory_limit": MEMORY, "temp_directory": str(self._scratch)}
        )
        try:
            for batch in connection.sql(self._query(keys)).to_arrow_reader(self._options.batch_rows):
                frame = pl.DataFrame(batch)
                self.rows += frame.height
                yield frame.rename(dict(zip(keys, self.dialect.names, strict=True)))
            self._check_lines(connection)
        except (duckdb.Error, OSError) as error:
            # What goes wrong after the first batch comes through Arrow, as an OSError.
            self._normalise(error)
        if self.rows == 0:
            raise self._no_rows()

    def rejects(self) -> Iterator[Reject]:
        """The rows that did not fit, in the file's order; once after the last batch."""
        if self._connection is None:
            return
        found = self._connection.execute(REJECTED)
        with self.text.path.open("rb") as file:
            lines = _Lines(file)
            while several := found.fetchmany(REJECTS_AT_ONCE):
                for position, kind, raw, message in several:
                    text = str(raw or "").strip("\r\n")[:RAW_CHARACTERS]
                    yield Reject(self.path.name, lines.at(int(position) - 1), _reason(str(kind), str(message)), text)

    def locate(self, rows: list[int]) -> Iterator[Located]:
        """Each of the good `rows` (ascending, from 0), by reading the file again."""
        dialect = self.dialect
        escape = None if dialect.escape == dialect.quote else dialect.escape
        wanted = iter(rows)
        sought = next(wanted, None)
        with self.text.path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(
                file,
                delimiter=dialect.delimiter,
                quotechar=dialect.quote,
                escapechar=escape,
                doublequote=escape is None,
            )
            index, line = 0, 1
            for number, record in enumerate(reader):
                if sought is None:
                    return
                start, line = line, reader.line_num + 1
                cells = record or ([""] if len(dialect.names) == 1 else [])
                if (number == 0 and dialect.header) or len(cells) != len(dialect.names):
                    continue
                if index == sought:
                    raw = dialect.delimiter.join(cells)[:RAW_CHARACTERS]
                    yield Located(start, dict(zip(dialect.names, cells, strict=True)), raw)
                    sought = next(wanted, None)
                index += 1

    def close(self) -> None:
        """Lets go of what the last pass held."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _check_lines(self, connection: duckdb.DuckDBPyConnection) -> None:
        found = connection.execute("SELECT count(*) FROM reject_errors WHERE error_type = ?", [TOO_LONG]).fetchone()
        if found is not None and found[0] and self._line_bytes == LINE_BYTES:
            self._line_bytes = 2 * _longest_line(self.text.path) + 1024
            raise Again

    def _normalise(self, error: Exception) -> None:
        """The parser wants one kind of line end in a file: another try is made with a copy that has `\n` alone."""
        if self._one_newline:
            raise OpError(
                "invalid_input",
                f"{self._field}: `{self.path.name}` cannot be read as delimited text",
                "Set `delimiter`, `quote` or `encoding`.",
            ) from error
        copy = self._scratch / f"{self.text.path.stem}-lines.txt"
        with (
            self.text.path.open(encoding="utf-8-sig", newline=None) as lines,
            copy.open("w", encoding="utf-8", newline="") as out,
        ):
            out.writelines(lines)
        self.text = replace(self.text, path=copy)
        self._one_newline = True
        raise Again from error

    def _no_rows(self) -> OpError:
        first = next(self.rejects(), None)
        if first is None:
            return OpError(
                "invalid_input",
                f"{self._field}: `{self.path.name}` has a header and no rows",
                "Set `header: false` if its first line is data.",
            )
        return OpError(
            "invalid_input",
            f"{self._field}: no row of `{self.path.name}` fits its header of {len(self.dialect.names)} columns "
            f"(line {first.line}: {first.reason})",
            "Set `delimiter`, `quote` or `header`.",
        )

    def _query(self, keys: list[str]) -> str:
        columns = ", ".join(f"'{key}': 'VARCHAR'" for key in keys)
        options = {
            "auto_detect": "false",
            "header": str(self.dialect.header).lower(),
            "delim": _quoted(self.dialect.delimiter),
            "quote": _quoted(self.dialect.quote),
            "escape": _quoted(self.dialect.escape),
            "columns": f"{{{columns}}}",
            "store_rejects": "true",
            "rejects_limit": "0",
            "strict_mode": "true",
            "max_line_size": str(self._line_bytes),
        }
        given = ", ".join(f"{key}={value}" for key, value in options.items())
        return f"FROM read_csv({_quoted(str(self.text.path))}, {given})"


class _Lines:
    """Counts the lines of a file up to places that are asked for in order."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._at = 0
        self._line = 1

    def at(self, position: int) -> int:
        """The line of the first record at or after the byte `position`; the parser's places count blank lines in."""
        while self._at < position and (chunk := self._file.read(min(CHUNK_BYTES, position - self._at))):
            self._line += chunk.count(b"\n")
            self._at += len(chunk)
        blank = 0
        for byte in iter(lambda: self._file.read(1), b""):
            if byte not in (b"\n", b"\r"):
                break
            blank += byte == b"\n"
        self._file.seek(self._at)
        return self._line + blank


def _longest_line(path: Path) -> int:
    longest, begun = 0, 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            first, *others = chunk.split(b"\n")
            longest = max(longest, begun + len(first), *map(len, others or [b""]))
            begun = len(others[-1]) if others else begun + len(first)
    return longest


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _reason(kind: str, message: str) -> str:
    found = message.rpartition("Found: ")[2].strip()
    counted = f" ({found})" if found.isdigit() else ""
    return REASONS.get(kind, kind.lower()) + counted
