"""Signs that a score would be too good to be true: looked for before training."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ml_engine.frames import row_prints
from ml_engine.leaking_columns import untold_groups, whole_aggregates
from ml_engine.pipelines import TableReader
from ml_engine.problem import Problem

SAMPLE = 3000
NEAR_PERFECT = 0.99
"""Balanced accuracy or R² of a small tree on one feature alone, three-fold."""
STEPS = 24
PROMISING = 0.87
"""Of `_ceiling`: below this a tree on the column is not worth fitting."""
MANY_REPEATS = 0.05


def suspects(problem: Problem, seed: int) -> list[str]:
    """Warnings that name what would make a score too good.

    Copies of the target, features that decide it alone, aggregates over later rows, rows that repeat, and identifiers
    whose rows folds tear apart.
    """
    frame = problem.table.frame
    return [
        *_deciding(problem, seed),
        *whole_aggregates(frame, problem.target, [schema["name"] for schema in problem.signature]),
        *_repeats(problem),
        *untold_groups(frame.drop(problem.target), told=problem.groups is not None or problem.ordered),
    ]


def _deciding(problem: Problem, seed: int) -> list[str]:
    sample = np.random.default_rng(seed).permutation(problem.rows)[:SAMPLE]
    small = problem.take(np.sort(sample))
    classification = problem.task == "classification"
    if classification and np.bincount(small.truth, minlength=len(problem.classes)).min() < 3:
        return []
    reader = TableReader(problem.named("numeric"), list(problem.categories), problem.named("date"))
    read = reader.fit(small.features).transform(small.features)
    inner: Any = StratifiedKFold if classification else KFold
    splits = list(inner(3, shuffle=True, random_state=seed).split(small.truth, small.truth))
    found: dict[str, float] = {}
    for name in read.columns:
        if _ceiling(read[name], small) < PROMISING:
            continue
        column = read[name]
        values = pd.factorize(column)[0] if name in problem.categories else column.to_numpy()
        worth = _worth(values.astype(np.float32)[:, None], small, splits, seed)
        if worth >= NEAR_PERFECT:
            found[name] = worth
    kind = "balanced accuracy" if classification else "R²"
    return [_sentence(problem, read[name], name, worth, kind, small.truth) for name, worth in found.items()]


def _worth(values: np.ndarray, small: Problem, splits: list[tuple[np.ndarray, np.ndarray]], seed: int) -> float:
    """Balanced accuracy, or R², of a small tree on one column, on rows it was not fitted on."""
    predicted = np.empty(len(small.truth))
    if small.task == "classification":
        tree: Any = DecisionTreeClassifier(max_leaf_nodes=4 * len(small.classes), random_state=seed)
    else:
        tree = DecisionTreeRegressor(min_samples_leaf=3, random_state=seed)
    for train, test in splits:
        predicted[test] = tree.fit(values[train], small.truth[train], check_input=False).predict(values[test])
    if small.task != "classification":
        return float(r2_score(small.truth, predicted))
    counts = np.bincount(small.truth, minlength=len(small.classes))
    hits = np.bincount(small.truth[predicted == small.truth], minlength=len(small.classes))
    return float((hits[counts > 0] / counts[counts > 0]).mean())


def _ceiling(column: pd.Series, small: Problem) -> float:
    """About the best that a step function of the column can do on the rows it is made of: cheap, and seldom too low."""
    if column.dtype == np.float64:
        values = column.to_numpy()
        edges = (
            np.unique(np.nanquantile(values, np.linspace(0, 1, STEPS + 1)[1:-1])) if np.isfinite(values).any() else []
        )
        codes = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values))
    else:
        codes, _ = pd.factorize(column, use_na_sentinel=False)
    size = int(codes.max()) + 1
    if small.task == "classification":
        classes = len(small.classes)
        table = np.bincount(codes * classes + small.truth, minlength=size * classes).reshape(size, classes)
        shares = table / np.maximum(table.sum(axis=0), 1)
        return float(shares.max(axis=1).sum() / (table.sum(axis=0) > 0).sum())
    counts = np.bincount(codes, minlength=size)
    means = np.bincount(codes, weights=small.truth, minlength=size) / np.maximum(counts, 1)
    spread = float(((small.truth - small.truth.mean()) ** 2).sum())
    return 1 - float(((small.truth - means[codes]) ** 2).sum()) / spread if spread > 0 else 0.0


def _sentence(problem: Problem, column: pd.Series, name: str, worth: float, kind: str, truth: np.ndarray) -> str:
    codes, values = pd.factorize(column)
    if problem.task == "classification":
        copies = len(values) == len(problem.classes) and len(
            set(zip(codes.tolist(), truth.tolist(), strict=True))
        ) == len(values)
    else:
        copies = (
            name not in problem.categories and abs(np.corrcoef(column.fillna(column.median()), truth)[0, 1]) > 1 - 1e-9
        )
    if copies:
        return f"Leakage: `{name}` is a copy of `{problem.target}`; exclude it."
    return (
        f"Leakage suspected: `{name}` alone predicts `{problem.target}` almost perfectly ({kind} {worth:.3f}); "
        "would it be known at prediction time?"
    )


def _repeats(problem: Problem) -> list[str]:
    prints = row_prints(problem.features)
    both = row_prints(problem.features.assign(__target=problem.truth))
    repeated = problem.rows - len(np.unique(both))
    distinct = len(np.unique(prints))
    torn = len(np.unique(both)) - distinct
    said: list[str] = []
    if repeated > MANY_REPEATS * problem.rows:
        said.append(
            f"{repeated} of {problem.rows} rows repeat another row: the same row can be trained and scored on. "
            "Deduplicate with ml_data_transform if they are not real repeats."
        )
    if problem.task == "classification" and torn > MANY_REPEATS * problem.rows:
        said.append(
            f"{torn} feature combinations appear with more than one class of `{problem.target}`; "
            "no model can get all of them right."
        )
    return said
