"""A table and a target posed as a supervised problem, with everything left out said."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from ml_engine.contract.manifest import ColumnSchema
from ml_engine.errors import OpError
from ml_engine.families import Task
from ml_engine.frames import feature_frame, kind_of
from ml_engine.names import require_column
from ml_engine.tables import Table
from ml_engine.target import labelled_rows, metric_of, positive_of, task_of, truth_of

LEAST_ROWS = 20
LEFT_OUT_ROLES = {
    "identifier": "identifier",
    "constant": "never changes",
    "personal": "personal data",
    "text": "free text",
}


@dataclass(frozen=True)
class Problem:
    """Rows in the order they are fitted in: by time where there is a time column."""

    table: Table
    task: Task
    target: str
    metric: str
    features: pd.DataFrame
    truth: np.ndarray
    """Class codes, or floats; shape (rows,)."""
    classes: list[str]
    positive: int | None
    signature: list[ColumnSchema]
    categories: dict[str, int]
    """Each categorical feature and how many values it has."""
    groups: np.ndarray | None
    ordered: bool
    given: int
    left_out: list[dict[str, str]]
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return len(self.truth)

    @property
    def fitted(self) -> np.ndarray:
        """What an estimator's `fit` takes as its target: labels or numbers."""
        return np.array(self.classes)[self.truth] if self.task == "classification" else self.truth

    def named(self, kind: str) -> list[str]:
        return [schema["name"] for schema in self.signature if kind_of(schema) == kind]

    def take(self, rows: np.ndarray) -> "Problem":
        """The same problem on some of its rows, in their order."""
        groups = None if self.groups is None else self.groups[rows]
        return replace(self, features=self.features.iloc[rows], truth=self.truth[rows], groups=groups)


def pose(table: Table, params: Any) -> Problem:
    """Reads the shared fields of training (`target`, `task`, `positive`, `include`, …) against a table.

    Raises:
        OpError: naming the field, where the table cannot be learnt from as asked.
    """
    frame, names = table.frame, table.frame.columns
    notes: list[str] = []
    warnings: list[str] = [*table.warnings]
    target = require_column("target", params["target"], names)
    for reserved in ("group", "time"):
        if reserved in params and require_column(reserved, params[reserved], names) == target:
            raise OpError("invalid_input", f"{reserved}: `{target}` is the target.")
    if "group" in params and "time" in params:
        raise OpError(
            "invalid_input", "group and time cannot be combined.", "Give the one that describes how rows will arrive."
        )
    frame = labelled_rows(frame, target, warnings)
    task = task_of(params["task"], frame.get_column(target), notes)
    if "time" in params:
        frame = _in_time(frame, params["time"], warnings)
    signature, left_out = _features(table, frame, target, params, warnings)
    truth, classes = truth_of(frame, target, task, warnings)
    if frame.height < LEAST_ROWS:
        raise OpError("invalid_input", f"dataset: {frame.height} usable rows; at least {LEAST_ROWS} are needed.")
    positive = positive_of(truth, classes, params.get("positive"), task, notes)
    _count_infinite(frame, signature, warnings)
    groups = frame.get_column(params["group"]).cast(pl.String).fill_null("").to_numpy() if "group" in params else None
    categorical = [schema["name"] for schema in signature if kind_of(schema) == "categorical"]
    return Problem(
        table=table,
        task=task,
        target=target,
        metric=metric_of(params["metric"], task, positive is not None),
        features=feature_frame(frame, signature),
        truth=truth,
        classes=classes,
        positive=positive,
        signature=signature,
        categories={name: frame.get_column(name).n_unique() for name in categorical},
        groups=groups,
        ordered="time" in params,
        given=table.frame.height,
        left_out=left_out,
        notes=notes,
        warnings=warnings,
    )


def _in_time(frame: pl.DataFrame, time: str, warnings: list[str]) -> pl.DataFrame:
    column = frame.get_column(time)
    if column.dtype == pl.String:
        column = column.str.to_datetime(strict=False)
    if not (column.dtype.is_temporal() or column.dtype.is_numeric()):
        raise OpError("invalid_input", f"time: `{time}` is {column.dtype}, neither a date nor a number.")
    unread = column.null_count()
    if unread > len(column) / 2:
        raise OpError(
            "invalid_input",
            f"time: {unread} of {len(column)} values of `{time}` are not dates.",
            "Parse it with ml_data_transform.",
        )
    if unread:
        warnings.append(f"{unread} rows have no date in `{time}` and were left out.")
    order = column.rename("order")
    return (
        frame.with_columns(order.alias("__order"))
        .drop_nulls("__order")
        .sort("__order", maintain_order=True)
        .drop("__order")
    )


def _features(
    table: Table, frame: pl.DataFrame, target: str, params: Any, warnings: list[str]
) -> tuple[list[ColumnSchema], list[dict[str, str]]]:
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


def _count_infinite(frame: pl.DataFrame, signature: Sequence[ColumnSchema], warnings: list[str]) -> None:
    for schema in signature:
        column = frame.get_column(schema["name"])
        count = int(column.is_infinite().sum()) if column.dtype.is_float() else 0
        if count:
            warnings.append(f"`{schema['name']}` has {count} infinite values; they are treated as missing.")
