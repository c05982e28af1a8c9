"""Training: published scores, determinism, what is left out and said, and what is refused."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ml_engine.errors import OpError
from ml_engine.families import FAMILIES as ALL
from ml_engine.job import Job, Said, quiet
from ml_engine.models import load_model
from ml_engine.ops.training.train import train
from ml_engine.tables import read_table

from .tables_for_training import FAMILIES, loans, sklearn_table, train_params

NUMERIC = [name for name in FAMILIES if "regression" in ALL[name].tasks]


def listening(folder: Path) -> tuple[Job, list[Said]]:
    said: list[Said] = []
    return Job(id="run-1", folder=folder, artifacts=folder / "kept", say=said.append), said


@pytest.mark.parametrize(
    ("table", "expected"),
    # scikit-learn 1.9.1, cv5, StandardScaler + LogisticRegression: .9600 .9832 .9807 (our folds are shuffled).
    [("iris", 0.96), ("wine", 0.9832), ("breast_cancer", 0.9807)],
)
def test_linear_accuracy_is_scikit_learns(table: str, expected: float, tmp_path: Path) -> None:
    result = train(train_params(sklearn_table(table, tmp_path)), quiet(tmp_path / "job"))
    assert result["metrics"]["accuracy"] == pytest.approx(expected, abs=0.02)
    assert result["metrics"]["accuracy"] > result["baseline"]["accuracy"] + 0.3


def test_diabetes_r2_of_ridge(tmp_path: Path) -> None:
    result = train(train_params(sklearn_table("diabetes", tmp_path)), quiet(tmp_path / "job"))
    assert result["task"] == "regression"
    assert result["metrics"]["r2"] == pytest.approx(0.4823, abs=0.02)
    assert result["baseline"]["r2"] == pytest.approx(0, abs=0.05)


@pytest.mark.parametrize(
    ("family", "mean", "sd"), [("linear", 0.995, 0.005), ("random_forest", 0.992, 0.009), ("xgboost", 0.995, 0.006)]
)
def test_breast_cancer_auroc_lies_in_the_published_band(family: str, mean: float, sd: float, tmp_path: Path) -> None:
    """InterpretML's README, three stratified quarters; ours are five fifths, so twice its deviation is allowed."""
    result = train(train_params(sklearn_table("breast_cancer", tmp_path), family=family), quiet(tmp_path / "job"))
    assert result["metrics"]["roc_auc"] == pytest.approx(mean, abs=2 * sd)


@pytest.mark.parametrize("family", FAMILIES)
def test_same_call_gives_the_same_model_and_a_loaded_one_predicts_alike(family: str, tmp_path: Path) -> None:
    dataset = loans(tmp_path)
    results = [
        train(train_params(dataset, target="default", family=family, folds=3), quiet(tmp_path / f"job{turn}"))
        for turn in range(2)
    ]
    models = [load_model(result["model"]) for result in results]
    assert models[0].manifest["hash"] == models[1].manifest["hash"]
    assert results[0]["metrics"] == results[1]["metrics"]
    frame = read_table(dataset).frame
    assert np.array_equal(models[0].probabilities(frame), models[1].probabilities(frame))
    assert set(models[0].predict(frame)) == {"no", "yes"}
    assert models[0].encoded(frame).matrix.shape[1] == len(models[0].encoded(frame).sources)
    assert set(models[0].encoded(frame).sources) == set(results[0]["features"])


@pytest.mark.parametrize("family", NUMERIC)
def test_every_family_learns_a_number(family: str, tmp_path: Path) -> None:
    dataset = sklearn_table("diabetes", tmp_path)
    result = train(train_params(dataset, family=family, folds=3), quiet(tmp_path / "job"))
    model = load_model(result["model"])
    assert result["metrics"]["rmse"] < result["baseline"]["rmse"]
    assert model.predict(read_table(dataset).frame).shape == (442,)


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    result = train(train_params(loans(tmp_path), target="default", family="lightgbm"), quiet(tmp_path / "job"))
    assert result["features"] == ["income", "grade", "town", "opened", "insured"]
    assert result["left_out"] == [
        {"column": "loan_id", "reason": "identifier"},
        {"column": "email", "reason": "personal data"},
        {"column": "branch", "reason": "never changes"},
    ]
    assert result["positive"] == "yes"


def test_a_run_hears_of_every_fold(tmp_path: Path) -> None:
    job, said = listening(tmp_path / "job")
    result = train(train_params(sklearn_table("iris", tmp_path), folds=4), job)
    folds = [metric for what in said if what[0] == "metrics" for metric in what[1] if metric["key"] == "fold/accuracy"]
    assert [metric["step"] for metric in folds] == [1, 2, 3, 4]
    assert np.mean([metric["value"] for metric in folds]) == pytest.approx(result["metrics"]["accuracy"])
    done = [what[1] for what in said if what[0] == "progress"]
    assert done == sorted(done)


def test_auto_records_its_choice(tmp_path: Path) -> None:
    job, said = listening(tmp_path / "job")
    result = train(train_params(sklearn_table("iris", tmp_path), family="auto", folds=3, time_budget_seconds=12), job)
    decisions = [what[1] for what in said if what[0] == "decision"]
    assert [decision["type"] for decision in decisions] == ["ModelSelection"]
    alone = [one for one in decisions[0]["alternatives"] if one["name"] != "blend"]
    assert len(alone) == 7
    scores = [one["score"] for one in alone]
    # Those left at last are scored on fresh folds; the others behind them on those they were put last by.
    assert scores[:3] == sorted(scores[:3], key=lambda score: -(score or 0))
    assert decisions[0]["alternatives"][0]["name"] == result["family"]
    assert "scored again on other folds, alone and blended" in decisions[0]["rationale"]


def test_calibration_makes_a_forest_honest(tmp_path: Path) -> None:
    dataset = loans(tmp_path, rows=2500)
    result = train(
        train_params(dataset, target="default", family="knn", calibration="isotonic"), quiet(tmp_path / "job")
    )
    assert result["calibration"] is not None
    assert result["calibration"]["ece_after"] < result["calibration"]["ece_before"] + 0.01
    probabilities = load_model(result["model"]).probabilities(read_table(dataset).frame)
    assert probabilities.sum(axis=1) == pytest.approx(1)


def test_groups_and_time_shape_the_folds(tmp_path: Path) -> None:
    dataset = loans(tmp_path)
    grouped = train(train_params(dataset, target="default", group="town"), quiet(tmp_path / "a"))
    assert grouped["folds"]["scheme"] == "stratified by group"
    assert {"column": "town", "reason": "group column"} in grouped["left_out"]
    timed = train(train_params(dataset, target="default", time="opened", family="lightgbm"), quiet(tmp_path / "b"))
    assert timed["folds"]["scheme"] == "forward in time"


def test_balanced_weights_find_more_of_the_rare_class(tmp_path: Path) -> None:
    dataset = loans(tmp_path)
    plain = train(train_params(dataset, target="default", family="xgboost"), quiet(tmp_path / "a"))
    weighted = train(train_params(dataset, target="default", family="xgboost", balanced=True), quiet(tmp_path / "b"))
    assert weighted["metrics"]["recall"] > plain["metrics"]["recall"]


def test_leakage_is_named(tmp_path: Path) -> None:
    frame = pl.read_parquet(loans(tmp_path)).with_columns(
        copy=pl.col("default").replace_strict({"yes": "bad", "no": "good"}),
        repaid=pl.when(pl.col("default") == "yes")
        .then(pl.int_range(pl.len()) % 90)
        .otherwise(100 + pl.int_range(pl.len()) % 97),
    )
    frame.write_parquet(tmp_path / "leaky.parquet")
    result = train(train_params(str(tmp_path / "leaky.parquet"), target="default"), quiet(tmp_path / "job"))
    assert "Leakage: `copy` is a copy of `default`; exclude it." in result["warnings"]
    assert any(
        warning.startswith("Leakage suspected: `repaid` alone predicts `default`") for warning in result["warnings"]
    )


def test_repeated_rows_are_named(tmp_path: Path) -> None:
    frame = pl.read_parquet(sklearn_table("iris", tmp_path))
    pl.concat([frame, frame]).write_parquet(tmp_path / "twice.parquet")
    result = train(train_params(str(tmp_path / "twice.parquet")), quiet(tmp_path / "job"))
    assert any("rows repeat another row" in warning for warning in result["warnings"])


def test_auto_within_a_budget_of_memory_says_what_it_left_out(tmp_path: Path) -> None:
    dataset = loans(tmp_path, rows=2500)
    result = train(
        train_params(dataset, target="default", family="auto", folds=2, time_budget_seconds=4, memory_budget_mb=10),
        quiet(tmp_path / "job"),
    )
    notes = {one["family"]: one["note"] for one in result["candidates"] if one["score"] is None}
    assert (notes["random_forest"] or "").endswith("MiB needed")
    assert result["family"] not in notes


def test_no_family_fits_no_memory(tmp_path: Path) -> None:
    with pytest.raises(OpError, match="no family is estimated to fit into 0 MiB"):
        train(
            train_params(loans(tmp_path), target="default", family="auto", memory_budget_mb=0.001),
            quiet(tmp_path / "j"),
        )
