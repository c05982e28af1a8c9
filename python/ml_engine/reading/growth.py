"""Reads of a file that others write to only what was there at the start."""

from pathlib import Path

from ml_engine.errors import OpError

CHUNK_BYTES = 1 << 22


class Watched:
    """A file as it was when first looked at.

    `path` is the file itself until it is seen to have grown; from then on a copy of what it held at the start, up to
    the end of its last whole line.
    """

    def __init__(self, path: Path, scratch: Path, field: str) -> None:
        self.path = path
        self.warning: str | None = None
        self.original = path
        self._scratch = scratch
        self._field = field
        self._bytes = path.stat().st_size

    @property
    def grew(self) -> bool:
        """Whether it has grown while it was read, so that it has to be read again, from the copy.

        Raises:
            OpError: it has become shorter: what was read is neither the old file nor the new one.
        """
        now = self.original.stat().st_size
        if self.path != self.original or now == self._bytes:
            return False
        if now < self._bytes:
            raise OpError(
                "failed",
                f"{self._field}: `{self.original.name}` became shorter while it was read",
                "Read it when nobody writes to it.",
            )
        folder = self._scratch / "grown"
        folder.mkdir(exist_ok=True)
        self.path = folder / self.original.name
        self._copy()
        self.warning = (
            f"`{self.original.name}` grew while it was read; it was read up to line end at byte "
            f"{self.path.stat().st_size}, what was there at the start."
        )
        return True

    def _copy(self) -> None:
        left, whole, written = self._bytes, 0, 0
        with self.original.open("rb") as file, self.path.open("wb") as out:
            while left and (chunk := file.read(min(left, CHUNK_BYTES))):
                end = chunk.rfind(b"\n")
                whole = written + end + 1 if end >= 0 else whole
                written += len(chunk)
                left -= len(chunk)
                out.write(chunk)
            out.truncate(whole or written)
