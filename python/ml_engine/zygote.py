"""A process that imports the heavy libraries once and forks a fresh worker for each call.

Nothing but imports happens here: no threads, no locks held, no work, so that a fork is safe.
"""

import contextlib
import gc
import importlib
import os
import select
import signal
import sys
from types import FrameType
from typing import Any, cast

from ml_engine import worker
from ml_engine.ops import registry
from ml_engine.protocol import PROTOCOL, Channel

BRINGS_TORCH = "sklearn.externals.array_api_compat.torch"
"""A library that looks through all of scikit-learn comes by this module, which imports torch where it is installed."""


def preload() -> None:
    """Imports every op, and with them what they stand on, but not torch: few calls need it, and it costs seconds."""
    sys.modules[BRINGS_TORCH] = cast(Any, None)
    for name in registry.names():
        importlib.import_module(f"ml_engine.ops.{name}")
    del sys.modules[BRINGS_TORCH]
    gc.collect()
    gc.freeze()


def serve(path: str) -> None:
    """Forks a worker a `fork` until the server leaves."""
    channel = Channel(path)
    preload()
    awake, wake = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(awake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _noticed)
    children: dict[int, str] = {}
    channel.send({"type": "zygote", "protocol": PROTOCOL, "pid": os.getpid(), "python": sys.version.split()[0]})
    while True:
        ready, _, _ = select.select([channel.fileno(), awake], [], [])
        if awake in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(awake, 4096)
            _reap(children, channel)
        if channel.fileno() in ready:
            first = True
            while first or channel.pending:
                first = False
                message = channel.receive()
                if message is None:
                    return
                children[_fork(message, path, channel, (awake, wake))] = message["id"]


def _noticed(signum: int, frame: FrameType | None) -> None:
    """Does nothing: that a handler is there makes Python write to the wake-up pipe."""
    del signum, frame


def _fork(message: dict[str, Any], path: str, channel: Channel, pipe: tuple[int, int]) -> int:
    child = os.fork()
    if child != 0:
        return child
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        channel.close()
        for end in pipe:
            os.close(end)
        worker.serve(path, message["id"])
        status = 0
    finally:
        # Not sys.exit: the parent's clean-up, buffers and exit handlers are not this process's to run.
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _reap(children: dict[int, str], channel: Channel) -> None:
    for pid in list(children):
        with contextlib.suppress(ChildProcessError):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done == 0:
                continue
            ended_by = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else None
            channel.send({"type": "exited", "id": children.pop(pid), "signal": ended_by})
