"""Torch networks: they learn, stop, are saved without a pickle, and come out the same again."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ml_engine.job import quiet
from ml_engine.models import load_model
from ml_engine.ops.training.train import train
from ml_engine.tables import read_table

from .tables_for_training import loans, sklearn_table, train_params

pytest.importorskip("torch", reason="torch is not installed: npm run setup -- --with torch")

KINDS = ["torch_mlp", "torch_cnn", "torch_rnn"]
QUICK: Any = {"max_epochs": 30, "hidden": 16}


@pytest.mark.parametrize("family", KINDS)
def test_same_call_gives_the_same_network_and_a_loaded_one_predicts_alike(family: str, tmp_path: Path) -> None:
    dataset = loans(tmp_path)
    results = [
        train(
            train_params(dataset, target="default", family=family, folds=2, params=QUICK),
            quiet(tmp_path / f"job{turn}"),
        )
        for turn in range(2)
    ]
    models = [load_model(result["model"]) for result in results]
    assert models[0].manifest["hash"] == models[1].manifest["hash"]
    assert models[0].manifest["format"] == "safetensors"
    assert results[0]["metrics"] == results[1]["metrics"]
    frame = read_table(dataset).frame
    assert np.array_equal(models[0].probabilities(frame), models[1].probabilities(frame))
    assert models[0].probabilities(frame).sum(axis=1) == pytest.approx(1)
    assert not [path for path in Path(results[0]["model"]).iterdir() if path.suffix in {".pt", ".pkl", ".bin"}]


def test_an_mlp_learns_classes_and_numbers(tmp_path: Path) -> None:
    iris = train(
        train_params(sklearn_table("iris", tmp_path), family="torch_mlp", folds=3, params={"learning_rate": 0.01}),
        quiet(tmp_path / "iris"),
    )
    assert iris["metrics"]["accuracy"] > 0.9
    diabetes = train(
        train_params(sklearn_table("diabetes", tmp_path), family="torch_mlp", folds=3, params={"learning_rate": 0.01}),
        quiet(tmp_path / "diabetes"),
    )
    assert diabetes["metrics"]["r2"] > 0.3
    predicted = load_model(diabetes["model"]).predict(pl.read_parquet(tmp_path / "diabetes.parquet"))
    assert 50 < float(predicted.mean()) < 250


def test_a_plateau_and_a_schedule_are_taken(tmp_path: Path) -> None:
    callbacks: Any = {
        "stop_on_plateau": {"patience": 5, "min_delta": 0.0},
        "learning_rate": {"schedule": "cosine", "decay": 0.9, "every": 10},
    }
    result = train(
        train_params(
            loans(tmp_path),
            target="default",
            family="torch_mlp",
            folds=2,
            callbacks=callbacks,
            params={**QUICK, "learning_rate": 0.01},
        ),
        quiet(tmp_path / "job"),
    )
    assert result["metrics"]["roc_auc"] > 0.6
