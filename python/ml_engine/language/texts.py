"""Plain texts to calibrate on and to measure on: a dataset's, a file's, or one that every Python brings."""

import json
import platform
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ml_engine.errors import OpError
from ml_engine.tables import read_table

PLAIN_ENDINGS = {".txt", ".md", ".rst"}
MOST_CHARACTERS = 20_000_000
TEXT_COLUMNS = ("text", "content", "prompt", "instruction", "completion", "output", "response")


@dataclass(frozen=True)
class Texts:
    """`pieces` in their order; `name` says where they are from."""

    name: str
    pieces: list[str]

    @property
    def whole(self) -> str:
        return "\n\n".join(self.pieces)


def read_texts(path: str, field: str) -> Texts:
    """The texts of a dataset's column (`text`, `content`, prompt with completion, else its longest), or a text file.

    Raises:
        OpError: naming `field`: there is no text.
    """
    file = Path(path)
    if file.suffix.lower() in PLAIN_ENDINGS and file.is_file():
        whole = file.read_text(encoding="utf-8", errors="replace")[:MOST_CHARACTERS]
        return Texts(file.name, _some([piece for piece in whole.split("\n\n") if piece.strip()], field, file.name))
    table = read_table(path, field)
    frame = table.frame
    strings = [name for name, dtype in frame.schema.items() if dtype == pl.String]
    if "messages" in frame.columns:
        return Texts(table.name, _some(_spoken(frame["messages"]), field, table.name))
    named = [name for name in TEXT_COLUMNS if name in strings]
    if not named and strings:
        named = [max(strings, key=lambda name: float(str(frame[name].str.len_chars().sum())))]
    rows = frame.select(named).iter_rows() if named else iter(())
    pieces = ["\n".join(str(cell) for cell in row if cell) for row in rows]
    return Texts(table.name, _some([piece for piece in pieces if piece.strip()], field, table.name))


def _spoken(messages: pl.Series) -> list[str]:
    said: list[str] = []
    for cell in messages.to_list():
        turns = json.loads(cell) if isinstance(cell, str) else cell
        said.append("\n".join(str(turn.get("content") or "") for turn in turns or []))
    return [piece for piece in said if piece.strip()]


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
