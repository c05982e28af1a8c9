"""What a split does not keep apart, said when it is made."""

import re

import polars as pl

from ml_engine.roles import FEW_LEVELS, IDENTIFIER_NAME
from ml_engine.transforming.outcome import PART, visible

ENTITY = re.compile(r"^(account|client|customer|device|household|member|patient|person|session|subject|user)s?$")
ROWS_A_GROUP = 1.5
"""Rows an identifier has on average from which on it is taken for that of a group of rows."""
MOST_NAMED = 3


def overlap(frame: pl.DataFrame) -> list[str]:
    """Warns of equal rows on both sides of a split: a test row that was trained on measures nothing."""
    names = visible(frame)
    spread = frame.group_by(names).agg(pl.col(PART).n_unique().alias("\x00parts"), pl.len().alias("\x00rows"))
    across = spread.filter(pl.col("\x00parts") > 1)
    if across.height == 0:
        return []
    rows = int(across["\x00rows"].sum())
    return [f"{rows} rows ({across.height} distinct) equal a row in another part. Put `deduplicate` before the split."]


def torn_groups(frame: pl.DataFrame, whole: list[str]) -> list[str]:
    """Warns of identifiers that repeat and whose rows are in several parts; `whole` are those kept together."""
    found: list[str] = []
    for name in repeated_identifiers(frame.select(visible(frame))):
        if name in whole:
            continue
        groups = frame.drop_nulls(name).group_by(name).agg(pl.col(PART).n_unique().alias("parts"))
        torn = groups.filter(pl.col("parts") > 1).height
        if torn:
            found.append(
                f"{torn} of {groups.height} values of `{name}` have rows in more than one part: what is learnt of one "
                f"is known of its others. Split with method grouped, by `{name}`, unless each row stands for itself."
            )
    return found[:MOST_NAMED]


def repeated_identifiers(frame: pl.DataFrame) -> list[str]:
    """Columns that by their name identify something with several rows each: a customer, a patient, a device."""
    whole = [name for name, dtype in frame.schema.items() if dtype.is_integer() or dtype == pl.String]
    named = [name for name in whole if IDENTIFIER_NAME.search(name.strip()) or ENTITY.match(name.strip().casefold())]
    return [name for name in named if _repeats(frame[name])]


def _repeats(column: pl.Series) -> bool:
    present = column.drop_nulls()
    distinct = present.n_unique()
    return distinct > FEW_LEVELS and len(present) >= ROWS_A_GROUP * distinct
