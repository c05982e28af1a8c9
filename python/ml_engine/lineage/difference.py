"""How two versions of a table differ, row for row."""

from pathlib import Path

import duckdb

from ml_engine.contract.data import Difference


def compare(before: Path, after: Path) -> Difference:
    """Compares two Parquet files as bags of rows over the columns both have (DuckDB's EXCEPT ALL, out of core)."""
    with duckdb.connect() as connection:
        old, new = (_schema(connection, path) for path in (before, after))
        common = [name for name in old if name in new]
        changed = [f"{name}: {old[name]} → {new[name]}" for name in common if old[name] != new[name]]
        comparable = [name for name in common if old[name] == new[name]]
        counted = [_count(connection, path) for path in (before, after)]
        removed, added = (_only(connection, first, second, comparable) for first, second in _both(before, after))
        touched = [
            name
            for name in (comparable if removed or added else [])
            if any(_only(connection, first, second, [name]) for first, second in _both(before, after))
        ]
    return {
        "rows_before": counted[0],
        "rows_after": counted[1],
        "columns_added": [name for name in new if name not in old],
        "columns_removed": [name for name in old if name not in new],
        "types_changed": changed,
        "rows_removed": removed,
        "rows_added": added,
        "columns_changed": touched,
    }


def _both(before: Path, after: Path) -> list[tuple[Path, Path]]:
    return [(before, after), (after, before)]


def _schema(connection: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    described = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
    return {str(row[0]): str(row[1]) for row in described}


def _count(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    found = connection.execute("SELECT count(*) FROM read_parquet(?)", [str(path)]).fetchone()
    return int(found[0]) if found else 0


def _only(connection: duckdb.DuckDBPyConnection, first: Path, second: Path, columns: list[str]) -> int:
    if not columns:
        return 0
    named = ", ".join('"' + name.replace('"', '""') + '"' for name in columns)
    query = (
        f"SELECT count(*) FROM (SELECT {named} FROM read_parquet($first) "  # noqa: S608 - names are quoted
        f"EXCEPT ALL SELECT {named} FROM read_parquet($second))"
    )
    found = connection.execute(query, {"first": str(first), "second": str(second)}).fetchone()
    return int(found[0]) if found else 0
