"""Signs that a score would be too good to be true: looked for before training."""

import numpy as np
import pandas as pd
from sklearn.metrics import balanced_accuracy_score, r2_score
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict
from sklearn.preprocessing import OrdinalEncoder
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ml_engine.frames import row_prints
from ml_engine.leaking_columns import untold_groups, whole_aggregates
from ml_engine.pipelines import TableReader
from ml_engine.problem import Problem

SAMPLE = 3000
NEAR_PERFECT = 0.99
"""Balanced accuracy or R² of a small tree on one feature alone, three-fold."""
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
    found: dict[str, float] = {}
    for name in read.columns:
        column = read[[name]]
        values = OrdinalEncoder().fit_transform(column) if name in problem.categories else column.to_numpy()
        if classification:
            tree = DecisionTreeClassifier(max_leaf_nodes=4 * len(problem.classes), random_state=seed)
            inner = StratifiedKFold(3, shuffle=True, random_state=seed)
            worth = balanced_accuracy_score(small.truth, cross_val_predict(tree, values, small.truth, cv=inner))
        else:
            tree = DecisionTreeRegressor(min_samples_leaf=3, random_state=seed)
            inner = KFold(3, shuffle=True, random_state=seed)
            worth = r2_score(small.truth, cross_val_predict(tree, values, small.truth, cv=inner))
        if worth >= NEAR_PERFECT:
            found[name] = float(worth)
    kind = "balanced accuracy" if classification else "R²"
    return [_sentence(problem, read[name], name, worth, kind, small.truth) for name, worth in found.items()]


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
