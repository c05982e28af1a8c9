"""Runs to and from real MLflow stores, a database and a folder."""

import json
from pathlib import Path

import pytest

from ml_engine.errors import OpError
from ml_engine.mlflow_runs.names import fitting

from .runs_for_mlflow import POINTS, a_run, found, in_order, mirrored

pytestmark = pytest.mark.usefixtures("own_environment")


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


def test_a_run_that_came_from_the_store_is_left_to_it(store: str, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    mirrored(store, tmp_path)
    client = MlflowClient(store)
    experiment = client.get_experiment_by_name("churn é")
    assert experiment is not None
    theirs = client.create_run(experiment.experiment_id, tags={"team": "a"})
    done = mirrored(store, tmp_path, a_run(id=theirs.info.run_id))

    assert (done["added"], done["updated"], done["unchanged"]) == (0, 0, 1)
    assert client.get_run(theirs.info.run_id).data.to_dictionary() == theirs.data.to_dictionary()


def test_a_parameter_that_changed_is_said(store: str, tmp_path: Path) -> None:
    mirrored(store, tmp_path, a_run(params={"depth": "3"}))
    assert mirrored(store, tmp_path, a_run(params={"depth": "4"}))["warnings"] == [
        "0123456789abcdef0123: param `depth` has another value there, which MLflow does not let change."
    ]


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
