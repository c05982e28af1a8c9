"""SQLite and DuckDB files of one table."""

import sqlite3
from contextlib import closing

import duckdb
import polars as pl

from ml_engine.writing.output import Output


def write_sqlite(output: Output) -> list[str]:
    """A table with declared types, in one transaction."""
    schema = output.frame.collect_schema()
    columns = ", ".join(f"{quoted(name)} {_affinity(dtype)}" for name, dtype in schema.items())
    places = ", ".join("?" for _ in schema)
    with closing(sqlite3.connect(output.at)) as database, database:
        database.execute(f"CREATE TABLE {quoted(output.table)} ({columns})")
        for batch in output.batches():
            database.executemany(f"INSERT INTO {quoted(output.table)} VALUES ({places})", batch.iter_rows())  # noqa: S608 - quoted
    return []


def write_duckdb(output: Output) -> list[str]:
    """A table with DuckDB's own types, streamed from Arrow."""
    with duckdb.connect(str(output.at)) as database:
        database.register("exported_rows", output.reader())
        database.execute(f"CREATE TABLE {quoted(output.table)} AS SELECT * FROM exported_rows")  # noqa: S608 - quoted
    return []


def quoted(name: str) -> str:
    """`name` as an SQL identifier, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def _affinity(dtype: pl.DataType) -> str:
    if dtype.is_integer():
        return "INTEGER"
    return "REAL" if dtype.is_float() else "TEXT"
