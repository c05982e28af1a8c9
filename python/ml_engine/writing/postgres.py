"""A PostgreSQL table, copied in binary in one transaction."""

from urllib.parse import urlsplit

import adbc_driver_postgresql.dbapi as postgres
from adbc_driver_manager import Error as AdbcError

from ml_engine.errors import OpError
from ml_engine.writing.output import Output


def write_postgres(output: Output, address: str) -> list[str]:
    """Creates the table, or with `overwrite` puts it in the place of the one there, and copies the rows into it.

    Raises:
        OpError: the server cannot be reached, refuses, or has the table already; no message holds a password.
    """
    try:
        with postgres.connect(address) as connection, connection.cursor() as cursor:
            if not output.overwrite and _exists(cursor, output.table):
                raise OpError(
                    "conflict",
                    f"table: the database has a table `{output.table}` already",
                    "Name another `table`, or give `overwrite: true` with `confirm: true`.",
                )
            cursor.adbc_ingest(output.table, output.reader(), mode="replace" if output.overwrite else "create")
            connection.commit()
    except AdbcError as error:
        raise OpError(
            "failed",
            f"path: {place(address)} could not be written ({_reason(error)})",
            "Check the address, the user's rights and the table's name.",
        ) from None
    return []


def place(address: str) -> str:
    """An address without user, password and settings."""
    parts = urlsplit(address)
    port = f":{parts.port}" if parts.port else ""
    return f"postgresql://{parts.hostname or ''}{port}{parts.path}"


def _exists(cursor: postgres.Cursor, table: str) -> bool:
    cursor.execute(
        "SELECT 1 FROM pg_catalog.pg_class WHERE relname = $1 AND pg_catalog.pg_table_is_visible(oid)", (table,)
    )
    return cursor.fetchone() is not None


REASONS = (
    ("password authentication failed", "the password was not accepted"),
    ("permission denied", "permission denied"),
    ("does not exist", "there is no such database or user"),
    ("connection refused", "nothing answers there"),
    ("timeout", "no answer in time"),
)


def _reason(error: AdbcError) -> str:
    text = str(error).lower()
    return next((ours for theirs, ours in REASONS if theirs in text), "the server refused it")
