"""Which family `auto` trains: several compared by cross-validation while there is time."""

import time
from dataclasses import dataclass

import numpy as np

from ml_engine.contract.training import Candidate, TrainParams
from ml_engine.crossval import pipeline_for, validate
from ml_engine.folds import Folds, plan
from ml_engine.job import Job
from ml_engine.metrics import better
from ml_engine.problem import Problem

AUTO = ["linear", "lightgbm", "random_forest", "hist_gradient_boosting", "xgboost", "extra_trees"]
"""What `auto` tries, in this order while there is time."""
AUTO_SECONDS = 15
SCREENING_ROWS = 4000
SCREENING_FOLDS = 3


@dataclass(frozen=True)
class Choice:
    family: str
    candidates: list[Candidate]


def choose(problem: Problem, folds: Folds, params: TrainParams, deadline: float, job: Job) -> Choice:
    """The family asked for; for `auto` the best of several, compared on a sample where there are many rows."""
    if params["family"] != "auto":
        return Choice(params["family"], [])
    seed, balanced = params["seed"], params["balanced"]
    screened, screening = screen(problem, folds, seed)
    started = time.monotonic()
    # The winner's own cross-validation and fit on all rows need the other half.
    stop = started + max(deadline - started, 1.0) / 2
    candidates: list[Candidate] = []
    for number, family in enumerate(AUTO, start=1):
        if candidates and time.monotonic() > stop:
            candidates.append({"family": family, "score": None, "sd": None, "seconds": 0.0, "note": "no time left"})
            continue
        found = validate(
            screened, screening, lambda family=family: pipeline_for(screened, family, {}, seed, balanced, refit=False)
        )
        candidates.append(
            {
                "family": family,
                "score": found.mean.get(problem.metric),
                "sd": found.sd.get(problem.metric),
                "seconds": round(found.seconds, 3),
                "note": None,
            }
        )
        job.progress(5 + 35 * number / len(AUTO), 100, f"compared {family}")
    ranked = sorted(
        candidates,
        key=lambda one: -np.inf if one["score"] is None else better(problem.metric, one["score"]),
        reverse=True,
    )
    skipped = [one["family"] for one in ranked if one["score"] is None]
    if skipped:
        problem.warnings.append(
            f"No time to try {', '.join(skipped)}; a larger time_budget_seconds would, and could change the choice."
        )
    rows = "all rows" if screened is problem else f"a sample of {screened.rows} rows"
    job.decide(
        {
            "type": "ModelSelection",
            "selected": ranked[0]["family"],
            "task": problem.task,
            "alternatives": [{"name": one["family"], "score": one["score"]} for one in ranked],
            "rationale": (
                f"Best cross-validated {problem.metric} on {rows}, {len(screening.splits)} folds, {screening.scheme}; "
                "default settings."
            ),
        }
    )
    return Choice(ranked[0]["family"], ranked)


def screen(problem: Problem, folds: Folds, seed: int) -> tuple[Problem, Folds]:
    """A smaller problem to compare families on; the problem itself where it is small enough."""
    if problem.rows <= SCREENING_ROWS:
        return problem, folds
    rows = np.sort(np.random.default_rng(seed).permutation(problem.rows)[:SCREENING_ROWS])
    sample = problem.take(rows)
    if (
        problem.task == "classification"
        and np.bincount(sample.truth, minlength=len(problem.classes)).min() < SCREENING_FOLDS
    ):
        return problem, folds
    return sample, plan(sample, SCREENING_FOLDS, seed)
