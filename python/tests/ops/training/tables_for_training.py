"""Small real tables, and calls with every field filled in as the server fills them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine

from ml_engine.contract.training import EvaluateParams, SweepParams, TrainParams

TRAIN: Any = {
    "target": "target",
    "task": "auto",
    "folds": 5,
    "balanced": False,
    "metric": "auto",
    "family": "linear",
    "params": {},
    "calibration": "none",
    "seed": 0,
    "wait_seconds": 20,
    "cancel": False,
}
SWEEP: Any = {
    **{name: value for name, value in TRAIN.items() if name != "calibration"},
    "folds": 3,
    "sampler": "tpe",
    "pruner": "none",
    "trials": 10,
    "time_budget_seconds": 60,
}
EVALUATE: Any = {"cost_fp": 1, "cost_fn": 1, "resamples": 200, "seed": 0, "wait_seconds": 20, "cancel": False}
LOADERS: dict[str, Callable[..., Any]] = {
    "iris": load_iris,
    "wine": load_wine,
    "breast_cancer": load_breast_cancer,
    "diabetes": load_diabetes,
}


def train_params(dataset: str, **changed: Any) -> TrainParams:
    filled: Any = {**TRAIN, "dataset": dataset, **changed}
    return filled


def sweep_params(dataset: str, **changed: Any) -> SweepParams:
    filled: Any = {**SWEEP, "dataset": dataset, **changed}
    return filled


def evaluate_params(model: str, dataset: str, **changed: Any) -> EvaluateParams:
    filled: Any = {**EVALUATE, "model": model, "dataset": dataset, **changed}
    return filled


def sklearn_table(name: str, folder: Path, rows: slice = slice(None)) -> str:
    """A table that scikit-learn ships, as a Parquet file."""
    path = folder / f"{name}.parquet"
    pl.from_pandas(LOADERS[name](as_frame=True).frame[rows]).write_parquet(path)
    return str(path)


def loans(folder: Path, rows: int = 600, seed: int = 0, name: str = "loans") -> str:
    """A made-up table of every kind of column, with gaps, an identifier, an address and a text."""
    draw = np.random.default_rng(seed)
    income = draw.lognormal(10, 0.5, rows)
    grade = draw.choice(["A", "B", "C", "D"], rows)
    risk = 1.5 * (grade == "D") + 1.0 * (grade == "C") - (income - income.mean()) / income.std() - 0.8
    default = draw.random(rows) < 1 / (1 + np.exp(-risk))
    town = np.array([f"town-{number}" for number in draw.integers(0, 60, rows)])
    frame = pl.DataFrame(
        {
            "loan_id": np.arange(rows) + 10_000,
            "income": np.where(draw.random(rows) < 0.1, np.nan, income),
            "grade": pl.Series(grade).set(pl.Series(draw.random(rows) < 0.05), None),
            "town": town,
            "opened": pl.Series(draw.integers(15_000, 19_000, rows)).cast(pl.Int32).cast(pl.Date),
            "insured": draw.random(rows) < 0.5,
            "email": [f"person{number}@example.org" for number in range(rows)],
            "branch": "north",
            "default": np.where(default, "yes", "no"),
        }
    ).with_columns(pl.col("income").fill_nan(None))
    path = folder / f"{name}.parquet"
    frame.write_parquet(path)
    return str(path)
