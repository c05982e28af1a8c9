"""Column lineage: held to what happens to real values, and to SQL written for it."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_engine.contract.data import Step
from ml_engine.lineage.columns import direct, trace_columns
from ml_engine.lineage.difference import compare
from ml_engine.lineage.sources import Source, columns_of
from ml_engine.lineage.steps import FOLLOWED
from ml_engine.transforming.outcome import Named
from ml_engine.transforming.pipeline import Run, run_steps
from ml_engine.transforming.steps import SHAPES

FRAME = pl.DataFrame(
    {
        "a": [1.0, 2.0, None, 4.0, 5.0, 6.0],
        "b": [6.0, 5.0, 4.0, 3.0, 2.0, 1.0],
        "c": ["x", "y", "x", "z", "y", "x"],
        "d": ["2024-01-01", "2024-02-03", "2023-05-06", "2024-07-08", "2022-01-09", "2024-03-01"],
    }
).with_columns(pl.col("d").str.to_date())

CHOICES: list[Step] = [
    {"op": "rename", "map": {"a": "first"}},
    {"op": "rename", "map": {"b": "second", "c": "b"}},
    {"op": "derive", "as": "sum", "expression": "b * 2 + 1"},
    {"op": "derive", "as": "copy", "expression": "c"},
    {"op": "derive", "as": "c", "expression": "concat(c, '!')"},
    {"op": "scale", "columns": ["b"]},
    {"op": "encode", "columns": ["c"]},
    {"op": "encode", "columns": ["c"], "method": "ordinal"},
    {"op": "impute", "columns": ["a"]},
    {"op": "bin", "columns": ["b"], "size": 2},
    {"op": "dates", "columns": ["d"], "parts": ["year", "month"]},
    {"op": "clean_text", "columns": ["c"], "method": "upper"},
    {"op": "cast", "map": {"b": "text"}},
    {"op": "drop", "columns": ["d"]},
    {"op": "select", "columns": ["a", "b"]},
]


def _run(frame: pl.DataFrame, steps: list[Step]) -> Any:
    return run_steps(Run(frame), steps, 0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(CHOICES), min_size=1, max_size=5))
def test_a_column_changes_only_with_those_it_was_traced_to(steps: list[Step]) -> None:
    try:
        run = _run(FRAME, steps)
    except Exception:  # noqa: BLE001 - steps that do not fit each other are not what is tested here
        return
    pipeline = {"steps": run.kept}
    traced, _, basis = trace_columns(run.frame.columns, [("t", FRAME.columns)], pipeline)

    assert basis == "steps"
    for source in FRAME.columns:
        changed = FRAME.with_columns(pl.col(source).reverse())
        try:
            after = _run(changed, steps).frame
        except Exception:  # noqa: BLE001, S112
            continue
        for name in run.frame.columns:
            dependent = any(one.column == source for one in traced[name])
            if not dependent and name in after.columns:
                assert after[name].equals(run.frame[name]), f"{name} changed with {source}"


def test_every_step_has_a_rule() -> None:
    assert set(SHAPES) - set(FOLLOWED) == set()


def _traced(frame: pl.DataFrame, steps: list[Step], other: pl.DataFrame) -> tuple[list[str], Any]:
    run = run_steps(Run(frame, [Named("prices@2", "", other)]), steps, 0)
    names = run.frame.columns
    inputs = [("t", frame.columns), ("prices@2", other.columns)]
    return names, trace_columns(names, inputs, {"steps": run.kept})


PRICES = pl.DataFrame({"c": ["x", "y", "z"], "price": [1.0, 2.0, 3.0]})


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ({"op": "join", "with": "prices", "on": ["c"]}, {"price": {"prices@2.price IDENTITY"}}),
        (
            {"op": "aggregate", "group": ["c"], "map": {"total": "sum(b)"}},
            {"total": {"t.b AGGREGATION"}, "c": {"t.c IDENTITY"}},
        ),
        (
            {"op": "window", "by": "d", "group": ["c"], "map": {"before": "lag(b)"}},
            {"before": {"t.b AGGREGATION", "t.c WINDOW", "t.d WINDOW"}},
        ),
        ({"op": "unpivot", "columns": ["a", "b"]}, {"value": {"t.a TRANSFORMATION", "t.b TRANSFORMATION"}}),
        (
            {"op": "pivot", "group": ["d"], "by": "c", "columns": ["b"], "method": "sum"},
            {"x": {"t.b AGGREGATION", "t.c CONDITIONAL"}},
        ),
        (
            {
                "op": "sql",
                "expression": "SELECT t.c, sum(t.b * p.price) AS worth FROM this t JOIN prices p ON t.c = p.c "
                "WHERE t.a > 1 GROUP BY t.c",
            },
            {"c": {"t.c IDENTITY"}, "worth": {"t.b AGGREGATION", "prices@2.price AGGREGATION"}},
        ),
    ],
    ids=["join", "aggregate", "window", "unpivot", "pivot", "sql"],
)
def test_steps_that_make_other_rows_or_read_other_tables(step: Any, expected: dict[str, set[str]]) -> None:
    names, (traced, _, _) = _traced(FRAME, [step], PRICES)
    for name, sources in expected.items():
        assert name in names
        assert {f"{one.dataset}.{one.column} {one.subtype}" for one in traced[name]} == sources


def test_filters_decide_rows_and_aggregates_are_named() -> None:
    steps: list[Step] = [
        {"op": "filter", "expression": "b > 1"},
        {"op": "derive", "as": "share", "expression": "a / sum(b)"},
    ]
    traced, rows, _ = trace_columns(["share"], [("t", FRAME.columns)], {"steps": [{"step": one} for one in steps]})

    assert rows == {Source("t", "b", "FILTER", "filter b > 1")}
    assert traced["share"] == {
        Source("t", "a", "AGGREGATION", "a / sum(b)"),
        Source("t", "b", "AGGREGATION", "a / sum(b)"),
    }
    assert all(direct(source) for source in traced["share"])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("income", (["income"], "IDENTITY")),
        ("income / 12", (["income"], "TRANSFORMATION")),
        ("CASE WHEN city = 'Oslo' THEN income ELSE 0 END", (["city", "income"], "TRANSFORMATION")),
        ("avg(income) OVER (PARTITION BY city)", (["income", "city"], "WINDOW")),
        ('sum("two words")', (["two words"], "AGGREGATION")),
        ("1 + 1", ([], "TRANSFORMATION")),
    ],
)
def test_columns_of_an_expression(expression: str, expected: tuple[list[str], str]) -> None:
    names, subtype = columns_of(expression)
    assert (sorted(names), subtype) == (sorted(expected[0]), expected[1])


rows = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["x", "y", None])), max_size=12)


@settings(max_examples=25, deadline=None)
@given(before=rows, after=rows)
def test_difference_counts_rows_as_bags(
    tmp_path_factory: pytest.TempPathFactory, before: list[tuple[int, str | None]], after: list[tuple[int, str | None]]
) -> None:
    folder: Path = tmp_path_factory.mktemp("pair")
    schema = {"a": pl.Int64, "b": pl.String}
    for name, table in (("before", before), ("after", after)):
        pl.DataFrame(table, schema=schema, orient="row").write_parquet(folder / f"{name}.parquet")
    found = compare(folder / "before.parquet", folder / "after.parquet")

    left = list(before)
    added = 0
    for row in after:
        if row in left:
            left.remove(row)
        else:
            added += 1
    assert (found["rows_removed"], found["rows_added"]) == (len(left), added)
    assert found["columns_added"] == found["columns_removed"] == found["types_changed"] == []
