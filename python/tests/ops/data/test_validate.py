"""data.validate as a plain function, and every rule against a plain count."""

import json
import math
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.ops.data.validate import validate
from ml_engine.validation.drift import chi_square, compare_columns, js_distance, numeric_shares, psi
from tests.ops.data.validating import checked, params, registered, rule, stored


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
