"""Ranking: metrics against scikit-learn's and by hand, queries kept whole, the same bits again, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, ndcg_score

from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.models import load_model
from ml_engine.ops.training.evaluate import evaluate
from ml_engine.ops.training.train import train
from ml_engine.tasks.rank_metrics import query_scores

from .tables_for_training import evaluate_params, searches, task_params

ASK: Any = {"target": "grade", "group": "query"}


@given(st.lists(st.integers(0, 4), min_size=2, max_size=30).filter(any), st.integers(0, 2**32 - 1))
def test_metrics_of_a_query_are_scikit_learns(grades: list[int], seed: int) -> None:
    truth, scores = np.array(grades), np.random.default_rng(seed).permutation(len(grades)).astype(float)
    found = query_scores(truth, scores, np.zeros(len(truth)))
    # scikit-learn's gains are the grades themselves: ours are 2^grade - 1.
    assert found["ndcg@10"][0] == pytest.approx(ndcg_score([2.0**truth - 1], [scores], k=10))
    assert found["map"][0] == pytest.approx(average_precision_score(truth > 0, scores))
    first = 1 + int(np.flatnonzero(truth[np.argsort(-scores)] > 0)[0])
    assert found["mrr"][0] == pytest.approx(1 / first)


def test_ndcg_of_the_textbook() -> None:
    """Grades 3 2 3 0 1 2 in the order shown: Järvelin & Kekäläinen's example as Wikipedia gives it, with 2^grade - 1.

    DCG 13.848, IDCG 14.595 by hand: 7/1 + 3/1.585 + 7/2 + 0 + 1/2.585 + 3/2.807.
    """
    grades = np.array([3, 2, 3, 0, 1, 2])
    found = query_scores(grades, -np.arange(6.0), np.zeros(6))
    dcg = 7 + 3 / np.log2(3) + 7 / 2 + 1 / np.log2(6) + 3 / np.log2(7)
    ideal = 7 + 7 / np.log2(3) + 3 / 2 + 3 / np.log2(5) + 1 / np.log2(6)
    assert found["ndcg@10"][0] == pytest.approx(dcg / ideal)
    assert dcg == pytest.approx(13.848, abs=1e-3)
    assert ideal == pytest.approx(14.595, abs=1e-3)


@pytest.mark.parametrize("family", ["lightgbm", "xgboost"])
def test_every_family_orders_queries_and_comes_out_the_same(family: str, tmp_path: Path) -> None:
    dataset = searches(tmp_path)
    results = [
        train(task_params(dataset, "ranking", family=family, **ASK), quiet(tmp_path / f"job{turn}"))
        for turn in range(2)
    ]
    assert results[0]["metrics"]["ndcg@10"] > results[0]["baseline"]["ndcg@10"] + 0.2
    assert results[0]["metrics"] == results[1]["metrics"]
    models = [load_model(result["model"], tasks=["ranking"]) for result in results]
    assert models[0].manifest["hash"] == models[1].manifest["hash"]
    assert models[0].manifest.get("group") == "query"
    frame = pl.read_parquet(dataset)
    scores = models[0].estimator.predict(models[0].features(frame))
    assert np.corrcoef(scores, frame["match"].to_numpy())[0, 1] > 0.5


def test_evaluation_resamples_queries(tmp_path: Path) -> None:
    first, second = (
        train(task_params(searches(tmp_path), "ranking", family=family, **ASK), quiet(tmp_path / family))
        for family in ("lightgbm", "xgboost")
    )
    later = searches(tmp_path, 60, seed=9, name="later")
    result = evaluate(evaluate_params(first["model"], later, compare_to=second["model"]), quiet(tmp_path / "e"))
    interval = next(one for one in result["intervals"] if one["metric"] == "ndcg@10")
    assert interval["low"] is not None
    assert interval["high"] is not None
    assert interval["low"] < result["metrics"]["ndcg@10"] < interval["high"]
    assert interval["baseline"] == pytest.approx(0.45, abs=0.15)
    assert result["comparison"] is not None
    assert result["comparison"]["test"] == "Wilcoxon signed-rank"


@pytest.mark.parametrize(
    ("columns", "changed", "message"),
    [
        ({}, {"group": "qeury"}, "group: no column `qeury`; did you mean `query`"),
        ({}, {"group": "grade"}, "group: `grade` is the target"),
        ({"query": pl.int_range(pl.len()).cast(pl.String)}, {}, "300 of them with one row; at least 4"),
        ({"grade": pl.lit(1)}, {}, "one grade only"),
        ({"grade": pl.col("grade") - 1}, {}, "runs from -1 to 2; grades are whole numbers"),
        ({"grade": pl.col("grade") / 2}, {}, "grades are whole numbers"),
        ({"grade": pl.col("grade").cast(pl.String)}, {}, "is String; relevance is a grade"),
        ({}, {"family": "linear"}, "no family `linear` for ranking"),
        ({}, {"calibration": "sigmoid"}, "calibration: it means nothing for ranking"),
    ],
)
def test_bad_input_is_named(columns: Any, changed: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = searches(tmp_path, 20)
    pl.read_parquet(path).with_columns(**columns).write_parquet(path)
    with pytest.raises(OpError, match=message):
        train(task_params(path, "ranking", **{**ASK, **changed}), quiet(tmp_path / "job"))


def test_a_query_of_one_row_is_said(tmp_path: Path) -> None:
    path = searches(tmp_path, 20)
    frame = pl.read_parquet(path)
    pl.concat([frame, frame.head(1).with_columns(query=pl.lit("alone"))]).write_parquet(path)
    result = train(task_params(path, "ranking", family="lightgbm", **ASK), quiet(tmp_path / "job"))
    assert "1 of 21 queries have one row: there is nothing to order in them." in result["warnings"]


def test_ranking_says_what_it_needs(tmp_path: Path) -> None:
    with pytest.raises(OpError, match="group: ranking needs it"):
        train(task_params(searches(tmp_path), "ranking", target="grade"), quiet(tmp_path / "job"))
