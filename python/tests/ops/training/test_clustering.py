"""Clustering: scikit-learn's metrics, assignments, the number of clusters, the same bits again, what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score, silhouette_score

from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.models import load_model
from ml_engine.ops.training.evaluate import evaluate
from ml_engine.ops.training.train import train
from ml_engine.tasks.clusterers import KINDS

from .tables_for_training import evaluate_params, sklearn_table, task_params

FAMILIES = [*KINDS]


def blobs(folder: Path, rows: int = 300, seed: int = 0, name: str = "blobs") -> str:
    made: Any = make_blobs(rows, 3, centers=4, cluster_std=0.6, random_state=seed)
    points, truth = made
    frame = pl.DataFrame(points, schema=["x", "y", "z"]).with_columns(kind=pl.Series([f"k{one}" for one in truth]))
    frame.write_parquet(folder / f"{name}.parquet")
    return str(folder / f"{name}.parquet")


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_finds_blobs_twice_alike_and_assigns_as_it_was_fitted(family: str, tmp_path: Path) -> None:
    results = [
        train(task_params(blobs(tmp_path), "clustering", family=family, target="kind"), quiet(tmp_path / f"job{turn}"))
        for turn in range(2)
    ]
    assert results[0]["metrics"]["ari"] > 0.95
    assert results[0]["metrics"]["clusters"] == 4
    assert results[0]["metrics"]["silhouette"] > results[0]["baseline"]["silhouette"] + 0.5
    assert results[0]["metrics"] == results[1]["metrics"]
    models = [load_model(result["model"], tasks=["clustering"]) for result in results]
    assert models[0].manifest["hash"] == models[1].manifest["hash"]
    frame = pl.read_parquet(blobs(tmp_path))
    labels = models[0].estimator.predict(models[0].features(frame))
    assert np.array_equal(labels, models[0].estimator[-1].labels_)
    assert results[0]["rows_file"] is not None
    kept = pl.read_parquet(tmp_path / "job0/artifacts/rows.parquet")
    assert np.array_equal(kept["cluster"].to_numpy(), labels)


def test_metrics_are_scikit_learns(tmp_path: Path) -> None:
    result = train(
        task_params(sklearn_table("iris", tmp_path), "clustering", family="kmeans", params={"n_clusters": 3},
                    target="target"),
        quiet(tmp_path / "job"),
    )  # fmt: skip
    model = load_model(result["model"], tasks=["clustering"])
    frame = pl.read_parquet(tmp_path / "iris.parquet")
    matrix, labels = model.encoded(frame).matrix, model.estimator[-1].labels_
    assert result["metrics"]["silhouette"] == pytest.approx(silhouette_score(matrix, labels))
    assert result["metrics"]["ari"] == pytest.approx(adjusted_rand_score(frame["target"].to_numpy(), labels))
    # K-means of standardised iris, three clusters: ARI .62 (scikit-learn 1.9.1, n_init 10).
    assert result["metrics"]["ari"] == pytest.approx(0.62, abs=0.01)
    assert result["target"] == "target"
    assert "target" not in result["features"]


def test_auto_compares_and_says_so(tmp_path: Path) -> None:
    result = train(task_params(blobs(tmp_path), "clustering"), quiet(tmp_path / "job"))
    assert {one["family"] for one in result["candidates"]} == {"kmeans", "gaussian_mixture", "hdbscan"}
    assert result["family"] == result["candidates"][0]["family"]


def test_new_rows_go_to_their_blob_and_far_ones_are_noise(tmp_path: Path) -> None:
    result = train(
        task_params(blobs(tmp_path), "clustering", family="hdbscan", exclude=["kind"]), quiet(tmp_path / "job")
    )
    evaluated = evaluate(evaluate_params(result["model"], blobs(tmp_path, 200, name="later")), quiet(tmp_path / "e"))
    assert evaluated["task"] == "clustering"
    assert evaluated["metrics"]["silhouette"] > 0.5
    model = load_model(result["model"], tasks=["clustering"])
    far = pl.DataFrame({"x": [1e3], "y": [1e3], "z": [1e3]})
    assert model.estimator.predict(model.features(far)).tolist() == [-1]


def test_categories_and_gaps_are_clustered(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    town = [f"t{number}" for number in draw.integers(0, 60, 200)]
    frame = pl.DataFrame({"x": [None, *draw.normal(size=199)], "town": town, "grade": draw.choice(["a", "b"], 200)})
    frame.write_parquet(tmp_path / "mixed.parquet")
    result = train(
        task_params(str(tmp_path / "mixed.parquet"), "clustering", family="kmeans", include=["x", "town", "grade"]),
        quiet(tmp_path / "job"),
    )
    unseen = pl.DataFrame({"x": [0.0], "town": ["nowhere"], "grade": [None]}, schema_overrides={"grade": pl.String})
    model = load_model(result["model"], tasks=["clustering"])
    assert model.estimator.predict(model.features(unseen)).shape == (1,)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"family": "kmeans", "params": {"n_clusters": 500}}, r"n_clusters is 500; with 40 rows it can be 2 to 39"),
        ({"family": "kmean"}, "no family `kmean` for clustering; did you mean `kmeans`"),
        ({"family": "kmeans", "params": {"k": 3}}, "kmeans has no setting `k`"),
        ({"balanced": True}, "balanced: it means nothing for clustering"),
        ({"horizon": 3}, "horizon: it means nothing for clustering"),
        ({"target": "kin"}, "target: no column `kin`"),
        ({"family": "dbscan", "params": {"eps": -1.0}}, "The 'eps' parameter"),
    ],
)
def test_bad_input_is_named(changed: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(OpError, match=message):
        train(task_params(blobs(tmp_path, 40), "clustering", **changed), quiet(tmp_path / "job"))
    assert not (tmp_path / "job" / "model").exists()


def test_other_tools_say_what_they_take(tmp_path: Path) -> None:
    result = train(task_params(blobs(tmp_path), "clustering", family="kmeans"), quiet(tmp_path / "job"))
    with pytest.raises(OpError, match="is a model for clustering; this takes classification and regression"):
        load_model(result["model"])
