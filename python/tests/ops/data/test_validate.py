"""data.validate as a plain function, and every rule against a plain count."""

import itertools
import json
import math
import re
import statistics
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from ml_engine.contract.data import ExpectationResult, ValidateParams, ValidateResult
from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.ops.data.validate import validate
from ml_engine.validation.drift import chi_square, js_distance, numeric_shares, psi
from ml_engine.validation.suite import EXPECTATIONS, parse_suite, run_rules


def rule(name: str, **kwargs: object) -> dict[str, object]:
    return {"type": f"expect_{name}", "kwargs": kwargs}


def run(frame: pl.DataFrame, name: str, **kwargs: object) -> ExpectationResult:
    return run_rules(frame, parse_suite([rule(name, **kwargs)], "suite"))[0]


numbers = st.lists(
    st.one_of(st.none(), st.integers(-50, 50).map(float), st.sampled_from([math.inf, -math.inf, 0.1])), max_size=25
)
texts = st.lists(
    st.one_of(st.none(), st.text(max_size=6), st.sampled_from(["", "a", "Åse", "a b", "ab%"])), max_size=25
)


def counted(result: ExpectationResult, values: list[object], wrong: list[object]) -> None:
    present = [value for value in values if value is not None]
    assert result["element_count"] == len(values)
    assert result["missing_count"] == len(values) - len(present)
    assert result["unexpected_count"] == len(wrong)
    assert result["unexpected_percent"] == pytest.approx(100 * len(wrong) / len(present) if present else 0, abs=1e-4)
    assert result["success"] == (not wrong)
    shown = [value if not isinstance(value, float) or math.isfinite(value) else str(value) for value in wrong[:20]]
    assert result["partial_unexpected_list"] == shown


@given(numbers, st.integers(-40, 0), st.integers(1, 40), st.booleans(), st.booleans())
@settings(max_examples=80, deadline=None)
def test_between(values: list[float | None], low: int, high: int, strict_min: bool, strict_max: bool) -> None:
    frame = pl.DataFrame({"x": pl.Series(values, dtype=pl.Float64)})
    result = run(
        frame,
        "column_values_to_be_between",
        column="x",
        min_value=low,
        max_value=high,
        strict_min=strict_min,
        strict_max=strict_max,
    )
    wrong = [
        value
        for value in values
        if value is not None
        and not ((value > low if strict_min else value >= low) and (value < high if strict_max else value <= high))
    ]
    counted(result, [*values], [*wrong])


@given(texts)
@settings(max_examples=80, deadline=None)
def test_text_rules(values: list[str | None]) -> None:
    frame = pl.DataFrame({"x": pl.Series(values, dtype=pl.String)})
    present = [value for value in values if value is not None]
    counts = Counter(present)
    counted(run(frame, "column_values_to_be_unique", column="x"), [*values], [v for v in present if counts[v] > 1])
    counted(
        run(frame, "column_values_to_be_in_set", column="x", value_set=["", "a"]),
        [*values],
        [v for v in present if v not in ("", "a")],
    )
    counted(
        run(frame, "column_values_to_not_be_in_set", column="x", value_set=["", "a"]),
        [*values],
        [v for v in present if v in ("", "a")],
    )
    counted(
        run(frame, "column_values_to_match_regex", column="x", regex="^a"),
        [*values],
        [v for v in present if not re.search("^a", v)],
    )
    counted(
        run(frame, "column_values_to_match_like_pattern", column="x", like_pattern="a%"),
        [*values],
        [v for v in present if not v.startswith("a")],
    )
    counted(
        run(frame, "column_value_lengths_to_be_between", column="x", min_value=1, max_value=2),
        [*values],
        [v for v in present if not 1 <= len(v) <= 2],
    )


@given(numbers)
@settings(max_examples=60, deadline=None)
def test_order_and_aggregates(values: list[float | None]) -> None:
    frame = pl.DataFrame({"x": pl.Series(values, dtype=pl.Float64)})
    present = [value for value in values if value is not None]
    falls = [after for before, after in itertools.pairwise(present) if after < before]
    counted(run(frame, "column_values_to_be_increasing", column="x"), [*values], [*falls])
    distinct = run(frame, "column_unique_value_count_to_be_between", column="x", min_value=0)
    assert distinct["observed_value"] == len(set(present))
    finite = [value for value in present if math.isfinite(value)]
    if len(finite) == len(present) and len(present) > 1:
        expected = {
            "mean": statistics.fmean(present),
            "median": statistics.median(present),
            "stdev": statistics.stdev(present),
            "sum": math.fsum(present),
        }
        for name, value in expected.items():
            observed = run(
                frame, f"column_{name}_to_be_between", column="x", min_value=value - 1e-6, max_value=value + 1e-6
            )
            assert observed["success"], observed


@given(
    st.lists(st.tuples(st.one_of(st.none(), st.integers(0, 4)), st.one_of(st.none(), st.integers(0, 4))), max_size=25)
)
@settings(max_examples=60, deadline=None)
def test_pairs(rows: list[tuple[int | None, int | None]]) -> None:
    frame = pl.DataFrame(rows, schema={"a": pl.Int64, "b": pl.Int64}, orient="row")
    judged = [row for row in rows if row != (None, None)]
    greater = run(frame, "column_pair_values_a_to_be_greater_than_b", column_A="a", column_B="b")
    assert greater["unexpected_count"] == sum(a is None or b is None or a <= b for a, b in judged)
    equal = run(frame, "column_pair_values_to_be_equal", column_A="a", column_B="b")
    assert equal["unexpected_count"] == sum(a != b for a, b in judged)
    key = run(frame, "compound_columns_to_be_unique", column_list=["a", "b"])
    assert key["unexpected_count"] == sum(Counter(judged)[row] > 1 for row in judged)
    sums = run(frame, "multicolumn_sum_to_equal", column_list=["a", "b"], sum_total=4)
    assert sums["unexpected_count"] == sum((a or 0) + (b or 0) != 4 for a, b in judged)


def test_mostly_and_row_condition() -> None:
    frame = pl.DataFrame({"x": [1, 2, 3, 100], "y": ["a", "a", "a", "b"]})
    assert run(frame, "column_values_to_be_between", column="x", max_value=10, mostly=0.75)["success"]
    assert not run(frame, "column_values_to_be_between", column="x", max_value=10, mostly=0.76)["success"]
    only = run(
        frame,
        "column_values_to_be_between",
        column="x",
        max_value=10,
        row_condition='col("y") == "a"'.replace('"a"', "'a'"),
    )
    assert (only["success"], only["element_count"]) == (True, 3)
    assert "no column `z`" in run(frame, "column_values_to_be_unique", column="x", row_condition="z > 1")["reason"]


def test_all_failures_are_told_in_one_pass() -> None:
    frame = pl.DataFrame({"x": [1, 1], "t": ["a", None]})
    rules = [
        rule("column_values_to_be_unique", column="x"),
        rule("column_values_to_match_regex", column="x", regex="a"),
        rule("column_values_to_not_be_null", column="tt"),
        rule("column_values_to_not_be_null", column="t"),
        rule("table_row_count_to_equal", value=3),
    ]
    results = run_rules(frame, parse_suite(rules, "suite"))
    assert [result["reason"] for result in results] == [
        "2 of 2 values (100.00 %) are not unique, e.g. `1`.",
        "`x` is Int64, not text.",
        "there is no column `tt`; did you mean `t`?",
        "1 of 2 values (50.00 %) are missing.",
        "there are 2 rows, not ≥ 3 and ≤ 3.",
    ]


def test_there_is_a_core_of_rules() -> None:
    assert len(EXPECTATIONS) >= 40


def test_unknown_rule() -> None:
    with pytest.raises(OpError, match="did you mean `expect_column_values_to_be_null`"):
        parse_suite([{"type": "expect_column_value_to_be_null", "kwargs": {}}], "suite")


@given(st.lists(st.floats(-5, 5), min_size=30, max_size=80), st.lists(st.floats(-5, 5), min_size=30, max_size=80))
@settings(max_examples=40, deadline=None)
def test_drift_measures_are_the_published_ones(before: list[float], now: list[float]) -> None:
    p, q = numeric_shares(np.asarray(before), np.asarray(now))
    assert p.sum() == pytest.approx(1)
    assert js_distance(p, q) == pytest.approx(float(jensenshannon(p, q, base=2)), abs=1e-9)
    assert psi(p, p) == 0
    assert psi(p, q) >= 0
    counts = np.vstack([np.bincount([1, 2, 2, 5, 5, 5], minlength=6)[[1, 2, 5]], [4.0, 3.0, 2.0]])
    assert chi_square(counts)[1] == pytest.approx(float(stats.chi2_contingency(counts, correction=False).pvalue))


def params(dataset: str | Path, **changes: object) -> ValidateParams:
    given_params: ValidateParams = {"action": "check", "dataset": str(dataset), "detail": "concise"}
    return {**given_params, **changes}  # pyright: ignore[reportReturnType]


def stored(folder: Path, frame: pl.DataFrame, name: str = "t.parquet") -> Path:
    frame.write_parquet(folder / name)
    return folder / name


def checked(folder: Path, frame: pl.DataFrame) -> ValidateResult:
    return validate(params(stored(folder, frame)), quiet(folder))


def test_sound_data_passes(tmp_path: Path) -> None:
    result = checked(tmp_path, pl.DataFrame({"x": [1.5, 2.5, 3.5], "y": ["a", "b", "a"]}))
    assert (result["success"], result["errors"], result["warned"], result["results"]) == (True, 0, 0, [])


def test_unsound_data_is_told_why(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "age": [10.0, None, math.inf, -3.0, -3.0],
            "city": ["Oslo", "oslo ", "Rome", "Rome", "Rome"],
            "mix": ["1", "2", "x", "4", "4"],
            "same": [7, 7, 7, 7, 7],
            "none": pl.Series([None] * 5, dtype=pl.String),
            "copy": [10.0, None, math.inf, -3.0, -3.0],
            "code": [1, 2, -999, 3, 3],
        }
    )
    result = checked(tmp_path, frame)
    found = {(one["type"], one["column"]) for one in result["results"]}
    assert not result["success"]
    assert found == {
        ("infinite_values", "age"),
        ("infinite_values", "copy"),
        ("mixed_types", "mix"),
        ("no_value", "none"),
        ("duplicate_rows", None),
        ("identical_columns", "copy"),
        ("missing_values", "age"),
        ("missing_values", "copy"),
        ("inconsistent_spelling", "city"),
        ("constant_column", "same"),
        ("placeholder_values", "code"),
    }


def test_an_inferred_suite_holds_for_its_own_data(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"id": range(50), "x": [i * 0.5 for i in range(50)], "c": ["a", "b"] * 25, "t": [None, "z"] * 25}
    )
    path = stored(tmp_path, frame)
    suite = validate(params(path, action="infer"), quiet(tmp_path))["suite"]
    again = validate(params(path, suite=suite), quiet(tmp_path))
    assert (again["success"], again["warned"], again["checked"]) == (True, 0, len(suite))
    file = tmp_path / "suite.json"
    file.write_text(json.dumps({"expectations": suite}), encoding="utf-8")
    assert validate(params(path, suite_file=str(file)), quiet(tmp_path))["checked"] == len(suite)


def test_compare(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    before = pl.DataFrame(
        {"x": random.normal(size=2000), "y": random.normal(size=2000), "c": random.choice(["a", "b"], 2000)}
    )
    now = pl.DataFrame(
        {
            "x": random.normal(1, 1, size=2000),
            "y": random.normal(size=2000),
            "c": random.choice(["a", "b"], 2000),
            "z": range(2000),
        }
    )
    result = validate(
        params(stored(tmp_path, now), action="compare", baseline=str(stored(tmp_path, before, "b.parquet"))),
        quiet(tmp_path),
    )
    assert result["schema_changes"] == ["Column `z` is new."]
    assert next((one["column"], one["drifted"]) for one in result["drift"]) == ("x", True)
    assert sum(one["drifted"] for one in result["drift"]) == 1
    ks = stats.ks_2samp(before["x"].to_numpy(), now["x"].to_numpy())
    assert result["drift"][0]["statistic"] == pytest.approx(float(ks.statistic), abs=1e-6)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"action": "compare"}, "baseline: `compare` needs"),
        ({"baseline": "x"}, "baseline: belongs to `compare`"),
        ({"suite": []}, "suite: a suite has 1 to"),
        ({"suite": [{"type": "x"}]}, "suite[0]: no expectation `x`"),
        ({"suite": [{"type": "expect_column_to_exist", "kwargs": {}, "severity": "loud"}]}, "suite[0].severity"),
    ],
)
def test_wrong_arguments(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    path = stored(tmp_path, pl.DataFrame({"x": [1, 2]}))
    with pytest.raises(OpError) as caught:
        validate(params(path, **changes), quiet(tmp_path))
    assert words in caught.value.message
