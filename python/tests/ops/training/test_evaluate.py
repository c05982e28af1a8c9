"""Evaluation: what is true of a model on held-out rows, and what is said when the rows are not."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ml_engine.diagnostics import cheapest
from ml_engine.errors import OpError
from ml_engine.job import Job, Said, quiet
from ml_engine.models import load_model
from ml_engine.ops.training.evaluate import evaluate
from ml_engine.ops.training.train import train

from .tables_for_training import evaluate_params, loans, sklearn_table, train_params


def model_on(dataset: str, folder: Path, family: str = "linear", target: str = "default") -> str:
    return train(train_params(dataset, target=target, family=family, folds=3), quiet(folder))["model"]


def test_held_out_rows_agree_with_cross_validation(tmp_path: Path) -> None:
    model = model_on(loans(tmp_path), tmp_path / "job")
    result = evaluate(evaluate_params(model, loans(tmp_path, 800, 1, "later")), quiet(tmp_path / "eval"))
    auc = next(one for one in result["intervals"] if one["metric"] == "roc_auc")
    assert auc["low"] is not None
    assert auc["high"] is not None
    assert auc["low"] < auc["value"] < auc["high"]
    assert auc["baseline"] == pytest.approx(0.5)
    assert auc["low"] < load_model(model).manifest["metrics"]["roc_auc"] < auc["high"]
    assert result["confusion"] is not None
    assert np.sum(result["confusion"]["counts"]) == result["rows"]["scored"] == 800
    assert result["training_rows_seen"] == 0
    assert not [warning for warning in result["warnings"] if "too good" in warning]
    plot = tmp_path / "eval" / "artifacts" / "evaluation.png"
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert plot.stat().st_size < 150_000


def test_its_own_training_data_is_noticed(tmp_path: Path) -> None:
    dataset = loans(tmp_path)
    model = model_on(dataset, tmp_path / "job")
    result = evaluate(evaluate_params(model, dataset), quiet(tmp_path / "eval"))
    assert any("the data the model was trained on" in warning for warning in result["warnings"])
    half = tmp_path / "half.parquet"
    pl.concat([pl.read_parquet(dataset).head(100), pl.read_parquet(loans(tmp_path, 100, 1, "new"))]).write_parquet(half)
    result = evaluate(evaluate_params(model, str(half)), quiet(tmp_path / "eval2"))
    assert result["training_rows_seen"] == pytest.approx(0.5)
    assert any("50.0% of these rows" in warning for warning in result["warnings"])


def test_a_planted_weak_slice_is_found(tmp_path: Path) -> None:
    model = model_on(loans(tmp_path), tmp_path / "job")
    later = pl.read_parquet(loans(tmp_path, 1500, 1, "later"))
    flipped = pl.when(pl.col("default") == "yes").then(pl.lit("no")).otherwise(pl.lit("yes"))
    broken = later.with_columns(
        region=pl.when(pl.int_range(pl.len()) % 5 == 0).then(pl.lit("west")).otherwise(pl.lit("rest"))
    ).with_columns(default=pl.when(pl.col("region") == "west").then(flipped).otherwise("default"))
    broken.write_parquet(tmp_path / "broken.parquet")
    result = evaluate(evaluate_params(model, str(tmp_path / "broken.parquet")), quiet(tmp_path / "eval"))
    assert "region = west" in result["slices"][0]["slice"]
    assert result["slices"][0]["p_adjusted"] < 0.001
    none = evaluate(
        evaluate_params(model, str(tmp_path / "broken.parquet"), slice_by=["insured"]), quiet(tmp_path / "e2")
    )
    assert none["slices"] == []


def test_shift_names_the_column(tmp_path: Path) -> None:
    model = model_on(loans(tmp_path), tmp_path / "job")
    pl.read_parquet(loans(tmp_path, 500, 1, "later")).with_columns(pl.col("income") * 2).write_parquet(
        tmp_path / "rich.parquet"
    )
    result = evaluate(evaluate_params(model, str(tmp_path / "rich.parquet")), quiet(tmp_path / "eval"))
    assert [one["column"] for one in result["shift"]] == ["income"]


def test_comparison_judges_by_the_paired_test(tmp_path: Path) -> None:
    said: list[Said] = []
    data = loans(tmp_path)
    strong = model_on(data, tmp_path / "a")
    weak = train(train_params(data, target="default", include=["insured"], folds=3), quiet(tmp_path / "b"))["model"]
    job = Job(id="run", folder=tmp_path / "eval", artifacts=tmp_path / "kept", say=said.append)
    later = loans(tmp_path, 800, 1, "later")
    result = evaluate(evaluate_params(strong, later, compare_to=weak), job)
    assert result["comparison"] is not None
    assert result["comparison"]["verdict"] == "better"
    assert all(one["low"] <= one["difference"] <= one["high"] for one in result["comparison"]["differences"])
    assert [what[1]["type"] for what in said if what[0] == "decision"] == ["EvaluationJudgement"]
    same = evaluate(evaluate_params(strong, later, compare_to=strong), quiet(tmp_path / "same"))
    assert same["comparison"] is not None
    assert same["comparison"]["verdict"] == "no difference shown"


def test_the_cheapest_threshold_is_the_cheapest() -> None:
    draw = np.random.default_rng(0)
    score = draw.random(300).round(2)
    hit = draw.random(300) < score
    found = cheapest(hit, score, 1, 5)["best"]
    costs = [
        (((score >= cut) & ~hit).sum() + 5 * ((score < cut) & hit).sum()) / 300 for cut in [*np.unique(score), 1.1]
    ]
    assert found["cost"] == pytest.approx(min(costs))


@pytest.mark.parametrize("table", ["iris", "diabetes"])
def test_other_tasks(table: str, tmp_path: Path) -> None:
    dataset = sklearn_table(table, tmp_path)
    model = model_on(dataset, tmp_path / "job", "random_forest", "target")
    result = evaluate(evaluate_params(model, dataset), quiet(tmp_path / "eval"))
    assert (result["confusion"] is None) == (table == "diabetes")
    assert (result["residuals"] is None) == (table == "iris")
    assert len(result["per_class"]) == (3 if table == "iris" else 0)


def test_tables_that_cannot_be_used(tmp_path: Path) -> None:
    model = model_on(loans(tmp_path), tmp_path / "job")
    pl.read_parquet(loans(tmp_path)).drop("default").write_parquet(tmp_path / "no.parquet")
    with pytest.raises(OpError, match="no column `default`"):
        evaluate(evaluate_params(model, str(tmp_path / "no.parquet")), quiet(tmp_path / "e1"))
    pl.read_parquet(loans(tmp_path)).with_columns(default=pl.lit("maybe")).write_parquet(tmp_path / "odd.parquet")
    with pytest.raises(OpError, match="0 rows have a usable `default`"):
        evaluate(evaluate_params(model, str(tmp_path / "odd.parquet")), quiet(tmp_path / "e2"))
    other = model_on(sklearn_table("iris", tmp_path), tmp_path / "iris", target="target")
    with pytest.raises(OpError, match="compare_to: iris-target-linear does classification of `target`"):
        evaluate(evaluate_params(model, loans(tmp_path), compare_to=other), quiet(tmp_path / "e3"))
