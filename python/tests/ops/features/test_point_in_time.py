"""What is known at an instant: held to a computation row by row, and to a future that must not matter."""

from datetime import datetime, timedelta
from typing import Any

import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_engine.contract.features import Feature, FeatureViewDefinition
from ml_engine.errors import OpError
from ml_engine.features.asof import AT, newest_at
from ml_engine.features.definition import ordered
from ml_engine.features.online import newest_rows
from ml_engine.features.rows import CREATED, EVENT, feature_rows

BEGIN = datetime(2024, 1, 1)  # noqa: DTZ001 - the clock has no zone
moments = st.integers(0, 40).map(lambda hours: BEGIN + timedelta(hours=hours))
history = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c"]), moments, st.integers(0, 6), st.one_of(st.none(), st.integers(-9, 9))),
    max_size=25,
)
asked = st.lists(st.tuples(st.sampled_from(["a", "b", "z", None]), st.one_of(st.none(), moments)), max_size=8)


def _rows(events: list[Any]) -> pl.DataFrame:
    return pl.DataFrame(
        [(key, at, at + timedelta(hours=late), value) for key, at, late, value in events],
        schema={"key": pl.String, EVENT: pl.Datetime("us"), CREATED: pl.Datetime("us"), "value": pl.Int64},
        orient="row",
    )


def _instants(labels: list[Any]) -> pl.DataFrame:
    return pl.DataFrame(labels, schema={"key": pl.String, AT: pl.Datetime("us")}, orient="row")


def _naive(rows: pl.DataFrame, key: Any, at: Any, ttl: timedelta | None, created_before: bool) -> tuple[Any, Any]:
    best: tuple[Any, ...] | None = None
    for place, (own, event, created, value) in enumerate(rows.iter_rows()):
        if key is None or at is None or own != key or event > at or (ttl is not None and event < at - ttl):
            continue
        if created_before and created > at:
            continue
        if best is None or (event, created, place) > best[:3]:
            best = (event, created, place, value)
    return (None, None) if best is None else (best[0], best[3])


@settings(max_examples=150, deadline=None)
@given(history, asked, st.one_of(st.none(), st.integers(0, 20)), st.booleans())
def test_newest_row_equals_a_search_row_by_row(
    events: list[Any], labels: list[Any], ttl_hours: int | None, created_before: bool
) -> None:
    rows, instants = _rows(events), _instants(labels)
    ttl = None if ttl_hours is None else ttl_hours * 3600.0
    found = newest_at(instants, rows, ["key"], ttl, created_before=created_before)

    span = None if ttl_hours is None else timedelta(hours=ttl_hours)
    assert found.select(EVENT, "value").rows() == [_naive(rows, key, at, span, created_before) for key, at in labels]


def test_both_ends_of_the_ttl_are_in() -> None:
    # Feast dropped the point at the end of the window (feast-dev/feast issue 5228).
    rows = _rows([("a", BEGIN, 0, 1)])
    instants = _instants(
        [("a", BEGIN), ("a", BEGIN + timedelta(hours=2)), ("a", BEGIN + timedelta(hours=2, microseconds=1))]
    )

    assert newest_at(instants, rows, ["key"], 7200.0)["value"].to_list() == [1, 1, None]


def test_equals_pandas_merge_asof_on_many_rows() -> None:
    size, ids = 20_000, 200
    frame = pl.DataFrame({"n": range(size)}).select(
        key=((pl.col("n") * 7919) % ids).cast(pl.String),
        event=pl.lit(BEGIN) + pl.duration(seconds=(pl.col("n") * 104_729) % 1_000_003),
        value=pl.col("n"),
    )
    labels = frame.sample(2000, seed=1).select("key", at=pl.col("event") + pl.duration(seconds=61))
    rows = frame.select(
        "key",
        pl.col("event").cast(pl.Datetime("us")).alias(EVENT),
        pl.lit(None, pl.Datetime("us")).alias(CREATED),
        "value",
    )
    ours = newest_at(labels.select("key", pl.col("at").cast(pl.Datetime("us")).alias(AT)), rows, ["key"], None)["value"]

    left = labels.with_row_index("order").to_pandas().sort_values("at", kind="stable")
    right = frame.to_pandas().sort_values("event", kind="stable")
    theirs = pd.merge_asof(left, right, left_on="at", right_on="event", by="key").sort_values("order")["value"]
    assert ours.to_list() == [None if pd.isna(value) else int(value) for value in theirs]


FEATURES: list[Feature] = [
    {"name": "count_6h", "function": "count", "window": "6h"},
    {"name": "sum_6h", "function": "sum", "column": "value", "window": "6h"},
    {"name": "max_all", "function": "max", "column": "value", "window": "all"},
    {"name": "kinds_6h", "function": "nunique", "column": "value", "window": "6h"},
    {"name": "last_1d", "function": "last", "column": "value", "window": "1d"},
    {"name": "before", "function": "lag", "column": "value", "size": 1},
    {"name": "twice", "expression": "value * 2"},
    {"name": "share", "expression": "twice / (count_6h + 1)"},
]


def _definition(features: list[Feature]) -> FeatureViewDefinition:
    return {
        "source": "events@1",
        "source_hash": "",
        "entities": ["key"],
        "event_time": "at",
        "created_time": None,
        "ttl_seconds": None,
        "features": features,
        "tests": [],
        "description": "",
        "owner": "",
        "tags": {},
        "columns": {},
    }


def _source(events: list[Any]) -> pl.DataFrame:
    return _rows(events).select("key", pl.col(EVENT).alias("at"), "value")


@settings(max_examples=100, deadline=None)
@given(history)
def test_windows_equal_a_computation_row_by_row(events: list[Any]) -> None:
    rows = feature_rows(_source(events), _definition(FEATURES), [])
    for row in rows.iter_rows(named=True):
        own = [(at, value) for key, at, _, value in events if key == row["key"] and at <= row[EVENT]]
        recent = [value for at, value in own if at > row[EVENT] - timedelta(hours=6)]
        known = [value for value in recent if value is not None]
        assert row["count_6h"] == len(recent)
        assert row["sum_6h"] == sum(known)
        assert row["kinds_6h"] == len(set(known))
        assert row["max_all"] == max((value for _, value in own if value is not None), default=None)


@settings(max_examples=100, deadline=None)
@given(history, asked, moments, st.integers(-99, 99))
def test_no_future_row_changes_what_was_known(events: list[Any], labels: list[Any], now: datetime, other: int) -> None:
    """Whatever is changed or added after an instant, the features at that instant stay as they were."""
    definition = _definition(FEATURES)
    changed = [(key, at, late, other if at > now else value) for key, at, late, value in events]
    changed += [("a", now + timedelta(hours=1), 0, other), ("b", now + timedelta(minutes=1), 0, None)]
    instants = _instants([(key, at) for key, at in labels if at is None or at <= now])

    before = newest_at(instants, feature_rows(_source(events), definition, []), ["key"], None)
    after = newest_at(instants, feature_rows(_source(changed), definition, []), ["key"], None)
    assert before.equals(after)


@settings(max_examples=60, deadline=None)
@given(history, moments)
def test_online_is_offline_at_the_same_instant(events: list[Any], now: datetime) -> None:
    rows = feature_rows(_source(events), _definition(FEATURES), []).filter(pl.col(EVENT) <= now)
    online = newest_rows(rows, ["key"])
    instants = online.select("key", pl.lit(now, dtype=pl.Datetime("us")).alias(AT))
    offline = newest_at(instants, rows, ["key"], None)

    names = [feature["name"] for feature in FEATURES]
    assert online.select(names).equals(offline.select(names))


def test_a_circular_definition_is_named() -> None:
    with pytest.raises(OpError, match="a → b → a"):
        ordered([{"name": "a", "expression": "b + 1"}, {"name": "b", "expression": "a + 1"}], ["x"])


def test_an_expression_over_all_rows_is_refused() -> None:
    with pytest.raises(OpError, match="looks at other rows"):
        feature_rows(
            _source([("a", BEGIN, 0, 1)]), _definition([{"name": "x", "expression": "value / sum(value)"}]), []
        )


def test_time_zones_are_one_clock() -> None:
    zoned = pl.DataFrame(
        {"key": ["a"], "at": [BEGIN], "value": [1]},
        schema={"key": pl.String, "at": pl.Datetime("us", "Europe/Oslo"), "value": pl.Int64},
    )
    warnings: list[str] = []
    rows = feature_rows(zoned, _definition([{"name": "value"}]), warnings)
    assert rows[EVENT].to_list() == [zoned["at"].dt.convert_time_zone("UTC").dt.replace_time_zone(None)[0]]
    assert warnings == ["`at` (Europe/Oslo) is compared in UTC."]
