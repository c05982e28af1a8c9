"""One form for equal tables: the types a stored dataset may have, and the hash of what is in it."""

import hashlib
import json

import numpy as np
import polars as pl

from ml_engine.roles import dtype_name

SLICE_ROWS = 1 << 16
"""Rows hashed at a time; part of the hash's definition, so it never changes."""


def canonical(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """`frame` with the types a stored dataset may have, and a sentence for each thing that changed its meaning.

    NaN becomes null; categories and enums become text, decimals floats, nested values JSON text, binary values hex
    text; datetimes are counted in microseconds.
    """
    warnings: list[str] = []
    columns: list[pl.Series] = []
    for column in frame.rechunk().get_columns():
        converted, warning = _canonical_column(column)
        columns.append(converted)
        if warning:
            warnings.append(f"`{column.name}`: {warning}")
    return pl.DataFrame(columns), warnings


Change = tuple[pl.Series, str | None]


def _canonical_column(column: pl.Series) -> Change:
    dtype = column.dtype
    if dtype.is_float():
        return _floats(column)
    if dtype.is_temporal():
        return _times(column)
    if isinstance(dtype, (pl.Categorical, pl.Enum, pl.Null)):
        return column.cast(pl.String), None
    if isinstance(dtype, pl.Decimal):
        return column.cast(pl.Float64), "decimals stored as 64-bit floats."
    if isinstance(dtype, (pl.Int128, pl.UInt64, pl.UInt128)):
        return _wide_integers(column)
    return _opaque(column)


def _floats(column: pl.Series) -> Change:
    wide = column if isinstance(column.dtype, (pl.Float32, pl.Float64)) else column.cast(pl.Float32)
    not_numbers = int(wide.is_nan().sum())
    return (wide.fill_nan(None), f"{not_numbers} NaN read as missing.") if not_numbers else (wide, None)


def _times(column: pl.Series) -> Change:
    dtype = column.dtype
    if isinstance(dtype, pl.Datetime):
        return column.cast(pl.Datetime("us", dtype.time_zone)), None
    if isinstance(dtype, pl.Duration):
        return column.dt.total_seconds(fractional=True), "durations stored as seconds."
    return (column.cast(pl.String), "times of day stored as text.") if isinstance(dtype, pl.Time) else (column, None)


def _wide_integers(column: pl.Series) -> Change:
    narrow = column.cast(pl.Int64, strict=False)
    if narrow.null_count() == column.null_count():
        return narrow, None
    return column.cast(pl.Float64), "whole numbers past 64 bits stored as floats."


def _opaque(column: pl.Series) -> Change:
    if isinstance(column.dtype, pl.Binary):
        return column.bin.encode("hex"), "binary values stored as hexadecimal text."
    if not (column.dtype.is_nested() or isinstance(column.dtype, pl.Object)):
        return column, None
    texts = [
        None if value is None else json.dumps(value, ensure_ascii=False, default=str) for value in column.to_list()
    ]
    return pl.Series(column.name, texts, dtype=pl.String), "nested values stored as JSON text."


def content_hash(frame: pl.DataFrame) -> str:
    """SHA-256, hex, over names, types and values of a canonical `frame`; chunks and files it came from play no part.

    Each column is hashed in slices of SLICE_ROWS: which values are null, then the values (nulls as zero or empty, -0.0
    as 0.0, little-endian; text as byte lengths and bytes). The table's hash is over its shape, schema and those.
    """
    whole = hashlib.sha256(
        json.dumps([frame.height, [[name, dtype_name(dtype)] for name, dtype in frame.schema.items()]]).encode()
    )
    for column in frame.get_columns():
        whole.update(_column_digest(column))
    return whole.hexdigest()


def _column_digest(column: pl.Series) -> bytes:
    digest = hashlib.sha256()
    for start in range(0, len(column), SLICE_ROWS):
        part = column.slice(start, SLICE_ROWS)
        digest.update(np.packbits(part.is_null().to_numpy()).tobytes())
        if part.dtype == pl.String:
            filled = part.fill_null("")
            digest.update(filled.str.len_bytes().to_numpy().astype("<u4").tobytes())
            digest.update("".join(filled.to_list()).encode())
        elif part.dtype.is_float():
            digest.update((part.fill_null(0.0).to_numpy() + 0.0).astype("<f8").tobytes())
        else:
            digest.update(part.to_physical().cast(pl.Int64).fill_null(0).to_numpy().astype("<i8").tobytes())
    return digest.digest()
