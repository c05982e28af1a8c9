"""Rows added to a table that there is, or put in the place of its rows with the same key."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import polars as pl

from ml_engine.errors import OpError
from ml_engine.names import require_column
from ml_engine.reading.columns import TypedColumn
from ml_engine.reading.options import Reading, ReadOptions
from ml_engine.reading.storing import Store

DATA_FILE = "whole.parquet"


class Grown(NamedTuple):
    """A table after rows were added, and what became of the rows."""

    reading: Reading
    before: int
    added: int
    replaced: int
    """Rows of the table before that new ones took the place of."""


def grown(base: Path, reading: Reading, key: list[str], options: ReadOptions, scratch: Path) -> Grown:
    """The rows of the Parquet file `base` and after them those just read; with a `key`, a row read takes the place of
    those in `base` that agree with it on the key, and the last of several with one key counts.

    Whole numbers and others become numbers with a point where one of both sides has such.

    Raises:
        OpError: the columns or their types do not go together, or a key is missing or not a column.
    """
    old, new = pl.scan_parquet(base), pl.scan_parquet(reading.path)
    before, came = old.collect_schema(), new.collect_schema()
    for name in before:
        require_column("source", name, came.names())
    extra = next((name for name in came if name not in before), None)
    if extra is not None:
        raise OpError(
            "invalid_input", f"onto: it has no column `{extra}`, which the rows read have", "Register them apart."
        )
    schema = pl.Schema({name: _common(name, before[name], came[name], reading) for name in before})
    rows_before = int(old.select(pl.len()).collect().item())
    old, new = old.cast(schema), new.select(list(schema)).cast(schema)
    warnings = list(reading.warnings)
    if key:
        keys = [require_column("key", name, list(schema)) for name in key]
        blank = int(new.select(pl.any_horizontal(pl.col(keys).is_null()).sum()).collect().item())
        if blank:
            raise OpError("invalid_input", f"key: {blank} rows have no value in it", "Filter those rows out first.")
        unique = new.unique(keys, keep="last", maintain_order=True)
        repeated = reading.rows - int(unique.select(pl.len()).collect().item())
        if repeated:
            warnings.append(f"{repeated} rows had the key of a later row, which was kept.")
        new, old = unique, old.join(new.select(keys), on=keys, how="anti", maintain_order="left")
    widened = [name for name in schema if schema[name] != before[name]]
    warnings += [f"`{name}` is {schema[name]} now; it was {before[name]}." for name in widened]
    store = Store({name: TypedColumn(name, None, None) for name in schema}, scratch / DATA_FILE)

    def batches() -> Iterator[pl.DataFrame]:
        for frame in (old, new):
            yield from frame.collect_batches(chunk_size=options.batch_rows, maintain_order=True)

    stored = store.fill(batches)
    kept = int(old.select(pl.len()).collect().item()) if key else rows_before
    replaced = rows_before - kept
    whole = replace(
        reading, path=store.target, rows=stored.rows, hash=stored.hash, missing=stored.missing, warnings=warnings
    )
    return Grown(whole, rows_before, stored.rows - rows_before, replaced)


def _common(name: str, before: pl.DataType, came: pl.DataType, reading: Reading) -> pl.DataType:
    if before == came or reading.missing[name] == reading.rows:
        return before
    if before.is_numeric() and came.is_numeric():
        return pl.Float64() if before.is_float() or came.is_float() else pl.Int64()
    if before == pl.String and not came.is_nested():
        return before
    if isinstance(before, pl.Datetime) and came == pl.Date and before.time_zone is None:
        return before
    raise OpError(
        "invalid_input",
        f"onto: `{name}` is {before} there, and {came} in the rows read",
        f'Set types: {{"{name}": "…"}} to read it as there; rows that do not fit are put aside.',
    )
