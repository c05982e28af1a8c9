"""What is done while a model is fitted round by round: stopping on a plateau, a schedule of learning rates."""

import math
from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np
import xgboost
from xgboost.callback import EarlyStopping, LearningRateScheduler, TrainingCallback

from ml_engine.metrics import LOWER_IS_BETTER, score

PATIENCE = 20
OnRound = Callable[[int, int], None]
"""Hears how many rounds are done, of how many."""


def declared(given: dict[str, Any], rounds: int) -> dict[str, Any]:
    """The callbacks as given; a schedule knows the length it is laid out over, whatever is stopped early."""
    schedule = given.get("learning_rate")
    return {**given, "learning_rate": {**schedule, "rounds": rounds}} if schedule else dict(given)


def rate_at(schedule: dict[str, Any], base: float, rounds: int) -> Callable[[int], float]:
    """The learning rate of each round from 0.

    Args:
        schedule: `schedule`, `decay` and `every` as callers declare them; `rounds` is what a cosine ends after.
    """
    kind, decay, every = schedule["schedule"], schedule["decay"], schedule["every"]
    if kind == "exponential":
        return lambda done: base * decay**done
    if kind == "step":
        return lambda done: base * decay ** (done // every)
    if kind == "cosine":
        return lambda done: base * (0.01 + 0.99 * (1 + math.cos(math.pi * min(done / rounds, 1.0))) / 2)
    return lambda _: base


def measured(metric: str, classes: int) -> Callable[[np.ndarray, np.ndarray], float]:
    """One of our metrics as a function of the true codes or numbers and what a booster predicts."""

    def measure(truth: np.ndarray, predicted: np.ndarray) -> float:
        task = "classification" if classes else "regression"
        output = predicted
        if classes and predicted.ndim == 1:
            output = np.column_stack([1 - predicted, predicted])
        truth = truth.astype(np.int64) if classes else truth
        return score(task, truth, output, 1 if classes == 2 else None)[metric]

    measure.__name__ = metric
    return measure


def named(
    metric: str, measure: Callable[[np.ndarray, np.ndarray], float]
) -> Callable[[np.ndarray, np.ndarray], tuple[str, float, bool]]:
    """A measure as LightGBM takes it: with its name, and whether more is better."""

    def said(truth: np.ndarray, predicted: np.ndarray) -> tuple[str, float, bool]:
        return metric, measure(truth, predicted), metric not in LOWER_IS_BETTER

    return said


def lightgbm_callbacks(callbacks: dict[str, Any], base: float, rounds: int, stop: bool, heard: OnRound | None) -> Any:
    """LightGBM's callbacks for what is declared."""
    found: list[Any] = []
    if stop:
        plateau = callbacks.get("stop_on_plateau") or {}
        found.append(
            lightgbm.early_stopping(
                plateau.get("patience", PATIENCE), min_delta=plateau.get("min_delta", 0.0), verbose=False
            )
        )
    if schedule := callbacks.get("learning_rate"):
        found.append(lightgbm.reset_parameter(learning_rate=rate_at(schedule, base, schedule.get("rounds", rounds))))
    if heard:
        found.append(_each_round(heard))
    return found


def xgboost_callbacks(
    callbacks: dict[str, Any], base: float, rounds: int, stop: bool, heard: OnRound | None
) -> list[TrainingCallback]:
    """XGBoost's callbacks for what is declared."""
    found: list[TrainingCallback] = []
    if stop:
        plateau = callbacks.get("stop_on_plateau") or {}
        metric = plateau.get("metric")
        found.append(
            EarlyStopping(
                rounds=plateau.get("patience", PATIENCE),
                min_delta=plateau.get("min_delta", 0.0),
                maximize=None if metric is None else metric not in LOWER_IS_BETTER,
            )
        )
    if schedule := callbacks.get("learning_rate"):
        found.append(LearningRateScheduler(rate_at(schedule, base, schedule.get("rounds", rounds))))
    if heard:
        found.append(_Rounds(heard, rounds))
    return found


def _each_round(heard: OnRound) -> Callable[[Any], None]:
    def after(env: Any) -> None:
        heard(env.iteration + 1, env.end_iteration)

    return after


class _Rounds(TrainingCallback):
    def __init__(self, heard: OnRound, rounds: int) -> None:
        super().__init__()
        self.heard = heard
        self.rounds = rounds

    def after_iteration(self, model: xgboost.Booster, epoch: int, evals_log: Any) -> bool:
        """Says how many rounds are done; never stops."""
        del model, evals_log
        self.heard(epoch + 1, self.rounds)
        return False
