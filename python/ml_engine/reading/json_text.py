"""Reads JSON arrays of objects and JSON Lines, bad lines put aside."""

import json
from pathlib import Path
from typing import cast

import polars as pl

from ml_engine.errors import OpError
from ml_engine.reading.options import Reject

RAW_CHARACTERS = 10_000
LIST_KEYS = ("data", "rows", "records", "items", "results")


def read_json(path: Path, field: str) -> tuple[pl.DataFrame, list[Reject]]:
    """An array of objects, an object with such an array under `data`, `rows`, …, or an object of columns.

    Raises:
        OpError: it is no JSON, or no table.
    """
    text = _text(path, field)
    try:
        found: object = json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            return read_json_lines(path, field)
        raise OpError(
            "invalid_input",
            f"{field}: `{path.name}` is no JSON: {error.msg} in line {error.lineno}",
            "Give an array of objects.",
        ) from error
    if isinstance(found, dict):
        table = cast(dict[str, object], found)
        key = next((key for key in LIST_KEYS if isinstance(table.get(key), list)), None)
        columns_alike = (
            len({len(cast(list[object], value)) for value in table.values() if isinstance(value, list)}) == 1
        )
        if key is not None and not (
            len(table) > 1 and columns_alike and all(isinstance(value, list) for value in table.values())
        ):
            found = table[key]
        elif table and columns_alike and all(isinstance(value, list) for value in table.values()):
            return pl.DataFrame(table, strict=False), []
        else:
            found = [table]
    if not isinstance(found, list) or not found:
        raise OpError("invalid_input", f"{field}: `{path.name}` holds no array of objects", "Give an array of objects.")
    return _from_objects([(row, value) for row, value in enumerate(cast(list[object], found), start=1)], path, field)


def read_json_lines(path: Path, field: str) -> tuple[pl.DataFrame, list[Reject]]:
    """One JSON object a line; a line that is none is put aside.

    Raises:
        OpError: the file is empty or no line is an object.
    """
    text = _text(path, field)
    try:
        frame = pl.read_ndjson(text.encode(), infer_schema_length=None)
        if frame.height == sum(1 for line in text.splitlines() if line.strip()):
            return frame, []
    except pl.exceptions.PolarsError:
        pass
    rows: list[tuple[int, object]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                rows.append((number, json.loads(line)))
            except json.JSONDecodeError:
                rows.append((number, line))
    return _from_objects(rows, path, field)


def _from_objects(rows: list[tuple[int, object]], path: Path, field: str) -> tuple[pl.DataFrame, list[Reject]]:
    good = [cast(dict[str, object], value) for _, value in rows if isinstance(value, dict)]
    rejects = [
        Reject(
            path.name,
            number,
            "no JSON object",
            (value if isinstance(value, str) else json.dumps(value))[:RAW_CHARACTERS],
        )
        for number, value in rows
        if not isinstance(value, dict)
    ]
    if not good:
        raise OpError("invalid_input", f"{field}: `{path.name}` holds no JSON object", "Give one object a row.")
    try:
        return pl.DataFrame(good, infer_schema_length=None), rejects
    except (pl.exceptions.PolarsError, TypeError, OverflowError):
        names = list(dict.fromkeys(name for row in good for name in row))
        columns = [pl.Series(name, [_as_text(row.get(name)) for row in good], dtype=pl.String) for name in names]
        return pl.DataFrame(columns), rejects


def _as_text(value: object) -> str | None:
    return value if isinstance(value, str) or value is None else json.dumps(value, ensure_ascii=False)


def _text(path: Path, field: str) -> str:
    raw = path.read_bytes()
    if b"\0" in raw[: 1 << 16] and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise OpError(
            "invalid_input", f"{field}: `{path.name}` has NUL bytes; it is binary or damaged", "Give a text file."
        )
    for encoding in ("utf-16",) if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252", "latin-1"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not text.strip():
            raise OpError("invalid_input", f"{field}: `{path.name}` is empty", "Give a file with at least one row.")
        return text
    raise OpError("invalid_input", f"{field}: `{path.name}` is not text", "Give UTF-8.")
