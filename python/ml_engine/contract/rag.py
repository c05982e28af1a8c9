# Generated from the tool definitions; change those and run `npm run gen`.

from typing_extensions import TypedDict
from typing import Literal


class FoundFile(TypedDict, closed=True):
    id: str
    """
    Path within its folder, or its name.
    """
    path: str
    root: str
    """
    Folder it was found in; empty where it was named itself.
    """
    hash: str
    bytes: int


class IngestParams(TypedDict, closed=True):
    step: Literal["list", "parse", "model"]
    sources: list[str]
    files: list[FoundFile]
    target: str
    """
    Folder that a model's own is made in.
    """


class DocumentMark(TypedDict, closed=True):
    kind: Literal["heading", "page", "slide", "sheet", "table", "code"]
    start: int
    end: int
    level: int
    label: str


class IngestFailure(TypedDict, closed=True):
    document: str
    error: str


class ReadDocument(TypedDict, closed=True):
    file: FoundFile
    title: str
    media_type: str
    text_file: str
    """
    Absolute path of its text in UTF-8.
    """
    marks: list[DocumentMark]
    warnings: list[str]


class IngestResult(TypedDict, closed=True):
    files: list[FoundFile]
    documents: list[ReadDocument]
    failures: list[IngestFailure]
    model: str
    """
    Its folder's name.
    """
