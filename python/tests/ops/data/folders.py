"""Where tests of the data ops let them work."""

from pathlib import Path


class Folders:
    """A folder of its own for each call."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls = 0

    def fresh(self) -> Path:
        self.calls += 1
        own = self.folder / str(self.calls)
        own.mkdir()
        return own
