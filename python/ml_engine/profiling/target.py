"""What a column to be predicted has to do with the others: imbalance, information, leakage."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import polars as pl

from ml_engine.contract.data import Leak, MutualInformation, TargetProfile
from ml_engine.contract.manifest import ColumnSchema
from ml_engine.errors import OpError
from ml_engine.names import require_column
from ml_engine.profiling.associations import (
    MOST_LEVELS,
    Codes,
    Floats,
    as_floats,
    correlation_ratio,
    crosstab,
    encode,
    in_bins,
    mutual_information,
    pairwise_correlation,
)
from ml_engine.profiling.columns import top_values

AUC_LIMIT = 0.99
R2_LIMIT = 0.99
PURITY_LIMIT = 0.995
MISSING_LIMIT = 0.9
CLASSES_LIMIT = 20
"""Distinct whole numbers up to which a target is read as classes."""


def profile_target(frame: pl.DataFrame, columns: Sequence[ColumnSchema], target: str) -> TargetProfile:
    """The target's task, classes, mutual information with each column, and columns that give it away.

    Raises:
        OpError: there is no such column, or it has no value.
    """
    require_column("target", target, frame.columns)
    column = frame[target]
    present = column.is_not_null()
    if not present.any():
        raise OpError("invalid_input", f"target: `{target}` has no value at all", "Choose another column.")
    task = task_of(column)
    rows = frame.filter(present)
    answer = rows[target]
    codes = encode(answer) if task == "classification" else in_bins(as_floats(answer))
    others = [schema for schema in columns if schema["name"] != target]
    information: list[MutualInformation] = []
    leakage: list[Leak] = []
    for schema in others:
        feature = rows[schema["name"]]
        numeric = feature.dtype.is_numeric() or feature.dtype.is_temporal()
        feature_codes = in_bins(as_floats(feature.to_physical())) if numeric else encode(feature)
        if schema["role"] not in ("identifier", "constant") and (
            numeric or int(feature_codes.max(initial=-1)) < MOST_LEVELS * 4
        ):
            information.append(
                {"column": schema["name"], "nats": round(mutual_information(crosstab(feature_codes, codes)), 6)}
            )
        leak = _leak(feature, feature_codes, answer, codes, task, numeric=numeric)
        if leak is not None:
            leakage.append(leak)
    information.sort(key=lambda one: -one["nats"])
    return {
        "name": target,
        "task": task,
        "classes": top_values(column, 20) if task == "classification" else [],
        "missing": column.null_count() / max(len(column), 1),
        "mutual_information": information[:30],
        "leakage": leakage,
    }


def task_of(column: pl.Series) -> Literal["classification", "regression"]:
    """Regression for numbers with a fraction or of many values, classification for everything else."""
    if not column.dtype.is_numeric():
        return "classification"
    distinct = column.drop_nulls().n_unique()
    whole = column.dtype.is_integer() or bool((column.drop_nulls() == column.drop_nulls().floor()).all())
    return "classification" if whole and distinct <= CLASSES_LIMIT else "regression"


def _leak(
    feature: pl.Series, feature_codes: Codes, answer: pl.Series, codes: Codes, task: str, *, numeric: bool
) -> Leak | None:
    found = _found(feature, feature_codes, answer, codes, task, numeric=numeric)
    if found is None:
        return None
    measure, value, reason = found
    return {"column": feature.name, "measure": measure, "value": round(value, 6), "reason": reason}


def _found(
    feature: pl.Series, feature_codes: Codes, answer: pl.Series, codes: Codes, task: str, *, numeric: bool
) -> tuple[str, float, str] | None:
    if len(feature) < 10 or int(codes.max(initial=0)) == 0:
        return None
    if feature.dtype == answer.dtype and feature.equals(answer):
        return "copy", 1.0, "is a copy of the target."
    blank = feature.null_count()
    if task == "classification" and 0.01 * len(feature) < blank < len(feature):
        gone = separation(feature.is_null().cast(pl.Float64).to_numpy(), codes)
        if gone >= MISSING_LIMIT:
            return "auc_of_missing", gone, f"that it is missing tells the class alone (AUC {gone:.4f})."
    told = _by_value(as_floats(feature.to_physical()), answer, codes, task) if numeric else None
    few = encode(feature) if numeric and feature.dtype.is_integer() and feature.n_unique() <= MOST_LEVELS else None
    levels = feature_codes if not numeric else few
    return told if told is not None or levels is None else _by_level(levels, answer, codes, task)


Finding = tuple[str, float, str]


def _by_value(values: Floats, answer: pl.Series, codes: Codes, task: str) -> Finding | None:
    if task == "classification":
        auc = separation(values, codes)
        return ("auc", auc, f"separates the classes alone (AUC {auc:.4f}).") if auc >= AUC_LIMIT else None
    r2 = float(pairwise_correlation(np.column_stack([values, as_floats(answer)]))[0, 1]) ** 2
    return ("r2", r2, f"predicts the target alone (R² {r2:.4f}).") if r2 >= R2_LIMIT else None


def _by_level(levels: Codes, answer: pl.Series, codes: Codes, task: str) -> Finding | None:
    count = int(levels.max(initial=-1)) + 1
    if count < 2 or count > min(MOST_LEVELS * 4, len(levels) / 5):
        return None
    if task == "regression":
        eta2 = correlation_ratio(levels, as_floats(answer)) ** 2
        return ("r2", eta2, f"predicts the target alone (R² {eta2:.4f}).") if eta2 >= R2_LIMIT else None
    counts = crosstab(levels, codes)
    purity = float(counts.max(axis=1).sum() / max(counts.sum(), 1))
    base = float(counts.sum(axis=0).max() / max(counts.sum(), 1))
    told = purity >= PURITY_LIMIT and purity - base > 0.5 * (1 - base)
    return ("purity", purity, f"tells the class alone in {100 * purity:.1f} % of rows.") if told else None


def separation(values: Floats, codes: Codes) -> float:
    """The area under the ROC curve of `values` as a score, the better direction, 0.5 to 1.

    With more than two classes the mean over each class against the rest. Rows where the value is missing are left out.
    """
    kept = np.isfinite(values)
    ranks = pl.Series(values[kept]).rank("average").to_numpy()
    labels = codes[kept]
    areas = [area for code in np.unique(labels) if (area := _area(ranks, labels == code)) is not None]
    return float(np.mean(areas)) if areas else 0.5


def _area(ranks: Floats, positive: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> float | None:
    ones = int(positive.sum())
    zeros = len(positive) - ones
    if ones == 0 or zeros == 0:
        return None
    area = (float(ranks[positive].sum()) - ones * (ones + 1) / 2) / (ones * zeros)
    return max(area, 1 - area)
