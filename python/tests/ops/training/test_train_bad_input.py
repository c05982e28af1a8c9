"""What ml_training_train refuses, and what it can work with and warns of."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.models import load_model
from ml_engine.ops.training.train import train
from ml_engine.tables import read_table

from .tables_for_training import FAMILIES, loans, train_params

ROWS = 40


def bad(**columns: Any) -> pl.DataFrame:
    base = {"x": [float(row % 7) for row in range(ROWS)], "y": ["a" if row % 3 else "b" for row in range(ROWS)]}
    return pl.DataFrame({**base, **columns})


@pytest.mark.parametrize(
    ("frame", "changed", "message"),
    [
        (bad(), {"target": "Y1"}, r"target: no column `Y1`"),
        (bad(z=["k"] * ROWS), {"target": "z"}, r"one class only \(`k`\)"),
        (bad(z=[None] * 30 + ["a", "b"] * 5), {"target": "z"}, "no usable value in 30 of 40 rows"),
        (bad(z=["a"] * 39 + ["b"]), {"target": "z"}, r"1 classes have a single row \(`b`\)"),
        (bad(), {"task": "regression"}, "`y` is String; regression needs a number"),
        (bad(z=[row / 7 for row in range(ROWS)]), {"target": "z", "task": "classification"}, "those are not classes"),
        (bad().head(12), {}, "12 usable rows; at least 20"),
        (
            bad().select("y", none=pl.lit(None, pl.Float64)),
            {},
            r"no usable feature is left. Left out: `none` \(no values\)",
        ),
        (bad(), {"exclude": ["x"]}, r"no usable feature is left. Left out: `x` \(excluded\)"),
        (
            bad(),
            {"family": "lightgbm", "params": {"num_leafs": 3}},
            "lightgbm has no setting `num_leafs`; did you mean `num_leaves`",
        ),
        (bad(), {"params": {"random_state": 3}}, "`random_state` is not yours to set"),
        (bad(), {"family": "random_forest", "params": {"max_depth": -1}}, "The 'max_depth' parameter"),
        (bad(), {"family": "auto", "params": {"C": 1}}, "`auto` tries several"),
        (bad(), {"family": "knn", "balanced": True}, "knn cannot weigh classes"),
        (bad(), {"positive": "c"}, "`c` is not a class"),
        (bad(), {"metric": "rmse"}, "`rmse` does not apply to this classification"),
        (bad(), {"metric": "roc_acu"}, "no metric `roc_acu`; did you mean `roc_auc`"),
        (bad(), {"group": "x", "time": "x"}, "group and time cannot be combined"),
        (bad(), {"include": ["y"]}, "include: `y` is the target"),
    ],
)
def test_bad_input_is_named(frame: pl.DataFrame, changed: dict[str, Any], message: str, tmp_path: Path) -> None:
    frame.write_parquet(tmp_path / "bad.parquet")
    with pytest.raises(OpError, match=message):
        train(train_params(str(tmp_path / "bad.parquet"), **{"target": "y", **changed}), quiet(tmp_path / "job"))
    assert not (tmp_path / "job" / "model").exists()


def test_what_can_be_worked_with_is_warned_of(tmp_path: Path) -> None:
    frame = bad(
        infinite=[float("inf") if row == 3 else float(row) for row in range(ROWS)],
        empty=pl.Series([None] * ROWS, dtype=pl.Float64),
        z=[None, None, *["a", "b", "c"] * 11, *["a"] * 5],
    ).with_columns(z=pl.when(pl.int_range(ROWS) < 4).then(pl.lit("d")).otherwise(pl.col("z")))
    frame.write_parquet(tmp_path / "odd.parquet")
    result = train(train_params(str(tmp_path / "odd.parquet"), target="z"), quiet(tmp_path / "job"))
    assert "`infinite` has 1 infinite values; they are treated as missing." in result["warnings"]
    assert "Class `d` has 4 rows: 4 folds instead of 5." in result["warnings"]
    assert {"column": "empty", "reason": "no values"} in result["left_out"] or {
        "column": "empty",
        "reason": "never changes",
    } in result["left_out"]


def test_a_category_unseen_in_training_is_predicted_for(tmp_path: Path) -> None:
    dataset = loans(tmp_path)
    frame = read_table(dataset).frame.with_columns(grade=pl.lit("Z"), town=pl.lit("nowhere"))
    for family in FAMILIES:
        result = train(train_params(dataset, target="default", family=family, folds=2), quiet(tmp_path / family))
        probabilities = load_model(result["model"]).probabilities(frame)
        assert np.isfinite(probabilities).all(), family
        assert probabilities.sum(axis=1) == pytest.approx(1), family


def test_a_target_with_gaps_is_learnt_from_the_rest(tmp_path: Path) -> None:
    frame = bad(z=[None] * 8 + ["a", "b"] * 16)
    frame.write_parquet(tmp_path / "gaps.parquet")
    result = train(train_params(str(tmp_path / "gaps.parquet"), target="z"), quiet(tmp_path / "job"))
    assert result["rows"] == {"given": 40, "used": 32, "dropped": 8}
    assert "8 of 40 rows have no finite `z` and were left out." in result["warnings"]


def test_equal_moments_keep_their_order(tmp_path: Path) -> None:
    frame = bad(when=pl.Series([row // 10 for row in range(ROWS)]))
    frame.write_parquet(tmp_path / "ties.parquet")
    first, second = (
        train(train_params(str(tmp_path / "ties.parquet"), target="y", time="when", folds=3), quiet(tmp_path / turn))
        for turn in ("a", "b")
    )
    assert first["metrics"] == second["metrics"]
    assert load_model(first["model"]).manifest["hash"] == load_model(second["model"]).manifest["hash"]


def test_text_that_is_no_date_is_named(tmp_path: Path) -> None:
    bad(when=pl.Series(["soon"] * ROWS)).write_parquet(tmp_path / "bad.parquet")
    with pytest.raises(OpError, match="time: 40 of 40 values of `when` are not dates"):
        train(train_params(str(tmp_path / "bad.parquet"), target="y", time="when"), quiet(tmp_path / "job"))
