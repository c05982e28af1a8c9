"""Which writer writes which format."""

from collections.abc import Callable

from ml_engine.writing.database_files import write_duckdb, write_sqlite
from ml_engine.writing.formats import FormatName
from ml_engine.writing.hub import write_hub
from ml_engine.writing.lake import write_delta, write_lance
from ml_engine.writing.output import Output
from ml_engine.writing.plain_files import write_plain
from ml_engine.writing.postgres import write_postgres
from ml_engine.writing.spreadsheet import write_excel

FOLLOWING: dict[str, Callable[[Output], list[str]]] = {
    "excel": write_excel,
    "sqlite": write_sqlite,
    "duckdb": write_duckdb,
    "lance": write_lance,
    "delta": write_delta,
    "huggingface": write_hub,
}


def write(output: Output, name: FormatName, path: str) -> list[str]:
    """Writes `output` in the format `name`; answers what was lost on the way."""
    if name == "postgresql":
        return write_postgres(output, path)
    return FOLLOWING[name](output) if name in FOLLOWING else write_plain(output, name)
