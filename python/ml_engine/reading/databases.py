"""The rows of a query to a database, read in a transaction that cannot write."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import polars as pl

from ml_engine.errors import OpError
from ml_engine.names import nearest
from ml_engine.reading.columns import Column
from ml_engine.reading.dialect import unique_names
from ml_engine.reading.json_columns import JsonColumn
from ml_engine.reading.options import ReadOptions, Reject
from ml_engine.reading.parts import Located, TypedPart
from ml_engine.reading.servers import mysql_part, postgres_part
from ml_engine.reading.sql import reading_query

SERVERS = {"postgresql": postgres_part, "postgres": postgres_part, "mysql": mysql_part, "mariadb": mysql_part}
SQLITE_READS = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, getattr(sqlite3, "SQLITE_RECURSIVE", 33)}
)


def is_server(source: str) -> bool:
    """Whether `source` is the URL of a database server."""
    return urlsplit(source).scheme in SERVERS


def server_part(source: str, options: ReadOptions, field: str) -> TypedPart:
    """What `options.query` gives of the database at the URL `source`.

    Raises:
        OpError: the server cannot be reached or refuses, or the query does not read.
    """
    if options.query is None:
        raise OpError("invalid_input", f"query: `{field}` is a database", "Give a table's name or a SELECT in `query`.")
    return SERVERS[urlsplit(source).scheme](source, options.query, options, field)


def duckdb_part(path: Path, name: str, options: ReadOptions, field: str) -> TypedPart:
    """What `options.query` gives of the DuckDB file at `path`, or its only table.

    Raises:
        OpError: it is damaged, the query does not read, or names what is not there.
    """
    # No file but the database itself can be reached by what the query says.
    config: dict[str, str | bool | int | float | list[str]] = {
        "enable_external_access": "false",
        "lock_configuration": "true",
        "threads": 2,
    }

    def connect() -> duckdb.DuckDBPyConnection:
        try:
            return duckdb.connect(str(path), read_only=True, config=config)
        except duckdb.Error as error:
            raise OpError("invalid_input", f"{field}: `{name}` cannot be read as a DuckDB database") from error

    with connect() as connection:
        tables = [str(row[0]) for row in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        views = connection.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()
        query = _query_of(options.query, "duckdb", [*tables, *(str(row[0]) for row in views)], name, field)
        try:
            schema = pl.DataFrame(connection.sql(query).limit(0).to_arrow_table()).schema
        except duckdb.Error as error:
            raise _failed(error, [*tables]) from error

    def batches() -> Iterator[pl.DataFrame]:
        with connect() as reading:
            for batch in reading.sql(query).to_arrow_reader(options.batch_rows):
                yield pl.DataFrame(batch)

    part = TypedPart(path, "duckdb", schema, batches, options)
    part.path = Path(name)
    return part


class SqliteFile:
    """What a query gives of an SQLite file, or its only table.

    SQLite keeps a type with each value and has none for dates, so types are found over all values, as in JSON.

    Raises:
        OpError: it is damaged, the query does not read, or names what is not there.
    """

    def __init__(self, path: Path, name: str, options: ReadOptions, field: str) -> None:
        self.path = Path(name)
        self.format = "sqlite"
        self.rows = 0
        self._file = path
        self._options = options
        self._field = field
        try:
            connection = self._connect()
            found = connection.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')").fetchall()
            tables = [str(row[0]) for row in found if not str(row[0]).startswith("sqlite_")]
        except sqlite3.Error as error:
            raise OpError("invalid_input", f"{field}: `{name}` cannot be read as an SQLite database") from error
        self._query = _query_of(options.query, "sqlite", tables, name, field)
        connection.set_authorizer(_only_reads)
        try:
            described = connection.execute(self._query).description
        except sqlite3.Error as error:
            raise _failed(error, tables) from error
        finally:
            connection.close()
        self.names, self.warnings = unique_names([str(column[0]) for column in described])

    def column(self, name: str) -> Column:
        """How the column `name` is read."""
        return JsonColumn(name, (), self._options.wanted(name), self._options.decimal)

    def batches(self) -> Iterator[pl.DataFrame]:
        """The query's rows, each cell its JSON text."""
        self.rows = 0
        connection = self._connect()
        connection.set_authorizer(_only_reads)
        try:
            cursor = connection.execute(self._query)
            while rows := cursor.fetchmany(self._options.batch_rows):
                self.rows += len(rows)
                columns = zip(*rows, strict=True)
                yield pl.DataFrame(
                    [
                        pl.Series(name, [_cell(value) for value in values], dtype=pl.String)
                        for name, values in zip(self.names, columns, strict=True)
                    ]
                )
        except sqlite3.Error as error:
            raise OpError("failed", f"{self._field}: `{self.path.name}` is damaged") from error
        finally:
            connection.close()

    def rejects(self) -> Iterator[Reject]:
        """None: a row of a table has all its columns."""
        return iter(())

    def locate(self, rows: list[int]) -> Iterator[Located]:
        """Each of `rows` (ascending, from 0), by asking again."""
        wanted = set(rows)
        number = 0
        for batch in self.batches():
            for cells in batch.iter_rows(named=True):
                if number in wanted:
                    values = {name: None if cell is None else json.loads(cell) for name, cell in cells.items()}
                    yield Located(number + 1, values, json.dumps(values, ensure_ascii=False)[:10_000])
                number += 1

    def close(self) -> None:
        """Nothing is held."""

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(f"{self._file.resolve().as_uri()}?mode=ro", uri=True, check_same_thread=False)


def _only_reads(action: int, *_: object) -> int:
    return sqlite3.SQLITE_OK if action in SQLITE_READS else sqlite3.SQLITE_DENY


def _cell(value: object) -> str | None:
    if value is None:
        return None
    return json.dumps(value.hex() if isinstance(value, bytes) else value, ensure_ascii=False)


def _query_of(query: str | None, dialect: str, tables: list[str], name: str, field: str) -> str:
    if query is None:
        if len(tables) != 1:
            listed = ", ".join(tables[:20]) + (f" and {len(tables) - 20} more" if len(tables) > 20 else "")
            raise OpError(
                "invalid_input",
                f"query: {field} `{name}` holds {len(tables)} tables",
                f"Name one in `query`, or give a SELECT. Tables: {listed or 'none'}.",
            )
        query = f'SELECT * FROM "{tables[0].replace(chr(34), chr(34) * 2)}"'  # noqa: S608 - quoted
    elif query in tables:
        query = f'SELECT * FROM "{query.replace(chr(34), chr(34) * 2)}"'  # noqa: S608 - quoted
    elif query.isidentifier():
        guess = nearest(query, tables)
        raise OpError(
            "not_found",
            f"query: no table `{query}`" + (f"; did you mean `{guess}`?" if guess else ""),
            f"Tables: {', '.join(tables[:20]) or 'none'}.",
        )
    return reading_query(query, dialect)


def _failed(error: Exception, tables: list[str]) -> OpError:
    """A query that the database does not take; what is wrong is in our words, since its own can quote data."""
    text = str(error).casefold()
    if "not authorized" in text:
        return OpError("refused", "query: it does more than read", "Give one SELECT.")
    kind = "table" if "table" in text else "column" if "column" in text else "statement"
    return OpError(
        "invalid_input",
        f"query: the database does not take it: something is wrong with a {kind} in it",
        f"Tables: {', '.join(tables[:20]) or 'none'}.",
    )
