"""Documents made of parts: pages, slides, sheets; and rows as text."""

from collections.abc import Iterable, Sequence
from typing import Literal

from ml_engine.contract.rag import DocumentMark
from ml_engine.documents.cleaning import cleaned
from ml_engine.documents.document import Document
from ml_engine.documents.markup import mark, markdown_marks

# A table larger than this is cut when it is indexed, so its rows carry their header themselves.
MOST_TABLE_ROWS = 40


def markdown(text: str, media_type: str, title: str = "") -> Document:
    """A document of Markdown, its hidden characters taken out before anything is marked."""
    text, warnings = cleaned(text)
    return Document(text, media_type, title, markdown_marks(text), warnings)


def in_order(marks: Iterable[DocumentMark]) -> list[DocumentMark]:
    """By where they start, the wider ones first."""
    return sorted(marks, key=lambda one: (one["start"], -one["end"]))


def joined(
    parts: Iterable[tuple[str, str]], kind: Literal["page", "slide", "sheet"], media_type: str, title: str = ""
) -> Document:
    """Labels and their texts as one document with a mark for each; parts without text are left out."""
    texts: list[str] = []
    marks: list[DocumentMark] = []
    warnings: list[str] = []
    at = 0
    for label, raw in parts:
        text, hidden = cleaned(raw)
        text = text.strip("\n")
        if not text.strip():
            continue
        marks.append(mark(kind, at, at + len(text), label))
        warnings += [f"{kind.capitalize()} {label}: {one}" for one in hidden]
        texts.append(text)
        at += len(text) + 2
    whole = "\n\n".join(texts)
    inner = [] if kind == "page" else markdown_marks(whole)
    return Document(whole, media_type, title, in_order([*marks, *inner]), warnings)


def rows_as_text(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A small table as Markdown; of a larger one, each row as lines `column: value`."""
    if len(rows) > MOST_TABLE_ROWS:
        return "\n\n".join(filter(None, (record(zip(header, row, strict=False)) for row in rows)))
    lines = [_line(header), "|" + " --- |" * len(header), *map(_line, rows)]
    return "\n".join(lines)


def record(fields: Iterable[tuple[str, str]]) -> str:
    """`key: value` lines; empty values are left out."""
    return "\n".join(f"{key}: {value}" if key else value for key, value in fields if value.strip())


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"
