"""A file as a document, by what is in it."""

import re
from pathlib import Path

from ml_engine.documents.document import Document
from ml_engine.documents.markup import markdown_marks, rst_marks
from ml_engine.errors import OpError

MARKDOWN = {".md", ".markdown", ".mdx"}
RST = {".rst"}
CODE = {
    *(".py", ".js", ".ts", ".tsx", ".jsx", ".java", ".c", ".h", ".cpp", ".hpp", ".cs", ".go", ".rs", ".rb", ".php"),
    *(".swift", ".kt", ".scala", ".sh", ".sql", ".r", ".jl", ".lua", ".pl"),
}


def read_document(path: Path) -> Document:
    """The document in a file.

    Raises:
        OpError: it holds no text, or none that can be read.
    """
    ending = path.name.removesuffix(".txt")[path.name.removesuffix(".txt").rfind(".") :].lower()
    text = _decoded(path)
    if ending in MARKDOWN:
        return _titled(Document(text, "text/markdown", marks=markdown_marks(text)), path)
    if ending in RST:
        return _titled(Document(text, "text/x-rst", marks=rst_marks(text)), path)
    return _titled(Document(text, "text/x-code" if ending in CODE else "text/plain"), path)


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    if b"\0" in content[:8192] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise OpError("invalid_input", "It is binary: no reader knows this kind of file.")
    encodings = ["utf-16"] if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "cp1252", "latin-1"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return re.sub(r"\r\n?", "\n", text)
    raise OpError("invalid_input", "Its encoding is not known.")


def _titled(document: Document, path: Path) -> Document:
    headings = [one for one in document.marks if one["kind"] == "heading"]
    document.title = document.title or (headings[0]["label"] if headings else path.stem)
    return document
