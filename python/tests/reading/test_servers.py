"""Queries to real PostgreSQL and MariaDB servers on loopback."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ml_engine.errors import OpError
from tests.reading.servers import mariadb, postgres, program
from tests.reading.sources import read

NOON = datetime(2020, 1, 1, 12, 0, 0, 5)  # noqa: DTZ001 - a column without a zone
PASSWORD = "s3cret-of-ada"  # noqa: S105 - of a server that lives for a second


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that another user can reach, which pytest's own is not."""
    with tempfile.TemporaryDirectory() as made:
        path = Path(made)
        path.chmod(0o755)
        yield path


@pytest.fixture(scope="module")
def postgres_url(folder: Path) -> Iterator[str]:
    if program("initdb") is None or program("postgres") is None:
        pytest.skip("PostgreSQL's programs are not installed (initdb, postgres)")
    dbapi: Any = pytest.importorskip("adbc_driver_postgresql.dbapi")
    with postgres(folder, PASSWORD) as port:
        url = f"postgresql://ada:{PASSWORD}@127.0.0.1:{port}/postgres"
        with closing(dbapi.connect(url)) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(
                "CREATE TABLE sales AS SELECT i AS id, i * 1.25::numeric AS amount, i::float8 / 2 AS half, "
                "'name ' || i AS name, date '2020-01-01' + i AS day, "
                "timestamptz '2020-01-01 12:00+02' AS at, i % 2 = 0 AS even, ARRAY[i, i + 1] AS pair, "
                "CASE WHEN i > 0 THEN 'ok' END AS note FROM generate_series(0, 9999) AS i"
            )
            cursor.execute("CREATE SEQUENCE numbers")
            connection.commit()
        yield url


@pytest.fixture(scope="module")
def mysql_url(folder: Path) -> Iterator[str]:
    if program("mariadbd") is None or program("mariadb-install-db") is None:
        pytest.skip("MariaDB's programs are not installed (mariadbd, mariadb-install-db)")
    pymysql: Any = pytest.importorskip("pymysql")
    (folder / "maria").mkdir()
    with mariadb(folder / "maria", PASSWORD) as port:
        with (
            closing(
                pymysql.connect(
                    host="127.0.0.1", port=port, user="ada", password=PASSWORD, database="shop", autocommit=True
                )
            ) as connection,
            closing(connection.cursor()) as cursor,
        ):
            cursor.execute(
                "CREATE TABLE sales (id BIGINT UNSIGNED, amount DECIMAL(10,2), half DOUBLE, "
                "name VARCHAR(20) CHARACTER SET utf8mb4, day DATE, at DATETIME(6), raw BLOB)"
            )
            cursor.executemany(
                "INSERT INTO sales VALUES (%s, %s, %s, %s, %s, %s, %s)",
                [(i, i * 1.25, i / 2, f"næme {i}", date(2020, 1, 1), NOON, b"\x01") for i in range(300)],
            )
        yield f"mysql://ada:{PASSWORD}@127.0.0.1:{port}/shop"


def test_postgres(postgres_url: str) -> None:
    found = read(postgres_url, query="sales")
    assert (found.format, found.frame.height) == ("postgresql", 10_000)
    assert found.frame.schema == {
        "id": pl.Int32,
        "amount": pl.Float64,
        "half": pl.Float64,
        "name": pl.String,
        "day": pl.Date,
        "at": pl.Datetime("us", "UTC"),
        "even": pl.Boolean,
        "pair": pl.String,
        "note": pl.String,
    }
    row = found.frame.filter(pl.col("id") == 3).row(0)
    assert (row[1], row[2], row[3], row[4], row[6]) == (3.75, 1.5, "name 3", date(2020, 1, 4), False)
    assert str(row[5]) == "2020-01-01 10:00:00+00:00"
    assert read(postgres_url, query="SELECT sum(id) AS total FROM sales").frame.item() == 49_995_000


def test_mysql(mysql_url: str) -> None:
    found = read(mysql_url, query="sales", batch_rows=100)
    assert (found.format, found.frame.height) == ("mysql", 300)
    assert found.frame.dtypes == [pl.Int64, pl.Float64, pl.Float64, pl.String, pl.Date, pl.Datetime("us"), pl.String]
    assert found.frame.row(3) == (3, 3.75, 1.5, "næme 3", date(2020, 1, 1), NOON, "01")
    assert found.hash == read(mysql_url.replace("mysql", "mariadb", 1), query="SELECT * FROM sales").hash


@pytest.mark.parametrize("server", ["postgres_url", "mysql_url"])
def test_what_a_server_refuses_is_said_without_the_password(server: str, request: pytest.FixtureRequest) -> None:
    url: str = request.getfixturevalue(server)
    wrong = url.replace(PASSWORD, "wrong-password")
    for source, query, words in (
        (wrong, "sales", "does not accept this user and password"),
        (url, "SELECT * FROM nothing", "there is no such table"),
        (url, "SELECT nothing FROM sales", "there is no such column"),
        (url, "DELETE FROM sales", "DELETE is not reading"),
    ):
        with pytest.raises(OpError, match=words) as caught:
            read(source, query=query)
        assert "password" not in f"{caught.value.message}{caught.value.hint}".replace("user and password", "")
        assert PASSWORD not in f"{caught.value.message}{caught.value.hint}"
    with pytest.raises(OpError, match="`source` is a database"):
        read(url)


def test_a_function_that_writes_is_stopped_by_the_transaction(postgres_url: str) -> None:
    with pytest.raises(OpError, match="only reading is done here") as caught:
        read(postgres_url, query="SELECT nextval('numbers') AS n")
    assert caught.value.kind == "refused"


def test_passwords_from_the_environment(postgres_url: str, mysql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "PGPASSWORD", PASSWORD)
    monkeypatch.setitem(os.environ, "MYSQL_PWD", PASSWORD)
    for url in (postgres_url, mysql_url):
        assert read(url.replace(f":{PASSWORD}", ""), query="SELECT 1 AS one").frame.rows() == [(1,)]
