"""JSON documents and JSON Lines as batches of cells, each cell its JSON text; bad lines put aside."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import duckdb
import polars as pl

from ml_engine.errors import OpError
from ml_engine.reading.columns import Column
from ml_engine.reading.dialect import unique_names
from ml_engine.reading.encoding import as_utf8
from ml_engine.reading.json_columns import JsonColumn
from ml_engine.reading.options import ReadOptions, Reject
from ml_engine.reading.parts import RAW_CHARACTERS, Located

LIST_KEYS = ("data", "rows", "records", "items", "results")
DOCUMENT_BYTES = 1 << 29
OBJECT_BYTES = 1 << 25
CONFIG: dict[str, str | bool | int | float | list[str]] = {"threads": 2, "memory_limit": "1GB"}


class JsonFile:
    """One JSON file. A document is an array of objects, an object with such an array under `data`, `rows`, …, or an
    object of columns; JSON Lines are one object a line.

    Raises:
        OpError: it is no JSON, no table, or a document too large to be held whole.
    """

    def __init__(self, path: Path, name: str, kind: str, options: ReadOptions, scratch: Path, field: str) -> None:
        self.path = Path(name)
        self.format = kind
        self.rows = 0
        self._field = field
        self._options = options
        self._text = as_utf8(path, name, options.encoding, scratch, field)
        self.warnings = list(self._text.warnings)
        self._lines = self._text.path
        self._clean = scratch / f"{abs(hash(path))}.jsonl"
        self._bad: list[Reject] = []
        if kind == "json":
            self._unpack()
        self._keys = self._find_keys()
        self.names, renamed = unique_names(self._keys)
        self.warnings += renamed

    def column(self, name: str) -> Column:
        """How the column `name` is read."""
        return JsonColumn(name, self._options.null_tokens, self._options.wanted(name), self._options.decimal)

    def batches(self) -> Iterator[pl.DataFrame]:
        """Each object a row, each cell its JSON text; null where the object has no such key, or null there."""
        self.rows = 0
        pointers = ", ".join(_quoted(f"/{key.replace('~', '~0').replace('/', '~1')}") for key in self._keys)
        cells = ", ".join(f"cells[{i + 1}]::VARCHAR AS c{i}" for i in range(len(self._keys)))
        query = f"SELECT {cells} FROM (SELECT json_extract(json, [{pointers}]) AS cells FROM {self._objects})"  # noqa: S608 - keys are quoted
        with duckdb.connect(config=CONFIG) as connection:
            for batch in connection.sql(query).to_arrow_reader(self._options.batch_rows):
                frame = pl.DataFrame(batch)
                self.rows += frame.height
                frame.columns = self.names
                yield frame

    def rejects(self) -> Iterator[Reject]:
        """The lines that hold no JSON object."""
        return iter(self._bad)

    def locate(self, rows: list[int]) -> Iterator[Located]:
        """Each of the good `rows` (ascending, from 0): its line, or its number in a document."""
        wanted = iter(rows)
        sought = next(wanted, None)
        bad = {reject.line for reject in self._bad}
        index = 0
        with (self._lines if self.format == "jsonl" else self._clean).open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if sought is None:
                    return
                if not line.strip() or number in bad:
                    continue
                if index == sought:
                    cells = cast(dict[str, object], json.loads(line))
                    named = {name: cells.get(key) for key, name in zip(self._keys, self.names, strict=True)}
                    yield Located(number, named, line.strip()[:RAW_CHARACTERS])
                    sought = next(wanted, None)
                index += 1

    def close(self) -> None:
        """Nothing is held."""

    @property
    def _objects(self) -> str:
        path = self._clean if self._clean.exists() else self._lines
        return (
            f"read_json_objects({_quoted(str(path))}, format='newline_delimited', maximum_object_size={OBJECT_BYTES})"
        )

    def _find_keys(self) -> list[str]:
        keys: dict[str, None] = {}
        query = f"SELECT json_type(json) AS kind, json_keys(json) AS keys FROM {self._objects}"  # noqa: S608 - quoted
        try:
            with duckdb.connect(config=CONFIG) as connection:
                for batch in connection.sql(query).to_arrow_reader(self._options.batch_rows):
                    frame = pl.DataFrame(batch)
                    if (frame["kind"] != "OBJECT").any():
                        return self._without_bad_lines()
                    names = frame["keys"].explode().drop_nulls().unique(maintain_order=True)
                    keys.update(dict.fromkeys(names.to_list()))
        except (duckdb.Error, OSError):
            # What goes wrong after the first batch comes through Arrow, as an OSError.
            return self._without_bad_lines()
        if not keys:
            raise self._no_table()
        return list(keys)

    def _without_bad_lines(self) -> list[str]:
        keys: dict[str, None] = {}
        with self._lines.open(encoding="utf-8-sig") as lines, self._clean.open("w", encoding="utf-8") as clean:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    found: object = json.loads(line)
                except json.JSONDecodeError:
                    found = None
                if isinstance(found, dict):
                    keys.update(dict.fromkeys(cast(dict[str, object], found)))
                    clean.write(json.dumps(found, ensure_ascii=False) + "\n")
                else:
                    self._bad.append(Reject(self.path.name, number, "no JSON object", line.strip()[:RAW_CHARACTERS]))
        if not keys:
            raise self._no_table()
        return list(keys)

    def _no_table(self) -> OpError:
        return OpError(
            "invalid_input", f"{self._field}: `{self.path.name}` holds no JSON object", "Give one object a row."
        )

    def _unpack(self) -> None:
        """Writes the objects of a document one a line."""
        if self._text.path.stat().st_size > DOCUMENT_BYTES:
            raise OpError(
                "invalid_input",
                f"{self._field}: `{self.path.name}` is one JSON document of more than {DOCUMENT_BYTES >> 20} MB",
                "Give JSON Lines (one object a line), which is read piece by piece.",
            )
        try:
            found: object = json.loads(self._text.path.read_text(encoding="utf-8-sig"))
        except json.JSONDecodeError as error:
            if error.msg == "Extra data":
                self.format = "jsonl"
                return
            raise OpError(
                "invalid_input",
                f"{self._field}: `{self.path.name}` is no JSON: {error.msg} in line {error.lineno}",
                "Give an array of objects.",
            ) from error
        rows = _rows_of(found)
        if not rows:
            raise OpError(
                "invalid_input",
                f"{self._field}: `{self.path.name}` holds no array of objects",
                "Give an array of objects.",
            )
        with self._clean.open("w", encoding="utf-8") as clean:
            for number, row in enumerate(rows, start=1):
                if isinstance(row, dict):
                    clean.write(json.dumps(row, ensure_ascii=False) + "\n")
                else:
                    raw = json.dumps(row, ensure_ascii=False)[:RAW_CHARACTERS]
                    self._bad.append(Reject(self.path.name, number, "no JSON object", raw))


def _rows_of(found: object) -> list[object]:
    if isinstance(found, list):
        return cast(list[object], found)
    if not isinstance(found, dict):
        return []
    table = cast(dict[str, object], found)
    columns = [cast(list[object], value) for value in table.values() if isinstance(value, list)]
    if len(columns) == len(table) > 0 and len(set(map(len, columns))) == 1 and not _rows_under_a_key(table):
        return [dict(zip(table, row, strict=True)) for row in zip(*columns, strict=True)]
    key = next((key for key in LIST_KEYS if isinstance(table.get(key), list)), None)
    return cast(list[object], table[key]) if key is not None else [table]


def _rows_under_a_key(table: dict[str, object]) -> bool:
    return len(table) == 1 and next(iter(table)) in LIST_KEYS


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
