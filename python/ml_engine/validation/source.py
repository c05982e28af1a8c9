"""The tables a suite runs over: scanned where they can be, read where they must."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import polars as pl

from ml_engine.names import nearest
from ml_engine.tables import DATA_FILE, MANIFEST_FILE, read_manifest, read_table
from ml_engine.validation.plans import RuleError

QUERY_MEMORY = "1GB"


@dataclass(frozen=True)
class Source:
    """One table to be checked: a lazy scan of a registered dataset's file, or a table in memory."""

    name: str
    lazy: pl.LazyFrame
    schema: Mapping[str, pl.DataType]
    file: Path | None = None
    """The Parquet file that `lazy` scans, where there is one."""

    @property
    def names(self) -> list[str]:
        return list(self.schema)


def source_of(name: str, frame: pl.DataFrame) -> Source:
    """A table in memory as a source."""
    return Source(name, frame.lazy(), dict(frame.schema))


def open_source(path: str, field_name: str) -> Source:
    """The table at `path`: a registered dataset is scanned, never read whole; a plain file is read.

    Raises:
        OpError: naming `field_name`: there is nothing at `path`, or it cannot be read.
    """
    folder = Path(path)
    if not (folder / MANIFEST_FILE).is_file():
        table = read_table(path, field_name)
        return source_of(Path(path).stem, table.frame)
    lazy = pl.scan_parquet(folder / DATA_FILE)
    manifest = read_manifest(folder)
    return Source(manifest["name"], lazy, dict(lazy.collect_schema()), folder / DATA_FILE)


@dataclass
class Beside:
    """The tables that rules may name besides their own, opened when they are first asked for."""

    own: Source
    paths: Sequence[str] = ()
    opened: dict[str, Source] = field(default_factory=dict[str, Source])

    def _all(self) -> dict[str, Source]:
        if not self.opened:
            self.opened = {one.name: one for path in self.paths for one in [open_source(path, "others")]}
        return self.opened

    def other(self, name: str) -> pl.LazyFrame:
        """The dataset of `others` that is called `name`, with or without a version.

        Raises:
            RuleError: none is.
        """
        known = self._all()
        found = known.get(name) or known.get(name.partition("@")[0])
        if found is None:
            guess = nearest(name, known)
            raise RuleError(
                f"`{name}` is not among `others`"
                + (f"; did you mean `{guess}`?" if guess else " (give its name there)")
            )
        return found.lazy

    def query(self, sql: str, most: int) -> tuple[int, pl.DataFrame]:
        """How many rows one SELECT gives, and the first `most` of them; it can read these tables and nothing else.

        Raises:
            RuleError: it is no single SELECT, or fails.
        """
        connection = duckdb.connect()
        try:
            self._admit(connection)
            text = sql.replace("{batch}", '"batch"').strip().rstrip(";")
            statements = connection.extract_statements(text)
            if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
                raise RuleError("the query is one SELECT")
            # One SELECT, in a connection that can reach nothing but the tables named to it.
            ((rows,),) = connection.execute(f"SELECT count(*) FROM ({text})").fetchall()  # noqa: S608
            return int(rows), connection.sql(f"SELECT * FROM ({text}) LIMIT {most}").pl()  # noqa: S608
        except duckdb.Error as error:
            raise RuleError(f"the query fails: {str(error).splitlines()[0][:160]}") from error
        finally:
            connection.close()

    def _admit(self, connection: duckdb.DuckDBPyConnection) -> None:
        every = {**self._all(), self.own.name: self.own, "batch": self.own}
        files = sorted({str(one.file) for one in every.values() if one.file is not None})
        connection.execute("SET allowed_paths = ?", [files])
        connection.execute("SET enable_external_access = false")
        connection.execute(f"SET memory_limit = '{QUERY_MEMORY}'")
        for name, one in every.items():
            quoted = name.replace('"', '""')
            if one.file is None:
                connection.register(name, one.lazy.collect().to_arrow())
            else:
                path = str(one.file).replace("'", "''")
                connection.execute(f"CREATE VIEW \"{quoted}\" AS SELECT * FROM read_parquet('{path}')")  # noqa: S608
        connection.execute("SET lock_configuration = true")
