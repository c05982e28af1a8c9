"""Imports what ops stand on before they are asked for, and stops for whoever asks."""

import contextlib
import gc
import select
from collections.abc import Iterator

from ml_engine.ops import registry
from ml_engine.protocol import Channel

HEAD_START_SECONDS = 0.1
"""An import takes seconds and cannot be left half-way; who asks at once asks within this."""


class Preload:
    """All ops, one after the other."""

    def __init__(self) -> None:
        self._left = _imports()

    def until_asked(self, channel: Channel) -> None:
        """Imports until there is a message, or nothing left to import."""
        seconds = HEAD_START_SECONDS
        while not channel.pending and not select.select([channel.fileno()], [], [], seconds)[0]:
            seconds = 0
            if not next(self._left, False):
                return


def _imports() -> Iterator[bool]:
    for name in registry.names():
        # Whoever calls an op that cannot be imported is told; the others work.
        with contextlib.suppress(ImportError):
            registry.load(name)
        yield True
    gc.collect()
    gc.freeze()
