"""Which files a source holds, and what is in them as far as a hash tells."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from ml_engine.contract.rag import FoundFile, IngestFailure

MOST_FILES = 100_000
LARGEST_BYTES = 2 << 30
LEFT_OUT = {"__pycache__", "node_modules"}
HASHED_AT_ONCE = 1 << 20


def found(sources: list[str]) -> tuple[list[FoundFile], list[IngestFailure]]:
    """Every file of `sources`, each once, in order of its name; hidden ones only where they are named themselves.

    Files of a folder are called by their path in it, a file named alone by its name, by more of its path where another
    one is called so.
    """
    files: dict[str, FoundFile] = {}
    failures: list[IngestFailure] = []
    seen: set[str] = set()
    for source in sources:
        root = Path(source)
        for path in _walk(root) if root.is_dir() else [root]:
            if str(path) in seen:
                continue
            seen.add(str(path))
            name = _name(path, root, files)
            why = _unfit(path)
            if why is not None:
                failures.append({"document": name, "error": why})
                continue
            files[name] = {
                "id": name,
                "path": str(path),
                "root": str(root) if root.is_dir() else "",
                "hash": hashed(path),
                "bytes": path.stat().st_size,
            }
    return list(files.values()), failures


def hashed(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(HASHED_AT_ONCE):
            digest.update(block)
    return digest.hexdigest()


def _walk(root: Path) -> Iterator[Path]:
    """Files below `root` that are not hidden; links to folders are not followed, and none leads out."""
    inside = root.resolve()
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in LEFT_OUT)
        for name in sorted(names):
            path = Path(folder) / name
            if not name.startswith(".") and path.resolve().is_relative_to(inside):
                yield path


def _name(path: Path, root: Path, files: dict[str, FoundFile]) -> str:
    if root.is_dir():
        name = path.relative_to(root).as_posix()
        return name if name not in files else f"{root.name}/{name}"
    parts = path.parts
    for length in range(1, len(parts)):
        name = "/".join(parts[-length:])
        if name not in files:
            return name
    return str(path)


def _unfit(path: Path) -> str | None:
    try:
        size = path.stat().st_size
    except OSError as error:
        return f"It cannot be read: {error.strerror}."
    if not os.access(path, os.R_OK):
        return "It cannot be read: permission denied."
    if size == 0:
        return "It is empty."
    return f"It has {size} bytes, more than the {LARGEST_BYTES} that are read." if size > LARGEST_BYTES else None
