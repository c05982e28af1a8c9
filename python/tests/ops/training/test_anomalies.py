"""Anomaly detection: what labels say of each family, what is said without them, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.models import load_model
from ml_engine.ops.training.evaluate import evaluate
from ml_engine.ops.training.train import train
from ml_engine.tasks.detectors import KINDS

from .tables_for_training import evaluate_params, payments, task_params


@pytest.mark.parametrize("family", [*KINDS])
def test_every_family_finds_what_lies_far_off(family: str, tmp_path: Path) -> None:
    dataset = payments(tmp_path)
    results = [
        train(task_params(dataset, "anomaly_detection", family=family, target="fraud"), quiet(tmp_path / f"job{turn}"))
        for turn in range(2)
    ]
    result = results[0]
    assert result["metrics"]["roc_auc"] > 0.95
    assert result["metrics"]["average_precision"] > result["baseline"]["average_precision"] + 0.5
    assert result["positive"] == "yes"
    assert result["params"]["contamination"] == pytest.approx(0.04)
    assert result["metrics"] == results[1]["metrics"]
    models = [load_model(one["model"], tasks=["anomaly_detection"]) for one in results]
    assert models[0].manifest["hash"] == models[1].manifest["hash"]
    assert "fraud" not in result["features"]


def test_evaluation_agrees_with_scikit_learn(tmp_path: Path) -> None:
    trained = train(task_params(payments(tmp_path), "anomaly_detection", target="fraud"), quiet(tmp_path / "job"))
    other = train(
        task_params(payments(tmp_path), "anomaly_detection", family="one_class_svm", target="fraud"),
        quiet(tmp_path / "other"),
    )
    later = payments(tmp_path, seed=7, name="later")
    result = evaluate(evaluate_params(trained["model"], later, compare_to=other["model"]), quiet(tmp_path / "e"))
    model, frame = load_model(trained["model"], tasks=["anomaly_detection"]), pl.read_parquet(later)
    scores = model.estimator[-1].scores(model.estimator[:-1].transform(model.features(frame)))
    hit = (frame["fraud"] == "yes").to_numpy()
    assert result["metrics"]["roc_auc"] == pytest.approx(roc_auc_score(hit, scores))
    assert result["metrics"]["average_precision"] == pytest.approx(average_precision_score(hit, scores))
    assert result["comparison"] is not None
    assert result["comparison"]["test"] == "paired bootstrap"
    interval = next(one for one in result["intervals"] if one["metric"] == "roc_auc")
    assert interval["low"] is not None


def test_without_labels_nothing_is_claimed(tmp_path: Path) -> None:
    frame = pl.read_parquet(payments(tmp_path)).drop("fraud")
    frame.write_parquet(tmp_path / "bare.parquet")
    result = train(
        task_params(
            str(tmp_path / "bare.parquet"),
            "anomaly_detection",
            params={"contamination": 0.1},
            family="local_outlier_factor",
        ),
        quiet(tmp_path / "job"),
    )
    assert result["sizes"]["anomaly"] == 50
    assert set(result["metrics"]) == {"flagged", "stability"}
    kept = pl.read_parquet(tmp_path / "job/artifacts/rows.parquet")
    assert int(kept["anomaly"].sum()) == 50
    assert np.all(np.diff(kept.sort("score")["anomaly"].to_numpy().astype(int)) >= 0)


def bad(folder: Path, **columns: Any) -> str:
    frame = pl.read_parquet(payments(folder, 60)).with_columns(**columns)
    frame.write_parquet(folder / "bad.parquet")
    return str(folder / "bad.parquet")


@pytest.mark.parametrize(
    ("columns", "changed", "message"),
    [
        ({}, {"params": {"contamination": 0.7}, "family": "isolation_forest"}, "contamination is 0.7; it is a share"),
        ({}, {"params": {"contamination": 0}, "family": "isolation_forest"}, "contamination is 0; it is a share"),
        ({"kind": pl.Series(["a", "b", "c"] * 20)}, {"target": "kind"}, "`kind` has 3 values; labels of anomalies"),
        ({"kind": pl.lit("a")}, {"target": "kind"}, "one class only"),
        ({}, {"family": "isolation"}, "no family `isolation` for anomaly detection; did you mean `isolation_forest`"),
        ({}, {"family": "isolation_forest", "params": {"nu": 0.1}}, "isolation_forest has no setting `nu`"),
        ({}, {"time": "hour"}, "time: it means nothing for anomaly detection"),
    ],
)
def test_bad_input_is_named(columns: Any, changed: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(OpError, match=message):
        train(task_params(bad(tmp_path, **columns), "anomaly_detection", **changed), quiet(tmp_path / "job"))
    assert not (tmp_path / "job" / "model").exists()


def test_infinite_and_empty_columns_are_worked_with(tmp_path: Path) -> None:
    dataset = bad(
        tmp_path,
        speed=pl.when(pl.int_range(60) == 3).then(float("inf")).otherwise(pl.col("speed")),
        none=pl.lit(None, pl.Float64),
        same=pl.lit(1.0),
    )
    result = train(task_params(dataset, "anomaly_detection", family="elliptic_envelope"), quiet(tmp_path / "job"))
    assert "`speed` has 1 infinite values; they are treated as missing." in result["warnings"]
    assert {"none", "same"} <= {one["column"] for one in result["left_out"]}
