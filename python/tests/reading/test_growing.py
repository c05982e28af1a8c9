"""Rows added to a dataset there is, or put in the place of those with the same key."""

from pathlib import Path

import polars as pl
import pytest

from ml_engine.contract.data import IngestParams, IngestResult
from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.ops.data.ingest import ingest
from ml_engine.tables import read_table
from tests.reading.sources import written


def run(folder: Path, content: str, **changes: object) -> IngestResult:
    place = folder / f"job-{len(list(folder.iterdir()))}"
    place.mkdir()
    params: IngestParams = {
        "source": str(written(folder, content)),
        "name": "loans",
        "dialect": {},
        "types": {},
        "on_bad_rows": "quarantine",
        "wait_seconds": 20,
        "cancel": False,
    }
    return ingest({**params, **changes}, quiet(place))  # pyright: ignore[reportArgumentType]


def rows(result: IngestResult) -> list[tuple[object, ...]]:
    return read_table(result["dataset"]).frame.rows()


@pytest.fixture
def base(tmp_path: Path) -> str:
    return run(tmp_path, "id,zip,n\n1,0150,5\n2,5003,6\n3,0001,7\n")["dataset"]


def test_rows_are_added_as_the_dataset_has_them(tmp_path: Path, base: str) -> None:
    # The zip codes alone would be numbers here; the dataset says that they are text.
    result = run(tmp_path, "n,zip,id\n8,9000,4\n", onto=base)
    assert rows(result) == [(1, "0150", 5), (2, "5003", 6), (3, "0001", 7), (4, "9000", 8)]
    assert (result["rows"], result["rows_in"]) == (4, 1)
    assert result["grown"] == {"before": 3, "added": 1, "replaced": 0}
    whole = run(tmp_path, "id,zip,n\n1,0150,5\n2,5003,6\n3,0001,7\n4,9000,8\n")
    assert whole["hash"] == result["hash"]


def test_rows_with_the_same_key_are_replaced(tmp_path: Path, base: str) -> None:
    result = run(tmp_path, "id,zip,n\n2,5003,60\n4,9000,8\n4,9000,9\n", onto=base, key=["id"])
    assert rows(result) == [(1, "0150", 5), (3, "0001", 7), (2, "5003", 60), (4, "9000", 9)]
    assert result["grown"] == {"before": 3, "added": 1, "replaced": 1}
    assert "1 rows had the key of a later row, which was kept." in result["warnings"]


def test_numbers_with_a_point_widen_the_column(tmp_path: Path, base: str) -> None:
    result = run(tmp_path, "id,zip,n\n4,9000,8.5\n", onto=base)
    assert read_table(result["dataset"]).frame["n"].to_list() == [5.0, 6.0, 7.0, 8.5]
    assert "`n` is Float64 now; it was Int64." in result["warnings"]


@pytest.mark.parametrize(
    ("content", "changes", "words"),
    [
        ("id,zip\n4,9000\n", {}, "source: no column `n`"),
        ("id,zip,n,m\n4,9000,1,1\n", {}, "onto: it has no column `m`"),
        ("id,zip,n\n4,9000,many\n", {}, "onto: `n` is Int64 there, and String in the rows read"),
        ("id,zip,n\n4,9000,1\n", {"key": ["idd"]}, "key: no column `idd`; did you mean `id`?"),
        ("id,zip,n\n,9000,1\n4,9000,1\n", {"key": ["id"]}, "key: 1 rows have no value in it"),
    ],
)
def test_what_does_not_go_together(
    tmp_path: Path, base: str, content: str, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(OpError) as caught:
        run(tmp_path, content, onto=base, **changes)
    assert words in caught.value.message


def test_rows_that_do_not_fit_are_put_aside_when_a_type_is_said(tmp_path: Path, base: str) -> None:
    result = run(tmp_path, "id,zip,n\n4,9000,many\n5,9000,1\n", onto=base, types={"n": "int"})
    assert (result["rows"], result["rows_in"], result["quarantined"]) == (4, 2, 1)


def test_a_key_without_a_dataset(tmp_path: Path) -> None:
    with pytest.raises(OpError, match="key: there is nothing to match it with"):
        run(tmp_path, "id\n1\n", key=["id"])
    with pytest.raises(OpError, match="is a file, not a registered dataset"):
        run(tmp_path, "id\n1\n", onto=str(written(tmp_path, "id\n1\n", "o.csv")))


def test_the_parts_of_a_large_table_do_not_show(tmp_path: Path) -> None:
    size = 70_000
    frame = pl.DataFrame({"id": range(size), "v": range(size)})
    base = run(tmp_path, frame.write_csv())["dataset"]
    changed = frame.filter(pl.col("id") % 1000 == 0).with_columns(v=-pl.col("v"))
    result = run(tmp_path, changed.write_csv(), onto=base, key=["id"])
    after = read_table(result["dataset"]).frame
    assert after.sort("id").equals(frame.update(changed, on="id"))
    assert result["grown"] == {"before": size, "added": 0, "replaced": 70}
