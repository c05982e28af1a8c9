"""The row that was the newest at an instant, for each of many instants."""

from collections.abc import Sequence

import polars as pl

from ml_engine.errors import OpError
from ml_engine.features.rows import CREATED, EVENT

AT = "\x00at"
RANK = "\x00rank"
KNOWN = "\x00known"


def newest_at(
    instants: pl.DataFrame,
    rows: pl.DataFrame,
    entities: Sequence[str],
    ttl_seconds: float | None,
    *,
    created_before: bool = False,
) -> pl.DataFrame:
    """For each row of `instants` the row of `rows` of the same entity with the latest EVENT in [AT − ttl, AT].

    Both ends are in. Of equal event times the one created last counts, of those the one that comes last in `rows`. With
    `created_before`, a row counts only from its CREATED on: what was filed late is not seen early. The order and number
    of instants are kept; where there is no row, or a key or AT is missing, everything is null.

    Args:
        instants: Columns `entities` and AT.
        rows: Columns `entities`, EVENT, CREATED and what is wanted.

    Returns:
        EVENT and the other columns of `rows` but entities and CREATED, one row for each instant.

    Raises:
        OpError: keys of the two cannot be compared.
    """
    wanted = [name for name in rows.columns if name not in (*entities, EVENT, CREATED)]
    ranked = rows.sort([EVENT, CREATED], nulls_last=False, maintain_order=True).with_row_index(RANK)
    known = pl.max_horizontal(EVENT, CREATED) if created_before else pl.col(EVENT)
    candidates = ranked.select([*entities, RANK, known.alias(KNOWN)]).sort([KNOWN, RANK])
    if created_before:
        # From the moment a newer event is known, an older one that is filed later changes nothing.
        candidates = candidates.with_columns(pl.col(RANK).cum_max().over(entities))
    asked = _like(instants.select([*entities, AT]), rows, entities).with_row_index("\x00order")
    found = (
        asked.drop_nulls()
        .sort(AT)
        .join_asof(
            candidates, left_on=AT, right_on=KNOWN, by=list(entities), strategy="backward", check_sortedness=False
        )
        .select("\x00order", RANK)
    )
    values = ranked.select([RANK, EVENT, *wanted])
    joined = asked.join(found, on="\x00order", how="left").join(values, on=RANK, how="left").sort("\x00order")
    if ttl_seconds is not None:
        fresh = pl.col(EVENT) >= pl.col(AT) - pl.duration(microseconds=int(ttl_seconds * 1_000_000))
        joined = joined.with_columns(pl.when(fresh).then(pl.col(name)).alias(name) for name in [EVENT, *wanted])
    return joined.select([EVENT, *wanted])


def _like(instants: pl.DataFrame, rows: pl.DataFrame, entities: Sequence[str]) -> pl.DataFrame:
    """The instants' keys in the types of the rows' keys."""
    for name in entities:
        mine, theirs = instants.schema[name], rows.schema[name]
        if mine != theirs and not (mine.is_integer() and theirs.is_integer()):
            raise OpError(
                "invalid_input",
                f"labels: `{name}` is {mine}, but {theirs} in the feature view",
                "Cast one of them with ml_data_transform.",
            )
    return instants.with_columns(pl.col(name).cast(rows.schema[name]) for name in entities)
