"""A small table with a protected attribute, and models trained on it by the real op."""

from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import polars as pl

from ml_engine.contract.training import TrainParams
from ml_engine.job import quiet
from ml_engine.models import Model, load_model
from ml_engine.ops.training.train import train

ROWS = 600


def people(seed: int) -> pl.DataFrame:
    """An outcome `paid` that depends on income, school and sex; `debt` follows income; `amount` is a number."""
    random = np.random.default_rng(seed)
    sex = random.choice(["Male", "Female"], ROWS, p=[0.6, 0.4])
    age = random.integers(18, 80, ROWS)
    school = random.choice(["basic", "college", "master"], ROWS)
    income = random.normal(50, 15, ROWS) + 10 * (sex == "Male")
    debt = income * 0.5 + random.normal(0, 3, ROWS)
    logit = -1 + 0.05 * (income - 50) - 0.4 * (school == "basic") + 0.9 * (school == "master") + 0.8 * (sex == "Male")
    paid = np.where(random.random(ROWS) < 1 / (1 + np.exp(-logit)), "yes", "no")
    amount = logit * 10 + random.normal(0, 3, ROWS)
    columns = {"sex": sex, "age": age, "school": school, "income": income.round(2), "debt": debt.round(2)}
    return pl.DataFrame({**columns, "paid": paid, "amount": amount.round(2)})


@cache
def folder() -> Path:
    """Where `train.csv` and `test.csv` lie."""
    root = Path(mkdtemp(prefix="people-"))
    people(0).write_csv(root / "train.csv")
    people(1).write_csv(root / "test.csv")
    return root


def data(name: str = "test") -> str:
    """Path of the table."""
    return str(folder() / f"{name}.csv")


def trained(family: str, target: str = "paid") -> str:
    """Folder of a model of the family, trained once on `train.csv`."""
    return _trained(family, target)


@cache
def _trained(family: str, target: str) -> str:
    params: Any = {
        "dataset": data("train"),
        "target": target,
        "task": "auto",
        "exclude": ["amount" if target == "paid" else "paid"],
        "folds": 2,
        "balanced": False,
        "metric": "auto",
        "family": family,
        "params": {},
        "calibration": "none",
        "onnx": False,
        "time_budget_seconds": 30.0,
        "seed": 0,
        "wait_seconds": 20,
        "cancel": False,
    }
    checked: TrainParams = params
    return train(checked, quiet(folder() / f"{family}-{target}"))["model"]


def model(family: str, target: str = "paid") -> Model:
    """The same, loaded."""
    return load_model(trained(family, target))
