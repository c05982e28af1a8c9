"""Train a model, cross-validated beside a baseline, and stage it for the registry."""

import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, cast

from ml_engine.blended import BLEND
from ml_engine.boosters import MOST_ROUNDS, Boosted
from ml_engine.calibrating import calibrate
from ml_engine.callbacks import declared
from ml_engine.checkpoints import Book, RoundKeeper, open_book
from ml_engine.contract.training import Artifact, TrainParams, TrainResult
from ml_engine.crossval import baseline, final_params, fit, pipeline_for, validate
from ml_engine.folds import plan
from ml_engine.job import Job
from ml_engine.leakage import suspects
from ml_engine.metrics import Scores, better, summary
from ml_engine.onnx_files import FAMILIES as ONNX_FAMILIES
from ml_engine.onnx_files import Converted, converted
from ml_engine.problem import Problem, pose
from ml_engine.registration import framework_and_type, model_name, stage
from ml_engine.reporting.training import render_training
from ml_engine.selection import AUTO_SECONDS, Choice, choose
from ml_engine.sense import require_sense
from ml_engine.tables import read_table
from ml_engine.tasks.table import TRAINERS


def train(params: TrainParams, job: Job) -> TrainResult:
    if params["task"] in TRAINERS:
        return TRAINERS[params["task"]](params, job)
    return train_supervised(params, job)


def train_supervised(params: TrainParams, job: Job) -> TrainResult:
    started = time.monotonic()
    seed = params["seed"]
    budget = params.get("time_budget_seconds", AUTO_SECONDS if params["family"] == "auto" else float("inf"))
    deadline = started + budget
    problem = pose(read_table(params["dataset"]), params)
    require_sense(params, problem)
    job.progress(0, 100, "checking for leakage")
    problem.warnings.extend(suspects(problem, seed))
    with open_book(job, "training.train", params, problem.table.hash, problem.warnings) as book:
        return _trained(problem, params, job, book, started, deadline)


def _trained(
    problem: Problem,
    params: TrainParams,
    job: Job,
    book: Book,
    started: float,
    deadline: float,
) -> TrainResult:
    seed, balanced = params["seed"], params["balanced"]
    callbacks = declared(cast(Any, params.get("callbacks", {})), params["params"].get("n_estimators") or MOST_ROUNDS)
    folds = plan(problem, params["folds"], seed)
    base = baseline(problem, folds)
    chosen = remembered(book, lambda: choose(problem, folds, params, deadline, job))
    family = chosen.family
    job.params(
        {
            "family": family,
            "task": problem.task,
            "target": problem.target,
            "folds": len(folds.splits),
            "rows": problem.rows,
            "features": len(problem.signature),
            "seed": seed,
            "balanced": params["balanced"],
            "calibration": params["calibration"],
        }
    )

    def heard(number: int, scores: Scores) -> None:
        job.metrics({f"fold/{name}": value for name, value in scores.items()}, step=number)
        job.progress(40 + 45 * number / len(folds.splits), 100, f"{family}: fold {number} of {len(folds.splits)}")

    def heard_round(number: int, rounds: int) -> None:
        job.progress(88 + 8 * number / rounds, 100, f"{family}: round {number} of {rounds}")

    cross = validate(
        problem,
        folds,
        lambda: pipeline_for(problem, family, chosen.params, seed, balanced, refit=False, callbacks=callbacks),
        heard,
        deadline,
        book,
    )
    done, planned = len(cross.scores), len(folds.splits)
    if done < planned:
        problem.warnings.append(f"time_budget_seconds ran out after {done} of {planned} folds.")
    calibrated = calibrate(problem, cross, params["calibration"])
    job.progress(88, 100, f"{family}: fitting on all rows")
    pipeline = pipeline_for(problem, family, final_params(chosen.params, cross), seed, balanced, callbacks=callbacks)
    if hasattr(pipeline[-1], "on_round"):
        pipeline[-1].on_round = heard_round
    keep_rounds(pipeline, book, params.get("checkpoint_every"), problem)
    fit(pipeline, problem)
    onnx = as_onnx(params, problem, pipeline, family)
    metrics, spread = summary(calibrated.scores)
    compare_with_baseline(problem, metrics, base.mean)
    job.metrics(metrics)
    job.metrics({f"baseline/{name}": value for name, value in base.mean.items()})
    framework, model_type = framework_and_type(pipeline, family)
    settings = described(pipeline, family, chosen.params)
    job.params(
        {
            f"param/{name}": value
            for name, value in settings.items()
            if value is None or isinstance(value, str | int | float | bool)
        }
    )
    name = params.get("model_name") or model_name(problem, family)
    report = render_training(
        problem,
        replace(cross, scores=calibrated.scores),
        name=name,
        family=family,
        model_type=model_type,
        metrics=metrics,
        spread=spread,
        baseline=base.mean,
        settings=settings,
        candidates=chosen.candidates,
    )
    staged = stage(
        job,
        problem,
        pipeline,
        name=name,
        family=family,
        params=settings,
        metrics=metrics,
        seed=seed,
        calibrator=calibrated.calibrator,
        beside=onnx.files if onnx else None,
    )
    book.close(keep="checkpoint_every" in params)
    job.progress(100, 100, "done")
    return {
        "run_id": job.id,
        "model": staged,
        "task": problem.task,
        "target": problem.target,
        "family": family,
        "framework": framework,
        "model_type": model_type,
        "metric": problem.metric,
        "metrics": metrics,
        "metrics_sd": spread,
        "baseline": {key: value for key, value in base.mean.items() if key in metrics},
        "folds": {"scheme": folds.scheme, "planned": planned, "done": done},
        "candidates": chosen.candidates,
        "classes": problem.classes[:50],
        "positive": None if problem.positive is None else problem.classes[problem.positive],
        "rows": {"given": problem.given, "used": problem.rows, "dropped": problem.given - problem.rows},
        "features": [schema["name"] for schema in problem.signature][:200],
        "left_out": [{"column": one["column"], "reason": one["reason"]} for one in problem.left_out[:50]],
        "params": settings,
        "calibration": calibrated.report,
        "sizes": {},
        "forecast": [],
        "onnx": onnx.report if onnx else None,
        "rows_file": None,
        "report": page_of(job, name, report),
        "seconds": round(time.monotonic() - started, 3),
        "notes": problem.notes,
        "warnings": problem.warnings,
    }


def page_of(job: Job, name: str, content: str) -> Artifact:
    """The page for a person, as an artifact."""
    path, artifact = job.artifact(f"{name}.html", f"Report of {name}")
    path.write_text(content, encoding="utf-8")
    return {"path": artifact["path"], "uri": artifact["uri"], "title": artifact["title"]}


def remembered(book: Book, choosing: Callable[[], Choice]) -> Choice:
    """The choice that was made before the call broke off, or one made now."""
    step = book.recall("choice")
    if step is not None:
        return Choice(**step.facts)
    choice = choosing()
    book.keep("choice", asdict(choice))
    return choice


def keep_rounds(pipeline: Any, book: Book, every: int | None, problem: Problem) -> None:
    """Has the fit on all rows kept every so many rounds, where the family is fitted round by round."""
    if every is None:
        return
    if isinstance(pipeline[-1], Boosted) and not (pipeline[-1].callbacks or {}).get("learning_rate"):
        pipeline[-1].keeper = RoundKeeper(book, every)
    else:
        problem.warnings.append("checkpoint_every: this fit cannot be kept half done; its folds are.")


def as_onnx(params: TrainParams, problem: Problem, pipeline: Any, family: str) -> Converted | None:
    """The model as ONNX where it was asked for; a warning where it cannot be."""
    if not params["onnx"]:
        return None
    found = f"{family} cannot be converted." if family not in ONNX_FAMILIES else converted(pipeline, problem.features)
    if isinstance(found, str):
        problem.warnings.append(f"Not saved as ONNX: {found}")
        return None
    problem.notes.append(
        "model.onnx takes the encoded columns that onnx.json names; encode.skops or model.skops makes them."
    )
    return found


def compare_with_baseline(problem: Problem, metrics: Scores, base: Scores) -> None:
    """Warns where the model has learnt nothing."""
    name = problem.metric
    if name in metrics and name in base and better(name, metrics[name]) <= better(name, base[name]):
        problem.warnings.append(
            f"The model is no better than the baseline by {name} ({metrics[name]:.4g} against {base[name]:.4g})."
        )


def described(pipeline: Any, family: str, given: dict[str, Any]) -> dict[str, Any]:
    """The settings that were used and differ from the estimator's own defaults, as JSON values."""
    last = pipeline[-1]
    if family == BLEND:
        parts = zip(given["members"], last.fitted_, strict=True)
        return {"members": [{**one, "params": described(part, one["family"], one["params"])} for one, part in parts]}
    rounds = getattr(last, "rounds_", None)
    if rounds is not None:
        return {"learning_rate": 0.1, **given, "n_estimators": rounds}
    if family == "svm":
        return dict(given)
    core = getattr(last, "regressor", last)
    defaults = type(core)().get_params(deep=False)
    used = core.get_params(deep=False)
    changed = {
        key: value for key, value in used.items() if key not in {"random_state", "n_jobs"} and value != defaults[key]
    }
    return {key: list(value) if isinstance(value, tuple) else value for key, value in changed.items()}
