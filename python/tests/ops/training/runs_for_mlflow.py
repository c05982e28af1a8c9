"""A run, and the ways to and from a store."""

from pathlib import Path
from typing import Any

import pytest

from ml_engine.contract.training import CarriedRun, RunPoint, RunsFound, RunsWritten
from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.mlflow_runs.reading import read
from ml_engine.mlflow_runs.writing import write

POINTS = 2345


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


def refused(store: str, tmp_path: Path, experiment: str = "churn é") -> OpError:
    with pytest.raises(OpError) as error:
        found(store, tmp_path, experiment)
    return error.value
