"""Database servers of the tests' own: started in a folder, on a loopback port, and stopped."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

WAIT_SECONDS = 60
POSTGRES_FOLDERS = "/usr/lib/postgresql/*/bin"


def program(name: str) -> str | None:
    """Where a program is; PostgreSQL's are not on the path, and MariaDB's server is not on everybody's."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    return found or next((str(path) for path in sorted(Path("/").glob(f"{POSTGRES_FOLDERS[1:]}/{name}"))), None)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def servant() -> str | None:
    """A user that a server may run as: none where we are not root, who may not run one."""
    return "nobody" if os.getuid() == 0 else None


@contextmanager
def postgres(folder: Path, password: str) -> Generator[int]:
    """A PostgreSQL server with a user `ada`; yields its port."""
    initdb, server = program("initdb"), program("postgres")
    assert initdb is not None
    assert server is not None
    user = servant()
    data, port = folder / "pg", free_port()
    (folder / "pw").write_text(password)
    _give(folder, user)
    subprocess.run(  # noqa: S603 - programs of this machine, arguments of ours
        [initdb, "-D", str(data), "-U", "ada", f"--pwfile={folder / 'pw'}", "-A", "scram-sha-256", "-E", "UTF8"],
        user=user,
        cwd=folder,
        check=True,
        capture_output=True,
    )
    command = [server, "-D", str(data), "-p", str(port), "-k", str(folder), "-c", "listen_addresses=127.0.0.1"]
    with _running([*command, "-c", "fsync=off"], folder, user, port):
        yield port


@contextmanager
def mariadb(folder: Path, password: str) -> Generator[int]:
    """A MariaDB server with a user `ada`; yields its port."""
    install, server = program("mariadb-install-db"), program("mariadbd")
    assert install is not None
    assert server is not None
    user = servant()
    data, port = folder / "my", free_port()
    data.mkdir()
    _give(folder, user)
    as_user = [f"--user={user}"] if user else []
    subprocess.run(  # noqa: S603 - programs of this machine, arguments of ours
        [install, f"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db", *as_user],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    start = folder / "start.sql"
    account = f"CREATE USER 'ada'@'%' IDENTIFIED BY '{password}';"
    start.write_text(f"{account}\nGRANT ALL ON *.* TO 'ada'@'%';\nCREATE DATABASE shop;\n")
    _give(folder, user)
    command = [server, "--no-defaults", f"--datadir={data}", f"--port={port}", "--bind-address=127.0.0.1", *as_user]
    more = [f"--socket={folder / 's'}", f"--pid-file={folder / 'pid'}", f"--init-file={start}", "--skip-name-resolve"]
    with _running([*command, *more], folder, None, port):
        yield port


def _give(folder: Path, user: str | None) -> None:
    if user is None:
        return
    number = pwd.getpwnam(user)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, number.pw_uid, number.pw_gid)


@contextmanager
def _running(command: list[str], folder: Path, user: str | None, port: int) -> Generator[None]:
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, user=user, stdout=log, stderr=log)  # noqa: S603
        try:
            until = time.monotonic() + WAIT_SECONDS
            while not _answers(port):
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError((folder / "server.log").read_text())
                time.sleep(0.1)
            yield
        finally:
            process.terminate()
            process.wait(WAIT_SECONDS)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
