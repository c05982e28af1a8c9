"""data.export as a plain function: what comes out of each format is what went in."""

import hashlib
import json
import os
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

from ml_engine.content import canonical, content_hash
from ml_engine.contract.data import ExportParams, ExportResult
from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.ops.data.export import export
from ml_engine.tables import read_table, stage_dataset


def params(dataset: str | Path, path: Path | str, **changes: Any) -> ExportParams:
    given_params: ExportParams = {
        "dataset": str(dataset),
        "path": str(path),
        "mask": {},
        "partition_by": [],
        "guard_formulas": True,
        "overwrite": False,
        "confirm": False,
        "wait_seconds": 20,
        "cancel": False,
    }
    return {**given_params, **changes}  # pyright: ignore[reportReturnType]


class Workplace:
    """Registers frames and exports them, each call with a job folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls = 0

    def fresh(self) -> Path:
        self.calls += 1
        own = self.folder / str(self.calls)
        own.mkdir()
        return own

    def dataset(self, frame: pl.DataFrame, part: str | None = None) -> str:
        return stage_dataset(quiet(self.fresh()), frame, name="people", source="x", part=part)

    def export(self, frame: pl.DataFrame, name: str, **changes: Any) -> tuple[Path, ExportResult]:
        own = self.fresh()
        return own / name, export(params(self.dataset(frame), own / name, **changes), quiet(own))


@pytest.fixture
def at(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)


def people() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "id": pl.Series([1, 2, 3], dtype=pl.Int32),
            "name": ["Ada", "=cmd()", None],
            "email": ["ada@example.org", "bo@example.org", "ada@example.org"],
            "born": [date(1990, 1, 2), None, date(2001, 12, 31)],
            "seen": pl.Series(["2024-10-27T00:30:00", "2024-10-27T01:30:00", None])
            .str.to_datetime(time_unit="us")
            .dt.replace_time_zone("UTC")
            .dt.convert_time_zone("Europe/Oslo"),
            "score": [0.1, None, -2.5],
            "member": [True, None, False],
        }
    )


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


def same(found: pl.DataFrame, frame: pl.DataFrame) -> None:
    assert found.schema == frame.schema
    assert found.rows() == frame.rows()
    assert content_hash(canonical(found)[0]) == content_hash(canonical(frame)[0])


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


def test_numbers_beyond_all_bounds_are_said_to_be_left_out(at: Workplace) -> None:
    frame = pl.DataFrame({"a": [1.5, float("inf"), float("-inf")]})
    _, result = at.export(frame, "x.jsonl")
    assert result["warnings"] == ["`a`: 2 values are left empty: infinite, or too large for jsonl."]
    path, _ = at.export(frame, "x.csv")
    same(read_table(str(path)).frame, frame)


def test_formulas_are_guarded_in_texts_alone_and_counted(at: Workplace) -> None:
    frame = pl.DataFrame({"=head": ["=1", "+1", "-1", "@a", "\tb", "\rc", "safe", "'=1"], "n": range(-4, 4)})
    path, result = at.export(frame, "x.csv")
    assert result["guarded"] == 8
    assert path.read_text().splitlines()[:2] == ["'=head,n", "'=1,-4"]
    same(read_table(str(path)).frame, frame)
    bare, unguarded = at.export(frame, "x.csv", guard_formulas=False)
    assert unguarded["guarded"] == 0
    assert bare.read_text().splitlines()[:2] == ["=head,n", "=1,-4"]


def test_a_file_edited_since_is_read_as_any_other(at: Workplace) -> None:
    path, _ = at.export(pl.DataFrame({"code": ["007", "008"]}), "x.csv")
    assert read_table(str(path)).frame["code"].to_list() == ["007", "008"]
    path.write_text("code\n1\n2\n")
    assert read_table(str(path)).frame["code"].to_list() == [1, 2]


def test_what_lies_beside_it_says_what_it_is(at: Workplace) -> None:
    path, result = at.export(people(), "x.csv")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    listed = json.loads(path.with_name("x.csv.manifest.json").read_text())
    assert listed["files"] == [{"path": "x.csv", "sha256": digest, "size_bytes": path.stat().st_size}]
    assert (listed["rows"], listed["columns"]) == (3, 7)
    sheet = json.loads(path.with_name("x.csv.croissant.json").read_text())
    assert sheet["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    assert sheet["@type"] == "sc:Dataset"
    assert sheet["distribution"][0]["sha256"] == digest == result["files"][0]["sha256"]
    assert sheet["distribution"][0]["contentSize"] == f"{path.stat().st_size} B"
    fields = sheet["recordSet"][0]["field"]
    assert [field["dataType"] for field in fields] == [
        *("sc:Integer", "sc:Text", "sc:Text", "sc:Date", "sc:DateTime", "sc:Float", "sc:Boolean"),
    ]
    assert fields[0]["source"] == {"fileObject": {"@id": "x.csv"}, "extract": {"column": "id"}}


def test_personal_data_is_masked_hashed_or_dropped(at: Workplace) -> None:
    frame = pl.DataFrame({**people().to_dict(), "phone": ["+47 22 33 44 55", None, "+47 99 88 77 66"]})
    mask = {"*": "drop", "email": "hash", "phone": "mask", "score": "mask"}
    path, result = at.export(frame, "x.parquet", mask=mask, salt="pepper and salt", filter="email LIKE 'ada%'")
    found = pl.read_parquet(path)
    assert "name" not in found.columns or "name" not in {one["column"] for one in result["masked"]}
    first, second = found["email"].to_list()
    assert first == second
    assert len(first) == 32
    assert found["phone"].to_list() == ["[phone]", "[phone]"]
    assert found["score"].to_list() == ["[masked]", "[masked]"]
    again, _ = at.export(frame, "x.parquet", mask=mask, salt="pepper and salt", filter="email LIKE 'ada%'")
    assert pl.read_parquet(again)["email"].to_list() == [first, second]
    other, _ = at.export(frame, "x.parquet", mask=mask, filter="email LIKE 'ada%'")
    assert pl.read_parquet(other)["email"].to_list() != [first, second]


def test_personal_data_that_goes_out_is_said(at: Workplace) -> None:
    _, result = at.export(people(), "x.csv")
    assert result["contains_pii"]
    assert any(
        "Personal data goes out as it is" in warning and "`email` (email)" in warning for warning in result["warnings"]
    )
    _, masked = at.export(people(), "x.csv", mask={"*": "mask"})
    assert not masked["contains_pii"]


def test_columns_and_rows_are_chosen(at: Workplace) -> None:
    path, result = at.export(people(), "x.jsonl", columns=["score", "id"], filter="id > 1")
    assert read_table(str(path)).frame.rows() == [(None, 2), (-2.5, 3)]
    assert (result["rows_in"], result["rows"], result["columns"]) == (3, 2, 2)


@pytest.mark.parametrize("kind", ["parquet", "csv", "jsonl", "arrow", "delta"])
def test_partitions_are_a_folder_a_value(kind: str, at: Workplace) -> None:
    frame = pl.DataFrame({"year": [2023, 2024, 2024], "city": ["Oslo", "Bø/x", None], "n": [1, 2, 3]})
    path, result = at.export(
        frame, "out", format=kind, partition_by=["year"], **({"compression": "gzip"} if kind == "csv" else {})
    )
    folders = sorted(one.name for one in path.iterdir() if one.name.startswith("year="))
    assert folders == ["year=2023", "year=2024"]
    assert result["file_count"] == (3 if kind == "delta" else 2)
    if kind == "parquet":
        found = pl.read_parquet(path, hive_partitioning=True).sort("n")
        assert found.select(frame.columns).rows() == frame.rows()
    if kind == "csv":
        assert {one.name for one in path.rglob("*.csv.gz")} == {"part-00000000.csv.gz"}


def test_compression_is_as_the_ending_says(at: Workplace) -> None:
    path, _ = at.export(people(), "x.csv.gz")
    assert path.read_bytes()[:2] == b"\x1f\x8b"
    same(read_table(str(path)).frame, people())


def test_nothing_is_left_of_an_export_that_fails(at: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    own = at.fresh()
    with pytest.raises(OSError, match="No space left"):
        export(params(at.dataset(people()), own / "x.csv"), quiet(own))
    assert [path.name for path in own.iterdir()] == []


def test_what_is_there_is_replaced_only_when_told(at: Workplace) -> None:
    dataset = at.dataset(people())
    own = at.fresh()
    (own / "x.csv").write_text("precious")
    with pytest.raises(OpError, match=r"there is a `x\.csv` already") as refused:
        export(params(dataset, own / "x.csv"), quiet(own))
    assert refused.value.kind == "conflict"
    assert (own / "x.csv").read_text() == "precious"
    export(params(dataset, own / "x.csv", overwrite=True), quiet(own))
    same(read_table(str(own / "x.csv")).frame, people())
    (own / "hub").mkdir()
    (own / "hub" / "thesis.txt").write_text("precious")
    with pytest.raises(OpError, match="was not made by an export"):
        export(params(dataset, own / "hub", format="huggingface", overwrite=True), quiet(own))
    export(params(dataset, own / "made", format="huggingface"), quiet(own))
    export(params(dataset, own / "made", format="huggingface", overwrite=True), quiet(own))
    assert sorted(path.name for path in own.iterdir() if path.name.startswith(".")) == []


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("x.parket", {}, "no format has the ending `.parket`; did you mean `.parquet`?"),
        ("x", {}, "it has no ending to tell a format by"),
        ("x.csv", {"format": "postgresql"}, "`postgresql` does not go with that path"),
        ("x.csv", {"columns": ["scoer"]}, "columns: no column `scoer`; did you mean `score`?"),
        ("x.csv", {"mask": {"emial": "drop"}}, "mask: no column `emial`; did you mean `email`?"),
        ("x.csv", {"filter": "agee > 3"}, "filter: no column `agee`"),
        ("x.csv", {"filter": "id +"}, "filter: `id +` is no SQL expression"),
        ("x.csv", {"filter": "id + 1"}, "filter: `id + 1` is a Int32, not a condition"),
        ("x.csv", {"filter": "CAST(name AS INT) > 1"}, "filter: `CAST(name AS INT) > 1` fails on a row"),
        ("x.csv", {"compression": "gzipp"}, "compression: csv has no `gzipp`; did you mean `gzip`?"),
        ("x.xlsx", {"compression": "gzip"}, "compression: excel has no `gzip`"),
        ("x.parquet.gz", {}, "parquet is not packed into `.gz`"),
        ("x.csv", {"partition_by": ["cty"]}, "partition_by: no column `cty`"),
        ("x.csv", {"partition_by": ["score"]}, "partition_by: `score` is Float64"),
        ("x.xlsx", {"partition_by": ["id"]}, "partition_by: excel is not partitioned"),
        ("x.csv", {"columns": ["email"], "mask": {"email": "drop"}}, "columns: none is left"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing(
    name: str, changes: dict[str, Any], message: str, at: Workplace
) -> None:
    own = at.fresh()
    with pytest.raises(OpError) as refused:
        export(params(at.dataset(people()), own / name, **changes), quiet(own))
    assert message in refused.value.message
    assert list(own.iterdir()) == []


def test_too_many_partitions_are_refused(at: Workplace) -> None:
    frame = pl.DataFrame({"id": range(600), "n": range(600)})
    with pytest.raises(OpError, match="would make 600 folders, more than 500"):
        at.export(frame, "x", format="parquet", partition_by=["id"])


def test_a_sheet_too_small_for_the_table_is_said(at: Workplace) -> None:
    with pytest.raises(OpError, match="at most 32767 characters in one cell, and this has 40000"):
        at.export(pl.DataFrame({"t": ["x" * 40_000]}), "x.xlsx")
