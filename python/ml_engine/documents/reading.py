"""A file as a document, by what is in it."""

from collections.abc import Callable
from pathlib import Path, PurePath

from ml_engine.documents import office, pdf, plain, records, web
from ml_engine.documents.archive import check_container, read_zip
from ml_engine.documents.cleaning import cleaned
from ml_engine.documents.deadline import deadline
from ml_engine.documents.decoding import decoded
from ml_engine.documents.document import Document, Source
from ml_engine.documents.kinds import binary_kind, text_kind
from ml_engine.documents.suspicion import suspicions
from ml_engine.errors import OpError

MOST_BYTES = 512 << 20
MOST_CHARACTERS = 32 << 20
ZIPPED = {"docx", "pptx", "xlsx", "epub", "zip"}
READERS: dict[str, Callable[[Source], Document]] = {
    "pdf": pdf.read_pdf,
    "docx": office.read_docx,
    "pptx": office.read_pptx,
    "xlsx": office.read_xlsx,
    "xls": office.read_xls,
    "epub": office.read_epub,
    "msg": office.read_msg,
    "rtf": plain.read_rtf,
    "html": web.read_html,
    "rss": web.read_feed,
    "xml": web.read_xml,
    "csv": records.read_csv,
    "json": records.read_json,
    "jsonl": records.read_jsonl,
    "ipynb": plain.read_notebook,
    "eml": plain.read_mail,
    "md": plain.read_markdown,
    "rst": plain.read_rst,
    "code": plain.read_code,
    "txt": plain.read_text,
    "zip": lambda source: read_zip(source, read_source),
}


def read_document(path: Path) -> Document:
    """The document in a file.

    Raises:
        OpError: it holds no text, or none that can be read.
    """
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise OpError(
            "invalid_input", f"It has {size >> 20} MiB, more than the {MOST_BYTES >> 20} MiB that are read: split it."
        )
    with deadline():
        document = read_source(Source(path.name, path.read_bytes()))
        if len(document.text) > MOST_CHARACTERS:
            size = f"{len(document.text) / 2**20:.0f} million characters of text, more than the {MOST_CHARACTERS >> 20}"
            raise OpError("invalid_input", f"It has {size} that are read at once: split it into smaller files.")
        document.warnings += suspicions(document.text)
    return document


def read_source(source: Source) -> Document:
    """The document in content that is in memory, as a file or an archive's member.

    Raises:
        OpError: it holds no text, or none that can be read.
    """
    if not source.content:
        raise OpError("invalid_input", "It is empty.")
    kind = binary_kind(source.content)
    if kind in ZIPPED:
        check_container(source)
    if kind is None:
        source.text = decoded(source.content)
        kind = text_kind(source.text, source.name)
    document = READERS[kind](source)
    headings = (one["label"] for one in document.marks if one["kind"] == "heading")
    title, _ = cleaned(document.title)
    document.title = " ".join(title.split()) or next(headings, "") or PurePath(source.name).stem
    return document
