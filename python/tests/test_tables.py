"""Reading, canonical form, hashes and roles of tables."""

import io
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ml_engine.content import canonical, content_hash
from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.personal import iban, luhn
from ml_engine.roles import infer_roles
from ml_engine.tables import Table, read_manifest, read_table, scan_table, stage_dataset


def written(folder: Path, name: str, content: str | bytes, encoding: str = "utf-8") -> str:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return str(path)


def read(folder: Path, content: str | bytes, encoding: str = "utf-8", name: str = "t.csv") -> Table:
    return read_table(written(folder, name, content, encoding))


def refusal(folder: Path, content: str | bytes, name: str = "t.csv") -> OpError:
    with pytest.raises(OpError) as caught:
        read(folder, content, name=name)
    return caught.value


MIXED = pl.DataFrame(
    {
        "whole": [1, None, -3, 2**40],
        "number": [0.5, -2.25, None, 1e-3],
        "text": ["æ", None, 'a,b\n"c"', " x"],
        "flag": [True, False, None, True],
        "day": [date(2020, 2, 29), None, date(1999, 1, 1), date(2038, 1, 19)],
        "moment": [datetime(2020, 1, 1, 12, 30, 1), datetime(2021, 5, 6, 0, 0, 0), None, datetime(1970, 1, 1)],  # noqa: DTZ001
    }
)


@pytest.mark.parametrize("kind", ["parquet", "arrow", "csv", "chunked"])
def test_equal_tables_have_one_hash_whatever_file_they_came_from(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"t.{'parquet' if kind == 'chunked' else kind}"
    if kind == "arrow":
        MIXED.write_ipc(path)
    elif kind == "csv":
        MIXED.write_csv(path, datetime_format="%Y-%m-%dT%H:%M:%S")
    else:
        MIXED.write_parquet(path, row_group_size=2 if kind == "chunked" else None)

    assert read_table(str(path)).hash == content_hash(MIXED)


values = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
        st.one_of(st.none(), st.floats(allow_nan=False)),
        st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=12)),
        st.one_of(st.none(), st.booleans()),
    ),
    max_size=30,
)
SCHEMA = {"i": pl.Int64, "f": pl.Float64, "s": pl.String, "b": pl.Boolean}


@given(values, st.integers(1, 7))
@settings(max_examples=60, deadline=None)
def test_the_hash_is_of_values_and_not_of_chunks_or_files(rows: list[tuple[object, ...]], group: int) -> None:
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    buffer = io.BytesIO()
    frame.write_parquet(buffer, row_group_size=group)
    again = pl.read_parquet(io.BytesIO(buffer.getvalue()))
    chunked = pl.concat([frame.slice(start, group) for start in range(0, max(frame.height, 1), group)], rechunk=False)

    assert content_hash(canonical(again)[0]) == content_hash(frame) == content_hash(chunked)


@given(values, st.data())
@settings(max_examples=60, deadline=None)
def test_one_changed_value_changes_the_hash(rows: list[tuple[object, ...]], data: st.DataObject) -> None:
    frame = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    other = frame.with_columns(pl.col("s") + "x", pl.col("b").not_())
    changed = frame.select("s", "b").null_count().row(0) != (frame.height, frame.height)

    assert (content_hash(other) != content_hash(frame)) == changed
    assert content_hash(frame.rename({"i": "j"})) != content_hash(frame)
    del data


def test_text_is_not_confused_with_its_neighbour() -> None:
    assert content_hash(pl.DataFrame({"a": ["ab", "c"]})) != content_hash(pl.DataFrame({"a": ["a", "bc"]}))
    assert content_hash(pl.DataFrame({"a": ["", None]})) != content_hash(pl.DataFrame({"a": [None, ""]}))


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


def test_json_forms(tmp_path: Path) -> None:
    assert read(tmp_path, '[{"a":1,"b":{"c":1}},{"a":null}]', name="t.json").frame.rows() == [
        (1, '{"c": 1}'),
        (None, None),
    ]
    assert read(tmp_path, '{"data":[{"a":1}],"n":1}', name="t.json").frame.rows() == [(1,)]
    assert read(tmp_path, '{"a":1}\nno\n{"a":2}\n', name="t.jsonl").frame["a"].to_list() == [1, 2]
    assert refusal(tmp_path, "{", "t.json").kind == "invalid_input"


def test_a_staged_dataset_comes_back_as_it_was(tmp_path: Path) -> None:
    job = quiet(tmp_path)
    folder = stage_dataset(job, MIXED, name="mixed", source="a test", part="train", pipeline={"version": 1})
    table = read_table(folder)

    assert table.frame.equals(MIXED)
    assert (table.name, table.part, table.hash) == ("mixed@dataset", "train", content_hash(MIXED))
    assert scan_table(folder).collect().equals(MIXED)
    assert read_manifest(Path(folder))["rows"] == 4
    assert read_table(folder, columns=["text", "whole"], rows=2).frame.shape == (2, 2)
    with pytest.raises(OpError, match="did you mean `whole`"):
        read_table(folder, columns=["wole"])


def test_roles() -> None:
    n = 40
    frame = pl.DataFrame(
        {
            "id": range(n),
            "user_email": [f"p{i}@example.org" for i in range(n)],
            "card": ["4111 1111 1111 1111", "5500 0000 0000 0004"] * (n // 2),
            "iban": ["DE89370400440532013000", "GB82WEST12345698765432"] * (n // 2),
            "client_ip": [f"10.0.0.{i}" for i in range(n)],
            "phone": [f"+47 22 33 {i:02d} 55" for i in range(n)],
            "born": [date(1980, 1, 1)] * (n // 2) + [date(1990, 1, 1)] * (n // 2),
            "date_of_birth": [date(1980, 1, 1)] * (n // 2) + [date(1990, 1, 1)] * (n // 2),
            "size": ["S", "M", "L", "XL"] * (n // 4),
            "grade": [1, 2, 3, 4, 5] * (n // 5),
            "lat": [float(i) for i in range(n)],
            "same": [1] * n,
            "income": ["<=50K", ">50K"] * (n // 2),
            "city": ["Oslo", "Bergen"] * (n // 2),
            "weight": [i * 0.37 for i in range(n)],
            "review": [
                f"This is a long review number {i} of a product that I bought last year, and it is fine."
                for i in range(n)
            ],
        }
    )
    found = {column["name"]: (column["role"], column["personal"]) for column in infer_roles(frame)}

    assert found == {
        "id": ("identifier", None),
        "user_email": ("personal", "email"),
        "card": ("personal", "card"),
        "iban": ("personal", "iban"),
        "client_ip": ("personal", "ip"),
        "phone": ("personal", "phone"),
        "born": ("datetime", None),
        "date_of_birth": ("datetime", "birth_date"),
        "size": ("ordinal", None),
        "grade": ("ordinal", None),
        "lat": ("geo", None),
        "same": ("constant", None),
        "income": ("target_candidate", None),
        "city": ("categorical", None),
        "weight": ("numeric", None),
        "review": ("text", None),
    }


@given(st.text("0123456789", min_size=12, max_size=18))
def test_luhn_finds_every_single_wrong_digit(digits: str) -> None:
    check = next(str(d) for d in range(10) if luhn(digits + str(d)))
    wrong = str((int(digits[0]) + 1) % 10) + digits[1:] + check
    assert not luhn(wrong)


def test_iban_checksum() -> None:
    assert iban("DE89 3704 0044 0532 0130 00")
    assert not iban("DE88 3704 0044 0532 0130 00")
