"""A table whose features are chosen, with everything left out said: what every task of training starts from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from ml_engine.contract.manifest import ColumnSchema
from ml_engine.errors import OpError
from ml_engine.frames import feature_frame, kind_of
from ml_engine.names import require_column
from ml_engine.tables import Table

LEAST_ROWS = 20
LEFT_OUT_ROLES = {
    "identifier": "identifier",
    "constant": "never changes",
    "personal": "personal data",
    "text": "free text",
}


@dataclass(frozen=True, kw_only=True)
class Posed:
    """Rows in the order they are fitted in, and their features."""

    table: Table
    target: str
    """Empty where nothing is predicted."""
    features: pd.DataFrame
    signature: list[ColumnSchema]
    categories: dict[str, int]
    """Each categorical feature and how many values it has."""
    groups: np.ndarray | None
    given: int
    left_out: list[dict[str, str]]
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return len(self.features)

    def named(self, kind: str) -> list[str]:
        return [schema["name"] for schema in self.signature if kind_of(schema) == kind]


def pose_rows(table: Table, params: Any, frame: pl.DataFrame, target: str, warnings: list[str]) -> Posed:
    """The rows of `frame`, which are some of the table's, with the features that `include` and `exclude` leave.

    Raises:
        OpError: naming the field, where too little is left to learn from.
    """
    signature, left_out = chosen_features(table, frame, target, params, warnings)
    if frame.height < LEAST_ROWS:
        raise OpError("invalid_input", f"dataset: {frame.height} usable rows; at least {LEAST_ROWS} are needed.")
    count_infinite(frame, signature, warnings)
    groups = frame.get_column(params["group"]).cast(pl.String).fill_null("").to_numpy() if "group" in params else None
    categorical = [schema["name"] for schema in signature if kind_of(schema) == "categorical"]
    return Posed(
        table=table,
        target=target,
        features=feature_frame(frame, signature),
        signature=signature,
        categories={name: frame.get_column(name).n_unique() for name in categorical},
        groups=groups,
        given=table.frame.height,
        left_out=left_out,
        warnings=warnings,
    )


def moments(frame: pl.DataFrame, time: str) -> pl.Series:
    """The column `time` as dates or numbers.

    Raises:
        OpError: `invalid_input` where it is neither, or mostly neither.
    """
    column = frame.get_column(time)
    if column.dtype == pl.String:
        try:
            column = column.str.to_datetime(strict=False)
        except pl.exceptions.ComputeError:
            column = pl.Series(time, [None] * len(column), dtype=pl.Datetime("us"))
    if not (column.dtype.is_temporal() or column.dtype.is_numeric()):
        raise OpError("invalid_input", f"time: `{time}` is {column.dtype}, neither a date nor a number.")
    unread = column.null_count()
    if unread > len(column) / 2:
        raise OpError(
            "invalid_input",
            f"time: {unread} of {len(column)} values of `{time}` are not dates.",
            "Parse it with ml_data_transform.",
        )
    return column


def in_time(frame: pl.DataFrame, time: str, warnings: list[str]) -> pl.DataFrame:
    """The rows that have a moment in `time`, earliest first; equal moments keep their order."""
    column = moments(frame, time)
    if unread := column.null_count():
        warnings.append(f"{unread} rows have no date in `{time}` and were left out.")
    return (
        frame.with_columns(column.alias("__order"))
        .drop_nulls("__order")
        .sort("__order", maintain_order=True)
        .drop("__order")
    )


def chosen_features(
    table: Table, frame: pl.DataFrame, target: str, params: Any, warnings: list[str]
) -> tuple[list[ColumnSchema], list[dict[str, str]]]:
    """The columns to learn from, and the others with the reason why not.

    Raises:
        OpError: where a column named is not there, is named twice, or nothing is left.
    """
    names = table.frame.columns
    include = [require_column("include", name, names) for name in params.get("include", [])]
    exclude = {require_column("exclude", name, names) for name in params.get("exclude", [])}
    if target in include:
        raise OpError("invalid_input", f"include: `{target}` is the target.")
    if clash := sorted(exclude & set(include)):
        raise OpError("invalid_input", f"exclude: `{clash[0]}` is in include too.")
    kept: list[ColumnSchema] = []
    left_out: list[dict[str, str]] = []
    for schema in table.columns:
        name = schema["name"]
        if name == target:
            continue
        reason = _why_not(schema, frame.get_column(name), include, exclude, params)
        if reason:
            left_out.append({"column": name, "reason": reason})
            if name in include:
                warnings.append(f"`{name}` was asked for but left out: {reason}.")
        else:
            kept.append(schema)
    left_out = [one for one in left_out if one["reason"] != "not included"]
    if not kept:
        said = ", ".join(f"`{one['column']}` ({one['reason']})" for one in left_out[:20])
        raise OpError(
            "invalid_input",
            f"dataset: no usable feature is left. Left out: {said or 'nothing'}.",
            "Name columns in include.",
        )
    return kept, left_out


def _why_not(
    schema: ColumnSchema, column: pl.Series, include: Sequence[str], exclude: set[str], params: Any
) -> str | None:
    name = schema["name"]
    if name in exclude:
        return "excluded"
    if name == params.get("group"):
        return "group column"
    if kind_of(schema) == "other":
        return f"{schema['dtype']} is not supported"
    if column.null_count() == len(column):
        return "no values"
    if name in include:
        return None
    if include:
        return "not included"
    return LEFT_OUT_ROLES.get(schema["role"])


def count_infinite(frame: pl.DataFrame, signature: Sequence[ColumnSchema], warnings: list[str]) -> None:
    """Warns of infinite values, which are read as missing."""
    for schema in signature:
        column = frame.get_column(schema["name"])
        count = int(column.is_infinite().sum()) if column.dtype.is_float() else 0
        if count:
            warnings.append(f"`{schema['name']}` has {count} infinite values; they are treated as missing.")
