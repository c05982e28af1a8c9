"""Folds that fit the data: stratified, grouped, or forward in time."""

from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold, TimeSeriesSplit

from ml_engine.errors import OpError
from ml_engine.problem import Problem


@dataclass(frozen=True)
class Folds:
    """`splits` are pairs of row indices, to fit on and to score on."""

    scheme: str
    splits: list[tuple[np.ndarray, np.ndarray]]


def plan(problem: Problem, folds: int, seed: int) -> Folds:
    """Splits by the problem's nature; fewer than asked, with a warning, where a class or the groups allow no more.

    Raises:
        OpError: `invalid_input` where no honest split exists.
    """
    rows = np.arange(problem.rows)
    classification = problem.task == "classification"
    if problem.ordered:
        return Folds("forward in time", _with_all_classes(problem, list(TimeSeriesSplit(folds).split(rows))))
    if problem.groups is not None:
        distinct = len(np.unique(problem.groups))
        if distinct < 2:
            raise OpError("invalid_input", "group: all rows are in one group; they cannot be kept apart.")
        if distinct < folds:
            problem.warnings.append(f"Only {distinct} groups: {distinct} folds instead of {folds}.")
            folds = distinct
        if classification:
            grouped = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
            splits = list(grouped.split(rows, problem.truth, problem.groups))
            return Folds("stratified by group", _with_all_classes(problem, splits))
        return Folds(
            "by group", list(GroupKFold(folds, shuffle=True, random_state=seed).split(rows, groups=problem.groups))
        )
    if not classification:
        return Folds("shuffled", list(KFold(folds, shuffle=True, random_state=seed).split(rows)))
    counts = np.bincount(problem.truth)
    least = int(counts.min())
    if least < folds:
        rarest = problem.classes[int(counts.argmin())]
        problem.warnings.append(f"Class `{rarest}` has {least} rows: {least} folds instead of {folds}.")
        folds = least
    stratified = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return Folds("stratified", list(stratified.split(rows, problem.truth)))


def _with_all_classes(
    problem: Problem, splits: list[tuple[np.ndarray, np.ndarray]]
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Folds whose training rows hold every class: others cannot be scored on a par."""
    if problem.task != "classification":
        return splits
    kept = [split for split in splits if len(np.unique(problem.truth[split[0]])) == len(problem.classes)]
    if not kept:
        raise OpError(
            "invalid_input",
            "folds: no fold's training rows hold every class.",
            "Use fewer folds, or drop `group` and `time`.",
        )
    if len(kept) < len(splits):
        problem.warnings.append(
            f"{len(splits) - len(kept)} of {len(splits)} folds lack a class in training and were skipped."
        )
    return kept
