"""Finds out how a text file is encoded and hands it on as UTF-8."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ml_engine.errors import OpError

CHUNK_BYTES = 1 << 22
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
ALLOWED = (
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "latin-1",
    "iso-8859-1",
    "cp1252",
    "ascii",
    "cp1251",
    "shift_jis",
    "gb18030",
)


@dataclass(frozen=True)
class TextFile:
    """A text file as UTF-8 without byte order mark, and its true encoding."""

    path: Path
    encoding: str
    warnings: tuple[str, ...] = ()


def as_utf8(path: Path, name: str, encoding: str | None, scratch: Path, field: str) -> TextFile:
    """`path` itself where it is plain UTF-8, a UTF-8 copy in `scratch` otherwise; `name` is what people call it.

    Raises:
        OpError: the file is empty, has NUL bytes, or is not in the encoding it was said to be in.
    """
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n"):
        raise OpError(
            "invalid_input", f"{field}: `{name}` is empty", "Give a file with a header line and at least one row."
        )
    if encoding is not None and encoding.lower() not in ALLOWED:
        raise OpError("invalid_input", f"encoding: `{encoding}` is not known", f"One of {', '.join(ALLOWED)}.")
    chosen = encoding or _from_bom(head) or ("utf-8" if _decodes(path, name, "utf-8", field) else None)
    warnings: tuple[str, ...] = ()
    if chosen is None:
        chosen = "cp1252" if _decodes(path, name, "cp1252", field) else "latin-1"
        warnings = (f"`{name}` is not UTF-8; read as {chosen}. Set `encoding` if accented letters look wrong.",)
    if chosen.lower() in ("utf-8", "ascii"):
        if encoding is not None and not _decodes(path, name, chosen, field):
            raise _wrong_encoding(name, chosen, field)
        return TextFile(path, chosen, warnings)
    copy = scratch / f"{abs(hash(path))}.txt"
    _transcode(path, name, chosen, copy, field)
    return TextFile(copy, chosen, warnings)


def _from_bom(head: bytes) -> str | None:
    for mark, name in BOMS:
        if head.startswith(mark):
            return name
    even, odd = head[0:4096:2].count(0), head[1:4096:2].count(0)
    half = max(len(head[0:4096]) // 2, 1)
    if odd > 0.3 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.3 * half and odd < 0.05 * half else None


def _decodes(path: Path, name: str, encoding: str, field: str) -> bool:
    try:
        for _ in _decoded(path, name, encoding, field):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _decoded(path: Path, name: str, encoding: str, field: str) -> Iterator[str]:
    for text in _pieces(path, encoding):
        if "\0" in text:
            raise OpError(
                "invalid_input",
                f"{field}: `{name}` has a NUL byte in line {_line_of_nul(path, encoding)}; it is binary or damaged",
                "Give a text file, or remove the NUL bytes (`tr -d '\\000'`).",
            )
        yield text


def _pieces(path: Path, encoding: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield decoder.decode(chunk)
        yield decoder.decode(b"", final=True)


def _line_of_nul(path: Path, encoding: str) -> int:
    line = 1
    for text in _pieces(path, encoding):
        before, found, _ = text.partition("\0")
        line += before.count("\n")
        if found:
            break
    return line


def _transcode(path: Path, name: str, encoding: str, target: Path, field: str) -> None:
    try:
        with target.open("w", encoding="utf-8", newline="") as out:
            for text in _decoded(path, name, encoding, field):
                out.write(text)
    except (UnicodeDecodeError, UnicodeError) as error:
        raise _wrong_encoding(name, encoding, field) from error


def _wrong_encoding(name: str, encoding: str, field: str) -> OpError:
    return OpError("invalid_input", f"{field}: `{name}` is not {encoding}", "Leave `encoding` out to have it found.")
