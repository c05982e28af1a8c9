"""A table and a target posed as a supervised problem, with everything left out said."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from ml_engine.errors import OpError
from ml_engine.families import Task
from ml_engine.frames import feature_frame, kind_of
from ml_engine.names import require_column
from ml_engine.posed import LEAST_ROWS, Posed, chosen_features, count_infinite, in_time
from ml_engine.tables import Table
from ml_engine.target import labelled_rows, metric_of, positive_of, task_of, truth_of


@dataclass(frozen=True, kw_only=True)
class Problem(Posed):
    """Rows in the order they are fitted in: by time where there is a time column."""

    task: Task
    metric: str
    truth: np.ndarray
    """Class codes, or floats; shape (rows,)."""
    classes: list[str]
    positive: int | None
    ordered: bool

    @property
    def fitted(self) -> np.ndarray:
        """What an estimator's `fit` takes as its target: labels or numbers."""
        return np.array(self.classes)[self.truth] if self.task == "classification" else self.truth

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
    if "target" not in params:
        raise OpError(
            "invalid_input",
            "target: it is missing; classification and regression predict a column.",
            "Without one, use task `clustering` or `anomaly_detection`.",
        )
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
        frame = in_time(frame, params["time"], warnings)
    signature, left_out = chosen_features(table, frame, target, params, warnings)
    truth, classes = truth_of(frame, target, task, warnings)
    if frame.height < LEAST_ROWS:
        raise OpError("invalid_input", f"dataset: {frame.height} usable rows; at least {LEAST_ROWS} are needed.")
    positive = positive_of(truth, classes, params.get("positive"), task, notes)
    count_infinite(frame, signature, warnings)
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
