"""Tables and JSON as text that can be searched by row."""

import csv
import io
import json
from collections.abc import Iterator

from ml_engine.documents.cleaning import cleaned
from ml_engine.documents.document import Document, Source
from ml_engine.documents.parts import markdown, record, rows_as_text

_TEXT_FIELDS = ("text", "content", "body", "page_content")
_MOST_DEPTH = 40


def read_csv(source: Source) -> Document:
    """Rows with their header."""
    text, warnings = cleaned(source.text)
    first = text.lstrip("\n").split("\n", 1)[0]
    separator = max("\t;,|", key=first.count)
    csv.field_size_limit(1 << 27)
    rows = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text), delimiter=separator)]
    rows = [row for row in rows if any(row)]
    document = markdown(rows_as_text(rows[0], rows[1:]) if rows else "", "text/csv")
    document.warnings += warnings
    return document


def read_jsonl(source: Source) -> Document:
    """Each line's fields; the one that holds the text last, under the others."""
    texts: list[str] = []
    broken: list[int] = []
    for number, line in enumerate(source.text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            texts.append(_value(json.loads(line)))
        except (ValueError, RecursionError):
            broken.append(number)
            texts.append(line)
    text, warnings = cleaned("\n\n".join(texts))
    if broken:
        warnings.append(f"{len(broken)} line(s) are not JSON, the first is line {broken[0]}: kept as they are.")
    return Document(text, "application/jsonl", warnings=warnings)


def read_json(source: Source) -> Document:
    """Fields as lines `path: value`; a list of objects as one record each."""
    try:
        text, warnings = cleaned(_value(json.loads(source.text)))
    except (ValueError, RecursionError) as error:
        text, warnings = cleaned(source.text)
        return Document(text, "text/plain", warnings=[*warnings, f"It is not valid JSON ({error}): read as text."])
    return Document(text, "application/json", warnings=warnings)


def _value(value: object) -> str:
    if isinstance(value, list):
        return "\n\n".join(map(_value, value))
    fields = dict(_fields(value, "", 0))
    long = next((key for key in _TEXT_FIELDS if key in fields), None)
    body = fields.pop(long) if long else ""
    return "\n".join(filter(None, [record(fields.items()), body]))


def _fields(value: object, path: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > _MOST_DEPTH:
        yield path, json.dumps(value, ensure_ascii=False, default=str)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _fields(inner, f"{path}.{key}" if path else str(key), depth + 1)
    elif isinstance(value, list):
        if all(not isinstance(one, dict | list) for one in value):
            yield path, ", ".join(map(_scalar, value))
        else:
            for number, one in enumerate(value):
                yield from _fields(one, f"{path}[{number}]", depth + 1)
    else:
        yield path, _scalar(value)


def _scalar(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
