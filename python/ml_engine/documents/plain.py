"""Texts that are read as they stand: Markdown, reStructuredText, code, notebooks, mail, RTF, anything else."""

import json
import re
from email import policy
from email.parser import BytesParser

from ml_engine.documents.cleaning import cleaned
from ml_engine.documents.document import Document, Source
from ml_engine.documents.markup import rst_marks
from ml_engine.documents.parts import markdown
from ml_engine.documents.web import html_document
from ml_engine.errors import OpError

_RTF = re.compile(r"\\([a-z]+)(-?\d+)? ?|\\'([0-9a-f]{2})|\\([^a-z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.IGNORECASE)
_UNREAD = "fonttbl colortbl stylesheet info pict object header footer themedata datastore listtable generator"
_RTF_UNREAD = set(_UNREAD.split())


def read_markdown(source: Source) -> Document:
    return markdown(source.text, "text/markdown")


def read_rst(source: Source) -> Document:
    text, warnings = cleaned(source.text)
    return Document(text, "text/x-rst", marks=rst_marks(text), warnings=warnings)


def read_code(source: Source) -> Document:
    text, warnings = cleaned(source.text)
    return Document(text, "text/x-code", warnings=warnings)


def read_text(source: Source) -> Document:
    text, warnings = cleaned(source.text)
    return Document(text, "text/plain", warnings=warnings)


def read_notebook(source: Source) -> Document:
    """Cells of text as they are, of code as fenced code, with the text they put out."""
    try:
        notebook = json.loads(source.text)
        language = str(notebook.get("metadata", {}).get("kernelspec", {}).get("language", "python"))
        cells = [_cell(cell, language) for cell in notebook["cells"]]
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise OpError("invalid_input", f"It is a damaged notebook ({error}): save it anew.") from error
    return markdown("\n\n".join(filter(None, cells)), "application/x-ipynb+json")


def _cell(cell: dict[str, object], language: str) -> str:
    text = _lines(cell.get("source")).strip("\n")
    if not text or cell.get("cell_type") != "code":
        return text
    outputs = cell.get("outputs")
    shown = (
        "".join(_lines(one.get("text")) for one in outputs if isinstance(one, dict))
        if isinstance(outputs, list)
        else ""
    )
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", text + shown)), 3)
    code = f"{fence}{language}\n{text}\n{fence}"
    return f"{code}\n\n{fence}\n{shown.rstrip()}\n{fence}" if shown.strip() else code


def _lines(value: object) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value or "")


def read_mail(source: Source) -> Document:
    """Its headers that people read, then its body; attachments are named and not read."""
    message = BytesParser(policy=policy.default).parsebytes(source.content)
    body = message.get_body(("plain", "html"))
    try:
        content = str(body.get_content()) if body else ""
    except (LookupError, KeyError):
        content = ""
    inner = html_document(content) if body and body.get_content_type() == "text/html" else Document(content, "")
    headers = "\n".join(f"{name}: {message[name]}" for name in ("From", "To", "Cc", "Date", "Subject") if message[name])
    text, warnings = cleaned(f"{headers}\n\n{inner.text}")
    names = [part.get_filename() or part.get_content_type() for part in message.iter_attachments()]
    left = [f"Attachments not read: {', '.join(names)}."] if names else []
    return Document(text, "message/rfc822", str(message["Subject"] or ""), warnings=[*warnings, *inner.warnings, *left])


def read_rtf(source: Source) -> Document:
    """The text of an RTF file: no styles, tables as lines."""
    raw = source.content.decode("latin-1")
    page = re.search(r"\\ansicpg(\d+)", raw)
    text, warnings = cleaned(_rtf_text(raw, f"cp{page[1]}" if page else "cp1252"))
    return Document(text, "application/rtf", warnings=warnings)


def _rtf_text(raw: str, encoding: str) -> str:
    out: list[str] = []
    pending = bytearray()
    stack: list[bool] = []
    unread, skip = False, 0

    def flush() -> None:
        out.append(pending.decode(encoding, "replace"))
        pending.clear()

    for found in _RTF.finditer(raw):
        word, number, byte, sign, brace, text = found.groups()
        if byte and not unread:
            if skip:
                skip -= 1
            else:
                pending += bytes.fromhex(byte)
            continue
        flush()
        if brace == "{":
            stack.append(unread)
        elif brace:
            unread = stack.pop() if stack else False
        elif sign == "*" or word in _RTF_UNREAD:
            unread = True
        elif unread:
            continue
        elif word == "u" and number:
            out.append(chr(int(number) % 65536))
            skip = 1
        elif word or sign:
            out.append(
                {"par": "\n", "line": "\n", "row": "\n", "tab": "\t", "cell": "\t", "~": " "}.get(word or sign, "")
            )
            out.append(sign if sign and sign in "\\{}" else "")
        elif text:
            out.append(text[skip:])
            skip = 0
    flush()
    return "".join(out)
