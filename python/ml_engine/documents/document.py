"""What every reader of a kind of file takes and answers."""

from dataclasses import dataclass, field

from ml_engine.contract.rag import DocumentMark


@dataclass
class Budget:
    """What unpacking may still bring forth, in bytes, over all members and archives within archives."""

    left: int = 512 << 20


@dataclass
class Source:
    """A file's name and content; `text` is its content decoded where it is no binary kind."""

    name: str
    content: bytes
    text: str = ""
    depth: int = 0
    budget: Budget = field(default_factory=Budget)


@dataclass
class Document:
    """A file's text, and marks of what stands where; offsets are code points of `text`."""

    text: str
    media_type: str
    title: str = ""
    marks: list[DocumentMark] = field(default_factory=list[DocumentMark])
    warnings: list[str] = field(default_factory=list[str])
