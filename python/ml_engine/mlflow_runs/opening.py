"""Opens an MLflow store, talks to nothing else, and says in our words why it could not."""

import os
import socket
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from ml_engine.errors import ErrorKind, OpError

SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ALLOW_FILE_STORE": "true",
    "MLFLOW_ALLOW_HTTP_REDIRECTS": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "30",
    "NO_PROXY": "*",
    "MLFLOW_ENABLE_ASYNC_LOGGING": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
"""Nobody is told that MLflow is used, a folder is still a store, and a server that is not there is soon given up."""

DENIED = {"PERMISSION_DENIED", "UNAUTHENTICATED", "CUSTOMER_UNAUTHORIZED"}


@contextmanager
def opened(store: str, home: Path, *, reading: bool) -> Generator[Any]:
    """An `MlflowClient` of `store`; while it is open, names of other hosts are not looked up.

    `store` is `sqlite:///` and an absolute path, a `file://` URL, or an http(s) URL whose fragment holds the addresses
    that were checked. `home` stands in for the user's folder, so that no credentials kept there go to whoever is named.

    Raises:
        OpError: MLflow is not installed (`unavailable`), or the store is not there or not readable.
    """
    if find_spec("mlflow") is None:
        raise OpError("unavailable", "store: mlflow is not installed.", "Run `npm run setup -- --with mlflow`.")
    address = urlsplit(store)
    remote = address.scheme in {"http", "https"}
    os.environ.update(SETTINGS, HOME=str(home))
    if remote:
        _log_in(address.username, address.password)
    else:
        _check_local(store, reading=reading)
    host = address.hostname or ""
    shown = urlunsplit((address.scheme, address.netloc.rpartition("@")[2], address.path, "", "")) if remote else store
    with _only(host, address.fragment.split(",") if remote else []):
        if address.scheme == "sqlite":
            # Where MLflow puts artifacts is fixed when an experiment is made: beside the database, not in our scratch.
            os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"] = str(_path(store).parent / "mlartifacts")
        import requests
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield MlflowClient(shown.rstrip("/") if remote else store)
        except (MlflowException, requests.RequestException, SQLAlchemyError, OSError) as error:
            raise _said(error, shown, remote=remote) from error


def _log_in(user: str | None, password: str | None) -> None:
    for name, value in (("USERNAME", user), ("PASSWORD", password)):
        os.environ.pop(f"MLFLOW_TRACKING_{name}", None)
        if value is not None:
            os.environ[f"MLFLOW_TRACKING_{name}"] = unquote(value)


def _path(store: str) -> Path:
    return (
        Path(store.removeprefix("sqlite:///")) if store.startswith("sqlite:") else Path(unquote(urlsplit(store).path))
    )


def _check_local(store: str, *, reading: bool) -> None:
    """MLflow makes a store where there is none, and adds to a file or folder of something else; neither is wanted."""
    path = _path(store)
    kind = "database" if store.startswith("sqlite:") else "folder"
    if not path.exists():
        if reading:
            raise OpError("not_found", f"store: there is no {kind} {path}.", "Check the path; `mirror` makes one.")
        path.parent.mkdir(parents=True, exist_ok=True)
        return
    if kind == "database":
        fits = path.is_file() and _tables(path) >= {"experiments", "runs", "alembic_version"}
        empty = path.is_file() and path.stat().st_size == 0
    else:
        fits = path.is_dir() and any(path.glob("*/meta.yaml"))
        empty = path.is_dir() and not any(path.iterdir())
        if path.is_dir() and any(entry.is_symlink() for entry in path.rglob("*")):
            raise OpError(
                "refused", f"store: {path} has links in it, which may lead out.", "Name a store without links."
            )
    if not fits and (reading or not empty):
        raise OpError(
            "invalid_input", f"store: {path} is no MLflow {kind}.", "Name one that MLflow wrote, or a new one."
        )


def _tables(path: Path) -> set[str]:
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            return {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.DatabaseError:
        return set()


@contextmanager
def _only(host: str, addresses: list[str]) -> Generator[None]:
    """Lets this process look up `host` alone, and find it where it was found when it was checked."""
    look_up = socket.getaddrinfo

    def pinned(name: Any, port: Any, *args: Any, **named: Any) -> list[Any]:
        asked = name.decode() if isinstance(name, bytes) else str(name)
        if asked.strip("[]").casefold() != host.casefold():
            raise socket.gaierror(socket.EAI_NONAME, "only the store is looked up")
        return [found for address in addresses for found in look_up(address, port, *args, **named)]

    socket.getaddrinfo = pinned
    try:
        yield
    finally:
        socket.getaddrinfo = look_up


def _said(error: Exception, shown: str, *, remote: bool) -> OpError:
    """An error of MLflow's in our words: its own can hold anybody's text, and the URL with it."""
    text = str(error)
    code = str(getattr(error, "error_code", ""))
    kind: ErrorKind = "failed"
    if "out-of-date database schema" in text or "Can't locate revision" in text:
        return OpError(
            "conflict",
            f"store: {shown} was written by another version of MLflow.",
            f"Back it up, then run `mlflow db upgrade {shown}`; a newer one needs a newer ML Engine.",
        )
    if code in DENIED or " 401" in text or " 403" in text:
        return OpError(
            "refused",
            f"store: {shown} does not let this user in.",
            "Give user and password in the URL, https://user:password@host; its --allowed-hosts must name the host.",
        )
    if not remote:
        why = "is locked by another program" if "locked" in text else "cannot be read or written"
        return OpError(kind, f"store: {shown} {why}.", "Check the disk, its permissions, and who else has it open.")
    if "error code" in text or isinstance(error, ValueError) or code not in {"", "INTERNAL_ERROR"}:
        return OpError(
            kind, f"store: {shown} did not answer as an MLflow server does.", "Check the address and its path."
        )
    return OpError(
        kind, f"store: {shown} cannot be reached.", "Check the address, and that `mlflow server` runs there."
    )
