"""What a trained pipeline is registered as."""

import re
from typing import Any

import numpy as np

from ml_engine.blended import BLEND
from ml_engine.calibration import Calibrator
from ml_engine.families import FAMILIES
from ml_engine.frames import row_prints
from ml_engine.job import Job
from ml_engine.metrics import Scores
from ml_engine.models import stage_model
from ml_engine.posed import Posed
from ml_engine.problem import Problem
from ml_engine.shift import summarise


def model_name(posed: Posed, family: str) -> str:
    """`loans-default-lightgbm`, made of what a name may hold."""
    stem = posed.table.name.partition("@")[0].partition(".")[0]
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", "-".join(filter(None, [stem, posed.target, family]))).strip("-")
    return (plain if plain[:1].isalpha() else f"m-{plain}")[:64].rstrip("-")


def framework_and_type(pipeline: Any, family: str) -> tuple[str, str]:
    """The library, and the class that a user of it would name."""
    if family == BLEND:
        return "ml-engine", type(pipeline[-1]).__name__
    framework = FAMILIES[family].framework
    last = pipeline[-1]
    if framework == "scikit-learn":
        inner = getattr(last, "regressor", getattr(last, "estimator", last) if family == "svm" else last)
        return framework, type(inner[-1] if hasattr(inner, "steps") else inner).__name__
    if framework == "torch":
        return framework, type(last.booster_).__name__
    prefix = {"lightgbm": "LGBM", "xgboost": "XGB", "catboost": "CatBoost"}[framework]
    return framework, prefix + ("Classifier" if hasattr(last, "classes_") else "Regressor")


def stage(
    job: Job,
    problem: Problem,
    pipeline: Any,
    *,
    name: str,
    family: str,
    params: dict[str, Any],
    metrics: Scores,
    seed: int,
    **kept: Any,
) -> str:
    """Writes the fitted pipeline as a model folder with what the problem knows; answers its absolute path.

    Args:
        kept: `calibrator`, and files to keep `beside`, as `stage_model` takes them.
    """
    framework, model_type = framework_and_type(pipeline, family)
    return stage_rows(
        job,
        problem,
        pipeline,
        name=name,
        task=problem.task,
        classes=problem.classes,
        positive=None if problem.positive is None else problem.classes[problem.positive],
        framework=framework,
        model_type=model_type,
        family=family,
        params=params,
        metrics=metrics,
        seed=seed,
        **kept,
    )


def stage_rows(
    job: Job, posed: Posed, estimator: Any, *, name: str, calibrator: Calibrator | None, **manifest: Any
) -> str:
    """Writes what was fitted as a model folder with what is known of its rows; answers its absolute path.

    Args:
        manifest: Fields of `ModelManifest` that the rows do not tell.
    """
    return stage_model(
        job,
        name=name,
        estimator=estimator,
        calibrator=calibrator,
        training_rows=row_prints(posed.features) if posed.signature else np.zeros(0, dtype=np.uint64),
        reference=summarise(posed.features),
        target=posed.target,
        signature=posed.signature,
        example=[_plain(row) for row in posed.features.head(3).to_dict("records")],
        run_id=job.id,
        dataset=posed.table.name,
        dataset_hash=posed.table.hash,
        rows=posed.rows,
        pipeline=posed.table.pipeline,
        **manifest,
    )


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    """A row of features as JSON values."""
    return {str(name): _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    if value is None or isinstance(value, str | int | bool):
        return value
    return None if str(value) == "NaT" else str(value)
