"""Splits of data.transform: what each of them keeps apart."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from ml_engine.contract.data import Step
from ml_engine.errors import OpError
from ml_engine.frames import feature_frame
from ml_engine.roles import infer_roles
from ml_engine.tables import read_manifest
from ml_engine.transforming.splits import split_labels

from .transform_place import Workplace


@pytest.fixture
def at(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)


def labels(frame: pl.DataFrame, step: Step, seed: int = 0) -> pl.Series:
    return split_labels(frame, step, seed, "steps[0]")


GROUPS = st.lists(st.tuples(st.integers(0, 25), st.sampled_from("ab")), min_size=60, max_size=150)


@given(GROUPS, st.integers(0, 9))
@settings(max_examples=50, deadline=None)
def test_groups_stay_whole_and_classes_about_even(rows: list[tuple[int, str]], seed: int) -> None:
    frame = pl.DataFrame(rows, schema=["g", "y"], orient="row")
    assume(frame["g"].n_unique() >= 5)
    step: Step = {"op": "split", "method": "stratified_grouped", "by": "y", "group": ["g"]}
    parted = frame.with_columns(labels(frame, step, seed).alias("part"))
    assert parted["part"].null_count() == 0
    assert set(parted["part"]) == {"train", "test"}
    assert parted.group_by("g").agg(pl.col("part").n_unique())["part"].max() == 1
    largest = int(frame.group_by("g").len()["len"].to_numpy().max())
    for _, rows_of in parted.group_by("y"):
        test = rows_of.filter(part="test").height
        assert abs(test - 0.2 * rows_of.height) <= 2 * largest + 1


@given(st.lists(st.integers(0, 60), min_size=30, max_size=90, unique=True), st.integers(0, 12))
@settings(max_examples=50, deadline=None)
def test_a_gap_keeps_parts_apart_in_time(times: list[int], gap: int) -> None:
    frame = pl.DataFrame({"t": times}).with_columns(d=pl.date(2024, 1, 1) + pl.duration(days="t"))
    step: Step = {"op": "split", "method": "time", "by": "d", "shares": {"train": 0.6, "test": 0.4}, "gap": f"{gap}d"}
    parted = frame.with_columns(labels(frame, step).alias("part"))
    numbers = frame.with_columns(labels(frame, {**step, "by": "t", "gap": gap}).alias("part"))
    assert parted["part"].to_list() == numbers["part"].to_list()
    last, first = parted.filter(part="train")["t"].max(), parted.filter(part="test")["t"].min()
    assert isinstance(last, int)
    assert isinstance(first, int)
    assert first > last + gap or (gap == 0 and first > last)
    left_out = parted.filter(pl.col("part").is_null())["t"].to_list()
    assert all(last < time <= last + gap for time in left_out)


def test_rows_in_the_gap_are_accounted_for(at: Workplace) -> None:
    frame = pl.DataFrame({"d": [date(2024, 1, 1) + timedelta(days=i) for i in range(100)], "x": range(100)})
    result = at.run(frame, [{"op": "split", "method": "time", "by": "d", "gap": "7d"}])
    assert [(one["part"], one["rows"]) for one in result["datasets"]] == [("train", 80), ("test", 13)]
    assert (result["removed"], result["steps"][0]["note"]) == (7, "train 80, test 13; 7 rows in the gap")


def test_folds_are_one_dataset_with_a_column_that_training_leaves_out(at: Workplace) -> None:
    frame = pl.DataFrame({"x": range(40), "y": ["a", "b"] * 20, "who": [i // 4 for i in range(40)]})
    result = at.run(frame, [{"op": "split", "method": "kfold", "by": "y", "size": 4}])
    made = at.parts(result)[None]
    assert made.group_by("fold", "y").len()["len"].to_list() == [5] * 8
    assert sorted(made["fold"].unique()) == [1, 2, 3, 4]
    columns = read_manifest(Path(result["datasets"][0]["dataset"]))["columns"]
    assert columns[-1]["role"] == "identifier"
    grouped = at.frame(frame, [{"op": "split", "method": "kfold", "by": "y", "group": ["who"], "size": 5}])
    assert grouped.group_by("who").agg(pl.col("fold").n_unique())["fold"].max() == 1
    assert grouped["fold"].n_unique() == 5


def test_a_group_in_two_parts_is_named(at: Workplace) -> None:
    frame = pl.DataFrame({"patient_id": [f"p{i % 30}" for i in range(120)], "x": range(120), "y": ["a", "b"] * 60})
    split: Step = {"op": "split", "method": "stratified", "by": "y"}
    said = at.run(frame, [split], preview=True)["warnings"]
    assert "values of `patient_id` have rows in more than one part" in said[0]
    assert at.run(frame, [{"op": "split", "method": "grouped", "by": "patient_id"}], preview=True)["warnings"] == []


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"method": "stratified_grouped", "by": "y"}, "steps[0].group: needs the columns"),
        ({"method": "stratified", "by": "y", "group": ["x"]}, "grouped takes `by`"),
        ({"method": "random", "gap": 3}, "steps[0].gap: goes with method `time`"),
        ({"method": "time", "by": "x", "gap": "3d"}, "'3d' is no distance in `x`, which is Int64"),
        ({"method": "time", "by": "x", "gap": 90}, "90 leaves no row in part 2"),
        ({"method": "grouped", "by": "one"}, "`one` has 1 groups, too few for 2 parts"),
        ({"method": "kfold", "size": 3, "shares": {"train": 0.5, "test": 0.5}}, "k folds are of one size"),
    ],
)
def test_wrong_splits(at: Workplace, step: dict[str, object], words: str) -> None:
    frame = pl.DataFrame({"x": range(50), "y": ["a", "b"] * 25, "one": [1] * 50})
    with pytest.raises(OpError) as caught:
        at.run(frame, [{"op": "split", **step}])  # pyright: ignore[reportArgumentType]
    assert words in caught.value.message


def test_texts_reach_scikit_learn_as_plain_objects() -> None:
    """pandas 3 holds texts in Arrow arrays, at which `train_test_split` fails: only numpy's are handed on."""
    frame = pl.DataFrame({"town": ["Oslo", None, "Rome", "Bern"] * 10})
    texts = feature_frame(frame, infer_roles(frame))["town"]
    assert isinstance(texts.to_numpy(), np.ndarray)
    assert texts.to_numpy().dtype == object
    arrow = pd.Series(["Oslo", None, "Rome", "Bern"] * 10, dtype="str").to_numpy(dtype=object)
    for values in (texts.to_numpy(), arrow):
        train, test = train_test_split(values, test_size=0.25, random_state=0)
        assert (len(train), len(test)) == (30, 10)
