"""Cross-validation of whole pipelines, keeping what each row was predicted when it had not been seen."""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from sklearn.utils._param_validation import InvalidParameterError
from threadpoolctl import threadpool_limits

from ml_engine.boosters import threads_for
from ml_engine.checkpoints import Book, array_bytes
from ml_engine.errors import OpError
from ml_engine.families import FAMILIES, Setting
from ml_engine.folds import Folds
from ml_engine.metrics import Scores, score, summary
from ml_engine.pipelines import build
from ml_engine.problem import Problem

OnFold = Callable[[int, Scores], None]
"""Hears the number of the fold that is done, from 1, and its scores; may raise to stop."""


@dataclass(frozen=True)
class Validation:
    """Scores of each fold that was done, and the outputs for its rows."""

    scores: list[Scores]
    output: np.ndarray
    """Rows × classes, or rows; NaN where a row was in no fold that was done."""
    tested: list[np.ndarray]
    seconds: float
    rounds: list[int] = field(default_factory=list[int])
    """Where boosters stopped, a number a fold."""

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
    kind = FAMILIES[family]
    setting = Setting(problem.task, problem.rows, params, seed, balanced, problem.ordered, refit, callbacks or {})
    try:
        estimator = kind.make(setting)
    except TypeError as error:
        raise OpError("invalid_input", f"params: {family} does not take {', '.join(params)} together.") from error
    return build(
        estimator,
        kind.encoding,
        numeric=problem.named("numeric"),
        categories=problem.categories,
        dates=problem.named("date"),
        seed=seed,
        classification=problem.task == "classification",
    )


def fit(pipeline: Any, problem: Problem, rows: np.ndarray | None = None) -> Any:
    """Fits on all rows, or on `rows`, and answers the pipeline.

    Raises:
        OpError: `invalid_input` where a setting has a value that the estimator does not take.
    """
    chosen = problem if rows is None else problem.take(rows)
    with threadpool_limits(threads_for(chosen.rows)), warnings.catch_warnings():
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
    with threadpool_limits(threads_for(len(rows))), warnings.catch_warnings():
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
    rounds: list[int] = []
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
) -> tuple[np.ndarray, int | None]:
    """What the rows of a fold are predicted, and how many rounds a booster made."""
    done = None if book is None else book.recall(f"fold-{number}")
    if done is not None:
        return done.array("output.npy"), done.facts["rounds"]
    pipeline = fit(make(), problem, train)
    output = predict(pipeline, problem, test)
    boosted = hasattr(pipeline, "steps") and hasattr(pipeline[-1], "rounds_")
    rounds = int(pipeline[-1].rounds_) if boosted else None
    if book is not None:
        book.keep(f"fold-{number}", {"rounds": rounds}, {"output.npy": array_bytes(output)})
    return output, rounds


class Rounds(Protocol):
    """What knows where boosters stopped, a number a fold."""

    @property
    def rounds(self) -> list[int]: ...


def final_params(params: dict[str, Any], cross: Rounds) -> dict[str, Any]:
    """The settings for the fit on all rows: a booster makes as many rounds as it did in the mean over folds."""
    return {**params, "n_estimators": round(float(np.mean(cross.rounds)))} if cross.rounds else params


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


def single_threaded(pipeline: Any) -> None:
    """Predictions of forests on one thread: several add up in a different order each time, which changes last bits."""
    model = pipeline[-1] if hasattr(pipeline, "steps") else pipeline
    if hasattr(model, "estimators_") and "n_jobs" in model.get_params(deep=False):
        model.set_params(n_jobs=1)
