"""What a contest of families is held between, and on how much of the data."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna

from ml_engine.folds import Folds, plan
from ml_engine.problem import Problem

FEW_FOLDS = 3


@dataclass
class Entry:
    """One configuration and what it came to."""

    family: str
    params: dict[str, Any]
    score: float
    """Mean over folds, turned so that larger is better."""
    sd: float
    seconds: float
    """Of one fit and its predictions."""
    first: float
    """Score of the first fold, turned alike."""


def sample(problem: Problem, folds: Folds, most: int, seed: int) -> tuple[Problem, Folds]:
    """A smaller problem with fewer folds; the problem itself where it is small enough."""
    if problem.rows <= most:
        return problem, folds
    rows = np.sort(np.random.default_rng(seed).permutation(problem.rows)[:most])
    small = problem.take(rows)
    if problem.task == "classification" and np.bincount(small.truth, minlength=len(problem.classes)).min() < FEW_FOLDS:
        return problem, folds
    return small, plan(small, FEW_FOLDS, seed)


def study_of(seed: int) -> optuna.Study:
    """A TPE study that knows nothing yet."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=5))
