"""PDF through PDFium, page by page."""

import re
from collections import Counter

import pypdfium2 as pdfium

from ml_engine.documents.document import Document, Source
from ml_engine.documents.parts import joined
from ml_engine.errors import OpError

_BROKEN_WORD = re.compile(r"(?<=[^\W\d_])[-\u2010\u00ad\ufffe\x02]\n(?=[^\W\d_])")
_HYPHEN = re.compile(r"[\ufffe\x02]")
_FEWEST_PAGES = 4
_MOST = 0.6
_EDGE_LINES = 2


def read_pdf(source: Source) -> Document:
    """A `page` mark for each page with text, labelled by its number from 1; running heads and feet left out."""
    try:
        pdf = pdfium.PdfDocument(source.content)
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            raise OpError("invalid_input", "It is a PDF with a password: save it without one.") from error
        raise OpError("invalid_input", "It is a damaged PDF: save it anew.") from error
    try:
        title = str(pdf.get_metadata_value("Title") or "").strip()
        pages = [_page_text(pdf, number) for number in range(len(pdf))]
    finally:
        pdf.close()
    if not any(page.strip() for page in pages):
        raise OpError("invalid_input", "It is a scanned PDF with no text layer; OCR it first.")
    empty = [number for number, page in enumerate(pages, 1) if not page.strip()]
    bodies = _without_running_lines(pages)
    parts = ((str(number), _BROKEN_WORD.sub("", body)) for number, body in enumerate(bodies, 1))
    document = joined(parts, "page", "application/pdf", title)
    if empty:
        some = ", ".join(map(str, empty[:10])) + (" …" if len(empty) > 10 else "")
        document.warnings.append(f"No text on {len(empty)} of {len(pages)} pages ({some}): scanned ones need OCR.")
    return document


def _page_text(pdf: pdfium.PdfDocument, number: int) -> str:
    try:
        page = pdf[number]
        text = page.get_textpage()
    except pdfium.PdfiumError:
        return ""
    try:
        lines = str(text.get_text_range()).replace("\r\n", "\n").replace("\r", "\n")
        # PDFium writes U+FFFE or U+0002 for a hyphen that ends a line, and may drop the line end after it.
        return _HYPHEN.sub("", _BROKEN_WORD.sub("", lines))
    finally:
        text.close()
        page.close()


def _without_running_lines(pages: list[str]) -> list[str]:
    """Pages without the lines that stand first or last on most of them; numbers in these may differ."""
    split = [[line for line in page.split("\n") if line.strip()] for page in pages]
    written = [lines for lines in split if lines]
    if len(written) < _FEWEST_PAGES:
        return pages
    counts = Counter(shape for lines in written for shape in {_shape(line) for line in _edges(lines)})
    running = {shape for shape, count in counts.items() if count > len(written) * _MOST}
    return ["\n".join(_body(page.split("\n"), running)) for page in pages]


def _edges(lines: list[str]) -> list[str]:
    return lines[:_EDGE_LINES] + lines[max(_EDGE_LINES, len(lines) - _EDGE_LINES) :]


def _body(lines: list[str], running: set[str]) -> list[str]:
    full = [at for at, line in enumerate(lines) if line.strip()]
    edges = {*full[:_EDGE_LINES], *full[-_EDGE_LINES:]}
    return [line for at, line in enumerate(lines) if not (at in edges and _shape(line) in running)]


def _shape(line: str) -> str:
    return re.sub(r"\d+", "#", line.strip())
