"""What a long call has done so far, kept so that a killed one can go on: steps, each whole or not there at all."""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any, Self, TextIO, cast

import numpy as np

from ml_engine.errors import OpError
from ml_engine.job import Job

STEP_FILE = "checkpoint.json"
CALL_FILE = "call.json"
LOCK_FILE = "lock"
FINISHED_FILE = "finished"
PACKAGES = ("numpy", "scikit-learn", "lightgbm", "xgboost-cpu", "optuna")


@dataclass(frozen=True)
class Step:
    """One finished piece of work: facts as JSON, and files."""

    name: str
    folder: Path
    time: str
    facts: dict[str, Any]
    files: dict[str, str]
    """File to its SHA-256, hex."""

    @property
    def size_bytes(self) -> int:
        return sum(path.stat().st_size for path in self.folder.iterdir())

    def damaged(self) -> str | None:
        """The first file that is not as it was written."""
        return next((name for name, digest in self.files.items() if _digest(self.folder / name) != digest), None)

    def array(self, name: str) -> np.ndarray:
        """A numeric array that was kept; objects are never loaded."""
        return np.load(BytesIO((self.folder / name).read_bytes()), allow_pickle=False)


class Book:
    """The steps of one call. Holds a lock while it is open, so that no two processes go on with the same call."""

    def __init__(self, folder: Path, lock: TextIO, warnings: list[str]) -> None:
        self.folder = folder
        self.warnings = warnings
        self._lock = lock

    def keep(self, name: str, facts: Mapping[str, Any], files: Mapping[str, bytes] | None = None) -> None:
        """Writes a step beside the others; after a crash in the middle it is not there."""
        given = files or {}
        staged = self.scratch(name)
        for file, content in given.items():
            _write(staged / file, content)
        about = {
            "name": name,
            "time": datetime.now(tz=UTC).isoformat(),
            "facts": dict(facts),
            "files": {file: hashlib.sha256(content).hexdigest() for file, content in given.items()},
        }
        _write(staged / STEP_FILE, json.dumps(about, ensure_ascii=False).encode())
        self._place(staged, name)

    def adopt(self, name: str, folder: Path, facts: Mapping[str, Any]) -> Path:
        """Makes a folder of finished files in the book's own folder a step, as `keep` does; answers its place."""
        files = sorted(path for path in folder.iterdir() if path.is_file())
        for path in files:
            _sync(path)
        about = {
            "name": name,
            "time": datetime.now(tz=UTC).isoformat(),
            "facts": dict(facts),
            "files": {path.name: _digest(path) for path in files},
        }
        _write(folder / STEP_FILE, json.dumps(about, ensure_ascii=False).encode())
        self._place(folder, name)
        return self.folder / name

    def _place(self, staged: Path, name: str) -> None:
        _sync(staged)
        shutil.rmtree(self.folder / name, ignore_errors=True)
        staged.rename(self.folder / name)
        _sync(self.folder)

    def scratch(self, name: str) -> Path:
        """An empty folder for what is to become steps; whoever goes on with the call takes away what is left of it."""
        folder = self.folder / f".{name}.tmp-{os.getpid()}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def recall(self, name: str) -> Step | None:
        """A step that was finished before; one that is damaged is done again, which is said."""
        step = read_step(self.folder / name)
        if step is None:
            return None
        if broken := step.damaged():
            self.warnings.append(f"Checkpoint {name} was damaged ({broken}) and was made again.")
            return None
        return step

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        """What was refused has nothing to go on from; after any other end the steps stay."""
        if isinstance(error, OpError):
            self.close(keep=False)
        self._lock.close()

    def close(self, *, keep: bool) -> None:
        """Ends the call: its steps are kept with a mark that it is finished, or taken away."""
        if keep:
            _write(self.folder / FINISHED_FILE, b"")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class RoundKeeper:
    """Keeps a booster every `every` rounds."""

    book: Book
    every: int

    def newest(self, rounds: int) -> tuple[int, bytes | None]:
        """How many of `rounds` are done, and the booster so far."""
        for done in range((rounds - 1) // self.every * self.every, 0, -self.every):
            step = self.book.recall(f"rounds-{done}")
            if step is not None:
                return done, (step.folder / "booster").read_bytes()
        return 0, None

    def keep(self, done: int, booster: bytes) -> None:
        self.book.keep(f"rounds-{done}", {"rounds": done}, {"booster": booster})


def open_book(job: Job, op: str, params: Mapping[str, Any], dataset_hash: str, warnings: list[str]) -> Book:
    """Begins a call's book, or opens that of a call that broke off.

    Raises:
        OpError: another process works on that call, or its dataset is another one now.
    """
    folder = job.checkpoints or job.folder / "checkpoints"
    if not job.resuming:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    lock = (folder / LOCK_FILE).open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise OpError("conflict", f"run: {folder.name} is still at work", "Wait for it, or cancel its job.") from error
    if job.resuming:
        before = read_call(folder)
        if before["dataset_hash"] != dataset_hash:
            raise OpError("conflict", f"run: {folder.name} was trained on other data", "Train anew.")
        for leftover in folder.glob(".*.tmp-*"):
            shutil.rmtree(leftover, ignore_errors=True)
    else:
        call = {
            "op": op,
            "params": dict(params),
            "dataset_hash": dataset_hash,
            "versions": {package: version(package) for package in PACKAGES},
            "time": datetime.now(tz=UTC).isoformat(),
        }
        _write(folder / CALL_FILE, json.dumps(call, ensure_ascii=False).encode())
    return Book(folder, lock, warnings)


def resumed(job: Job, folder: Path) -> Job:
    """`job` going on with the call whose checkpoints lie in `folder`."""
    return replace(job, checkpoints=folder, resuming=True)


def read_call(folder: Path) -> dict[str, Any]:
    """What was asked of the call: `op`, `params`, `dataset_hash`, `versions`, `time`.

    Raises:
        OpError: there are no checkpoints of such a call.
    """
    path = folder / CALL_FILE
    if not path.is_file():
        raise OpError("not_found", f"run: `{folder.name}` has no checkpoints", "Action `list` shows those there are.")
    return cast(dict[str, Any], json.loads(path.read_text(encoding="utf-8")))


def read_steps(folder: Path) -> list[Step]:
    """The finished steps, in the order they were finished."""
    found = [step for path in folder.iterdir() if path.is_dir() and (step := read_step(path)) is not None]
    return sorted(found, key=lambda step: step.time)


def read_step(folder: Path) -> Step | None:
    path = folder / STEP_FILE
    if folder.name.startswith(".") or not path.is_file():
        return None
    about = json.loads(path.read_text(encoding="utf-8"))
    return Step(about["name"], folder, about["time"], about["facts"], about["files"])


def is_open(folder: Path) -> bool:
    """Whether a process works on the call now."""
    path = folder / LOCK_FILE
    if not path.is_file():
        return False
    with path.open("r") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def array_bytes(values: np.ndarray) -> bytes:
    """A numeric array as an .npy file."""
    buffer = BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()


def _digest(path: Path) -> str | None:
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
