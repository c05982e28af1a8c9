"""data.export into a real PostgreSQL server on loopback, started for the test."""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import mkdtemp

import adbc_driver_postgresql.dbapi as postgres
import polars as pl
import pytest

from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.ops.data.export import export

from .test_export import Workplace, params

PROGRAMS = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
pytestmark = pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL's server is not installed")


def run(*command: str) -> None:
    """Runs a program of PostgreSQL's, as somebody else where we are root, whom it refuses."""
    user = "postgres" if os.geteuid() == 0 else None
    subprocess.run([str((PROGRAMS or Path()) / command[0]), *command[1:]], check=True, capture_output=True, user=user)  # noqa: S603


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    folder = Path(mkdtemp(prefix="pg-"))
    word = secrets.token_hex(8)
    (folder / "word").write_text(word)
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        for path in (folder, folder / "word"):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = str(folder / "data")
    run(
        "initdb",
        "-D",
        data,
        "-U",
        "ada",
        "-A",
        "scram-sha-256",
        f"--pwfile={folder / 'word'}",
        "-E",
        "UTF8",
        "--no-sync",
    )
    settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
    run("pg_ctl", "-D", data, "-w", "-l", str(folder / "log"), "-o", settings, "start")
    yield f"postgresql://ada:{word}@127.0.0.1:{port}/postgres"
    run("pg_ctl", "-D", data, "-m", "immediate", "stop")
    shutil.rmtree(folder)


@pytest.fixture
def at(tmp_path: Path) -> Workplace:
    return Workplace(tmp_path)


FRAME = pl.DataFrame(
    {
        "tiny": pl.Series([1, None, -128], dtype=pl.Int8),
        "wide": [2**63 - 1, None, 0],
        "unsigned": pl.Series([2**32 - 1, None, 0], dtype=pl.UInt32),
        "text": ["", None, 'a"b\n'],
        "real": [0.1, None, float("inf")],
        "flag": [True, None, False],
        "day": [date(1, 1, 1), None, date(2024, 2, 29)],
        "moment": pl.Series([datetime(2024, 10, 27, 1, 30, tzinfo=UTC), None, None]).cast(pl.Datetime("us", "UTC")),
    }
)


def test_a_table_is_what_the_dataset_was(address: str, at: Workplace) -> None:
    own = at.fresh()
    result = export(params(at.dataset(FRAME), address, table="people"), quiet(own))
    with postgres.connect(address) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT * FROM people")
        found = pl.from_arrow(cursor.fetch_arrow_table())
    assert isinstance(found, pl.DataFrame)
    assert found.cast(FRAME.schema).rows() == FRAME.rows()
    word = address.split(":")[2].split("@", maxsplit=1)[0]
    assert word not in str(result)
    assert result["path"].endswith("/postgres#people")
    assert any("`tiny` Int8, `unsigned` UInt32" in warning for warning in result["warnings"])


def test_a_table_that_is_there_is_replaced_only_when_told(address: str, at: Workplace) -> None:
    dataset = at.dataset(FRAME)
    export(params(dataset, address, table="kept"), quiet(at.fresh()))
    with pytest.raises(OpError, match="has a table `kept` already"):
        export(params(dataset, address, table="kept"), quiet(at.fresh()))
    export(params(dataset, address, table="kept", overwrite=True, filter="flag"), quiet(at.fresh()))
    with postgres.connect(address) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM kept")
        assert cursor.fetchone() == (1,)


def test_a_wrong_password_is_not_repeated(address: str, at: Workplace) -> None:
    wrong = address.replace(address.split(":")[2].split("@", maxsplit=1)[0], "sesame")
    with pytest.raises(OpError, match="the password was not accepted") as refused:
        export(params(at.dataset(FRAME), wrong), quiet(at.fresh()))
    assert "sesame" not in f"{refused.value.message}{refused.value.hint}"
