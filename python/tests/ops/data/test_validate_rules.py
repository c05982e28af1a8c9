"""Every rule of data.validate against a plain count."""

import itertools
import math
import re
import statistics
from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_engine.errors import OpError
from ml_engine.validation.suite import parse_suite, run_rules
from tests.ops.data.validating import counted, numbers, rule, run, texts


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


def test_unknown_rule() -> None:
    with pytest.raises(OpError, match="did you mean `expect_column_values_to_be_null`"):
        parse_suite([{"type": "expect_column_value_to_be_null", "kwargs": {}}], "suite")


EARLY, LATE = (datetime(year, 1, 1, tzinfo=UTC).replace(tzinfo=None) for year in (1900, 2200))


@given(
    st.lists(
        st.one_of(
            st.none(), st.integers(-(2**63), 2**63 - 1), st.sampled_from([0, 1, 2**53 + 1, 2**53, 2**63 - 1, -(2**63)])
        ),
        max_size=20,
    )
)
@settings(max_examples=60, deadline=None)
def test_extreme_integers_are_exact(values: list[int | None]) -> None:
    frame = pl.DataFrame({"x": pl.Series(values, dtype=pl.Int64)})
    present = [value for value in values if value is not None]
    counts = Counter(present)
    unique = run(frame, "column_values_to_be_unique", column="x")
    assert unique["unexpected_count"] == sum(counts[value] > 1 for value in present)
    inside = run(frame, "column_values_to_be_in_set", column="x", value_set=[2**53 + 1])
    assert inside["unexpected_count"] == sum(value != 2**53 + 1 for value in present)
    between = run(frame, "column_values_to_be_between", column="x", max_value=2**53)
    assert between["unexpected_count"] == sum(value > 2**53 for value in present)
    falls = run(frame, "column_values_to_be_increasing", column="x")
    assert falls["unexpected_count"] == sum(after < before for before, after in itertools.pairwise(present))


@given(
    st.lists(st.one_of(st.none(), st.datetimes(EARLY, LATE)), min_size=1, max_size=20),
    st.sampled_from(["UTC", "Asia/Kolkata", "America/New_York"]),
)
@settings(max_examples=40, deadline=None)
def test_moments_in_zones_are_compared_as_moments(values: list[datetime | None], zone: str) -> None:
    aware = [None if value is None else value.replace(tzinfo=UTC) for value in values]
    column = pl.Series(aware, dtype=pl.Datetime("us", "UTC")).dt.convert_time_zone(zone)
    frame = pl.DataFrame({"x": column})
    limit = datetime(2000, 1, 1, tzinfo=UTC).astimezone(ZoneInfo(zone))
    result = run(frame, "column_values_to_be_between", column="x", min_value=limit.replace(tzinfo=None).isoformat())
    assert result["unexpected_count"] == sum(value is not None and value < limit for value in aware)
