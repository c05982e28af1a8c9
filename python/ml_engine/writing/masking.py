"""Takes personal data out of a table on its way out."""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Literal

import polars as pl

from ml_engine.contract.data import Masked
from ml_engine.contract.manifest import ColumnSchema
from ml_engine.names import require_column

How = Literal["mask", "hash", "drop"]
EVERY = "*"
HASH_HEX_DIGITS = 32
"""128 bits of the 256: no two values of a table meet by chance."""


def masked_columns(
    mask: Mapping[str, Literal["mask", "hash", "drop", "keep"]], columns: list[ColumnSchema]
) -> list[Masked]:
    """What is done to which column: a column's own entry first, else `*` for those that seem to hold personal data.

    Raises:
        OpError: `not_found`: an entry names no column.
    """
    names = [column["name"] for column in columns]
    for name in mask:
        if name != EVERY:
            require_column("mask", name, names)
    found: list[Masked] = []
    for column in columns:
        how = mask.get(column["name"]) or (mask.get(EVERY, "keep") if column["personal"] else "keep")
        if how != "keep":
            found.append({"column": column["name"], "kind": column["personal"], "how": how})
    return found


def apply_masks(frame: pl.LazyFrame, masks: list[Masked], salt: str | None) -> pl.LazyFrame:
    """`frame` with each column masked, hashed or dropped; missing values stay missing.

    A mask is the kind of data in brackets, the same for every value. A hash is HMAC-SHA-256 (RFC 2104) under `salt`,
    a fresh random key where None, cut to HASH_HEX_DIGITS: equal values stay equal, and nobody without the salt can try
    out candidates.
    """
    key = secrets.token_bytes(32) if salt is None else salt.encode()
    dropped = [mask["column"] for mask in masks if mask["how"] == "drop"]
    changed = [
        _masked(mask) if mask["how"] == "mask" else _hashed(mask["column"], key)
        for mask in masks
        if mask["how"] != "drop"
    ]
    return frame.with_columns(changed).drop(dropped)


def _masked(mask: Masked) -> pl.Expr:
    column = pl.col(mask["column"])
    return pl.when(column.is_not_null()).then(pl.lit(f"[{mask['kind'] or 'masked'}]")).alias(mask["column"])


def _hashed(name: str, key: bytes) -> pl.Expr:
    def digests(values: pl.Series) -> pl.Series:
        distinct = values.unique().drop_nulls()
        made = [hmac.new(key, str(value).encode(), hashlib.sha256).hexdigest()[:HASH_HEX_DIGITS] for value in distinct]
        return values.replace_strict(distinct, pl.Series(made, dtype=pl.String), default=None, return_dtype=pl.String)

    return pl.col(name).cast(pl.String).map_batches(digests, return_dtype=pl.String, is_elementwise=True)
