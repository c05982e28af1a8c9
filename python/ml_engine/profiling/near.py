"""Rows that are the same but for spelling and rounding, and columns that are no flat values."""

import json
from collections.abc import Sequence

import polars as pl

from ml_engine.contract.manifest import ColumnSchema

MOST_ROWS = 100_000
"""Rows past which near duplicates are looked for among the first of them only."""
FIGURES = 4
LOOKED_AT = 100


def near_duplicates(frame: pl.DataFrame, columns: Sequence[ColumnSchema]) -> int:
    """Rows that repeat an earlier one but for case, blanks and figures past the fourth.

    Identifiers do not count. Rows are told apart by 64-bit hashes.
    """
    names = [column["name"] for column in columns if column["role"] not in ("identifier", "personal")]
    rows = frame.head(MOST_ROWS).select(names)
    if not any(dtype == pl.String or dtype.is_float() for dtype in rows.dtypes):
        return 0
    # Rows that differ where nothing is spelt or rounded are not alike; most tables end here.
    exact = rows.select(pl.exclude(pl.String, pl.Float64, pl.Float32))
    if exact.width:
        rows = rows.filter(exact.hash_rows().is_duplicated())
    plain = rows.with_columns(
        pl.col(pl.String).str.strip_chars().str.to_lowercase().str.replace_all(r"\s+", " "),
        pl.col(pl.Float64, pl.Float32).round_sig_figs(FIGURES),
    )
    return max(0, rows.hash_rows().n_unique() - plain.hash_rows().n_unique())


def is_nested(column: pl.Series) -> bool:
    """Whether a column holds lists or objects, as such or as JSON text: no statistics of ours describe it."""
    if column.dtype.is_nested() or column.dtype in (pl.Binary(), pl.Object()):
        return True
    if column.dtype != pl.String:
        return False
    texts = column.drop_nulls().head(LOOKED_AT)
    return len(texts) > 0 and all(text[:1] in ("{", "[") and _is_json(text) for text in texts.to_list())


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
