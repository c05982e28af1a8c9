"""A limit of time for reading one file."""

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from ml_engine.errors import OpError

SECONDS_A_FILE = 120


@contextmanager
def deadline(seconds: float = SECONDS_A_FILE) -> Generator[None]:
    """Ends what is done within after `seconds`; does nothing where no alarm can be set (Windows, other threads).

    Raises:
        OpError: time ran out.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def over(_signal: int, _frame: FrameType | None) -> None:
        raise OpError("timeout", f"Reading it took more than {seconds:g} seconds. Split it, or convert it to text.")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
