"""Reading, canonical form, hashes and roles of tables."""

import io
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_engine.content import canonical, content_hash
from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.personal import iban, luhn
from ml_engine.roles import infer_roles
from ml_engine.tables import read_manifest, read_table, scan_table, stage_dataset
from tests.tables_written import read, refusal

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
