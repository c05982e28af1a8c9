"""Reads the runs of one experiment of an MLflow store."""

import json
import math
import re
from difflib import get_close_matches
from typing import Any, cast

from ml_engine.contract.training import CarriedRun, RunInput, RunPoint, RunsFound, RunsToRead
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.mlflow_runs import names
from ml_engine.mlflow_runs.opening import opened

PAGE = 20
MOST_RUNS = 100
MOST_POINTS = 20_000
FROM_MLFLOW = {"FINISHED": "FINISHED", "FAILED": "FAILED", "KILLED": "CANCELLED"}
OUR_ID = re.compile(r"[0-9a-f]{20}|[0-9a-f]{32}")
AN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""Ids become names of folders, and a server may say anything."""

UNSAID = {names.NOTE, names.PARENT, names.NAME}
"""Tags that are fields of a run here."""


def read(wanted: RunsToRead, job: Job) -> RunsFound:
    """Runs from `page` on, with all they logged, until they are many; `next_page` is where to go on."""
    with opened(wanted["store"], job.folder, reading=True) as client:
        experiment = client.get_experiment_by_name(wanted["experiment"])
        if experiment is None or experiment.lifecycle_stage == "deleted":
            raise _absent(client, wanted["experiment"])
        runs: list[CarriedRun] = []
        warnings: list[str] = []
        page = wanted["page"]
        while True:
            found = client.search_runs(
                [experiment.experiment_id], max_results=PAGE, order_by=["attributes.start_time ASC"], page_token=page
            )
            for run in found:
                if AN_ID.fullmatch(run.info.run_id):
                    runs.append(_carried(client, run, warnings))
                else:
                    warnings.append("A run whose id is not letters, digits, `-` and `_`, at most 64, is left out.")
            # A database answers with bytes, a server with text.
            page = (found.token.decode() if isinstance(found.token, bytes) else found.token) or None
            points = sum(len(run["metrics"]) for run in runs)
            if page is None or points >= MOST_POINTS or len(runs) >= MOST_RUNS:
                break
        return {
            "description": experiment.tags.get(names.NOTE, ""),
            "runs": runs,
            "next_page": page,
            "warnings": warnings,
        }


def _absent(client: Any, name: str) -> OpError:
    known = [experiment.name for experiment in client.search_experiments(max_results=200)]
    near = get_close_matches(name, known, 1)
    guess = f"; did you mean `{near[0]}`?" if near else "."
    there = f"There are: {', '.join(known[:10])}." if known else "The store has none."
    return OpError("not_found", f"experiment: the store has no experiment `{name}`{guess}", there)


def _carried(client: Any, run: Any, warnings: list[str]) -> CarriedRun:
    info, tags = run.info, dict(run.data.tags)
    ours = names.RUN in tags
    original = _object(tags.get(names.NAMES)) if ours else {}
    metrics: list[RunPoint] = []
    unfit = 0
    for key in run.data.metrics:
        for metric in client.get_metric_history(info.run_id, key):
            if math.isfinite(metric.value):
                name = str(original.get(key, key))
                metrics.append({"key": name, "step": metric.step, "time": metric.timestamp, "value": metric.value})
            else:
                unfit += 1
    if unfit:
        warnings.append(f"Run {info.run_id}: {unfit} values that are not finite are left out.")
    left_out = UNSAID | (set(names.SOURCE.values()) if ours else set())
    return {
        "id": _id(tags, info.run_id),
        "source": info.run_id,
        "name": info.run_name or info.run_id,
        "tool": tags.get(names.TOOL, "mlflow"),
        "status": cast(Any, FROM_MLFLOW.get(info.status, "RUNNING")),
        "started": info.start_time or 0,
        "ended": info.end_time,
        "parent": _parent(client, tags.get(names.PARENT)),
        "note": tags.get(names.NOTE, ""),
        "params": {str(original.get(key, key)): value for key, value in run.data.params.items()},
        "tags": {
            str(original.get(key, key)): value
            for key, value in tags.items()
            if key not in left_out and not key.startswith(names.OURS)
        },
        "metrics": metrics,
        "inputs": [_input(one.dataset) for one in run.inputs.dataset_inputs] if run.inputs else [],
        "info": json.dumps(_object(tags.get(names.INFO))),
    }


def _id(tags: dict[str, str], run: str) -> str:
    """The id a run was mirrored under, so that it comes home as itself; any other keeps MLflow's."""
    ours = tags.get(names.RUN, "")
    return ours if OUR_ID.fullmatch(ours) else run


def _parent(client: Any, run: str | None) -> str | None:
    """A parent's id here; none where it is gone."""
    if run is None:
        return None
    from mlflow.exceptions import MlflowException

    try:
        return _id(client.get_run(run).data.tags, run)
    except MlflowException:
        return None


def _input(dataset: Any) -> RunInput:
    source = _object(dataset.source)
    version, digest = source.get("version"), source.get("hash")
    if dataset.source_type != "ml_engine":
        return {"kind": "dataset", "name": dataset.name, "version": None, "hash": dataset.digest}
    return {
        "kind": str(source.get("kind", "dataset")),
        "name": dataset.name,
        "version": version if isinstance(version, int) else None,
        "hash": digest if isinstance(digest, str) else None,
    }


def _object(text: str | None) -> dict[str, Any]:
    """A tag's JSON object; empty where it was cut or is none."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}
