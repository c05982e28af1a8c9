"""Unpacks compressed files, and stops where one grows into more than anyone meant."""

import bz2
import gzip
import shutil
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple, Protocol

import pyarrow as pa

from ml_engine.errors import OpError

CHUNK_BYTES = 1 << 22
MOST_RATIO = 200
"""How many times its packed size a file may have; text packs 3 to 30 times, a bomb 1000 times and more."""
RATIO_FROM_BYTES = 1 << 26
"""Files that unpack to less are not judged by their ratio: a short file of equal rows is no bomb."""
DISK_KEPT = 0.1
"""Share of the free disk that unpacking leaves."""
GZIP, ZSTD, BZIP2, ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"PK\x03\x04"


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes: ...


class Unpacked(NamedTuple):
    """A file to read, and what it was called inside its packing."""

    path: Path
    name: str


def unpack(path: Path, scratch: Path, field: str) -> Unpacked:
    """The file itself where it is not compressed, else a copy in `scratch`, unpacked.

    Raises:
        OpError: it is damaged, a bomb, or a .zip that does not hold one table.
    """
    with path.open("rb") as file:
        head = file.read(4)
    stem = path.stem if path.suffix.lower() in (".gz", ".zst", ".bz2", ".zip") else path.name
    target = scratch / f"{abs(hash(path))}-{stem}"[-200:]
    try:
        if head.startswith(GZIP):
            with gzip.open(path) as unpacked:
                _copy(unpacked, path, target, field)
        elif head.startswith(BZIP2):
            with bz2.open(path) as unpacked:
                _copy(unpacked, path, target, field)
        elif head.startswith(ZSTD):
            with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as unpacked:
                _copy(unpacked, path, target, field)
        elif head.startswith(ZIP) and _is_plain_zip(path):
            return _from_zip(path, scratch, field)
        else:
            return Unpacked(path, path.name)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise OpError(
            "invalid_input", f"{field}: `{path.name}` is damaged: it cannot be unpacked", "Pack it again."
        ) from error
    return Unpacked(target, stem)


def _is_plain_zip(path: Path) -> bool:
    """Whether it is an archive and not a spreadsheet, which is one too."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except zipfile.BadZipFile:
        return path.suffix.lower() == ".zip"
    return not names & {"[Content_Types].xml", "mimetype"}


def _from_zip(path: Path, scratch: Path, field: str) -> Unpacked:
    with zipfile.ZipFile(path) as archive:
        inside = [
            entry
            for entry in archive.infolist()
            if not entry.is_dir()
            and not Path(entry.filename).name.startswith((".", "_"))
            and not entry.filename.startswith("__MACOSX/")
        ]
        if len(inside) != 1:
            listed = ", ".join(entry.filename[:60] for entry in inside[:5])
            raise OpError(
                "invalid_input",
                f"{field}: `{path.name}` holds {len(inside)} files{f' ({listed})' if listed else ''}, not one table",
                "Unpack it and give the folder.",
            )
        if inside[0].flag_bits & 1:
            raise OpError("invalid_input", f"{field}: `{path.name}` is encrypted", "Unpack it first.")
        name = Path(inside[0].filename).name
        target = scratch / f"{abs(hash(path))}-{name}"[-200:]
        with archive.open(inside[0]) as unpacked:
            _copy(unpacked, path, target, field)
    return Unpacked(target, name)


def _copy(unpacked: Readable, path: Path, target: Path, field: str) -> None:
    packed_bytes = path.stat().st_size
    room = int(shutil.disk_usage(target.parent).free * (1 - DISK_KEPT))
    written = 0
    with target.open("wb") as out:
        while chunk := unpacked.read(CHUNK_BYTES):
            written += len(chunk)
            bomb = written > RATIO_FROM_BYTES and written > MOST_RATIO * packed_bytes
            if bomb or written > room:
                out.close()
                target.unlink()
                why = (
                    f"unpacks to more than {MOST_RATIO} times its {packed_bytes} bytes, as only a zip bomb does"
                    if bomb
                    else f"unpacks to more than the {room >> 20} MB of disk there are"
                )
                raise OpError("invalid_input", f"{field}: `{path.name}` {why}", "Unpack it yourself if it is right.")
            out.write(chunk)
