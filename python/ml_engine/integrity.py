"""Files that are not read unless they are what was registered."""

import hashlib
from pathlib import Path

from ml_engine.errors import OpError


def require_unchanged(folder: Path, name: str, digest: str) -> None:
    """Checks a file of the model in `folder` against the SHA-256 it was registered with.

    Raises:
        OpError: `refused`, where it is another file or none.
    """
    path = folder / name
    if not path.is_file():
        raise OpError("refused", f"{name} of the model is missing.", "Train the model again.")
    if sha256_of(path) != digest:
        raise OpError(
            "refused",
            f"{name} is not the file that was registered: its SHA-256 differs. It was not loaded.",
            "Restore the file or train the model again.",
        )


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
