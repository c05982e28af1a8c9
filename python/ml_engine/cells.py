"""Cells of a table as JSON can carry them."""

import math
from collections.abc import Iterable
from datetime import date, datetime

import polars as pl

Cell = str | float | bool | None
CELL_CHARACTERS = 80
PREVIEW_COLUMNS = 30


def cell(value: object) -> Cell:
    """`value` as JSON: dates in ISO 8601, infinities as text, NaN as None, long text cut."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None if math.isnan(value) else str(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    text = str(value)
    return text if len(text) <= CELL_CHARACTERS else text[: CELL_CHARACTERS - 1] + "…"


def cells(values: Iterable[object]) -> list[Cell]:
    """Each of `values` as a cell."""
    return [cell(value) for value in values]


def preview(frame: pl.DataFrame, rows: int = 5) -> list[dict[str, Cell]]:
    """The first `rows` rows, at most PREVIEW_COLUMNS columns of them."""
    shown = frame.head(rows).select(frame.columns[:PREVIEW_COLUMNS])
    return [{name: cell(value) for name, value in row.items()} for row in shown.iter_rows(named=True)]


def number(value: object) -> float | None:
    """`value` as a finite float, else None."""
    if isinstance(value, (int, float)) and math.isfinite(value):
        return float(value)
    return None
