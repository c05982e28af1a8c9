"""Zip archives as one document, and the limits of unpacking."""

import io
import zipfile
import zlib
from collections.abc import Callable

from ml_engine.contract.rag import DocumentMark
from ml_engine.documents.document import Document, Source
from ml_engine.documents.markup import mark
from ml_engine.errors import OpError

MOST_MEMBERS = 2000
MOST_DEPTH = 3
MOST_RATIO = 200
_SMALL = 1 << 20


def check_container(source: Source) -> None:
    """Refuses what unpacks to far more than it holds, before anything is unpacked.

    Raises:
        OpError: it has too many members, one is encrypted or packed too tightly, or all are too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(source.content)) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile as error:
        raise OpError("invalid_input", f"It is a damaged zip container ({error}): make it anew.") from error
    if len(members) > MOST_MEMBERS:
        raise OpError("invalid_input", f"It has {len(members)} members, more than {MOST_MEMBERS}: unpack it first.")
    if any(member.flag_bits & 1 for member in members):
        raise OpError("invalid_input", "It is an archive with a password: unpack it first.")
    for member in members:
        if member.file_size > _SMALL and member.file_size > MOST_RATIO * max(member.compress_size, 1):
            what = f"“{member.filename}” unpacks to more than {MOST_RATIO} times its size"
            raise OpError("refused", f"It may be a zip bomb: {what}. Unpack it yourself if you trust it.")
    source.budget.left -= sum(member.file_size for member in members)
    if source.budget.left < 0:
        raise OpError("refused", "It unpacks to more than 512 MiB, as zip bombs do: unpack it and give the folder.")


def read_zip(source: Source, read: Callable[[Source], Document]) -> Document:
    """Every member that can be read, each under a heading of its name; the others are warnings."""
    if source.depth >= MOST_DEPTH:
        raise OpError("refused", f"Archives are nested more than {MOST_DEPTH} deep: unpack it first.")
    texts: list[str] = []
    marks: list[DocumentMark] = []
    warnings: list[str] = []
    at = 0
    with zipfile.ZipFile(io.BytesIO(source.content)) as archive:
        for member in archive.infolist():
            name = member.filename
            if member.is_dir() or not member.file_size or name.startswith(("__MACOSX/", ".")):
                continue
            try:
                inner = read(Source(name, archive.read(member), depth=source.depth + 1, budget=source.budget))
            except OpError as error:
                if error.kind in {"timeout", "refused"}:
                    raise
                warnings.append(f"{name} was not read: {error}")
                continue
            except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
                warnings.append(f"{name} was not read: it is damaged ({error}).")
                continue
            if not inner.text.strip():
                continue
            shift = at + len(name) + 2
            marks.append(mark("heading", at, at + len(name), name, 1))
            marks += [_moved(one, shift) for one in inner.marks]
            warnings += [f"{name}: {one}" for one in inner.warnings]
            texts.append(f"{name}\n\n{inner.text}")
            at = shift + len(inner.text) + 2
    return Document("\n\n".join(texts), "application/zip", marks=marks, warnings=warnings)


def _moved(one: DocumentMark, shift: int) -> DocumentMark:
    deeper = 1 if one["kind"] == "heading" else 0
    return {**one, "start": one["start"] + shift, "end": one["end"] + shift, "level": one["level"] + deeper}
