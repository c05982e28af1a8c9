"""What every task of training answers, and how it is registered: each gives what it knows, the rest is empty."""

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import polars as pl
from sklearn.utils._param_validation import InvalidParameterError
from threadpoolctl import threadpool_limits

from ml_engine.boosters import threads_for
from ml_engine.contract.manifest import Artifact
from ml_engine.contract.training import Candidate, TrainParams, TrainResult
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.metrics import Scores, better
from ml_engine.names import nearest
from ml_engine.pipelines import build, single_threaded
from ml_engine.posed import Posed
from ml_engine.registration import model_name, stage_rows

AUTO_SECONDS = 15
T = TypeVar("T")


@dataclass(frozen=True)
class Outcome:
    """A fitted model of a task, its scores, and what to say of it."""

    estimator: Any
    family: str
    framework: str
    model_type: str
    metric: str
    metrics: Scores
    spread: Scores
    baseline: Scores
    folds: dict[str, Any]
    settings: dict[str, Any]
    candidates: list[Candidate]
    extra: dict[str, Any]
    """Fields of the result that only this task has."""
    manifest: dict[str, Any]
    """Fields of the manifest beyond those of every model."""


def require_family(task: str, family: str, families: dict[str, Any]) -> None:
    """Checks that the task has the family.

    Raises:
        OpError: `invalid_input` with the nearest one and all there are.
    """
    if family == "auto" or family in families:
        return
    guess = nearest(family, families)
    raise OpError(
        "invalid_input",
        f"family: no family `{family}` for {task}" + (f"; did you mean `{guess}`?" if guess else "."),
        f"Families: auto, {', '.join(families)}.",
    )


def require_settings(family: str, given: dict[str, Any], known: dict[str, Any]) -> None:
    """Checks that the family has every setting given.

    Raises:
        OpError: `invalid_input` with the nearest one and all there are.
    """
    for name in given:
        if name not in known:
            guess = nearest(name, known)
            raise OpError(
                "invalid_input",
                f"params: {family} has no setting `{name}`" + (f"; did you mean `{guess}`?" if guess else "."),
                f"Settings: {', '.join(sorted(known))}.",
            )


def require_plain(params: TrainParams, task: str, taken: set[str]) -> None:
    """Checks that no field is given that the task does not take.

    Raises:
        OpError: `invalid_input`, naming it.
    """
    given = {
        "balanced": params["balanced"],
        "calibration": params["calibration"] != "none",
        "positive": "positive" in params,
        "group": "group" in params,
        "time": "time" in params,
        "horizon": "horizon" in params,
        "callbacks": "callbacks" in params,
        "onnx": params["onnx"],
        "include": "include" in params,
    }
    for name, there in given.items():
        if there and name not in taken:
            raise OpError("invalid_input", f"{name}: it means nothing for {task}.", "Leave it out.")


def unsupervised_pipeline(posed: Posed, estimator: Any, seed: int, supervised: bool = False) -> Any:
    """An unfitted pipeline `read` -> `encode` -> `model` over the posed rows' columns."""
    return build(
        estimator,
        "native" if supervised else "scaled",
        numeric=posed.named("numeric"),
        categories=posed.categories,
        dates=posed.named("date"),
        seed=seed,
        classification=False,
        supervised=supervised,
    )


def guarded(fitting: Callable[[], T], rows: int) -> T:
    """Runs a fit with threads for so many rows; a setting that the estimator refuses is the caller's error."""
    with threadpool_limits(threads_for(rows)), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            fitted = fitting()
        except InvalidParameterError as error:
            raise OpError("invalid_input", f"params: {str(error)[:300]}") from error
    single_threaded(fitted)
    return fitted


def decided(job: Job, task: str, metric: str, candidates: list[Candidate], rationale: str) -> list[Candidate]:
    """The candidates best first, the choice recorded."""
    ranked = sorted(
        candidates,
        key=lambda one: -np.inf if one["score"] is None else better(metric, one["score"]),
        reverse=True,
    )
    job.decide(
        {
            "type": "ModelSelection",
            "selected": ranked[0]["family"],
            "task": task,
            "alternatives": [{"name": one["family"], "score": one["score"]} for one in ranked],
            "rationale": rationale,
        }
    )
    return ranked


def rows_file(job: Job, columns: dict[str, Any], title: str) -> Artifact:
    """Writes a value a row as a Parquet file for people and other tools."""
    path, artifact = job.artifact("rows.parquet", title)
    pl.DataFrame(columns).write_parquet(path)
    return artifact


def answer(
    params: TrainParams, job: Job, posed: Posed, task: Any, outcome: Outcome, *, started: float, warn: bool = True
) -> TrainResult:
    """Registers the model, logs its run, and answers with what there is to know of it."""
    name, base = outcome.metric, outcome.baseline
    if (
        warn
        and name in outcome.metrics
        and name in base
        and better(name, outcome.metrics[name]) <= better(name, base[name])
    ):
        posed.warnings.append(
            f"The model is no better than the baseline by {name} "
            f"({outcome.metrics[name]:.4g} against {base[name]:.4g})."
        )
    job.params(
        {
            "family": outcome.family,
            "task": task,
            "target": posed.target,
            "rows": posed.rows,
            "features": len(posed.signature),
            "seed": params["seed"],
        }
    )
    plain = {k: v for k, v in outcome.settings.items() if v is None or isinstance(v, str | int | float | bool)}
    job.params({f"param/{key}": value for key, value in plain.items()})
    job.metrics(outcome.metrics)
    job.metrics({f"baseline/{key}": value for key, value in base.items()})
    manifest = {"classes": [], "positive": None, **outcome.manifest}
    staged = stage_rows(
        job,
        posed,
        outcome.estimator,
        name=params.get("model_name") or model_name(posed, outcome.family),
        family=outcome.family,
        params=outcome.settings,
        metrics=outcome.metrics,
        seed=params["seed"],
        calibrator=None,
        task=task,
        framework=outcome.framework,
        model_type=outcome.model_type,
        **manifest,
    )
    job.progress(100, 100, "done")
    result: Any = {
        "run_id": job.id,
        "model": str(Path(staged)),
        "task": task,
        "target": posed.target or None,
        "family": outcome.family,
        "framework": outcome.framework,
        "model_type": outcome.model_type,
        "metric": outcome.metric,
        "metrics": outcome.metrics,
        "metrics_sd": outcome.spread,
        "baseline": {key: value for key, value in base.items() if key in outcome.metrics},
        "folds": outcome.folds,
        "candidates": outcome.candidates,
        "classes": [],
        "positive": None,
        "rows": {"given": posed.given, "used": posed.rows, "dropped": posed.given - posed.rows},
        "features": [schema["name"] for schema in posed.signature][:200],
        "left_out": [{"column": one["column"], "reason": one["reason"]} for one in posed.left_out[:50]],
        "params": outcome.settings,
        "calibration": None,
        "sizes": {},
        "forecast": [],
        "onnx": None,
        "rows_file": None,
        "report": None,
        "seconds": round(time.monotonic() - started, 3),
        "notes": posed.notes,
        "warnings": posed.warnings,
        **outcome.extra,
    }
    return result
