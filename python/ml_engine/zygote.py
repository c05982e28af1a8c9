"""A process that imports the heavy libraries once and forks a fresh worker for each call.

Nothing but imports happens here: no threads, no locks held, no work, so that a fork is safe.
"""

import contextlib
import os
import signal
import sys
import time
from types import FrameType
from typing import Any

from ml_engine import worker
from ml_engine.preload import Preload
from ml_engine.protocol import PROTOCOL, Channel

ENDED = {signal.SIGCHLD}
YOUNG_SECONDS = 10
"""For so long a worker has the processors to itself: most calls have ended by then."""


def serve(path: str) -> None:
    """Forks a worker a `fork` until the server leaves, with what its op needs; all else is imported between calls."""
    channel = Channel(path)
    children: dict[int, str] = {}

    def ended(signum: int, frame: FrameType | None) -> None:
        del signum, frame
        _reap(children, channel)

    signal.signal(signal.SIGCHLD, ended)
    channel.send({"type": "zygote", "protocol": PROTOCOL, "pid": os.getpid(), "python": sys.version.split()[0]})
    preload = Preload()
    while (message := channel.receive()) is not None:
        preload.load(message["op"])
        # Else one that ends at once would do so before it is known here.
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDED)
        children[_fork(message, path, channel)] = message["id"]
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDED)
        born = time.monotonic()
        preload.until_asked(channel, lambda born=born: bool(children) and time.monotonic() - born < YOUNG_SECONDS)


def _fork(message: dict[str, Any], path: str, channel: Channel) -> int:
    child = os.fork()
    if child != 0:
        return child
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDED)
        channel.close()
        worker.serve(path, message["id"])
        status = 0
    finally:
        # Not sys.exit: the parent's clean-up, buffers and exit handlers are not this process's to run.
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _reap(children: dict[int, str], channel: Channel) -> None:
    """Tells of each child that has ended. Called by the signal, between two steps of whatever is being imported."""
    held = signal.pthread_sigmask(signal.SIG_BLOCK, ENDED)
    for pid in list(children):
        with contextlib.suppress(ChildProcessError):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done == 0:
                continue
            ended_by = signal.Signals(os.WTERMSIG(status)).name if os.WIFSIGNALED(status) else None
            # Where the server has left, the next `receive` says so.
            with contextlib.suppress(OSError):
                channel.send({"type": "exited", "id": children.pop(pid), "signal": ended_by})
    # As it was: a signal noticed late is heard while `serve` holds others off.
    signal.pthread_sigmask(signal.SIG_SETMASK, held)
