"""data.transform as a plain function."""

import itertools
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_engine.contract.data import Step
from ml_engine.errors import OpError
from ml_engine.tables import read_manifest
from ml_engine.transforming.pipeline import Run, run_steps
from ml_engine.transforming.splits import counts_of, split_labels

from .transform_place import Workplace


def people(rows: int = 103) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "id": range(rows),
            "age": [None if i % 10 == 0 else float(i % 50) for i in range(rows)],
            "city": [["Oslo", " Rome", "Bern"][i % 3] for i in range(rows)],
            "day": pl.Series([18262 + i // 2 for i in range(rows)]).cast(pl.Date),
            "y": ["yes" if i % 4 == 0 else "no" for i in range(rows)],
            "group": [i // 7 for i in range(rows)],
        }
    )


@pytest.fixture
def at(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)


shares = st.sampled_from(
    [{"train": 0.8, "test": 0.2}, {"train": 0.6, "validation": 0.2, "test": 0.2}, {"train": 0.5, "test": 0.5}]
)


@given(st.lists(st.sampled_from("abc"), min_size=12, max_size=80), shares, st.integers(0, 5))
@settings(max_examples=80, deadline=None)
def test_stratified_parts_are_whole_and_within_one_row_a_class(
    classes: list[str], wanted: dict[str, float], seed: int
) -> None:
    frame = pl.DataFrame({"row": range(len(classes)), "y": classes})
    labels = split_labels(frame, {"op": "split", "method": "stratified", "by": "y", "shares": wanted}, seed, "steps[0]")
    counted = frame.with_columns(labels.alias("part")).group_by("y", "part").len()

    assert len(labels) == len(classes)
    for name in set(classes):
        rows = classes.count(name)
        for part, share in wanted.items():
            found = int(counted.filter((pl.col("y") == name) & (pl.col("part") == part))["len"].sum())
            assert abs(found - rows * share) < 1 + 1e-9
    again = split_labels(frame, {"op": "split", "method": "stratified", "by": "y", "shares": wanted}, seed, "steps[0]")
    assert labels.equals(again)


@given(st.lists(st.integers(0, 9), min_size=12, max_size=60), shares)
@settings(max_examples=80, deadline=None)
def test_no_group_is_on_two_sides(groups: list[int], wanted: dict[str, float]) -> None:
    frame = pl.DataFrame({"g": groups})
    if frame["g"].n_unique() < len(wanted):
        return
    labels = split_labels(frame, {"op": "split", "method": "grouped", "by": "g", "shares": wanted}, 0, "steps[0]")
    assert frame.with_columns(labels.alias("part")).group_by("g").agg(pl.col("part").n_unique())["part"].max() == 1
    assert set(labels) == set(wanted)


@given(st.lists(st.integers(0, 500), min_size=12, max_size=60, unique=True), shares)
@settings(max_examples=60, deadline=None)
def test_later_rows_come_in_later_parts(times: list[int], wanted: dict[str, float]) -> None:
    frame = pl.DataFrame({"t": times})
    labels = split_labels(frame, {"op": "split", "method": "time", "by": "t", "shares": wanted}, 0, "steps[0]")
    order = [part for part in ("train", "validation", "test") if part in wanted]
    spans = [frame.filter(labels == part)["t"] for part in order]
    for before, after in itertools.pairwise(spans):
        assert max(before.to_list()) < min(after.to_list())
    assert [len(span) for span in spans] == counts_of(len(times), [wanted[part] for part in order])


@given(st.integers(10, 90), st.integers(2, 7))
@settings(max_examples=40, deadline=None)
def test_folds_are_of_one_size(rows: int, folds: int) -> None:
    labels = split_labels(
        pl.DataFrame({"x": range(rows)}), {"op": "split", "method": "kfold", "size": folds}, 1, "steps[0]"
    )
    sizes = labels.value_counts()["count"]
    assert len(sizes) == folds
    assert max(sizes) - min(sizes) <= 1


def test_what_is_learnt_is_learnt_on_train_alone_wherever_the_split_stands(at: Workplace) -> None:
    split: Step = {"op": "split", "method": "stratified", "by": "y"}
    learning: list[Step] = [{"op": "impute", "columns": ["age"], "method": "mean"}, {"op": "scale", "columns": ["age"]}]
    first, last = at.parts(at.run(people(), [split, *learning])), at.parts(at.run(people(), [*learning, split]))
    raw = at.parts(at.run(people(), [split]))
    mean = raw["train"]["age"].mean()

    assert isinstance(mean, float)
    filled = raw["train"]["age"].fill_null(mean)
    spread = float(np.std(filled.to_numpy()))
    for part in ("train", "test"):
        expected = (raw[part]["age"].fill_null(mean).to_numpy() - mean) / spread
        assert first[part]["age"].to_numpy() == pytest.approx(expected)
        assert last[part].equals(first[part])


def test_parts_are_disjoint_and_whole(at: Workplace) -> None:
    parts = at.parts(at.run(people(), [{"op": "split", "shares": {"train": 0.7, "validation": 0.2, "test": 0.1}}]))
    ids = [row for part in parts.values() for row in part["id"]]
    assert sorted(ids) == list(range(103))
    assert [len(part) for part in parts.values()] == [72, 21, 10]


def test_a_pipeline_is_kept_and_repeated_on_new_data(at: Workplace) -> None:
    steps: list[Step] = [
        {"op": "clean_text"},
        {"op": "impute", "columns": ["age"], "method": "median"},
        {"op": "encode", "columns": ["city"]},
        {"op": "bin", "columns": ["group"], "size": 3},
        {"op": "derive", "as": "old", "expression": "age > 20"},
        {"op": "drop", "columns": ["id"]},
        {"op": "split", "method": "stratified", "by": "y"},
    ]
    made = at.run(people(), steps, name="ppl")
    manifest = read_manifest(Path(made["datasets"][0]["dataset"]))
    assert (manifest["name"], manifest["part"]) == ("ppl_train", "train")
    assert manifest["pipeline"]["learnt_on"] == "people.parquet, train part"
    fresh = people(20).with_columns(pl.lit("Paris").alias("city"))
    again = at.run(fresh, [], apply=made["datasets"][0]["dataset"])
    frame = at.parts(again)[None]

    assert frame.columns == at.parts(made)["test"].columns
    assert frame.select("city_Bern", "city_Oslo", "city_Rome").sum_horizontal().sum() == 0
    assert "`city`: 20 rows have a level that was not there when the encoding was learnt." in again["warnings"]
    assert frame["age"].null_count() == 0


def test_equal_rows_on_both_sides_are_warned_of_and_deduplicate_cures_it(at: Workplace) -> None:
    frame = pl.DataFrame({"x": [1, 2, 3, 4, 5] * 8, "y": ["a", "b"] * 20})
    warned = at.run(frame, [{"op": "split"}], preview=True)
    assert "equal a row in another part. Put `deduplicate` before the split." in warned["warnings"][0]
    cured = at.run(frame, [{"op": "deduplicate"}, {"op": "split"}], preview=True)
    assert (cured["warnings"], cured["removed"], cured["rows_out"]) == ([], 30, 10)


def test_a_preview_stages_nothing(at: Workplace) -> None:
    result = at.run(people(), [{"op": "filter", "expression": "age >= 18"}], preview=True)
    assert result["datasets"] == []
    assert len(result["preview"]) == 5
    assert [path.name for path in (at.folder / "1").iterdir()] == ["people.parquet"]


OPS = st.sampled_from(
    [
        {"op": "filter", "expression": "id < 90"},
        {"op": "deduplicate", "columns": ["city", "group"]},
        {"op": "sample", "size": 0.9},
        {"op": "sort", "columns": ["age"], "descending": True},
        {"op": "rebalance", "by": "y"},
        {"op": "impute"},
        {"op": "scale"},
        {"op": "dates"},
        {"op": "split", "method": "stratified", "by": "y"},
    ]
)


@given(st.lists(OPS, max_size=6, unique_by=lambda step: step["op"]))
@settings(max_examples=60, deadline=None)
def test_every_row_is_accounted_for(steps: list[Step]) -> None:
    run = run_steps(Run(people()), steps, 3)
    assert run.frame.height == 103 - run.removed + run.added
    for before, after in zip(run.reports, run.reports[1:], strict=False):
        assert before["rows_after"] == after["rows_before"]


def test_the_test_part_is_never_rebalanced(at: Workplace) -> None:
    parts = at.parts(
        at.run(people(), [{"op": "rebalance", "by": "y"}, {"op": "split", "method": "stratified", "by": "y"}])
    )
    assert parts["train"]["y"].value_counts()["count"].n_unique() == 1
    assert parts["test"]["id"].is_unique().all()
    assert set(parts["test"]["id"]).isdisjoint(set(parts["train"]["id"]))


def test_the_class_column_is_left_alone_unless_named(at: Workplace) -> None:
    frame = at.parts(at.run(people(), [{"op": "split", "method": "stratified", "by": "y"}, {"op": "encode"}]))["train"]
    assert "y" in frame.columns
    assert "city" not in frame.columns


def test_steps_do_what_they_say(at: Workplace) -> None:
    frame = people(8)
    done = at.parts(
        at.run(
            frame,
            [
                {"op": "select", "columns": ["day", "age", "city", "id"]},
                {"op": "rename", "map": {"id": "number"}},
                {"op": "cast", "map": {"number": "text"}},
                {"op": "clean_text", "columns": ["city"], "method": "upper"},
                {"op": "dates", "parts": ["year", "weekday"]},
                {"op": "derive", "as": "double", "expression": "age * 2"},
                {"op": "encode", "columns": ["city"], "method": "ordinal"},
                {"op": "sort", "columns": ["age"], "descending": True},
            ],
        )
    )[None]
    assert done.columns == ["day", "age", "city", "number", "day_year", "day_weekday", "double"]
    assert done.row(0, named=True) | {"day": None} == {
        "day": None, "age": 7.0, "city": 2, "number": "7", "day_year": 2020, "day_weekday": 6, "double": 14.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"op": "drop"}, "steps[0].columns: `drop` needs it"),
        ({"op": "drop", "columns": ["agee"]}, "no column `agee`; did you mean `age`?"),
        ({"op": "filter", "expression": "age >"}, "is no SQL expression"),
        ({"op": "filter", "expression": "age + 1"}, "is a Float64, not a condition"),
        ({"op": "filter", "expression": "agee > 1"}, "no column `agee`"),
        ({"op": "filter", "expression": "age > 1; DROP TABLE x"}, "is no SQL expression"),
        ({"op": "filter", "expression": "(SELECT 1 FROM x)"}, "is no SQL expression"),
        ({"op": "filter", "expression": "read_csv('/etc/passwd') = 1"}, "is no SQL expression"),
        ({"op": "filter", "expression": "age > 1000"}, "no row is left after `filter`"),
        ({"op": "split", "method": "stratifed", "by": "y"}, "did you mean `stratified`?"),
        ({"op": "split", "method": "stratified"}, "a stratified split needs the column"),
        ({"op": "split", "method": "stratified", "by": "id"}, "`id` is no class column"),
        ({"op": "split", "method": "time", "by": "age"}, "`age` is missing in"),
        ({"op": "split", "shares": {"train": 0.5, "test": 0.6}}, "add up to 1"),
        ({"op": "split", "shares": {"train": 0.5, "tset": 0.5}}, "did you mean `test`?"),
        ({"op": "scale", "columns": ["city"]}, "`city` is String; scale standard works on numbers"),
        ({"op": "scale", "by": "y"}, "`scale` does not take it"),
        ({"op": "cast", "map": {"city": "int"}}, "103 values are no int, e.g. `Oslo`"),
        ({"op": "impute", "method": "constant"}, "steps[0].value: goes with method `constant`"),
        ({"op": "sample", "size": 1000}, "1000 rows cannot be drawn from 103"),
        ({"op": "rename", "map": {"id": "age"}}, "would be the name of two columns"),
    ],
)
def test_wrong_steps(at: Workplace, step: Step, words: str) -> None:
    with pytest.raises(OpError) as caught:
        at.run(people(), [step])
    assert words in caught.value.message
    assert [path.name for path in (at.folder / "1").iterdir()] == ["people.parquet"]
