"""data.validate as a plain function, and every rule against a plain count."""

import itertools
import json
import math
import re
import statistics
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

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
from ml_engine.tables import stage_dataset
from ml_engine.validation.drift import chi_square, compare_columns, js_distance, numeric_shares, psi
from ml_engine.validation.suite import parse_suite, run_rules


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
    given_params: ValidateParams = {
        "action": "check",
        "dataset": str(dataset),
        "detail": "concise",
        "wait_seconds": 20,
        "cancel": False,
    }
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
    distance = stats.wasserstein_distance(before["x"].to_numpy(), now["x"].to_numpy())
    assert result["drift"][0]["wasserstein"] == pytest.approx(float(distance), rel=1e-5)
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


def test_drift_p_values_are_corrected_for_many_tests() -> None:
    random = np.random.default_rng(3)
    before, now = (pl.DataFrame({f"c{i}": random.normal(size=300) for i in range(20)}) for _ in range(2))
    plain = {name: float(stats.ks_2samp(before[name], now[name], method="asymp").pvalue) for name in before.columns}
    expected = dict(zip(plain, stats.false_discovery_control(list(plain.values()), method="bh"), strict=True))
    for one in compare_columns(now, before):
        assert one["p_adjusted"] == pytest.approx(float(expected[one["column"]]), rel=1e-3)
        assert not one["drifted"]


def registered(folder: Path, frame: pl.DataFrame, name: str) -> Path:
    """A dataset folder as the road keeps it: <name>/<version>."""
    staged = Path(stage_dataset(quiet(folder), frame, name=name, source="made", slot=f"{name}-staged"))
    (folder / name).mkdir()
    return staged.rename(folder / name / "1")


EARLY, LATE = (datetime(year, 1, 1, tzinfo=UTC).replace(tzinfo=None) for year in (1900, 2200))
ORDERS = pl.DataFrame(
    {
        "order": [1, 2, 3, 4],
        "customer": [10, 11, 99, None],
        "note": ["fine", "=1+1", "-5", "b"],
        "at": [datetime(2024, 1, day, tzinfo=UTC) for day in (1, 2, 3, 4)],
    }
)


def test_rules_about_other_datasets_and_the_clock(tmp_path: Path) -> None:
    orders = registered(tmp_path, ORDERS, "orders")
    customers = registered(tmp_path, pl.DataFrame({"id": [10, 11, 12]}), "customers")
    suite = [
        rule("column_values_to_be_in_other_table", column="customer", other_table_name="customers", other_column="id"),
        rule("table_row_count_to_equal_other_table", other_table_name="customers@1"),
        rule("column_newest_value_to_be_recent", column="at", max_age_hours=24, now="2024-01-05T00:00:00Z"),
        rule("column_newest_value_to_be_recent", column="at", max_age_hours=23, now="2024-01-05T00:00:00+00:00"),
        rule("row_values_to_satisfy", condition='"order" < customer'),
        {
            "type": "unexpected_rows_expectation",
            "kwargs": {"unexpected_rows_query": "SELECT o.* FROM {batch} o JOIN customers c ON c.id = o.customer"},
        },
        rule("table_row_count_to_equal_other_table", other_table_name="customer"),
    ]
    result = validate(params(orders, suite=suite, others=[str(customers)], detail="full"), quiet(tmp_path))
    found = result["results"]
    assert [one["success"] for one in found] == [False, False, True, False, True, False, False]
    assert (found[0]["unexpected_index_list"], found[0]["missing_count"]) == ([2], 1)
    assert found[1]["observed_value"] == {"self": 4, "other": 3}
    assert found[5]["observed_value"] == 2
    assert "did you mean `customers`" in found[6]["reason"]


def test_failing_rows_are_exported_whole(tmp_path: Path) -> None:
    suite = [
        rule("column_values_to_be_in_set", column="note", value_set=["fine"]),
        rule("column_values_to_not_be_null", column="customer"),
    ]
    result = validate(params(registered(tmp_path, ORDERS, "orders"), suite=suite), quiet(tmp_path))
    assert [one["title"] for one in result["artifacts"]] == ["Validation report", "Results as data", "Failing rows"]
    rows = pl.read_csv(tmp_path / "artifacts/failing-rows.csv")
    assert rows["row"].to_list() == [1, 2, 3, 3]
    assert rows["note"].to_list() == ["'=1+1", "-5", "b", "b"]
    assert rows["rule_column"].to_list() == ["note"] * 3 + ["customer"]


@pytest.mark.parametrize(
    "query",
    [
        "DROP TABLE batch",
        "SELECT 1; SELECT 2",
        "SELECT * FROM read_csv('/etc/hostname')",
        "SELECT * FROM '/etc/hostname'",
        "COPY batch TO '/tmp/out.csv'",
        "ATTACH '/tmp/x.db'",
        "SELECT * FROM nowhere",
    ],
)
def test_a_query_reads_the_named_tables_and_nothing_else(query: str, tmp_path: Path) -> None:
    suite = [{"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": query}}]
    for path in (stored(tmp_path, ORDERS), registered(tmp_path, ORDERS, "orders")):
        result = validate(params(path, suite=suite), quiet(tmp_path))
        assert not result["success"]
        assert "query" in result["results"][0]["reason"]


def test_a_frictionless_schema_is_a_suite(tmp_path: Path) -> None:
    schema = {
        "fields": [
            {"name": "order", "type": "integer", "constraints": {"required": True, "unique": True, "minimum": 2}},
            {"name": "customer", "type": "integer"},
            {"name": "note", "type": "string", "constraints": {"maxLength": 4, "pattern": "[a-z]+", "enum": ["fine"]}},
            {"name": "at", "type": "datetime"},
        ],
        "primaryKey": ["order", "note"],
        "foreignKeys": [{"fields": "customer", "reference": {"resource": "customers", "fields": "id"}}],
    }
    orders = registered(tmp_path, ORDERS, "orders")
    customers = registered(tmp_path, pl.DataFrame({"id": [10, 11, 12]}), "customers")
    for document in (schema, {"resources": [{"name": "orders", "schema": schema}]}):
        file = tmp_path / "schema.json"
        file.write_text(json.dumps(document), encoding="utf-8")
        found = validate(params(orders, suite_file=str(file), others=[str(customers)]), quiet(tmp_path))
        assert found["checked"] == 15
        assert [one["type"] for one in found["results"]] == [
            "expect_column_values_to_be_between",
            "expect_column_values_to_be_in_set",
            "expect_column_values_to_match_regex",
            "expect_column_values_to_be_in_other_table",
        ]


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
