"""A limit of time for reading one file."""

import faulthandler
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from ml_engine.errors import OpError

SECONDS_A_FILE = 120
# Code that never comes back to Python sees no alarm: the process ends instead, and its batch is read without the file.
_GRACE_SECONDS = 15


@contextmanager
def deadline(seconds: float = SECONDS_A_FILE, grace: float = _GRACE_SECONDS) -> Generator[None]:
    """Ends what is done within after `seconds`, and this process where that does not help for `grace` seconds more.

    Where no alarm can be set (Windows, other threads), the process ends.

    Raises:
        OpError: time ran out.
    """
    faulthandler.dump_traceback_later(seconds + grace, exit=True, file=sys.__stderr__ or sys.stderr)
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
        return

    def over(_signal: int, _frame: FrameType | None) -> None:
        raise OpError("timeout", f"Reading it took more than {seconds:g} seconds. Split it, or convert it to text.")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
