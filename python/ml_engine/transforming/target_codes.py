"""Target encoding: each level as the mean of the target among its rows, never its own row among them in training.

Micci-Barreca (2001), A preprocessing scheme for high-cardinality categorical attributes; fitted by scikit-learn's
TargetEncoder, whose cross-fitting gives the rows that are learnt from their out-of-fold codes.
"""

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import polars as pl
from sklearn.preprocessing import TargetEncoder

from ml_engine.contract.data import Step
from ml_engine.errors import OpError
from ml_engine.names import require_column

DEFAULT_FOLDS = 5
MOST_CLASSES = 20
MISSING = "\x00missing"
"""Stands for null among the levels: that a value is missing may say something of the target."""

Codes = dict[str, dict[str, object]]


def learn_codes(
    frame: pl.DataFrame, step: Step, columns: list[str], seed: int, field: str
) -> tuple[Codes, pl.DataFrame]:
    """The codes of each column over all rows of `frame`, and its rows' own codes, out of fold.

    A numeric target with more than two values is coded by its mean, one of two classes by the share of the second in
    sorted order, one of more by a column a class. `smoothing` is how many rows the mean of all counts as; without it,
    empirical Bayes decides for each level.

    Raises:
        OpError: the target is not there, has missing values or too few rows a class.
    """
    by = require_column(f"{field}.by", step.get("by", ""), frame.columns)
    target = frame[by]
    if nulls := target.null_count():
        raise OpError(
            "invalid_input",
            f"{field}.by: `{by}` is missing in {nulls} train rows",
            f"Filter first: `{by} IS NOT NULL`.",
        )
    numeric = target.dtype.is_numeric() and target.n_unique() > 2
    truth = target.cast(pl.Float64).to_numpy() if numeric else target.cast(pl.String).to_numpy().astype(object)
    folds, classes = int(step.get("size", DEFAULT_FOLDS)), target.n_unique()
    if not numeric:
        least = int(target.value_counts()["count"].min() or 0)  # pyright: ignore[reportArgumentType]
        folds = min(folds, least)
        if classes < 2 or classes > MOST_CLASSES or folds < 2:
            raise OpError(
                "invalid_input",
                f"{field}.by: `{by}` has {classes} classes, the rarest in {least} train rows; "
                f"2 to {MOST_CLASSES} classes of two rows or more can be coded",
            )
    matrix = np.column_stack([_levels_of(frame[name]) for name in columns])
    settings: dict[str, Any] = {
        "shuffle": True,
        "smooth": step.get("smoothing", "auto"),
        "cv": folds,
        "random_state": seed,
    }
    kind = "continuous" if numeric else "binary" if classes == 2 else "multiclass"
    encoder: Any = TargetEncoder(target_type=kind, **settings)
    coded = np.asarray(encoder.fit_transform(matrix, truth), dtype=np.float64)
    suffixes = [f"_{label}" for label in encoder.classes_] if not numeric and classes > 2 else [""]
    means = np.atleast_1d(encoder.target_mean_).tolist()
    found: Codes = {}
    own: dict[str, pl.Series] = {}
    for at, name in enumerate(columns):
        made: dict[str, list[float]] = {}
        for label, suffix in enumerate(suffixes):
            place = at * len(suffixes) + label
            made[suffix] = encoder.encodings_[place].tolist()
            own[f"{name}{suffix}"] = pl.Series(f"{name}{suffix}", coded[:, place])
        levels = [str(level) for level in encoder.categories_[at]]
        found[name] = {
            "method": "target",
            "by": by,
            "levels": levels,
            "codes": made,
            "rest": dict(zip(suffixes, means, strict=True)),
        }
    return found, pl.DataFrame(own)


def apply_codes(name: str, found: Mapping[str, object]) -> list[pl.Expr]:
    """The column as the codes learnt over all rows; a level that was not there gets the mean of the target."""
    levels = cast(list[str], found["levels"])
    rest = cast(dict[str, float], found["rest"])
    text = pl.col(name).cast(pl.String).fill_null(MISSING)
    return [
        text.replace_strict(levels, codes, default=rest[suffix], return_dtype=pl.Float64).alias(f"{name}{suffix}")
        for suffix, codes in cast(dict[str, list[float]], found["codes"]).items()
    ]


def _levels_of(column: pl.Series) -> np.ndarray:
    return column.cast(pl.String).fill_null(MISSING).to_numpy().astype(object)
