"""Tables that are broken, or written in another way."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_engine.errors import OpError
from ml_engine.tables import read_table
from tests.tables_written import read, refusal


class TestBadInput:
    def test_empty(self, tmp_path: Path) -> None:
        assert refusal(tmp_path, "").message == "dataset: `t.csv` is empty"

    def test_header_only(self, tmp_path: Path) -> None:
        assert refusal(tmp_path, "a,b\n").message == "dataset: `t.csv` has a header and no rows"

    def test_nul_bytes(self, tmp_path: Path) -> None:
        assert "NUL byte in line 3" in refusal(tmp_path, b"a,b\n1,2\n3,\x00\n").message

    def test_a_directory(self, tmp_path: Path) -> None:
        with pytest.raises(OpError, match="is a folder"):
            read_table(str(tmp_path))

    def test_nothing_there(self, tmp_path: Path) -> None:
        with pytest.raises(OpError, match="there is no file `nowhere") as caught:
            read_table(str(tmp_path / "nowhere.csv"))
        assert caught.value.kind == "not_found"

    def test_a_pickle_is_not_opened(self, tmp_path: Path) -> None:
        assert "is a pickle" in refusal(tmp_path, b"\x80\x05K\x01.").message

    @pytest.mark.parametrize("name", ["t.parquet", "t.arrow", "t.xlsx"])
    def test_a_name_that_lies(self, tmp_path: Path, name: str) -> None:
        assert refusal(tmp_path, "a,b\n1,2\n", name).kind == "invalid_input"

    @pytest.mark.parametrize("magic", [b"PAR1", b"ARROW1", b"PK\x03\x04"])
    def test_a_damaged_file(self, tmp_path: Path, magic: bytes) -> None:
        assert "damaged" in refusal(tmp_path, magic + b"\x01" * 200, "t.bin").message

    def test_ragged_rows_are_left_out_and_counted(self, tmp_path: Path) -> None:
        table = read(tmp_path, "a,b\n1,2\n3\n4,5,6\n7,8\n")
        assert table.frame.rows() == [(1, 2), (7, 8)]
        assert "2 bad rows were left out." in table.warnings

    def test_no_row_fits(self, tmp_path: Path) -> None:
        assert "no row of `t.csv` fits" in refusal(tmp_path, "a,b\n1,2,3\n4,5,6\n").message

    def test_wrong_encoding_falls_back_and_says_so(self, tmp_path: Path) -> None:
        table = read(tmp_path, "navn,by\nJosé,Åre\n", "cp1252")
        assert table.frame.row(0) == ("José", "Åre")
        assert "read as cp1252" in table.warnings[0]

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
    def test_other_unicode(self, tmp_path: Path, encoding: str) -> None:
        assert read(tmp_path, "name,n\nJosé,1\nZoë,2\n", encoding).frame.rows() == [("José", 1), ("Zoë", 2)]

    def test_a_field_of_ten_megabytes(self, tmp_path: Path) -> None:
        table = read(tmp_path, f"a,b\n{'x' * 10_000_000},1\ny,2\n")
        assert table.frame["a"].str.len_bytes().to_list() == [10_000_000, 1]
        assert "`a` holds a value of 10.0 MB." in table.warnings

    def test_duplicate_and_blank_names(self, tmp_path: Path) -> None:
        table = read(tmp_path, "a,a,,a_2\n1,2,3,4\n")
        assert table.frame.columns == ["a", "a_3", "column_3", "a_2"]
        assert len(table.warnings) == 2

    def test_a_column_without_values(self, tmp_path: Path) -> None:
        table = read(tmp_path, "a,b\n,1\n,2\n")
        assert table.frame["a"].to_list() == [None, None]
        assert table.columns[0]["role"] == "constant"

    def test_infinite_values_stay_and_nan_is_missing(self, tmp_path: Path) -> None:
        assert read(tmp_path, "a\ninf\n-inf\nNaN\n1\n").frame["a"].to_list() == [float("inf"), float("-inf"), None, 1]

    def test_three_date_formats_in_one_column(self, tmp_path: Path) -> None:
        table = read(tmp_path, "d,e\n2020-01-31,1\n31.01.2020,2\n01/31/2020,3\n")
        assert table.frame["d"].dtype == pl.String
        assert "mixes date formats" in table.warnings[0]
        assert "`31.01.2020`" in table.warnings[0]

    def test_dates_that_fit_two_formats(self, tmp_path: Path) -> None:
        table = read(tmp_path, "d\n01/02/2020\n03/04/2020\n")
        assert table.frame["d"].to_list() == [date(2020, 1, 2), date(2020, 3, 4)]
        assert 'types: {"d": "date:%d/%m/%Y"}' in table.warnings[0]


class TestDialects:
    @pytest.mark.parametrize(
        ("content", "rows"),
        [
            ("a;b\n1,5;x\n-2,25;y\n", [(1.5, "x"), (-2.25, "y")]),
            ("a\tb\n1\tx\n", [(1, "x")]),
            ("a|b\n1|x\n", [(1, "x")]),
            ('a,b\r\n"l1\r\nl2",2\r\n', [("l1\r\nl2", 2)]),
            ("a,b\r1,2\r", [(1, 2)]),
            ("a,b\r\n1,2\n3,4\r\n", [(1, 2), (3, 4)]),
            ('a,b\n"1,234",x\n"12",y\n', [(1234, "x"), (12, "y")]),
            ("a, b\n1, x\n2, y\n", [(1, "x"), (2, "y")]),
            ("z,b\n007,true\n010,False\n", [("007", True), ("010", False)]),
            ("a;b\n'x;1';2\n'y';3\n'z;z';4\n", [("x;1", 2), ("y", 3), ("z;z", 4)]),
        ],
    )
    def test_found(self, tmp_path: Path, content: str, rows: list[tuple[object, ...]]) -> None:
        assert read(tmp_path, content).frame.rows() == rows

    def test_no_header(self, tmp_path: Path) -> None:
        assert read(tmp_path, "1,2,a\n3,4,b\n").frame.columns == ["column_1", "column_2", "column_3"]

    @given(
        st.lists(
            st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8), min_size=3, max_size=3),
            min_size=1,
            max_size=20,
        )
    )
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_what_was_quoted_comes_back(self, tmp_path: Path, cells: list[list[str]]) -> None:
        wanted = pl.DataFrame([["t" + cell for cell in row] for row in cells], schema=["p", "q", "r"], orient="row")
        path = tmp_path / "q.csv"
        wanted.write_csv(path, quote_style="always")

        assert read_table(str(path)).frame.equals(wanted)
