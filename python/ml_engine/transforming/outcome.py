"""What a step gives back, and the columns that carry a row through the steps unseen."""

from dataclasses import dataclass, field

import polars as pl

from ml_engine.errors import OpError

PART = "\x00part"
"""The column that carries each row's part through the steps; no table can have it, names hold no NUL."""


@dataclass
class Outcome:
    """A table after one step. `note` says what rows and columns do not show, `warnings` what a person must know."""

    frame: pl.DataFrame
    note: str = ""
    warnings: list[str] = field(default_factory=list[str])


@dataclass(frozen=True)
class Named:
    """A further dataset that steps may name."""

    name: str
    """`customers@2`, or a file's name."""
    hash: str
    frame: pl.DataFrame


def visible(frame: pl.DataFrame) -> list[str]:
    """The table's own columns."""
    return [name for name in frame.columns if name != PART]


def hidden(frame: pl.DataFrame) -> list[str]:
    """The column of parts, where the table is split."""
    return [PART] if PART in frame.columns else []


def new_name(name: str, field: str) -> str:
    """`name` where a new column may have it.

    Raises:
        OpError: it is blank, too long or holds a NUL.
    """
    if not name.strip() or "\x00" in name or len(name) > 256:
        raise OpError("invalid_input", f"{field}: `{name[:40]}` is no name for a column")
    return name
