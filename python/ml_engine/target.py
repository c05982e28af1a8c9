"""What a column means as a target: task, classes, the positive one, and the metric that decides."""

from typing import Literal

import numpy as np
import polars as pl

from ml_engine.errors import OpError
from ml_engine.families import Task
from ml_engine.frames import labels_of
from ml_engine.metrics import LOWER_IS_BETTER
from ml_engine.names import nearest

MOST_CLASSES = 200
FEW_VALUES = 10
"""Whole-number targets with at most this many values are read as classes by `auto`."""
POSITIVE_WORDS = {"1", "true", "yes", "y", "t", "positive", "pos"}
CLASSIFICATION_METRICS = {
    *("roc_auc", "average_precision", "accuracy", "balanced_accuracy", "f1", "f1_macro", "mcc", "log_loss", "brier")
}
REGRESSION_METRICS = {"rmse", "mae", "r2", "medae", "mape"}


def labelled_rows(frame: pl.DataFrame, target: str, warnings: list[str]) -> pl.DataFrame:
    """The rows with a finite target; `warnings` says how many there are not.

    Raises:
        OpError: `invalid_input` where more than half have none.
    """
    values = frame.get_column(target)
    kept = frame.filter(values.is_finite() if values.dtype.is_float() else values.is_not_null())
    missing = frame.height - kept.height
    if missing > frame.height / 2:
        raise OpError(
            "invalid_input",
            f"target: `{target}` has no usable value in {missing} of {frame.height} rows.",
            "Filter to labelled rows with ml_data_transform, or choose another target.",
        )
    if missing:
        warnings.append(f"{missing} of {frame.height} rows have no finite `{target}` and were left out.")
    return kept


def task_of(asked: str, target: pl.Series, notes: list[str]) -> Task:
    """The task asked for, or the one that suits the target's values; `notes` says why.

    Raises:
        OpError: `invalid_input` where the task does not suit the target.
    """
    distinct = target.n_unique()
    numeric = target.dtype.is_numeric()
    whole = numeric and bool((target.cast(pl.Float64) == target.cast(pl.Float64).round()).all())
    name = target.name
    if not numeric and not isinstance(target.dtype, pl.String | pl.Boolean | pl.Categorical | pl.Enum):
        raise OpError("invalid_input", f"target: `{name}` is {target.dtype}; a target is text, a boolean or a number.")
    if asked == "auto":
        task: Task = (
            "classification" if not numeric or distinct <= 2 or (whole and distinct <= FEW_VALUES) else "regression"
        )
        kind = f"{target.dtype} with {distinct} values"
        notes.append(f"task: read as {task}, because `{name}` is {kind}.")
        return task
    if asked == "regression" and not numeric:
        raise OpError(
            "invalid_input",
            f"target: `{name}` is {target.dtype}; regression needs a number.",
            "Use task `classification`, or cast the column with ml_data_transform.",
        )
    if asked == "classification" and numeric and not whole and distinct > 20:
        raise OpError(
            "invalid_input",
            f"target: `{name}` has {distinct} different values with decimals; those are not classes.",
            "Use task `regression`, or bin the column with ml_data_transform.",
        )
    return "regression" if asked == "regression" else "classification"


def truth_of(frame: pl.DataFrame, target: str, task: Task, warnings: list[str]) -> tuple[np.ndarray, list[str]]:
    """Numbers and no classes, or class codes and the labels they stand for.

    Raises:
        OpError: `invalid_input` where there is nothing to tell apart, or too little of it.
    """
    values = frame.get_column(target)
    if task == "regression":
        truth = values.cast(pl.Float64).to_numpy()
        if values.n_unique() < 2:
            raise OpError("invalid_input", f"target: `{target}` has one value only; there is nothing to predict.")
        return truth, []
    classes, truth, counts = np.unique(
        labels_of(values).to_numpy().astype(str), return_inverse=True, return_counts=True
    )
    if len(classes) < 2:
        only = f" (`{classes[0]}`)" if len(classes) else ""
        raise OpError(
            "invalid_input",
            f"target: `{target}` has one class only{only}; a classifier needs two.",
            "Add rows of another class or choose another target.",
        )
    if len(classes) > MOST_CLASSES:
        raise OpError(
            "invalid_input",
            f"target: `{target}` has {len(classes)} classes; at most {MOST_CLASSES} are supported.",
            "Group rare ones, or use task `regression` if it is a number.",
        )
    if counts.min() < 2:
        lone = [str(name) for name in classes[counts < 2]]
        raise OpError(
            "invalid_input",
            f"target: {len(lone)} classes have a single row (`{lone[0]}`): nothing could check them.",
            "Group or drop rare classes with ml_data_transform.",
        )
    if counts.min() * 20 < counts.max():
        rarest = int(counts.argmin())
        warnings.append(
            f"Classes are unbalanced: `{classes[rarest]}` has {counts[rarest]} of {counts.sum()} rows; "
            "read average_precision and balanced_accuracy, not accuracy."
        )
    return truth.astype(np.int64), [str(name) for name in classes]


def positive_of(truth: np.ndarray, classes: list[str], asked: str | None, task: Task, notes: list[str]) -> int | None:
    """Code of the positive class: the one asked for, one called yes or 1 or the like, or the rarer.

    Raises:
        OpError: `invalid_input` where the label asked for is none of two classes.
    """
    if len(classes) != 2:
        if asked is not None:
            raise OpError(
                "invalid_input",
                f"positive: there is a positive class only where the target has two ({task}, {len(classes)} classes).",
            )
        return None
    if asked is not None:
        if asked not in classes:
            raise OpError("invalid_input", f"positive: `{asked}` is not a class.", f"Classes: {', '.join(classes)}.")
        return classes.index(asked)
    known = [code for code, label in enumerate(classes) if label.casefold() in POSITIVE_WORDS]
    if len(known) == 1:
        return known[0]
    counts = np.bincount(truth, minlength=2)
    chosen = 0 if counts[0] < counts[1] else 1
    notes.append(f"positive: `{classes[chosen]}`, the rarer class; set `positive` to change it.")
    return chosen


def metric_of(asked: str, task: Task, binary: bool) -> str:
    """The metric that decides.

    Raises:
        OpError: `invalid_input` where it does not apply, listing those that do.
    """
    if asked == "auto":
        return "roc_auc" if task == "classification" else "r2"
    everything = CLASSIFICATION_METRICS | REGRESSION_METRICS
    if asked not in everything:
        guess = nearest(asked, everything)
        suggestion = f"; did you mean `{guess}`?" if guess else ""
        raise OpError(
            "invalid_input", f"metric: no metric `{asked}`{suggestion}", f"Metrics: {', '.join(sorted(everything))}."
        )
    known = CLASSIFICATION_METRICS if task == "classification" else REGRESSION_METRICS
    if asked not in known or (asked == "f1" and not binary):
        listed = sorted(known - ({"f1"} if not binary else set()))
        raise OpError(
            "invalid_input", f"metric: `{asked}` does not apply to this {task}.", f"Use one of {', '.join(listed)}."
        )
    return asked


def direction(metric: str) -> Literal["minimize", "maximize"]:
    return "minimize" if metric in LOWER_IS_BETTER else "maximize"
