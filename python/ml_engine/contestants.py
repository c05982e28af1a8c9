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
    """Of one fit and its predictions, on all rows as far as can be told."""
    measured: float
    """The same on the rows it was scored on."""
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


def growth(small: Entry, large: Entry, times: float) -> float:
    """The power of the number of rows that a fit's time goes by, from fits on some rows and on `times` as many.

    What a fit costs whatever the rows makes it less than 1; it is not taken to be more, nor less than a half.
    """
    return float(np.clip(np.log(large.measured / small.measured) / np.log(times), 0.5, 1.0))


def turns(family: str) -> int:
    """How often it is tuned: each so many turns. Forests gain least (Probst et al. 2019) and cost most."""
    return 4 if family in {"random_forest", "extra_trees"} else 1


def study_of(seed: int) -> optuna.Study:
    """A TPE study that knows nothing yet."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=5))
