"""Which stores are opened, by a real tracking server among others, and what is said of those that are not."""

import socket
import sqlite3
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from ml_engine.errors import OpError

from .runs_for_mlflow import POINTS, a_run, found, in_order, mirrored, refused

pytestmark = pytest.mark.usefixtures("own_environment")


def test_says_what_is_no_store_and_makes_none_by_reading(tmp_path: Path) -> None:
    text = tmp_path / "notes.db"
    text.write_text("not a database")
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "paper.txt").write_text("x")

    assert refused(f"sqlite:///{tmp_path}/none.db", tmp_path).kind == "not_found"
    assert refused((tmp_path / "none").as_uri(), tmp_path).kind == "not_found"
    assert refused(f"sqlite:///{text}", tmp_path).message == f"store: {text} is no MLflow database."
    assert refused(folder.as_uri(), tmp_path).message == f"store: {folder} is no MLflow folder."
    with pytest.raises(OpError, match="is no MLflow folder"):
        mirrored(folder.as_uri(), tmp_path, a_run())
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["notes.db", "paper.txt", "papers"]


def test_names_the_nearest_experiment(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/a.db"
    mirrored(store, tmp_path)
    assert refused(store, tmp_path, "chrn é").message == (
        "experiment: the store has no experiment `chrn é`; did you mean `churn é`?"
    )


def test_a_server_that_refuses_is_named_without_its_credentials(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    error = refused(f"http://ann:s3cret@127.0.0.1:{port}/#127.0.0.1", tmp_path)
    assert (error.kind, error.message) == ("failed", f"store: http://127.0.0.1:{port}/ cannot be reached.")


SERVER = """
import os, sys
os.environ.update({"_MLFLOW_SERVER_FILE_STORE": sys.argv[1], "_MLFLOW_SERVER_ARTIFACT_ROOT": sys.argv[2]})
os.environ["MLFLOW_SERVER_ALLOWED_HOSTS"] = "*"
from flask import Response, request
from mlflow.server import app
from werkzeug.serving import make_server

@app.before_request
def known():
    who = request.authorization
    if who is None or (who.username, who.password) != ("ann", "s3:cr@t"):
        return Response("who are you, s3:cr@t?", 401)

server = make_server("127.0.0.1", 0, app)
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    """MLflow's tracking server, behind a password."""
    folder = tmp_path_factory.mktemp("server")
    command = [sys.executable, "-c", SERVER, f"sqlite:///{folder}/server.db", str(folder / "artifacts")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=folder) as server:  # noqa: S603
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.terminate()


def test_a_tracking_server_takes_and_gives_the_same(port: str, tmp_path: Path) -> None:
    """By the address that was checked, though the name is nobody's, and with the password that the URL carries."""
    store = f"http://ann:s3%3Acr%40t@tracking.invalid:{port}/#127.0.0.1"
    run = a_run()
    first, second = mirrored(store, tmp_path, run), mirrored(store, tmp_path, run)
    (one,) = found(store, tmp_path)["runs"]

    assert (first["added"], first["metrics"], second["unchanged"], second["metrics"]) == (1, POINTS + 1, 1, 0)
    assert sorted(one["metrics"], key=in_order) == sorted(run["metrics"], key=in_order)
    assert (one["params"], one["tags"], one["info"], one["ended"]) == (
        run["params"],
        run["tags"],
        run["info"],
        run["ended"],
    )


def test_a_wrong_password_is_refused_and_repeated_nowhere(port: str, tmp_path: Path) -> None:
    error = refused(f"http://ann:other@localhost:{port}/#127.0.0.1", tmp_path)
    assert (error.kind, error.message) == ("refused", f"store: http://localhost:{port}/ does not let this user in.")
    assert "other" not in str(error.hint)


def test_what_answers_but_is_no_tracking_server_is_said_to_be_none(port: str, tmp_path: Path) -> None:
    error = refused(f"http://ann:s3%3Acr%40t@localhost:{port}/nowhere#127.0.0.1", tmp_path)
    assert error.message == f"store: http://localhost:{port}/nowhere did not answer as an MLflow server does."


def test_a_database_of_another_version_says_how_to_upgrade(tmp_path: Path) -> None:
    mirrored(f"sqlite:///{tmp_path}/a.db", tmp_path)
    path = (tmp_path / "a.db").rename(tmp_path / "b.db")
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE alembic_version SET version_num = 'c48cb773bb87'")
        database.commit()
    assert refused(f"sqlite:///{path}", tmp_path).kind == "conflict"


def test_a_folder_with_links_is_refused(tmp_path: Path) -> None:
    store = tmp_path / "runs"
    mirrored(store.as_uri(), tmp_path)
    (store / "out").symlink_to("/etc")
    assert refused(store.as_uri(), tmp_path).kind == "refused"


def test_without_mlflow_it_says_what_adds_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    error = refused(f"sqlite:///{tmp_path}/a.db", tmp_path)
    assert (error.kind, error.hint) == ("unavailable", "Run `npm run setup -- --with mlflow`.")
