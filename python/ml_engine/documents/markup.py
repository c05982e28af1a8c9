"""Headings, tables and code of texts that say by their own signs what is what: Markdown and reStructuredText."""

import re

from ml_engine.contract.rag import DocumentMark

_ATX = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$", re.MULTILINE)
_SETEXT = re.compile(r"^(?![ \t]*$)( {0,3}\S.*)\n {0,3}(=+|-{2,})[ \t]*$", re.MULTILINE)
_FENCE = re.compile(r"^ {0,3}(```+|~~~+)[^\n]*\n.*?^ {0,3}\1[ \t]*$", re.MULTILINE | re.DOTALL)
_TABLE = re.compile(r"^(?:[ \t]*\|.*\|[ \t]*(?:\n|\Z))+", re.MULTILINE)
_UNDERLINED = re.compile(
    r"^(?:(?P<over>([=\-`:.'\"~^_*+#!$%&,/;<>?@\[\]{}|\\])\2{2,})\n)?(?P<title>\S.*)\n"
    r"(?P<under>([=\-`:.'\"~^_*+#!$%&,/;<>?@\[\]{}|\\])\5{2,})[ \t]*$",
    re.MULTILINE,
)
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---[ \t]*\n", re.DOTALL)


def mark(kind: str, start: int, end: int, label: str = "", level: int = 0) -> DocumentMark:
    """A mark, in the contract's words."""
    return {"kind": kind, "start": start, "end": end, "level": level, "label": label}  # pyright: ignore[reportReturnType]


def markdown_marks(text: str) -> list[DocumentMark]:
    """Headings (CommonMark's two ways), fenced code and tables, in order; signs within code are none."""
    code = [mark("code", found.start(), found.end()) for found in _FENCE.finditer(text)]
    front = _FRONT_MATTER.match(text)
    taken = [(one["start"], one["end"]) for one in code] + ([(0, front.end())] if front else [])
    free = [
        *[mark("heading", one.start(), one.end(), one[2], len(one[1])) for one in _ATX.finditer(text) if one[2]],
        *[
            mark("heading", one.start(), one.end(), one[1].strip(), 1 if one[2][0] == "=" else 2)
            for one in _SETEXT.finditer(text)
        ],
        *[mark("table", one.start(), one.end()) for one in _TABLE.finditer(text)],
    ]
    kept = [one for one in free if not any(start <= one["start"] < end for start, end in taken)]
    return sorted([*code, *kept], key=lambda one: (one["start"], -one["end"]))


def rst_marks(text: str) -> list[DocumentMark]:
    """Section titles of reStructuredText; each new kind of underline is a level deeper (docutils' rule)."""
    styles: list[tuple[bool, str]] = []
    marks: list[DocumentMark] = []
    for found in _UNDERLINED.finditer(text):
        title, under = found["title"].strip(), found["under"]
        if len(under) < len(title) and len(under) < 4:
            continue
        style = (found["over"] is not None, under[0])
        if style not in styles:
            styles.append(style)
        marks.append(mark("heading", found.start(), found.end(), title, styles.index(style) + 1))
    return marks
