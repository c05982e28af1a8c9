"""Finds out how a text file is encoded and hands it on as UTF-8."""

import codecs
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
    """A text file as UTF-8 without byte order mark, its true encoding, and the bytes of its longest line."""

    path: Path
    encoding: str
    longest_line_bytes: int
    warnings: tuple[str, ...] = ()


def as_utf8(path: Path, encoding: str | None, scratch: Path, field: str) -> TextFile:
    """`path` itself where it is plain UTF-8, a UTF-8 copy in `scratch` otherwise.

    Raises:
        OpError: the file is empty, has NUL bytes, or is not in the encoding it was said to be in.
    """
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n"):
        raise OpError(
            "invalid_input", f"{field}: `{path.name}` is empty", "Give a file with a header line and at least one row."
        )
    if encoding is not None and encoding.lower() not in ALLOWED:
        raise OpError("invalid_input", f"encoding: `{encoding}` is not known", f"One of {', '.join(ALLOWED)}.")
    chosen = encoding or _from_bom(head) or ("utf-8" if _valid_utf8(path) else None)
    warnings: tuple[str, ...] = ()
    if chosen is None:
        chosen = "cp1252" if _decodes(path, "cp1252") else "latin-1"
        warnings = (f"`{path.name}` is not UTF-8; read as {chosen}. Set `encoding` if accented letters look wrong.",)
    if chosen.lower() in ("utf-8", "ascii"):
        _refuse_broken(path, chosen, field)
        return TextFile(path, chosen, _longest_line(path, field), warnings)
    copy = scratch / f"{abs(hash(path))}.txt"
    _transcode(path, chosen, copy, field)
    return TextFile(copy, chosen, _longest_line(copy, field), warnings)


def _from_bom(head: bytes) -> str | None:
    for mark, name in BOMS:
        if head.startswith(mark):
            return name
    even, odd = head[0:4096:2].count(0), head[1:4096:2].count(0)
    half = max(len(head[0:4096]) // 2, 1)
    if odd > 0.3 * half and even < 0.05 * half:
        return "utf-16-le"
    return "utf-16-be" if even > 0.3 * half and odd < 0.05 * half else None


def _valid_utf8(path: Path) -> bool:
    return _decodes(path, "utf-8")


def _decodes(path: Path, encoding: str) -> bool:
    try:
        for _ in _decoded(path, encoding):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _decoded(path: Path, encoding: str):  # noqa: ANN202 - a plain generator of text
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield decoder.decode(chunk)
        yield decoder.decode(b"", final=True)


def _refuse_broken(path: Path, encoding: str, field: str) -> None:
    if not _decodes(path, encoding):
        raise _wrong_encoding(path, encoding, field)


def _transcode(path: Path, encoding: str, target: Path, field: str) -> None:
    try:
        with target.open("w", encoding="utf-8", newline="") as out:
            for text in _decoded(path, encoding):
                out.write(text)
    except (UnicodeDecodeError, UnicodeError) as error:
        raise _wrong_encoding(path, encoding, field) from error


def _wrong_encoding(path: Path, encoding: str, field: str) -> OpError:
    return OpError(
        "invalid_input", f"{field}: `{path.name}` is not {encoding}", "Leave `encoding` out to have it found."
    )


def _longest_line(path: Path, field: str) -> int:
    longest, open_line, lines = 0, 0, 1
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            if b"\0" in chunk:
                line = lines + chunk[: chunk.index(b"\0")].count(b"\n")
                raise OpError(
                    "invalid_input",
                    f"{field}: `{path.name}` has a NUL byte in line {line}; it is binary or damaged",
                    "Give a text file, or remove the NUL bytes (`tr -d '\\000'`).",
                )
            pieces = chunk.split(b"\n")
            lines += len(pieces) - 1
            open_line += len(pieces[0])
            longest = max(longest, open_line, *map(len, pieces[1:])) if len(pieces) > 1 else max(longest, open_line)
            open_line = len(pieces[-1]) if len(pieces) > 1 else open_line
    return longest
