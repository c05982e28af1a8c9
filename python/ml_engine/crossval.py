"""Cross-validation of whole pipelines, keeping what each row was predicted when it had not been seen."""

import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

import numpy as np
from sklearn.utils._param_validation import InvalidParameterError
from threadpoolctl import ThreadpoolController

from ml_engine.blended import BLEND, make_blend
from ml_engine.boosters import threads_for
from ml_engine.checkpoints import Book, array_bytes
from ml_engine.errors import OpError
from ml_engine.families import FAMILIES, Setting
from ml_engine.folds import Folds
from ml_engine.metrics import Scores, score, summary
from ml_engine.pipelines import Layout, build, single_threaded
from ml_engine.problem import Problem

OnFold = Callable[[int, Scores], None]
"""Hears the number of the fold that is done, from 1, and its scores; may raise to stop."""


Stopped = int | list[int]
"""After how many rounds; of a blend for each member, 0 for those that make no rounds."""


@dataclass(frozen=True)
class Validation:
    """Scores of each fold that was done, and the outputs for its rows."""

    scores: list[Scores]
    output: np.ndarray
    """Rows × classes, or rows; NaN where a row was in no fold that was done."""
    tested: list[np.ndarray]
    seconds: float
    rounds: list[Stopped] = field(default_factory=list[Stopped])
    """Where boosters stopped, fold by fold."""

    @property
    def mean(self) -> Scores:
        return summary(self.scores)[0]

    @property
    def sd(self) -> Scores:
        return summary(self.scores)[1]


def pipeline_for(
    problem: Problem,
    family: str,
    params: dict[str, Any],
    seed: int,
    balanced: bool,
    refit: bool = True,
    *,
    callbacks: dict[str, Any] | None = None,
) -> Any:
    """An unfitted pipeline of the family for the problem; `refit` and `callbacks` as in `family.Setting`."""
    setting = Setting(problem.task, problem.rows, params, seed, balanced, problem.ordered, refit, callbacks or {})
    columns = (problem.named("numeric"), problem.categories, problem.named("date"))
    try:
        estimator = make_blend(setting, Layout.of(*columns)) if family == BLEND else FAMILIES[family].make(setting)
    except TypeError as error:
        raise OpError("invalid_input", f"params: {family} does not take {', '.join(params)} together.") from error
    return build(
        estimator,
        "native" if family == BLEND else FAMILIES[family].encoding,
        numeric=columns[0],
        categories=columns[1],
        dates=columns[2],
        seed=seed,
        classification=problem.task == "classification",
    )


def fit(pipeline: Any, problem: Problem, rows: np.ndarray | None = None) -> Any:
    """Fits on all rows, or on `rows`, and answers the pipeline.

    Raises:
        OpError: `invalid_input` where a setting has a value that the estimator does not take.
    """
    chosen = problem if rows is None else problem.take(rows)
    with _pools("torch" in sys.modules).limit(limits=threads_for(chosen.rows)), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            pipeline.fit(chosen.features, chosen.fitted)
        except InvalidParameterError as error:
            raise OpError("invalid_input", f"params: {str(error)[:300]}") from error
    single_threaded(pipeline)
    return pipeline


def predict(pipeline: Any, problem: Problem, rows: np.ndarray) -> np.ndarray:
    """Probabilities (rows × classes) or numbers (rows,)."""
    features = problem.features.iloc[rows]
    with _pools("torch" in sys.modules).limit(limits=threads_for(len(rows))), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if problem.task == "classification":
            return np.asarray(pipeline.predict_proba(features), dtype=np.float64)
        return np.asarray(pipeline.predict(features), dtype=np.float64)


def validate(
    problem: Problem,
    folds: Folds,
    make: Callable[[], Any],
    on_fold: OnFold | None = None,
    deadline: float = float("inf"),
    book: Book | None = None,
) -> Validation:
    """Fits and scores fold by fold; with a `book`, a fold that was done before is not done again.

    Args:
        deadline: Of `time.monotonic`. After the first fold none is started that, with one more fit to follow, would
            likely end after it.
    """
    started = time.monotonic()
    shape = (problem.rows, len(problem.classes)) if problem.task == "classification" else (problem.rows,)
    output = np.full(shape, np.nan)
    scores: list[Scores] = []
    tested: list[np.ndarray] = []
    rounds: list[Stopped] = []
    for number, (train, test) in enumerate(folds.splits, start=1):
        now = time.monotonic()
        if scores and now + 2 * (now - started) / len(scores) > deadline:
            break
        output[test], made = _fold(problem, train, test, make, number, book)
        scores.append(score(problem.task, problem.truth[test], output[test], problem.positive))
        tested.append(test)
        rounds.extend([] if made is None else [made])
        if on_fold:
            on_fold(number, scores[-1])
    return Validation(scores, output, tested, time.monotonic() - started, rounds)


def _fold(
    problem: Problem, train: np.ndarray, test: np.ndarray, make: Callable[[], Any], number: int, book: Book | None
) -> tuple[np.ndarray, Stopped | None]:
    """What the rows of a fold are predicted, and how many rounds a booster made."""
    done = None if book is None else book.recall(f"fold-{number}")
    if done is not None:
        return done.array("output.npy"), done.facts["rounds"]
    pipeline = fit(make(), problem, train)
    output = predict(pipeline, problem, test)
    boosted = hasattr(pipeline, "steps") and hasattr(pipeline[-1], "rounds_")
    rounds: Stopped | None = pipeline[-1].rounds_ if boosted else None
    if book is not None:
        book.keep(f"fold-{number}", {"rounds": rounds}, {"output.npy": array_bytes(output)})
    return output, rounds


@cache
def _pools(torch: bool) -> ThreadpoolController:
    """The libraries with threads of their own: looked for once, and again when PyTorch has brought its own."""
    del torch
    return ThreadpoolController()


class Rounds(Protocol):
    """What knows where boosters stopped, fold by fold."""

    @property
    def rounds(self) -> Sequence[Stopped]: ...


def final_params(params: dict[str, Any], cross: Rounds) -> dict[str, Any]:
    """The settings for the fit on all rows: a booster makes as many rounds as it did in the mean over folds."""
    if not cross.rounds:
        return params
    mean = np.mean(cross.rounds, axis=0)
    if "members" not in params:
        return {**params, "n_estimators": round(float(mean))}
    return {
        "members": [
            {**member, "params": {**member["params"], "n_estimators": round(float(rounds))}} if rounds else member
            for member, rounds in zip(params["members"], mean, strict=True)
        ]
    }


def baseline(problem: Problem, folds: Folds) -> Validation:
    """What a model that ignores the features scores: class shares, or the mean, of each fold's training rows."""
    classification = problem.task == "classification"
    classes = len(problem.classes)
    output = np.full((problem.rows, classes) if classification else (problem.rows,), np.nan)
    scores: list[Scores] = []
    for train, test in folds.splits:
        truth = problem.truth[train]
        output[test] = np.bincount(truth, minlength=classes) / len(truth) if classification else truth.mean()
        scores.append(score(problem.task, problem.truth[test], output[test], problem.positive))
    return Validation(scores, output, [test for _, test in folds.splits], 0.0)
