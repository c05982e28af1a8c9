"""Tables of SQLite and DuckDB files, by query, and SQL that is refused."""

import sqlite3
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from ml_engine.errors import OpError
from ml_engine.reading.sql import reading_query
from tests.reading.sources import read, written


@pytest.fixture
def sqlite_file(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE sales (id INTEGER, amount, day TEXT, zip TEXT, raw BLOB)")
        connection.executemany(
            "INSERT INTO sales VALUES (?, ?, ?, ?, ?)",
            [(1, 2.5, "2020-01-31", "0150", b"\x01"), (2, 3, "2020-02-01", "NA", None), (None, None, None, None, None)],
        )
        connection.execute("CREATE VIEW big AS SELECT * FROM sales WHERE amount > 2.7")
    connection.close()
    return path


@pytest.fixture
def duckdb_file(tmp_path: Path) -> Path:
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE sales AS SELECT range AS id, 'x' || range AS name FROM range(5)")
    return path


def test_sqlite(sqlite_file: Path) -> None:
    found = read(sqlite_file, query="sales")
    assert found.frame.rows() == [
        (1, 2.5, date(2020, 1, 31), "0150", "01"),
        (2, 3.0, date(2020, 2, 1), "NA", None),
        (None, None, None, None, None),
    ]
    assert read(sqlite_file, query="sales", batch_rows=1).hash == found.hash
    assert read(sqlite_file, query="SELECT id FROM big").frame.rows() == [(2,)]
    with pytest.raises(OpError, match="holds 2 tables"):
        read(sqlite_file)
    with pytest.raises(OpError, match="no table `sale`; did you mean `sales`"):
        read(sqlite_file, query="sale")
    with pytest.raises(OpError, match="something is wrong with a column"):
        read(sqlite_file, query="SELECT idd FROM sales")


def test_duckdb(duckdb_file: Path) -> None:
    assert read(duckdb_file).frame.rows() == [(i, f"x{i}") for i in range(5)]
    assert read(duckdb_file, query="SELECT max(id) AS most FROM sales").frame.rows() == [(4,)]


def test_a_query_reaches_no_other_file(duckdb_file: Path, tmp_path: Path) -> None:
    secret = written(tmp_path, "a\n1\n", "secret.csv")
    with pytest.raises(OpError, match="the database does not take it"):
        read(duckdb_file, query=f"SELECT * FROM read_csv('{secret}')")  # noqa: S608 - that is the question
    with pytest.raises(OpError, match="the database does not take it"):
        read(duckdb_file, query=f"SELECT * FROM '{secret}'")  # noqa: S608 - that is the question


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("DELETE FROM sales", "DELETE"),
        ("INSERT INTO sales VALUES (1)", "INSERT"),
        ("UPDATE sales SET id = 1", "UPDATE"),
        ("DROP TABLE sales", "DROP"),
        ("CREATE TABLE t AS SELECT 1", "CREATE"),
        ("WITH gone AS (DELETE FROM sales RETURNING *) SELECT * FROM gone", "DELETE"),
        ("SELECT * INTO copy FROM sales", "INTO"),
        ("SELECT * FROM sales FOR UPDATE", "LOCK"),
        ("COPY sales TO '/tmp/x'", "COPY"),
        ("VACUUM FULL", "COMMAND"),
        ("SET x = 1", "SET"),
        ("TRUNCATE sales", "TRUNCATETABLE"),
    ],
)
def test_sql_that_writes_is_refused(sql: str, what: str) -> None:
    with pytest.raises(OpError, match=f"{what} is not reading") as caught:
        reading_query(sql, "postgres")
    assert caught.value.kind == "refused"


def test_sql_that_is_none_or_several(sqlite_file: Path) -> None:
    with pytest.raises(OpError, match="2 statements, where one is read"):
        reading_query("SELECT 1; DROP TABLE sales", "postgres")
    with pytest.raises(OpError, match="no SQL of mysql that can be read"):
        reading_query("SELECT FROM WHERE ((", "mysql")
    before = sqlite_file.read_bytes()
    for sql in ("DELETE FROM sales", "ATTACH 'x.db' AS x", "PRAGMA user_version = 3"):
        with pytest.raises(OpError):
            read(sqlite_file, query=sql)
    assert sqlite_file.read_bytes() == before


def test_reading_sql_passes() -> None:
    for sql in ("SELECT 1", "WITH a AS (SELECT 1) SELECT * FROM a", "VALUES (1), (2)", "SELECT 1 UNION ALL SELECT 2"):
        assert reading_query(f" {sql} ; ", "postgres") == sql
    assert reading_query("public.sales", "postgres") == 'SELECT * FROM "public"."sales"'
    assert reading_query("sales", "mysql") == "SELECT * FROM `sales`"


def test_a_duckdb_result_of_connections_has_no_arrow_method() -> None:
    # DuckDB 2 has no `.arrow()` on a connection; this is the way that remains.
    with duckdb.connect() as connection:
        assert not hasattr(connection, "fetch_arrow_table")
        assert pl.DataFrame(connection.sql("SELECT 1 AS a").to_arrow_table()).rows() == [(1,)]


def test_times_in_whole_seconds_are_read(tmp_path: Path) -> None:
    # Polars takes no NumPy datetime64[s]; files with seconds (Arrow's timestamp[s]) still have to be read.
    import pyarrow as pa
    from pyarrow import parquet

    table = pa.table({"at": pa.array([0, 60], type=pa.timestamp("s"))})
    parquet.write_table(table, tmp_path / "s.parquet")
    assert [str(at) for at in read(tmp_path / "s.parquet").frame["at"]] == [
        "1970-01-01 00:00:00",
        "1970-01-01 00:01:00",
    ]
