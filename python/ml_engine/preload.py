"""Imports what ops stand on before they are asked for, and stops for whoever asks."""

import contextlib
import gc
import os
import select
import time
from collections.abc import Callable

import psutil

from ml_engine.ops import registry
from ml_engine.protocol import Channel

QUIET_SECONDS = 0.5
"""An import takes seconds and cannot be left half-way; who asks one thing after the other asks within this."""
BUSY = 0.1
"""Of one processor: a server that uses more has work of its own, as embedding, for which it wants all of them."""


class Preload:
    """All ops, one after the other."""

    def __init__(self) -> None:
        self._left = list(registry.names())
        self._server = os.getppid()

    def load(self, op: str | None) -> None:
        """Imports what one op stands on, as far as it can be imported: whoever runs it is told why not."""
        if op is not None:
            with contextlib.suppress(Exception):
                registry.load(op)

    def until_asked(self, channel: Channel, busy: Callable[[], bool] = lambda: False) -> None:
        """Imports until there is a message, or nothing is left; waits while the server works or somebody is `busy`."""
        seconds, then, used = QUIET_SECONDS, time.monotonic(), self._used()
        while self._left and not channel.pending and not select.select([channel.fileno()], [], [], seconds)[0]:
            before, then, used_before, used = then, time.monotonic(), used, self._used()
            if busy() or used - used_before > BUSY * (then - before):
                seconds = QUIET_SECONDS
                continue
            seconds = 0
            self.load(self._left.pop(0))
            if not self._left:
                gc.collect()
                gc.freeze()

    def _used(self) -> float:
        """Seconds of processor time that the server has taken."""
        try:
            times = psutil.Process(self._server).cpu_times()
        except psutil.Error:
            return 0
        return times.user + times.system
