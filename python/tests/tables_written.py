"""Tables as files, as they are found."""

from pathlib import Path

import pytest

from ml_engine.errors import OpError
from ml_engine.tables import Table, read_table


def written(folder: Path, name: str, content: str | bytes, encoding: str = "utf-8") -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return str(path)


def read(folder: Path, content: str | bytes, encoding: str = "utf-8", name: str = "t.csv") -> Table:
    return read_table(written(folder, name, content, encoding))


def refusal(folder: Path, content: str | bytes, name: str = "t.csv") -> OpError:
    with pytest.raises(OpError) as caught:
        read(folder, content, name=name)
    return caught.value
