"""Queries to PostgreSQL and MySQL servers, streamed, in transactions that cannot write."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import polars as pl
import pyarrow as pa

from ml_engine.errors import OpError
from ml_engine.reading.dialect import unique_names
from ml_engine.reading.options import ReadOptions
from ml_engine.reading.parts import TypedPart
from ml_engine.reading.sql import reading_query

CONNECT_SECONDS = 15
POSTGRES_PROBLEMS = {
    "28": "the server does not accept this user and password",
    "3D": "there is no such database",
    "42P01": "there is no such table",
    "42703": "there is no such column",
    "42601": "the SQL has a mistake",
    "42501": "this user may not read that",
    "25006": "it writes, and only reading is done here",
    "57": "the server stopped it",
}
"""SQLSTATE codes and classes (PostgreSQL's manual, appendix A)."""
POSTGRES_WORDS = {
    "authentication failed": "28P01",
    "no password supplied": "28P01",
    "read-only transaction": "25006",
    'database "': "3D000",
    "permission denied": "42501",
    "canceling statement": "57014",
}
MYSQL_PROBLEMS = {
    1044: "this user may not use that database",
    1045: "the server does not accept this user and password",
    1049: "there is no such database",
    1054: "there is no such column",
    1064: "the SQL has a mistake",
    1142: "this user may not read that",
    1146: "there is no such table",
    1792: "it writes, and only reading is done here",
    2003: "the server cannot be reached",
    2013: "the connection was lost",
}
"""MySQL's and MariaDB's error numbers."""


def postgres_part(url: str, query: str, options: ReadOptions, field: str) -> TypedPart:
    """What `query` gives of the PostgreSQL database at `url`; a password missing there is PGPASSWORD's.

    Raises:
        OpError: it cannot be reached, refuses, or the query is not one that reads.
    """
    dbapi: Any = import_module("adbc_driver_postgresql.dbapi")
    sql = reading_query(query, "postgres")
    address = urlsplit(url)
    separator = "&" if address.query else "?"
    given = f"postgresql{url[url.index(':') :]}"
    timed = given if "connect_timeout" in given else f"{given}{separator}connect_timeout={CONNECT_SECONDS}"

    def batches() -> Iterator[pl.DataFrame]:
        try:
            with closing(dbapi.connect(timed)) as connection, closing(connection.cursor()) as cursor:
                cursor.execute("SET TRANSACTION READ ONLY")
                cursor.execute(sql)
                for batch in cursor.fetch_record_batch():
                    yield _without_opaque(batch)
        except (dbapi.Error, pa.ArrowException, OSError) as error:
            problem = _postgres_problem(error)
            raise _refusal(
                problem or "the server cannot be reached or ended the query", field, address.hostname
            ) from None

    return _streamed(Path(address.path.lstrip("/") or "postgres"), "postgresql", batches, options)


def _postgres_problem(error: Exception) -> str | None:
    """What is wrong, by its code; what goes wrong while connecting or after the first rows has none, only words."""
    state = str(getattr(error, "sqlstate", "") or "")
    if not state:
        said = str(error)
        state = next((code for words, code in POSTGRES_WORDS.items() if words in said), "")
    return POSTGRES_PROBLEMS.get(state) or POSTGRES_PROBLEMS.get(state[:2])


def mysql_part(url: str, query: str, options: ReadOptions, field: str) -> TypedPart:
    """What `query` gives of the MySQL or MariaDB database at `url`; a password missing there is MYSQL_PWD's.

    Raises:
        OpError: it cannot be reached, refuses, or the query is not one that reads.
    """
    pymysql: Any = import_module("pymysql")
    cursors: Any = import_module("pymysql.cursors")
    sql = reading_query(query, "mysql")
    address = urlsplit(url)
    database = unquote(address.path.lstrip("/"))

    def batches() -> Iterator[pl.DataFrame]:
        try:
            with (
                closing(
                    pymysql.connect(
                        host=address.hostname or "localhost",
                        port=address.port or 3306,
                        user=unquote(address.username or ""),
                        password=unquote(address.password or "") or os.environ.get("MYSQL_PWD", ""),
                        database=database or None,
                        connect_timeout=CONNECT_SECONDS,
                        charset="utf8mb4",
                        local_infile=False,
                        cursorclass=cursors.SSCursor,
                    )
                ) as connection,
                closing(connection.cursor()) as cursor,
            ):
                cursor.execute("START TRANSACTION READ ONLY")
                cursor.execute(sql)
                dtypes = _mysql_types(cursor.description)
                while True:
                    rows = cursor.fetchmany(options.batch_rows)
                    yield _mysql_frame(rows, dtypes)
                    if not rows:
                        break
        except pymysql.Error as error:
            code = error.args[0] if error.args else None
            problem = MYSQL_PROBLEMS.get(code) if isinstance(code, int) else None
            raise _refusal(
                problem or "the server cannot be reached or ended the query", field, address.hostname
            ) from None

    return _streamed(Path(database or "mysql"), "mysql", batches, options)


def _streamed(path: Path, kind: str, batches: Callable[[], Iterator[pl.DataFrame]], options: ReadOptions) -> TypedPart:
    """A part of what `batches` gives; the first pass goes on with the query that told the columns."""
    begun = batches()
    first = next(begun, None)
    if first is None:
        raise OpError("invalid_input", "query: it gives no rows", "Give a query with at least one row.")
    kept: list[Iterator[pl.DataFrame]] = [begun]
    head = first

    def passes() -> Iterator[pl.DataFrame]:
        if kept:
            yield head
            yield from kept.pop()
        else:
            yield from batches()

    return TypedPart(path, kind, head.schema, passes, options)


def _refusal(problem: str, field: str, host: str | None) -> OpError:
    kind = "refused" if "only reading" in problem else "failed"
    where = "query" if "there is no such" in problem or "SQL" in problem or "only reading" in problem else field
    return OpError(kind, f"{where}: {problem} ({host})", "Check the address, the user and the query.")


def _without_opaque(batch: Any) -> pl.DataFrame:
    """PostgreSQL's own types come as opaque text: numerics are numbers, all others text."""
    columns: list[pl.Series] = []
    names, _ = unique_names([str(field.name) for field in batch.schema])
    for name, field, array in zip(names, batch.schema, batch.columns, strict=True):
        kind = str(getattr(field.type, "type_name", ""))
        plain = array.storage if isinstance(array, pa.ExtensionArray) else array
        column = pl.Series(name, plain)
        columns.append(column.cast(pl.Float64, strict=False) if kind == "numeric" else column)
    return pl.DataFrame(columns)


def _mysql_types(description: Any) -> dict[str, pl.DataType | None]:
    kinds: Any = import_module("pymysql.constants.FIELD_TYPE")
    whole = (kinds.TINY, kinds.SHORT, kinds.LONG, kinds.INT24, kinds.YEAR)
    dtypes: dict[int, pl.DataType] = {
        **dict.fromkeys(whole, pl.Int64()),
        kinds.LONGLONG: pl.Int128(),
        **dict.fromkeys((kinds.FLOAT, kinds.DOUBLE, kinds.DECIMAL, kinds.NEWDECIMAL), pl.Float64()),
        **dict.fromkeys((kinds.DATE, kinds.NEWDATE), pl.Date()),
        **dict.fromkeys((kinds.DATETIME, kinds.TIMESTAMP), pl.Datetime("us")),
        kinds.TIME: pl.Duration("us"),
    }
    names, _ = unique_names([str(name) for name, *_ in description])
    return {name: dtypes.get(column[1]) for name, column in zip(names, description, strict=True)}


def _mysql_frame(rows: Any, dtypes: dict[str, pl.DataType | None]) -> pl.DataFrame:
    columns = zip(*rows, strict=True) if rows else ([] for _ in dtypes)
    return pl.DataFrame(
        [
            pl.Series(name, [_mysql_value(value, dtype) for value in values], dtype=dtype or pl.String())
            for (name, dtype), values in zip(dtypes.items(), columns, strict=True)
        ]
    )


def _mysql_value(value: object, dtype: pl.DataType | None) -> object:
    """A value as its column takes it; dates that no calendar has (`0000-00-00`) come as text and are missing."""
    if value is None:
        return None
    if dtype is None:
        return value.hex() if isinstance(value, bytes) else str(value)
    if dtype == pl.Float64:
        return float(str(value))
    if dtype.is_temporal():
        return value if isinstance(value, (date, datetime, timedelta)) else None
    return value
