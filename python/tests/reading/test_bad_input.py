"""What is wrong with files, and what is said of it."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ml_engine.errors import OpError
from tests.reading.sources import read, written


def said(folder: Path, content: str | bytes, name: str = "t.csv") -> list[str]:
    return read(written(folder, content, name)).warnings


def test_look_alike_names(tmp_path: Path) -> None:
    assert said(tmp_path, "age,\u0430ge,na\u200bme\n1,2,3\n") == [
        "The column names `age` and `\u0430ge` look alike but differ in U+0061, U+0430.",
        "The column name `na\ufffdme` has characters that are not seen: U+200B.",
    ]


def test_dates_that_no_calendar_has(tmp_path: Path) -> None:
    found = read(written(tmp_path, "d\n2021-02-28\n2021-02-30\n2021-03-01\n"))
    assert found.frame["d"].dtype == pl.String
    assert found.warnings == ["`d` stays text: 1 of its values are no dates, e.g. `2021-02-30`."]
    told = read(written(tmp_path, "d\n2021-02-28\n2021-02-30\n2021-03-01\n"), types={"d": "date"})
    assert told.frame["d"].to_list() == [date(2021, 2, 28), date(2021, 3, 1)]
    assert [(bad.line, bad.reason) for bad in told.rejects] == [(3, "`d`: `2021-02-30` is no date")]


def test_day_and_month_that_could_be_swapped(tmp_path: Path) -> None:
    path = written(tmp_path, "d\n01/02/2020\n03/04/2020\n")
    assert read(path).warnings == [
        '`d` fits %m/%d/%Y and %d/%m/%Y; read as %m/%d/%Y. If wrong, set types: {"d": "date:%d/%m/%Y"}.'
    ]
    told = read(path, types={"d": "date:%d/%m/%Y"})
    assert (told.frame["d"].to_list(), told.warnings) == ([date(2020, 2, 1), date(2020, 4, 3)], [])
    # One day past the twelfth settles it.
    settled = read(written(tmp_path, "d\n01/02/2020\n13/04/2020\n"))
    assert (settled.frame["d"][0], settled.warnings) == (date(2020, 2, 1), [])


def test_mixed_time_zones(tmp_path: Path) -> None:
    found = read(written(tmp_path, "t\n2020-01-01T10:00:00Z\n2020-01-01T10:00:00+02:00\n"))
    assert [str(at) for at in found.frame["t"]] == ["2020-01-01 10:00:00+00:00", "2020-01-01 08:00:00+00:00"]
    assert found.warnings == ["`t` mixes time zones (+02:00, Z); stored in UTC."]
    naive = read(written(tmp_path, "t\n2020-01-01T10:00:00Z\n2020-01-01T10:00:00\n"))
    assert naive.frame["t"].dtype == pl.String
    assert "mixes date formats and stays text" in naive.warnings[0]


@pytest.mark.parametrize(("name", "line"), [("t.csv", "n\n{}\n"), ("t.jsonl", '{{"n": {}}}\n')])
def test_an_integer_beyond_64_bits(tmp_path: Path, name: str, line: str) -> None:
    found = read(written(tmp_path, line.format("123456789012345678901234567890"), name))
    assert found.frame["n"].to_list() == ["123456789012345678901234567890"]
    assert found.warnings == ["`n` stays text: its whole numbers are too long for 64 bits."]


def test_constant_empty_and_infinite_columns(tmp_path: Path) -> None:
    assert said(tmp_path, "a,b,c\n1,,inf\n1,,-inf\n1,,2\n") == [
        "`b` has no value at all.",
        "`c` has 2 infinite values.",
    ]


def test_a_long_field_in_each_format(tmp_path: Path) -> None:
    long = "x" * 10_000_000
    assert said(tmp_path, f"a,b\n{long},1\n") == ["`a` holds a value of 10.0 MB."]
    assert said(tmp_path, f'{{"a": "{long}"}}\n', "t.jsonl") == ["`a` holds a value of 10.0 MB."]


def test_ragged_rows_keep_their_lines_behind_quoted_line_ends(tmp_path: Path) -> None:
    found = read(written(tmp_path, 'a,b\n"x\ny",1\n\n2\n3,4,5\n6,7\n'))
    assert found.frame.rows() == [("x\ny", 1), ("6", 7)]
    assert [(bad.line, bad.reason, bad.raw) for bad in found.rejects] == [
        (5, "too few fields (1)", "2"),
        (6, "too many fields (3)", "3,4,5"),
    ]


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.json"])
def test_nul_bytes(tmp_path: Path, name: str) -> None:
    with pytest.raises(OpError, match="has a NUL byte in line 3; it is binary or damaged"):
        read(written(tmp_path, b"a,b\n1,2\n3,\0\n", name))


def test_wrong_encoding(tmp_path: Path) -> None:
    path = written(tmp_path, "name\nJosé\n".encode("latin-1"))
    assert "is not UTF-8; read as cp1252" in read(path).warnings[0]
    with pytest.raises(OpError, match="is not utf-8"):
        read(path, encoding="utf-8")


def test_a_single_column_with_blank_lines(tmp_path: Path) -> None:
    found = read(written(tmp_path, "n\n1\n\nx\n3\n"), types={"n": "int"})
    assert found.frame["n"].to_list() == [1, None, 3]
    assert [(bad.line, bad.reason) for bad in found.rejects] == [(4, "`n`: `x` is no int")]
