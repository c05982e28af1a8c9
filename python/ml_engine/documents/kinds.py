"""What kind of file it is, by its content; its name only tells kinds of text apart."""

import io
import re
import zipfile
from pathlib import PurePath

import olefile

from ml_engine.errors import OpError

_CODE = (
    ".py .pyi .js .mjs .cjs .ts .tsx .jsx .java .c .h .cc .cpp .hpp .cs .go .rs .rb .php .swift .kt .scala .sh .bash "
    ".ps1 .sql .r .jl .lua .pl .hs .ml .ex .exs .erl .clj .dart .vue .css .scss .f90 .m .zig .proto .tf"
)
_BY_ENDING = {
    **dict.fromkeys([".md", ".markdown", ".mdx"], "md"),
    ".rst": "rst",
    ".csv": "csv",
    ".tsv": "csv",
    ".tab": "csv",
    **dict.fromkeys([".jsonl", ".ndjson"], "jsonl"),
    **dict.fromkeys(_CODE.split(), "code"),
}
_IN_ZIP = {
    "word/document.xml": "docx",
    "ppt/presentation.xml": "pptx",
    "xl/workbook.xml": "xlsx",
    "META-INF/container.xml": "epub",
}
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")
_MAIL_HEADER = re.compile(
    r"^(from|to|subject|date|received|return-path|message-id|mime-version|delivered-to):", re.IGNORECASE | re.MULTILINE
)
_HTML = re.compile(
    r"(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_RSS = re.compile(r"<(?:rss|rdf:RDF|feed)\b")


def binary_kind(content: bytes) -> str | None:
    """The kind that the first bytes or an archive's members tell; None where it may be text.

    Raises:
        OpError: it is of a kind that is known and cannot be read.
    """
    if b"%PDF-" in content[:1024]:
        return "pdf"
    if content.startswith((b"PK\3\4", b"PK\5\6")):
        return _zip_kind(content)
    if content.startswith(olefile.MAGIC):
        return _ole_kind(content)
    if content.startswith(b"{\\rtf"):
        return "rtf"
    if content.startswith(_PICTURES):
        raise OpError("invalid_input", "It is a picture, with no text to read: run OCR on it first.")
    if content.startswith((b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")):
        raise OpError("invalid_input", "It is an archive of a kind that is not read: unpack it, or make it a zip.")
    return None


def text_kind(text: str, name: str) -> str:
    """The kind of a text, by its signs, then by its ending; `.txt` after another ending is passed over."""
    named = _BY_ENDING.get(PurePath(name.removesuffix(".txt")).suffix.lower())
    if named in {"code", "md", "rst"}:
        return named
    head = text[:4096].lstrip()
    if _HTML.match(head):
        return "html"
    if head.startswith("<?xml") or (head.startswith("<") and name.lower().endswith((".xml", ".rss", ".atom"))):
        return "rss" if _RSS.search(head) else "xml"
    if head.startswith(("{", "[")):
        return _json_kind(text, head, named)
    headers = head.split("\n\n", 1)[0]
    if len({found[1].lower() for found in _MAIL_HEADER.finditer(headers)}) >= 3 and re.match(r"[A-Za-z-]+:", head):
        return "eml"
    return named or "txt"


def _json_kind(text: str, head: str, named: str | None) -> str:
    lines = [line for line in text[:65536].split("\n", 3)[:3] if line.strip()]
    whole = len(lines) > 1 and all(line.strip().startswith("{") and line.strip().endswith("}") for line in lines[:2])
    if named == "jsonl" or (whole and head.startswith("{")):
        return "jsonl"
    if named:
        return named
    return "ipynb" if '"nbformat"' in text and '"cells"' in text else "json"


def _zip_kind(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
    except zipfile.BadZipFile as error:
        raise OpError("invalid_input", f"It is a damaged zip container ({error}): make or save it anew.") from error
    if "mimetype" in names and "content.xml" in names:
        raise OpError("invalid_input", "It is an OpenDocument file, which is not read: save it as docx, xlsx or PDF.")
    return next((kind for member, kind in _IN_ZIP.items() if member in names), "zip")


def _ole_kind(content: bytes) -> str:
    try:
        with olefile.OleFileIO(io.BytesIO(content)) as ole:
            streams = {str(path[0]) for path in ole.listdir()}
    except (OSError, ValueError, IndexError) as error:
        raise OpError("invalid_input", "It is a damaged Office or mail file: save it anew.") from error
    if streams & {"EncryptionInfo", "EncryptedPackage"}:
        raise OpError("invalid_input", "It is an Office file with a password: save it without one.")
    if streams & {"Workbook", "Book"}:
        return "xls"
    if "__properties_version1.0" in streams:
        return "msg"
    old = {"WordDocument": "docx", "PowerPoint Document": "pptx"}
    kind = next((new for stream, new in old.items() if stream in streams), "PDF")
    raise OpError("invalid_input", f"It is an Office file of the old kind, which is not read: save it as {kind}.")
