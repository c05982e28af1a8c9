"""Small real tables, and calls with every field filled in as the server fills them."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine

from ml_engine.contract.training import EvaluateParams, SweepParams, TrainParams
from ml_engine.families import FAMILIES as ALL

FAMILIES = [name for name, one in ALL.items() if one.framework != "torch"]

TRAIN: Any = {
    "target": "target",
    "task": "auto",
    "folds": 5,
    "balanced": False,
    "metric": "auto",
    "family": "linear",
    "params": {},
    "calibration": "none",
    "onnx": False,
    "seed": 0,
    "wait_seconds": 20,
    "cancel": False,
}
SWEEP: Any = {
    **{name: value for name, value in TRAIN.items() if name not in {"calibration", "onnx"}},
    "folds": 3,
    "sampler": "tpe",
    "pruner": "none",
    "workers": 1,
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


def task_params(dataset: str, task: str, **changed: Any) -> TrainParams:
    """A call for a task that needs no target; `auto` families unless one is named."""
    filled: Any = {**TRAIN, "dataset": dataset, "task": task, "family": "auto", **changed}
    return {name: value for name, value in filled.items() if name != "target" or "target" in changed}  # type: ignore[return-value]


def sales(folder: Path, months: int = 120, series: int = 1, noise: float = 3.0, name: str = "sales") -> str:
    """Monthly values with a trend and a season, known to a computer only."""
    draw = np.random.default_rng(3)
    steps = np.arange(months)
    parts = [
        pl.DataFrame(
            {
                "shop": f"shop-{number}",
                "month": pl.date_range(date(2010, 1, 1), date(2060, 1, 1), "1mo", eager=True)[:months],
                "sold": 50 * (number + 1)
                + 0.5 * steps
                + (10 + 5 * number) * np.sin(2 * np.pi * steps / 12)
                + draw.normal(0, noise, months),
            }
        )
        for number in range(series)
    ]
    path = folder / f"{name}.parquet"
    pl.concat(parts).write_parquet(path)
    return str(path)


def searches(folder: Path, queries: int = 80, rows: int = 15, seed: int = 0, name: str = "searches") -> str:
    """Graded results of queries: two features say how relevant, two say nothing."""
    draw = np.random.default_rng(seed)
    features = draw.normal(size=(queries * rows, 4))
    worth = features[:, 0] + 0.5 * features[:, 1] + draw.normal(0, 0.5, queries * rows)
    frame = pl.DataFrame(features, schema=["match", "fresh", "noise", "other"]).with_columns(
        query=pl.Series(np.repeat([f"q{number}" for number in range(queries)], rows)),
        grade=pl.Series(np.clip(np.round(worth), 0, 4).astype(int)),
    )
    path = folder / f"{name}.parquet"
    frame.sample(fraction=1.0, shuffle=True, seed=seed).write_parquet(path)
    return str(path)


def payments(folder: Path, rows: int = 500, seed: int = 0, name: str = "payments") -> str:
    """Payments of which one in twenty-five lies far off."""
    draw = np.random.default_rng(seed)
    strange = max(rows // 25, 1)
    values = np.vstack([draw.normal(size=(rows - strange, 4)), draw.normal(4, 2, size=(strange, 4))])
    frame = pl.DataFrame(values, schema=["amount", "hour", "distance", "speed"]).with_columns(
        fraud=pl.Series(["no"] * (rows - strange) + ["yes"] * strange)
    )
    path = folder / f"{name}.parquet"
    frame.write_parquet(path)
    return str(path)
