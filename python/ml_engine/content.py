"""One form for equal tables: the types a stored dataset may have, and the hash of what is in it."""

import hashlib
import json
from typing import NamedTuple, Protocol

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
    columns: list[pl.Series] = []
    warnings: list[str] = []
    for column in frame.rechunk().get_columns():
        form = Canonical()
        converted = form.apply(column)
        if not form.settled:
            converted = form.apply(column)
        columns.append(converted)
        warnings += form.warnings(column.name)
    return pl.DataFrame(columns), warnings


class Change(NamedTuple):
    """A column in canonical form, what that did to it, and to how many of its values where that matters."""

    column: pl.Series
    note: str | None = None
    values: int = 0


class Canonical:
    """Brings one column into canonical form part by part, so that the parts together are as the whole would be.

    `settled` turns false when a part shows that the parts before it were stored as the wrong type; then all of them
    have to be applied once more.
    """

    def __init__(self) -> None:
        self.settled = True
        self._too_wide = False
        self._note: str | None = None
        self._count = 0

    def begin(self) -> None:
        """Before the first part, each time."""
        self.settled, self._count = True, 0

    def apply(self, part: pl.Series) -> pl.Series:
        """The next part in canonical form."""
        change = _canonical_column(part, too_wide=self._too_wide)
        if change.note == WIDE and not self._too_wide:
            self._too_wide, self.settled = True, False
        elif self._too_wide:
            self.settled = True
        self._note = change.note or self._note
        self._count += change.values
        return change.column

    def warnings(self, name: str) -> list[str]:
        """What being stored did to the column's meaning: a sentence, or none."""
        return [f"`{name}`: {self._note.format(count=self._count)}"] if self._note else []


WIDE = "whole numbers past 64 bits stored as floats."


def _canonical_column(column: pl.Series, *, too_wide: bool) -> Change:
    dtype = column.dtype
    if dtype.is_float():
        return _floats(column)
    if dtype.is_temporal():
        return _times(column)
    if isinstance(dtype, (pl.Categorical, pl.Enum, pl.Null)):
        return Change(column.cast(pl.String))
    if isinstance(dtype, pl.Decimal):
        return Change(column.cast(pl.Float64), "decimals stored as 64-bit floats.")
    if isinstance(dtype, (pl.Int128, pl.UInt64, pl.UInt128)):
        return _wide_integers(column, too_wide=too_wide)
    return _opaque(column)


def _floats(column: pl.Series) -> Change:
    wide = column if isinstance(column.dtype, (pl.Float32, pl.Float64)) else column.cast(pl.Float32)
    not_numbers = int(wide.is_nan().sum())
    return Change(wide.fill_nan(None), "{count} NaN read as missing.", not_numbers) if not_numbers else Change(wide)


def _times(column: pl.Series) -> Change:
    dtype = column.dtype
    if isinstance(dtype, pl.Datetime):
        return Change(column.cast(pl.Datetime("us", dtype.time_zone)))
    if isinstance(dtype, pl.Duration):
        return Change(column.dt.total_seconds(fractional=True), "durations stored as seconds.")
    if isinstance(dtype, pl.Time):
        return Change(column.cast(pl.String), "times of day stored as text.")
    return Change(column)


def _wide_integers(column: pl.Series, *, too_wide: bool) -> Change:
    narrow = column.cast(pl.Int64, strict=False)
    if narrow.null_count() == column.null_count() and not too_wide:
        return Change(narrow)
    return Change(column.cast(pl.Float64), WIDE)


def _opaque(column: pl.Series) -> Change:
    if isinstance(column.dtype, pl.Binary):
        return Change(column.bin.encode("hex"), "binary values stored as hexadecimal text.")
    if not (column.dtype.is_nested() or isinstance(column.dtype, pl.Object)):
        return Change(column)
    texts = [
        None if value is None else json.dumps(value, ensure_ascii=False, default=str) for value in column.to_list()
    ]
    return Change(pl.Series(column.name, texts, dtype=pl.String), "nested values stored as JSON text.")


def content_hash(frame: pl.DataFrame) -> str:
    """SHA-256, hex, over names, types and values of a canonical `frame`; chunks and files it came from play no part."""
    digest = ContentHash()
    digest.update(frame)
    return digest.hexdigest()


class Digest(Protocol):
    """What hashlib makes."""

    def update(self, data: bytes | memoryview, /) -> None: ...
    def digest(self) -> bytes: ...


class ContentHash:
    """The hash of a table whose rows arrive part by part; how they were parted plays no part.

    Each column is hashed in slices of SLICE_ROWS: which values are null, then the values (nulls as zero or empty, -0.0
    as 0.0, little-endian; text as byte lengths and bytes). The table's hash is over its shape, schema and those.
    """

    def __init__(self) -> None:
        self.rows = 0
        self._schema: pl.Schema | None = None
        self._columns: list[Digest] = []
        self._waiting: list[pl.DataFrame] = []
        self._waiting_rows = 0

    def update(self, part: pl.DataFrame) -> None:
        """Adds the next rows; every part has the same schema."""
        if self._schema is None:
            self._schema = part.schema
            self._columns = [hashlib.sha256() for _ in part.columns]
        self.rows += part.height
        self._waiting.append(part)
        self._waiting_rows += part.height
        if self._waiting_rows >= SLICE_ROWS:
            self._take(self._waiting_rows // SLICE_ROWS * SLICE_ROWS)

    def hexdigest(self) -> str:
        """The hash of all rows added; nothing can be added after."""
        self._take(self._waiting_rows)
        schema = self._schema or {}
        named = [[name, dtype_name(dtype)] for name, dtype in schema.items()]
        whole = hashlib.sha256(json.dumps([self.rows, named]).encode())
        for column in self._columns:
            whole.update(column.digest())
        return whole.hexdigest()

    def _take(self, rows: int) -> None:
        if rows == 0:
            return
        together = pl.concat(self._waiting) if len(self._waiting) > 1 else self._waiting[0]
        for column, digest in zip(together.get_columns(), self._columns, strict=True):
            for start in range(0, rows, SLICE_ROWS):
                _add_slice(digest, column.slice(start, min(SLICE_ROWS, rows - start)))
        self._waiting = [together.slice(rows)] if rows < together.height else []
        self._waiting_rows = together.height - rows


def _add_slice(digest: Digest, part: pl.Series) -> None:
    digest.update(np.packbits(part.is_null().to_numpy()).tobytes())
    if part.dtype == pl.String:
        filled = part.fill_null("")
        digest.update(filled.str.len_bytes().to_numpy().astype("<u4").tobytes())
        text = filled.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
        _, offsets, data = text.buffers()
        if data is not None and offsets is not None:
            bounds = np.frombuffer(offsets, dtype="<i8")[text.offset : text.offset + len(text) + 1]
            digest.update(memoryview(data)[int(bounds[0]) : int(bounds[-1])])
    elif part.dtype.is_float():
        digest.update((part.fill_null(0.0).to_numpy() + 0.0).astype("<f8", copy=False).tobytes())
    else:
        digest.update(part.to_physical().cast(pl.Int64).fill_null(0).to_numpy().astype("<i8", copy=False).tobytes())
