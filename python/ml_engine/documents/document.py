"""What every reader of a kind of file answers."""

from dataclasses import dataclass, field

from ml_engine.contract.rag import DocumentMark


@dataclass
class Document:
    """A file's text, and marks of what stands where; offsets are code points of `text`."""

    text: str
    media_type: str
    title: str = ""
    marks: list[DocumentMark] = field(default_factory=list[DocumentMark])
    warnings: list[str] = field(default_factory=list[str])
