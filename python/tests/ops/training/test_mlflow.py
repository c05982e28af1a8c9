"""Runs to and from real MLflow stores: a database, a folder, a server that is not there."""

import json
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ml_engine.contract.training import CarriedRun, RunPoint, RunsFound, RunsWritten
from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.mlflow_runs.names import fitting
from ml_engine.mlflow_runs.reading import read
from ml_engine.mlflow_runs.writing import write

POINTS = 2345


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """In use a worker is a process of its own; here its settings are taken back after each test."""
    for name in ("HOME", "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "_MLFLOW_SERVER_ARTIFACT_ROOT"):
        monkeypatch.setenv(name, "")


def a_run(**changes: Any) -> CarriedRun:
    losses: list[RunPoint] = [
        {"key": "loss", "step": step, "time": 1_700_000_000_200 + step, "value": 1 / (step + 3)}
        for step in range(POINTS)
    ]
    run: CarriedRun = {
        "id": "0123456789abcdef0123",
        "source": None,
        "name": "train people.csv",
        "tool": "ml_training_train",
        "status": "FINISHED",
        "started": 1_700_000_000_123,
        "ended": 1_700_000_060_456,
        "parent": None,
        "note": "the simple one",
        "params": {f"p{at}": str(at) for at in range(130)} | {"classes[>50K]": "2"},
        "tags": {"stage": "candidate", **{f"t{at}": "x" for at in range(120)}},
        "metrics": [*losses, {"key": "recall[>50K]", "step": 0, "time": 1_700_000_000_300, "value": 0.1 + 0.2}],
        "inputs": [
            {"kind": "dataset", "name": "people", "version": 2, "hash": "ab" * 32},
            {"kind": "file", "name": "people.csv", "version": None, "hash": None},
        ],
        "info": '{"node": "v24"}',
    }
    return {**run, **changes}  # pyright: ignore[reportReturnType]


def in_order(point: RunPoint) -> tuple[str, int]:
    return point["key"], point["step"]


def mirrored(store: str, tmp_path: Path, *runs: CarriedRun) -> RunsWritten:
    return write(
        {"store": store, "experiment": "churn é", "description": "Who leaves?", "runs": [*runs]}, quiet(tmp_path)
    )


def found(store: str, tmp_path: Path, experiment: str = "churn é") -> RunsFound:
    return read({"store": store, "experiment": experiment, "page": None}, quiet(tmp_path))


@pytest.fixture(params=["database", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/a b.db" if request.param == "database" else (tmp_path / "store x").as_uri()


def test_a_run_comes_back_as_it_was_and_is_written_once(store: str, tmp_path: Path) -> None:
    run = a_run()
    first = mirrored(store, tmp_path, run)
    second = mirrored(store, tmp_path, run)
    back = found(store, tmp_path)

    assert (first["added"], first["metrics"], first["warnings"]) == (1, POINTS + 1, [])
    assert (second["added"], second["updated"], second["unchanged"], second["metrics"]) == (0, 0, 1, 0)
    assert back["description"] == "Who leaves?"
    (one,) = back["runs"]
    assert {**one, "metrics": sorted(one["metrics"], key=in_order), "source": None} == {
        **run,
        "metrics": sorted(run["metrics"], key=in_order),
        "inputs": one["inputs"],
    }
    assert sorted(one["inputs"], key=json.dumps) == sorted(run["inputs"], key=json.dumps)


def test_mlflow_itself_reads_the_same(store: str, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    mirrored(store, tmp_path, a_run(status="CANCELLED"))
    client = MlflowClient(store)
    experiment = client.get_experiment_by_name("churn é")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id], "metrics.loss < 1 and tags.stage = 'candidate'")
    history = client.get_metric_history(run.info.run_id, "loss")

    assert (run.info.status, run.info.start_time, run.info.end_time) == ("KILLED", 1_700_000_000_123, 1_700_000_060_456)
    assert sorted((m.step, m.timestamp, m.value) for m in history) == [
        (step, 1_700_000_000_200 + step, 1 / (step + 3)) for step in range(POINTS)
    ]
    assert run.data.params["p7"] == "7"
    assert run.data.metrics[fitting("recall[>50K]")] == 0.1 + 0.2
    inputs = run.inputs.dataset_inputs if run.inputs else []
    assert {(one.dataset.name, one.dataset.digest) for one in inputs} == {
        ("people", "ab" * 18),
        ("people.csv", "unhashed"),
    }


def test_a_run_still_going_on_gains_what_is_new(store: str, tmp_path: Path) -> None:
    run = a_run()
    early = a_run(status="RUNNING", ended=None, metrics=run["metrics"][:100], params={"p1": "1"})
    mirrored(store, tmp_path, early)
    later = mirrored(store, tmp_path, run)
    (one,) = found(store, tmp_path)["runs"]

    assert (later["added"], later["updated"], later["metrics"]) == (0, 1, POINTS + 1 - 100)
    assert (one["status"], one["ended"], len(one["metrics"])) == ("FINISHED", run["ended"], POINTS + 1)


def test_what_broke_off_is_finished_and_nothing_is_twice(store: str, tmp_path: Path) -> None:
    """As a kill leaves it: values there, but not the tag that says how many."""
    from mlflow import MlflowClient

    mirrored(store, tmp_path, a_run(metrics=a_run()["metrics"][:10]))
    client = MlflowClient(store)
    experiment = client.get_experiment_by_name("churn é")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    client.delete_tag(run.info.run_id, "ml_engine.points")
    again = mirrored(store, tmp_path, a_run())

    assert again["metrics"] == POINTS + 1 - 10
    assert len(client.get_metric_history(run.info.run_id, "loss")) == POINTS


def test_foreign_runs_keep_their_ids_and_lose_only_what_is_not_finite(store: str, tmp_path: Path) -> None:
    from mlflow import MlflowClient
    from mlflow.entities import Metric

    mirrored(store, tmp_path)
    client = MlflowClient(store)
    made = client.create_experiment("theirs")
    parent = client.create_run(made, run_name="outer", start_time=5)
    child = client.create_run(
        made, run_name="inner", tags={"mlflow.parentRunId": parent.info.run_id, "mlflow.user": "ann"}
    )
    client.log_batch(child.info.run_id, [Metric("loss", float("nan"), 1, 0), Metric("loss", 0.5, 2, 1)])
    client.set_terminated(child.info.run_id, "FAILED", 99)
    back = found(store, tmp_path, "theirs")
    runs = {run["name"]: run for run in back["runs"]}

    assert runs["outer"]["status"] == "RUNNING"
    assert runs["inner"]["parent"] == runs["outer"]["id"] == parent.info.run_id
    assert (runs["inner"]["status"], runs["inner"]["tool"]) == ("FAILED", "mlflow")
    assert runs["inner"]["metrics"] == [{"key": "loss", "step": 1, "time": 2, "value": 0.5}]
    assert back["warnings"] == [f"Run {child.info.run_id}: 1 values that are not finite are left out."]


def test_a_run_deleted_there_stays_deleted(store: str, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    mirrored(store, tmp_path, a_run())
    client = MlflowClient(store)
    experiment = client.get_experiment_by_name("churn é")
    assert experiment is not None
    client.delete_run(client.search_runs([experiment.experiment_id])[0].info.run_id)

    assert mirrored(store, tmp_path, a_run())["warnings"] == [
        "Run 0123456789abcdef0123 was deleted in the store and is left so."
    ]
    client.delete_experiment(experiment.experiment_id)
    with pytest.raises(OpError, match=r"experiment: `churn é` was deleted in the store"):
        mirrored(store, tmp_path, a_run())


def test_what_is_too_long_is_cut_and_said(tmp_path: Path) -> None:
    done = mirrored(f"sqlite:///{tmp_path}/a.db", tmp_path, a_run(params={"space": "x" * 7000}))
    assert done["warnings"] == [
        "0123456789abcdef0123: param `space` has 7000 characters; MLflow takes 6000, the rest is left out."
    ]


def test_names_of_keys_fit_and_stay_apart() -> None:
    odd = ["a[1]", "a(1)", "../a", "/a", "a//b", ".", "", "x" * 300, "x" * 301]
    assert [fitting(key) for key in ("fold/roc_auc", "a b", "recall.é")] == ["fold/roc_auc", "a b", "recall.é"]
    assert len({fitting(key) for key in odd}) == len(odd)
    assert all(fitting(fitting(key)) == fitting(key) for key in odd)


def refused(store: str, tmp_path: Path, experiment: str = "churn é") -> OpError:
    with pytest.raises(OpError) as error:
        found(store, tmp_path, experiment)
    return error.value


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
