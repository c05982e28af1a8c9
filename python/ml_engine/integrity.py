"""Files that are not read unless they are what was registered."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from ml_engine.errors import OpError


def require_unchanged(folder: Path, files: Mapping[str, str]) -> None:
    """Checks files of the model in `folder` against the SHA-256 that each was registered with.

    Raises:
        OpError: `refused`, where one is another file or none.
    """
    for name, digest in files.items():
        path = folder / name
        if not path.is_file():
            raise OpError("refused", f"{name} of the model is missing.", "Train the model again.")
        if sha256_of(path) != digest:
            raise OpError(
                "refused",
                f"{name} is not the file that was registered: its SHA-256 differs. It was not loaded.",
                "Restore the file or train the model again.",
            )


def sealed(folder: Path) -> tuple[dict[str, str], str]:
    """The SHA-256 of every file in `folder`, by its path there, and that of the whole."""
    inside = sorted(path for path in folder.rglob("*") if path.is_file())
    files = {path.relative_to(folder).as_posix(): sha256_of(path) for path in inside}
    lines = "".join(f"{file}:{digest}\n" for file, digest in files.items())
    return files, hashlib.sha256(lines.encode()).hexdigest()


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
