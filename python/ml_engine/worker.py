"""Runs one call in a process of its own, under limits, and says what happened."""

import contextlib
import errno
import os
import resource
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from ml_engine.errors import OpError
from ml_engine.job import Job, Said
from ml_engine.ops import registry
from ml_engine.preload import Preload
from ml_engine.protocol import PROTOCOL, Call, Channel, Limits, encode


def serve(path: str, identity: str, preload: Preload | None = None) -> None:
    """Connects to the server's socket, runs the one call it is sent, and answers."""
    channel = Channel(path)
    channel.send({"type": "hello", "protocol": PROTOCOL, "id": identity, "pid": os.getpid()})
    if preload is not None:
        preload.until_asked(channel)
    message = channel.receive()
    if message is None:
        return
    call = cast(Call, message)
    folder = Path(call["folder"])
    _take_over_output(folder / "log")
    _confine(call["limits"], folder)
    if not call["detached"]:
        _leave_with(channel)
    run(identity, call, Outbox(channel, folder, detached=call["detached"]).post)


def run(identity: str, call: Call, post: Callable[[dict[str, Any]], None]) -> None:
    """Runs the op and posts what it says, then exactly one `result` or `error`."""
    job = Job(
        id=identity,
        folder=Path(call["folder"]),
        artifacts=Path(call["artifacts"]),
        checkpoints=Path(call["checkpoints"]),
        say=lambda said: post(_message(said)),
    )
    try:
        result = registry.find(call["op"])(call["params"], job)
        post({"type": "result", "result": result})
    except OpError as error:
        post(_failure(error.kind, error.message, error.hint))
    except MemoryError:
        allowed = call["limits"]["memory_bytes"] / 2**30
        post(
            _failure(
                "failed",
                f"The work needs more memory than the {allowed:.1f} GiB it may use.",
                "Use fewer rows or columns, or a lighter model family.",
            )
        )
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            post(
                _failure(
                    "failed",
                    "There is no room on the disk for what the tool writes.",
                    "Make room, then try again.",
                )
            )
        else:
            post(_failure("failed", "", None))
    except ValueError as error:
        if "JSON compliant" in str(error):
            post(_failure("failed", "The result has a number that is not finite, which JSON cannot carry.", None))
        else:
            post(_failure("failed", "", None))
    except BaseException:  # noqa: BLE001 - whatever ends an op, the server must hear of it
        post(_failure("failed", "", None))


class Outbox:
    """Where a worker's messages go: the server while it listens, and for a detached call also a file."""

    def __init__(self, channel: Channel, folder: Path, *, detached: bool) -> None:
        self._channel: Channel | None = channel
        self._folder = folder
        self._detached = detached
        self._lock = threading.Lock()

    def post(self, message: dict[str, Any]) -> None:
        """Sends one message; threads of one op may all post."""
        line = encode(message)
        with self._lock:
            if self._detached:
                self._keep(message["type"], line)
            if self._channel is None:
                return
            try:
                self._channel.send_line(line)
            except OSError:
                if not self._detached:
                    os._exit(1)
                self._channel = None

    def _keep(self, kind: str, line: bytes) -> None:
        if kind not in ("result", "error"):
            with (self._folder / "messages.jsonl").open("ab") as messages:
                messages.write(line)
            return
        aside = self._folder / "result.json.part"
        with aside.open("wb") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        aside.rename(self._folder / "result.json")


def _message(said: Said) -> dict[str, Any]:
    match said:
        case ("progress", done, total, note):
            return {"type": "progress", "done": done, "total": total, "note": note}
        case ("metrics", metrics):
            return {"type": "metrics", "metrics": metrics}
        case ("params", params):
            return {"type": "params", "params": params}
        case ("decision", decision):
            return {"type": "decision", "decision": decision}


def _failure(kind: str, message: str, hint: str | None) -> dict[str, Any]:
    error: dict[str, Any] = {"type": "error", "kind": kind, "message": message, "hint": hint, "traceback": None}
    if sys.exc_info()[0] not in (None, OpError):
        error["traceback"] = traceback.format_exc(limit=-12)[-8000:]
        traceback.print_exc()
    return error


def _take_over_output(log: Path) -> None:
    """Sends everything printed, by Python or by C, to the call's log, and keeps secrets of stdin away."""
    log.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    os.close(nothing)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - a descriptor, not a path
    sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115


def _confine(limits: Limits, folder: Path) -> None:
    """A process group, a temporary folder and limits of its own."""
    with contextlib.suppress(PermissionError):
        os.setsid()
    temporary = folder / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    os.environ["TMPDIR"] = str(temporary)
    tempfile.tempdir = str(temporary)
    os.chdir(folder)
    os.umask(0o077)
    for name, value in (
        (resource.RLIMIT_DATA, limits["memory_bytes"]),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"]),
        (resource.RLIMIT_NOFILE, limits["open_files"]),
    ):
        _, most = resource.getrlimit(name)
        wanted = value if most == resource.RLIM_INFINITY else min(value, most)
        if value > 0:
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(name, (wanted, wanted))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def _leave_with(channel: Channel) -> None:
    """Ends this process, and all it started, as soon as the server has gone."""

    def wait() -> None:
        with contextlib.suppress(OSError):
            channel.receive()
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=wait, daemon=True).start()
