"""What a sweep adds to each trial over raw Optuna: equal trials of cross-validated LightGBM, in turn."""

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

import optuna

from ml_engine.contract.training import SweepParams
from ml_engine.crew import Crew
from ml_engine.folds import plan
from ml_engine.job import quiet
from ml_engine.problem import pose
from ml_engine.search import Search
from ml_engine.search_spaces import default_space, sampler, suggest
from ml_engine.tables import read_table

TRIALS, ROUNDS = 30, 3


def asked(dataset: str) -> SweepParams:
    return {
        "dataset": dataset, "target": "income", "task": "auto", "folds": 3, "balanced": False, "metric": "auto",
        "family": "lightgbm", "params": {"n_estimators": 40}, "sampler": "tpe", "pruner": "none", "workers": 1,
        "trials": TRIALS, "time_budget_seconds": 3600, "seed": 0, "wait_seconds": 20, "cancel": False,
    }  # fmt: skip


def raw(dataset: str) -> float:
    """The same folds, family and sampler by Optuna's own loop; seconds of the trials."""
    params = asked(dataset)
    problem = pose(read_table(dataset), params)
    space = {
        name: one
        for name, one in default_space("lightgbm", problem.task, problem.rows).items()
        if name != "n_estimators"
    }
    search = Search(problem, plan(problem, 3, 0), "lightgbm", params["params"], space, 0, False)
    study = optuna.create_study(direction="maximize", sampler=sampler("tpe", space, 0))

    def objective(trial: optuna.Trial) -> float:
        return search.validate(suggest(trial, space)).mean[problem.metric]

    began = time.perf_counter()
    study.optimize(objective, n_trials=TRIALS)
    return time.perf_counter() - began


def ours(dataset: str, folder: Path) -> float:
    """The whole loop of a sweep, checkpoints and record of each trial with it; seconds of the trials."""
    from ml_engine.checkpoints import open_book
    from ml_engine.search import run

    params, job = asked(dataset), quiet(folder)
    problem = pose(read_table(dataset), params)
    space = {
        name: one
        for name, one in default_space("lightgbm", problem.task, problem.rows).items()
        if name != "n_estimators"
    }
    search = Search(problem, plan(problem, 3, 0), "lightgbm", params["params"], space, 0, False)
    with open_book(job, "training.sweep", params, "", []) as book, Crew(search, 1) as crew:
        began = time.perf_counter()
        run(search, params, job, time.monotonic(), book, crew)
        return time.perf_counter() - began


optuna.logging.set_verbosity(optuna.logging.ERROR)
scratch = Path(tempfile.mkdtemp())
table = read_table(sys.argv[1]).frame.head(8000)
table.write_parquet(scratch / "adult.parquet")
data = str(scratch / "adult.parquet")
raw(data)
pairs = [(raw(data), ours(data, scratch / str(turn))) for turn in range(ROUNDS)]
plain, with_us = (statistics.median(one[place] for one in pairs) for place in (0, 1))
print(
    json.dumps(
        {
            "trials": TRIALS,
            "optuna_ms_per_trial": 1000 * plain / TRIALS,
            "sweep_ms_per_trial": 1000 * with_us / TRIALS,
            "ratio": statistics.median(b / a for a, b in pairs),
        }
    )
)
