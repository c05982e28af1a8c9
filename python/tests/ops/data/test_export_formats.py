"""data.export as a plain function: what comes out of each format is what went in."""

import sqlite3
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import duckdb
import lance
import polars as pl
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_engine.tables import read_table
from tests.ops.data.exporting import Workplace, same


@pytest.fixture
def at(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)


texts = st.one_of(
    st.none(),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
    st.sampled_from(
        ["", "NA", "007", "=1+1", "'=1", "-5", "\ttab", " ", '"', "a\r\nb", "true", "_x0041_", "2020-01-01"]
    ),
)


DAY = timedelta(days=1)


FIRST, LAST = (datetime.combine(day, time()) for day in (date.min, date.max))


moments = st.one_of(st.none(), st.datetimes(FIRST + DAY, LAST - DAY))


SHAPES: dict[str, tuple[pl.DataType, st.SearchStrategy[Any]]] = {
    "text": (pl.String(), texts),
    "tiny": (pl.Int8(), st.one_of(st.none(), st.integers(-128, 127))),
    "wide": (pl.Int64(), st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))),
    "unsigned": (pl.UInt32(), st.one_of(st.none(), st.integers(0, 2**32 - 1))),
    "narrow": (pl.Float32(), st.one_of(st.none(), st.floats(width=32, allow_nan=False, allow_infinity=False))),
    "double": (pl.Float64(), st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))),
    "flag": (pl.Boolean(), st.one_of(st.none(), st.booleans())),
    "day": (pl.Date(), st.one_of(st.none(), st.dates())),
    "moment": (pl.Datetime("us"), moments),
    "oslo": (pl.Datetime("us", "Europe/Oslo"), moments),
}


@st.composite
def tables(draw: st.DrawFn) -> pl.DataFrame:
    """Any table that a stored dataset can be: one column of each type, rows of anything."""
    rows = draw(st.integers(1, 8))
    columns: list[pl.Series] = []
    for name, (dtype, values) in SHAPES.items():
        column = draw(st.lists(values, min_size=rows, max_size=rows))
        if isinstance(dtype, pl.Datetime) and dtype.time_zone:
            utc = pl.Series(name, column, dtype=pl.Datetime("us")).dt.replace_time_zone("UTC")
            columns.append(utc.dt.convert_time_zone(dtype.time_zone))
        else:
            columns.append(pl.Series(name, column, dtype=dtype))
    return pl.DataFrame(columns)


LAW = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.mark.parametrize("name", ["x.csv", "x.tsv", "x.jsonl", "x.parquet", "x.arrow"])
@given(frame=tables())
@LAW
def test_ingesting_what_was_exported_gives_the_same_table(name: str, frame: pl.DataFrame, at: Workplace) -> None:
    path, result = at.export(frame, name)
    same(read_table(str(path)).frame, frame)
    assert result["rows"] == frame.height
    assert not any("infinite" in warning or "empty" in warning for warning in result["warnings"])


@given(frame=tables())
@LAW
def test_excel_gives_back_all_it_does_not_warn_of(frame: pl.DataFrame, at: Workplace) -> None:
    frame = frame.with_columns(pl.col("double").clip(-9e307, 9e307))
    path, result = at.export(frame, "x.xlsx")
    expected = frame.with_columns(pl.col("text").replace("", None))
    found = read_table(str(path)).frame
    assert found.schema == frame.schema
    warned = " ".join(result["warnings"])
    assert ("`text`" in warned) == bool((frame["text"] == "").any())
    if "16 digits" in warned:
        exact = expected.select(pl.exclude("narrow", "double"))
        assert found.select(exact.columns).rows() == exact.rows()
        for one, other in zip(found["double"], frame["double"], strict=True):
            assert one == (other if other is None else pytest.approx(other, rel=1e-14))
    else:
        assert found.rows() == expected.rows()


def from_sqlite(path: Path) -> pl.DataFrame:
    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT * FROM people").fetchall()
    names = ["text", "tiny", "wide", "unsigned", "narrow", "double", "flag", "day", "moment", "oslo"]
    frame = pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)
    zoned = pl.col("oslo").cast(pl.String).str.to_datetime(time_unit="us", time_zone="UTC", format="%+", strict=False)
    plain = [pl.col(name).cast(SHAPES[name][0]) for name in names[:7]]
    return frame.select(
        *plain,
        pl.col("day").cast(pl.String).str.to_date(),
        pl.col("moment").cast(pl.String).str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us"),
        zoned.dt.convert_time_zone("Europe/Oslo"),
    )


def from_duckdb(path: Path) -> pl.DataFrame:
    with duckdb.connect(str(path), read_only=True) as database:
        database.execute("SET TimeZone = 'UTC'")
        return database.sql("SELECT * FROM people").pl()


def from_lance(path: Path) -> pl.DataFrame:
    frame = pl.from_arrow(lance.dataset(str(path)).to_table())
    assert isinstance(frame, pl.DataFrame)
    return frame


def from_delta(path: Path) -> pl.DataFrame:
    return pl.read_delta(str(path))


def from_hub(path: Path) -> pl.DataFrame:
    card = yaml.safe_load((path / "README.md").read_text().split("---\n")[1])
    [split] = card["configs"][0]["data_files"]
    frame = pl.read_parquet(path / split["path"], hive_partitioning=False)
    assert card["dataset_info"]["splits"] == [{"name": split["split"], "num_examples": frame.height}]
    assert [feature["name"] for feature in card["dataset_info"]["features"]] == frame.columns
    return frame


READERS: dict[str, tuple[str, Callable[[Path], pl.DataFrame]]] = {
    "sqlite": ("x.sqlite", from_sqlite),
    "duckdb": ("x.duckdb", from_duckdb),
    "lance": ("x.lance", from_lance),
    "delta": ("x.delta", from_delta),
    "huggingface": ("x", from_hub),
}


@pytest.mark.parametrize("kind", READERS)
@given(frame=tables())
@settings(LAW, max_examples=8)
def test_the_formats_own_reader_gives_the_same_values(kind: str, frame: pl.DataFrame, at: Workplace) -> None:
    name, read = READERS[kind]
    path, result = at.export(frame, name, format=kind, table="people")
    found = read(path)
    assert found.columns == frame.columns
    if kind in ("lance", "huggingface"):
        same(found, frame)
        assert [text for text in result["warnings"] if not text.startswith("Personal data")] == []
    else:
        back = found.with_columns(
            pl.col("unsigned").cast(pl.UInt32), pl.col("oslo").dt.convert_time_zone("Europe/Oslo")
        ).cast({name: dtype for name, (dtype, _) in SHAPES.items() if name != "oslo"})
        if kind == "delta":
            assert sorted(map(repr, back.rows())) == sorted(map(repr, frame.rows()))
        else:
            assert back.rows() == frame.rows()
        assert "`oslo` Europe/Oslo" in " ".join(result["warnings"])
