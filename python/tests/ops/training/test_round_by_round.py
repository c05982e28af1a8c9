"""What is declared beside a fit: stopping on a plateau, learning rates, a memory budget, ONNX."""

import json
import math
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import polars as pl
import pytest

from ml_engine.boosters import BoostedClassifier, BoostedRegressor
from ml_engine.callbacks import rate_at
from ml_engine.errors import OpError
from ml_engine.job import Job, Said, quiet
from ml_engine.memory import estimated_mb
from ml_engine.models import load_model
from ml_engine.ops.training.train import train
from ml_engine.problem import pose
from ml_engine.tables import read_table

from .tables_for_training import loans, sklearn_table, train_params

PLATEAU: Any = {"patience": 5, "min_delta": 0.0}
SCHEDULE: Any = {"schedule": "exponential", "decay": 0.9, "every": 10}


def noise(rows: int = 900) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    X = draw.normal(size=(rows, 5))
    return X, (X[:, 0] + draw.normal(0, 1, rows) > 0).astype(int)


@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
def test_patience_is_what_it_says(library: Any) -> None:
    X, y = noise()
    short = BoostedClassifier(library, {}, callbacks={"stop_on_plateau": {"patience": 3}}, refit=False).fit(X, y)
    long = BoostedClassifier(library, {}, callbacks={"stop_on_plateau": {"patience": 200}}, refit=False).fit(X, y)
    assert short.rounds_ <= long.rounds_
    demanding = {"stop_on_plateau": {"patience": 3, "min_delta": 0.5}}
    assert BoostedClassifier(library, {}, callbacks=demanding, refit=False).fit(X, y).rounds_ <= 4


@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
@pytest.mark.parametrize("metric", ["roc_auc", "balanced_accuracy", "brier"])
def test_one_of_our_metrics_can_say_when_to_stop(library: Any, metric: str) -> None:
    X, y = noise()
    callbacks = {"stop_on_plateau": {"patience": 10, "metric": metric}}
    found = BoostedClassifier(library, {}, callbacks=callbacks, refit=False).fit(X, y)
    by_loss = BoostedClassifier(library, {}, refit=False).fit(X, y)
    assert 1 <= found.rounds_ < 500
    assert found.rounds_ != by_loss.rounds_


@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
def test_a_schedule_changes_what_is_learnt_and_a_constant_one_does_not(library: Any) -> None:
    X, y = noise()

    def fitted(schedule: str, decay: float) -> np.ndarray:
        callbacks = {"learning_rate": {"schedule": schedule, "decay": decay, "every": 5, "rounds": 40}}
        return BoostedRegressor(library, {"n_estimators": 40}, callbacks=callbacks).fit(X, y).predict(X)

    plain = BoostedRegressor(library, {"n_estimators": 40}).fit(X, y).predict(X)
    assert np.allclose(fitted("constant", 0.5), plain, atol=1e-6)
    for schedule in ("exponential", "cosine", "step"):
        slower = fitted(schedule, 0.5)
        assert np.mean((slower - y) ** 2) > np.mean((plain - y) ** 2)


def test_rates_of_each_schedule() -> None:
    base = {"decay": 0.5, "every": 3}
    assert [rate_at({"schedule": "exponential", **base}, 1.0, 9)(n) for n in range(3)] == [1.0, 0.5, 0.25]
    assert [rate_at({"schedule": "step", **base}, 1.0, 9)(n) for n in (0, 2, 3, 6)] == [1.0, 1.0, 0.5, 0.25]
    cosine = rate_at({"schedule": "cosine", **base}, 1.0, 10)
    assert cosine(0) == 1.0
    assert cosine(5) == pytest.approx(0.01 + 0.99 * (1 + math.cos(math.pi / 2)) / 2)
    assert cosine(10) == cosine(99) == pytest.approx(0.01)


def test_a_run_hears_of_every_round_and_callbacks_reach_the_model(tmp_path: Path) -> None:
    said: list[Said] = []
    job = Job(id="run-1", folder=tmp_path / "job", artifacts=tmp_path / "kept", say=said.append)
    callbacks = {"stop_on_plateau": PLATEAU, "learning_rate": SCHEDULE}
    result = train(
        train_params(loans(tmp_path, 800), target="default", family="lightgbm", callbacks=callbacks,
                     params={"n_estimators": 60}),
        job,
    )  # fmt: skip
    notes = [what[3] for what in said if what[0] == "progress" and "round" in what[3]]
    rounds = result["params"]["n_estimators"]
    assert notes[-1] == f"lightgbm: round {rounds} of {rounds}"
    assert rounds < 60
    done = [what[1] for what in said if what[0] == "progress"]
    assert done == sorted(done)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"family": "random_forest", "callbacks": {"stop_on_plateau": PLATEAU}}, "random_forest is not fitted round"),
        ({"family": "lightgbm", "callbacks": {"stop_on_plateau": {**PLATEAU, "metric": "rmse"}}}, "does not apply"),
        ({"family": "random_forest", "memory_budget_mb": 0.5}, "is estimated to need .* MiB; the budget is"),
        ({"family": "hist_gradient_boosting", "onnx": True}, "hist_gradient_boosting cannot be written as ONNX"),
        ({"family": "linear", "onnx": True, "calibration": "sigmoid"}, "calibrated cannot be written as ONNX"),
        ({"family": "lightgmb"}, "no family `lightgmb` for classification; did you mean `lightgbm`"),
        ({"family": "linear", "horizon": 3}, "horizon: it means nothing for classification"),
    ],
)
def test_what_does_not_go_together_is_named(changed: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(OpError, match=message):
        train(train_params(loans(tmp_path), target="default", **changed), quiet(tmp_path / "job"))


def test_naive_bayes_is_for_classes(tmp_path: Path) -> None:
    with pytest.raises(OpError, match="no family `naive_bayes` for regression"):
        train(train_params(sklearn_table("diabetes", tmp_path), family="naive_bayes"), quiet(tmp_path / "job"))


@pytest.mark.skipif(find_spec("torch") is not None, reason="torch is installed")
def test_torch_is_named_where_it_is_not_installed(tmp_path: Path) -> None:
    with pytest.raises(OpError, match="torch is not installed") as refused:
        train(train_params(sklearn_table("iris", tmp_path), family="torch_mlp"), quiet(tmp_path / "job"))
    assert refused.value.kind == "unavailable"
    assert refused.value.hint == "Run `npm run setup -- --with torch`."


def test_more_rows_and_trees_are_estimated_to_need_more(tmp_path: Path) -> None:
    small, large = (
        pose(read_table(loans(tmp_path, rows, name=f"loans{rows}")), train_params("", target="default"))
        for rows in (600, 6000)
    )
    for family in ("linear", "random_forest", "lightgbm", "svm"):
        assert 0 < estimated_mb(small, family, {}) < estimated_mb(large, family, {})
    assert estimated_mb(small, "random_forest", {"n_estimators": 1000}) > estimated_mb(small, "random_forest", {})


@pytest.mark.parametrize(
    "family", ["linear", "random_forest", "gradient_boosting", "lightgbm", "xgboost", "mlp", "svm"]
)
@pytest.mark.parametrize("table", ["iris", "diabetes"])
def test_onnx_predicts_the_same(family: str, table: str, tmp_path: Path) -> None:
    result = train(
        train_params(sklearn_table(table, tmp_path), family=family, folds=2, onnx=True), quiet(tmp_path / "job")
    )
    if result["onnx"] is None:
        assert any(warning.startswith("Not saved as ONNX") for warning in result["warnings"])
        assert (family, table) in {("mlp", "diabetes"), ("svm", "diabetes")}
        return
    assert result["onnx"]["mismatches"] <= 1
    folder = Path(result["model"])
    model, described = load_model(str(folder)), json.loads((folder / "onnx.json").read_text())
    encoded = model.encoded(pl.read_parquet(tmp_path / f"{table}.parquet"))
    assert described["columns"] == encoded.names
    assert "model.onnx" in model.manifest["files"]
    outputs = onnxruntime.InferenceSession(str(folder / "model.onnx")).run(
        None, {"encoded": encoded.matrix.astype(np.float32)}
    )
    assert len(np.asarray(outputs[0])) == len(encoded.matrix)


def test_trap_6_hist_gradient_boosting_still_cannot_be_converted(tmp_path: Path) -> None:
    """Should this fail, skl2onnx converts it now, and `onnx_files.FAMILIES` may name it."""
    from ml_engine.onnx_files import converted

    dataset = sklearn_table("breast_cancer", tmp_path)
    result = train(train_params(dataset, family="hist_gradient_boosting", folds=2), quiet(tmp_path / "job"))
    model = load_model(result["model"])
    found = converted(model.estimator, model.features(pl.read_parquet(dataset)))
    assert isinstance(found, str)
    assert "HistGradientBoostingClassifier cannot be written as ONNX" in found
