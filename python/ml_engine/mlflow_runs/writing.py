"""Writes runs of the workspace to an MLflow store, each once."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from ml_engine.contract.training import CarriedRun, RunInput, RunsToWrite, RunsWritten
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.mlflow_runs import names
from ml_engine.mlflow_runs.opening import opened

T = TypeVar("T")
METRICS = 1000
TEXTS = 20
"""Entries a request: MLflow takes 1000 metrics, and 100 parameters and 100 tags within a megabyte."""

MLFLOW_ID = 32


def write(wanted: RunsToWrite, job: Job) -> RunsWritten:
    """Adds what the store lacks of the runs; one deleted there stays so, one that came from there is left to it."""
    done: RunsWritten = {"added": 0, "updated": 0, "unchanged": 0, "metrics": 0, "warnings": []}
    with opened(wanted["store"], job.folder, reading=False) as client:
        experiment = _experiment(client, wanted["experiment"], wanted["description"])
        for run in wanted["runs"]:
            found = _find(client, experiment, run["id"])
            if found is not None and found.info.lifecycle_stage == "deleted":
                done["unchanged"] += 1
                done["warnings"].append(f"Run {run['id']} was deleted in the store and is left so.")
                continue
            if found is not None and names.RUN not in found.data.tags:
                done["unchanged"] += 1
                continue
            there = found if found is not None else _create(client, experiment, run)
            changed, points = _fill(client, experiment, there, run, done["warnings"], fresh=found is None)
            done["metrics"] += points
            done["added" if found is None else "updated" if changed else "unchanged"] += 1
    return done


def _experiment(client: Any, name: str, description: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is None:
        made = str(client.create_experiment(name))
        if description:
            client.set_experiment_tag(made, names.NOTE, description)
        return made
    if found.lifecycle_stage == "deleted":
        raise OpError(
            "conflict",
            f"experiment: `{name}` was deleted in the store.",
            f"Run `mlflow experiments restore -x {found.experiment_id}` on it, or delete it for good with `mlflow gc`.",
        )
    if description and found.tags.get(names.NOTE) != description:
        client.set_experiment_tag(found.experiment_id, names.NOTE, description)
    return str(found.experiment_id)


def _find(client: Any, experiment: str, run: str) -> Any:
    """The run that carries our id as a tag, or that has it as its own, where it was imported from this store."""
    from mlflow.entities import ViewType

    own = [f"attributes.run_id = '{run}'"] if len(run) == MLFLOW_ID else []
    for condition in (f"tags.`{names.RUN}` = '{run}'", *own):
        found = client.search_runs([experiment], condition, ViewType.ALL, max_results=1)
        if found:
            return found[0]
    return None


def _create(client: Any, experiment: str, run: CarriedRun) -> Any:
    tags = {names.RUN: run["id"], names.SOURCE["name"]: run["tool"], names.SOURCE["type"]: "LOCAL"}
    return client.create_run(experiment, start_time=run["started"], tags=tags, run_name=run["name"])


def _fill(
    client: Any, experiment: str, there: Any, run: CarriedRun, warnings: list[str], *, fresh: bool
) -> tuple[bool, int]:
    """Whether anything was new, and how many values of metrics."""
    from mlflow.entities import Metric, Param, RunTag

    run_id = there.info.run_id
    data = there.data
    keys = {
        name: key for key in (*run["params"], *run["tags"], *_metric_keys(run)) if (name := names.fitting(key)) != key
    }
    params = {
        names.fitting(key): _cut(value, names.LONGEST_PARAM, f"{run['id']}: param `{key}`", warnings)
        for key, value in run["params"].items()
    }
    lacking = [Param(key, value) for key, value in params.items() if key not in data.params]
    tags = {
        names.fitting(key): _cut(value, names.LONGEST_TAG, f"{run['id']}: tag `{key}`", warnings)
        for key, value in (run["tags"] | _our_tags(client, experiment, run, keys)).items()
    }
    warnings += [
        f"{run['id']}: param `{key}` has another value there, which MLflow does not let change."
        for key, value in params.items()
        if data.params.get(key, value) != value
    ]
    new_tags = [RunTag(key, value) for key, value in tags.items() if data.tags.get(key) != value]
    points = (
        [] if data.tags.get(names.POINTS) == str(len(run["metrics"])) else _lacking(client, run_id, run, fresh=fresh)
    )
    inputs = _log_inputs(client, there, run["inputs"])
    for params_batch in _batches(lacking, TEXTS):
        client.log_batch(run_id, params=params_batch)
    for tags_batch in _batches(new_tags, TEXTS):
        client.log_batch(run_id, tags=tags_batch)
    for metrics_batch in _batches(points, METRICS):
        client.log_batch(run_id, metrics=[Metric(key, value, time, step) for key, step, time, value in metrics_batch])
    if data.tags.get(names.POINTS) != str(len(run["metrics"])):
        client.set_tag(run_id, names.POINTS, str(len(run["metrics"])))
    status = names.TO_MLFLOW[run["status"]]
    ended = (there.info.status, there.info.end_time) != (status, run["ended"])
    if ended and run["ended"] is not None:
        client.set_terminated(run_id, status, run["ended"])
    elif ended:
        client.update_run(run_id, status)
    return bool(lacking or new_tags or points or inputs or ended), len(points)


def _our_tags(client: Any, experiment: str, run: CarriedRun, keys: dict[str, str]) -> dict[str, str]:
    tags = {names.RUN: run["id"], names.TOOL: run["tool"], names.INFO: run["info"]}
    if keys:
        tags[names.NAMES] = json.dumps(keys, ensure_ascii=False)
    if run["note"]:
        tags[names.NOTE] = run["note"]
    if run["parent"] is not None and (parent := _find(client, experiment, run["parent"])) is not None:
        tags[names.PARENT] = parent.info.run_id
    return tags


def _metric_keys(run: CarriedRun) -> set[str]:
    return {point["key"] for point in run["metrics"]}


def _lacking(client: Any, run_id: str, run: CarriedRun, *, fresh: bool) -> list[tuple[str, int, int, float]]:
    """What the store has not: values of a run that is still going on, or whose mirroring broke off."""
    points = [(names.fitting(p["key"]), p["step"], p["time"], float(p["value"])) for p in run["metrics"]]
    if fresh:
        return points
    known = {
        (metric.key, metric.step, metric.timestamp, metric.value)
        for key in {point[0] for point in points}
        for metric in client.get_metric_history(run_id, key)
    }
    return [point for point in points if point not in known]


def _log_inputs(client: Any, there: Any, inputs: list[RunInput]) -> int:
    from mlflow.entities import Dataset, DatasetInput, InputTag

    known = {(one.dataset.name, one.dataset.digest) for one in there.inputs.dataset_inputs} if there.inputs else set()
    new = [
        DatasetInput(
            Dataset(name=one["name"][:500], digest=_digest(one), source_type="ml_engine", source=json.dumps(one)),
            [InputTag("mlflow.data.context", "training")],
        )
        for one in inputs
        if (one["name"][:500], _digest(one)) not in known
    ]
    if new:
        client.log_inputs(there.info.run_id, new)
    return len(new)


def _digest(one: RunInput) -> str:
    """As much of the hash as MLflow keeps; a plain file was not hashed. The whole lies in the dataset's source."""
    return (one["hash"] or "unhashed")[: names.DIGEST]


def _cut(value: str, longest: int, what: str, warnings: list[str]) -> str:
    if len(value) <= longest:
        return value
    warnings.append(f"{what} has {len(value)} characters; MLflow takes {longest}, the rest is left out.")
    return value[:longest]


def _batches(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
