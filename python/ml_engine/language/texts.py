"""Plain texts to calibrate on and to measure on: a dataset's, a file's, or one that every Python brings."""

import platform
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ml_engine.errors import OpError
from ml_engine.language.examples.reading import read_examples
from ml_engine.tables import read_table

PLAIN_ENDINGS = {".txt", ".md", ".rst"}
MOST_CHARACTERS = 20_000_000


@dataclass(frozen=True)
class Texts:
    """`pieces` in their order; `name` says where they are from."""

    name: str
    pieces: list[str]

    @property
    def whole(self) -> str:
        return "\n\n".join(self.pieces)


def read_texts(path: str, field: str) -> Texts:
    """The texts of a dataset (its examples, else its longest column of texts), or a text file.

    Raises:
        OpError: naming `field`: there is no text.
    """
    file = Path(path)
    if file.suffix.lower() in PLAIN_ENDINGS and file.is_file():
        whole = file.read_text(encoding="utf-8", errors="replace")[:MOST_CHARACTERS]
        return Texts(file.name, _some([piece for piece in whole.split("\n\n") if piece.strip()], field, file.name))
    return _of_table(path, field)


def _of_table(path: str, field: str) -> Texts:
    """Examples as they read, else the longest column of texts."""
    try:
        found = read_examples(path, field)
    except OpError:
        table = read_table(path, field)
        strings = [name for name, dtype in table.frame.schema.items() if dtype == pl.String]
        longest = max(strings, key=lambda name: float(str(table.frame[name].str.len_chars().sum())), default=None)
        cells = [] if longest is None else table.frame[longest].drop_nulls().to_list()
        return Texts(table.name, _some([str(cell) for cell in cells if cell.strip()], field, table.name))
    pieces = ["\n".join(example.texts()) for example in found.examples]
    return Texts(found.name, _some([piece for piece in pieces if piece.strip()], field, found.name))


def _some(pieces: list[str], field: str, name: str) -> list[str]:
    if not pieces:
        raise OpError(
            "invalid_input", f"{field}: there is no text in `{name}`.", "Name a text file or a column `text`."
        )
    return pieces


def built_in(part: str) -> Texts:
    """English prose that is on every machine: the topics of Python's reference manual (`pydoc_data.topics`).

    Args:
        part: `calibration` takes every other topic, `evaluation` the rest: none is in both.
    """
    from pydoc_data.topics import topics

    pieces = [topics[name] for place, name in enumerate(sorted(topics)) if (place % 2 == 0) == (part == "calibration")]
    return Texts(f"topics of Python {platform.python_version()}'s reference (built in)", pieces)


def texts_for(part: str, path: str | None) -> Texts:
    """What `path` names, else the built-in text."""
    return built_in(part) if path is None else read_texts(path, part)
