"""A file is read the same whatever the size of the pieces it is read in."""

import csv
import io
import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_engine.content import content_hash
from ml_engine.reading.evidence import PROBE_VALUES
from tests.reading.sources import Outcome, read, written

SLOW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
CELLS = {
    "whole": st.integers(-(10**6), 10**6).map(str),
    "number": st.floats(-1e6, 1e6).map(str),
    "zeros": st.from_regex(r"0\d{2}", fullmatch=True),
    "comma": st.from_regex(r"\d{1,3},\d{2}", fullmatch=True),
    "flag": st.sampled_from(["true", "False", "TRUE"]),
    "iso": st.dates(date(1990, 1, 1), date(2030, 1, 1)).map(str),
    "day_first": st.dates(date(1990, 1, 1), date(2030, 1, 1)).map(lambda day: day.strftime("%d/%m/%Y")),
    "stamp": st.sampled_from(["2020-01-01T10:00:00Z", "2020-06-01T10:00:00+02:00", "2020-06-01 10:00:00"]),
    "moment": st.from_regex(
        r"20[0-2][0-9]-0[1-9]-1[0-9] [01][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?", fullmatch=True
    ),
    "text": st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=6),
    "missing": st.sampled_from(["", "NA", " NaN ", "?"]),
    "long": st.integers(2**63, 2**70).map(str),
}


@st.composite
def tables(draw: st.DrawFn) -> list[list[str]]:
    """Columns of one kind of cell each, with some of others strewn in."""
    rows = draw(st.integers(1, 40))
    kinds = draw(st.lists(st.sampled_from(list(CELLS)), min_size=2, max_size=4))
    mixed = [draw(st.one_of(st.none(), st.sampled_from(list(CELLS)))) for _ in kinds]
    columns = []
    for kind, other in zip(kinds, mixed, strict=True):
        cells = st.one_of(CELLS[kind], CELLS["missing"], CELLS[other]) if other else CELLS[kind]
        columns.append(draw(st.lists(cells, min_size=rows, max_size=rows)))
    return [list(row) for row in zip(*columns, strict=True)]


def as_csv(rows: list[list[str]], delimiter: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow([f"name_{i}" for i in range(len(rows[0]))])
    writer.writerows(rows)
    return out.getvalue()


def same(one: Outcome, other: Outcome) -> None:
    assert one.frame.equals(other.frame)
    assert one.frame.schema == other.frame.schema
    assert (one.hash, one.rejects, one.warnings) == (other.hash, other.rejects, other.warnings)
    assert one.hash == content_hash(one.frame)


@given(tables(), st.sampled_from([",", ";", "\t"]), st.integers(1, 7), st.sampled_from([1, 3, PROBE_VALUES]))
@SLOW
def test_text_in_small_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: list[list[str]], delimiter: str, piece: int, probe: int
) -> None:
    # With a small probe most pieces take the short way, which only pieces after the first thousand values do otherwise.
    monkeypatch.setattr("ml_engine.reading.columns.PROBE_VALUES", probe)
    path = written(tmp_path, as_csv(rows, delimiter))
    same(read(path, delimiter=delimiter), read(path, delimiter=delimiter, batch_rows=piece))


@given(tables(), st.sampled_from(["int", "float", "bool", "date", "datetime", "text"]), st.integers(1, 7))
@SLOW
def test_types_that_were_said_in_small_pieces(tmp_path: Path, rows: list[list[str]], kind: str, piece: int) -> None:
    # A last row that fits every type keeps the table from being empty.
    fitting = {"date": "2020-01-01", "datetime": "2020-01-01T00:00:00", "bool": "true"}.get(kind, "1")
    path = written(tmp_path, as_csv([*rows, [""] * (len(rows[0])), [fitting, *rows[0][1:]]], ","))
    whole = read(path, types={"name_0": kind})
    same(whole, read(path, types={"name_0": kind}, batch_rows=piece))
    assert whole.frame.height + whole.rejected_rows == len(rows) + 2


json_cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6),
    st.lists(st.integers(0, 9), max_size=3),
    st.sampled_from(["2020-01-01", "007", 'a"b\\c', "é"]),
)


@given(
    st.lists(st.dictionaries(st.sampled_from(["a", "A", "b/c", "~d", ""]), json_cells), min_size=1), st.integers(1, 5)
)
@SLOW
def test_json_lines_in_small_pieces(tmp_path: Path, rows: list[dict[str, object]], piece: int) -> None:
    rows = [{**rows[0], "a": 1}, *rows]
    path = written(tmp_path, "".join(json.dumps(row) + "\n" for row in rows), "t.jsonl")
    whole = read(path)
    same(whole, read(path, batch_rows=piece))
    assert whole.frame.height == len(rows)


@pytest.mark.parametrize("kind", ["parquet", "arrow", "orc", "avro"])
def test_typed_files_in_small_pieces(tmp_path: Path, kind: str) -> None:
    frame = pl.DataFrame({"a": [1, None, 2**40], "s": ["x", None, "æ"], "f": [1.5, float("nan"), None]})
    path = tmp_path / f"t.{kind}"
    if kind == "orc":
        from pyarrow import orc

        orc.write_table(frame.to_arrow(compat_level=pl.CompatLevel.oldest()), str(path))
    else:
        {"parquet": frame.write_parquet, "arrow": frame.write_ipc, "avro": frame.write_avro}[kind](path)
    whole = read(path)
    same(whole, read(path, batch_rows=1))
    assert whole.frame["a"].to_list() == [1, None, 2**40]
    assert "`f`: 1 NaN read as missing." in whole.warnings


def test_a_type_that_only_the_last_row_betrays(tmp_path: Path) -> None:
    lines = [f"{i},{i},2020-01-01" for i in range(5000)]
    path = written(tmp_path, "\n".join(["zip,n,day", *lines, "00501,1.5,soon"]) + "\n")
    found = read(path, batch_rows=100)
    assert found.frame.schema == {"zip": pl.String, "n": pl.Float64, "day": pl.String}
    assert found.frame.row(-1) == ("00501", 1.5, "soon")
    assert found.frame.row(0) == ("0", 0.0, "2020-01-01")
    assert found.warnings == [
        "`zip` stays text: its numbers have leading zeros.",
        "`day` stays text: 1 of its values are no dates, e.g. `soon`.",
    ]


def test_whole_numbers_too_wide_for_64_bits_in_a_typed_file(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pl.DataFrame({"u": pl.Series([1, 2, 2**64 - 1], dtype=pl.UInt64)}).write_parquet(path)
    found = read(path, batch_rows=1)
    same(found, read(path))
    assert found.frame["u"].to_list() == [1.0, 2.0, float(2**64 - 1)]
    assert found.warnings == ["`u`: whole numbers past 64 bits stored as floats."]
