"""data.export as a plain function: what comes out of each format is what went in."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.ops.data.export import export
from ml_engine.tables import read_table
from tests.ops.data.exporting import Workplace, params, people, same


@pytest.fixture
def at(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)


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
