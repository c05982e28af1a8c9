"""Files put where they belong whole or not at all, with their checksums."""

import hashlib
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ml_engine.errors import OpError

DATASHEET = ".croissant.json"
MANIFEST = ".manifest.json"
PART = ".part"
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Written:
    """One file as it was written; `path` is relative to the target's folder, with `/`."""

    path: str
    sha256: str
    size_bytes: int


def refuse_existing(target: Path, *, folder: bool, overwrite: bool) -> None:
    """Stops before work is done that could not be kept.

    Raises:
        OpError: `conflict`: something is there that was not said to be replaced; `refused`: a folder is there that no
            export made.
    """
    sidecars = [target.with_name(target.name + ending) for ending in (DATASHEET, MANIFEST)]
    there = next((path for path in (target, *sidecars) if os.path.lexists(path)), None)
    if there is None:
        return
    if not overwrite:
        raise OpError(
            "conflict",
            f"path: there is a `{there.name}` already",
            "Name another path, or give `overwrite: true` with `confirm: true`.",
        )
    if target.is_dir() and not folder:
        raise OpError(
            "refused", f"path: `{target.name}` is a folder, and a file would replace it", "Name another path."
        )
    if target.is_dir() and not sidecars[1].is_file():
        raise OpError(
            "refused",
            f"path: the folder `{target.name}` was not made by an export, so it is not replaced",
            "Name another path, or take the folder away yourself.",
        )


@contextmanager
def staged(target: Path, token: str) -> Generator[Path]:
    """A place beside `target` to write to; what is left there when the work fails is taken away."""
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f".{target.name}.{token}{PART}")
    try:
        yield aside
    finally:
        remove(aside)


def remove(path: Path) -> None:
    """Takes away a file or a folder, where there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def publish(aside: Path, target: Path, *, overwrite: bool) -> None:
    """Puts what was written aside in its place in one step, on disk before it has its name.

    Raises:
        OpError: `conflict`: something has come there meanwhile.
    """
    for path in [aside, *(aside.rglob("*") if aside.is_dir() else ())]:
        _sync(path)
    if aside.is_dir():
        _publish_folder(aside, target)
    elif overwrite:
        aside.replace(target)
    else:
        try:
            # Unlike a rename, a link never takes another file's name.
            os.link(aside, target)
        except FileExistsError as error:
            raise _came_meanwhile(target) from error
        except OSError:
            aside.rename(target)
    _sync(target.parent)


def _publish_folder(aside: Path, target: Path) -> None:
    old = aside.with_name(aside.name.removesuffix(PART) + ".old")
    if target.exists():
        target.rename(old)
    try:
        aside.rename(target)
    except OSError as error:
        if old.exists():
            old.rename(target)
        raise _came_meanwhile(target) from error
    remove(old)


def _came_meanwhile(target: Path) -> OpError:
    return OpError("conflict", f"path: `{target.name}` has come into being meanwhile", "Name another path.")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def checksums(aside: Path, target: Path) -> list[Written]:
    """SHA-256 and size of each file under `aside`, under the names they will have at `target`."""
    files = sorted(path for path in aside.rglob("*") if path.is_file()) if aside.is_dir() else [aside]
    return [
        Written((Path(target.name) / path.relative_to(aside)).as_posix(), sha256(path), path.stat().st_size)
        for path in files
    ]


def sha256(path: Path) -> str:
    """SHA-256 of a file, hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
