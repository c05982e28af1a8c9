"""Search the settings of a family, fit the best on all rows, and stage it for the registry."""

import time

import optuna

from ml_engine.contract.training import SweepParams, SweepResult
from ml_engine.crossval import baseline, final_params, fit, pipeline_for
from ml_engine.errors import OpError
from ml_engine.estimator_settings import require_settings
from ml_engine.families import FAMILIES
from ml_engine.folds import plan
from ml_engine.job import Job
from ml_engine.leakage import suspects
from ml_engine.problem import Problem, pose
from ml_engine.registration import framework_and_type, model_name, stage
from ml_engine.search import Search, importance, planned, ranked, run, settings_of
from ml_engine.search_spaces import Space, default_space, require_space
from ml_engine.sweep_plots import history
from ml_engine.tables import read_table
from ml_engine.target import direction

TOP = 10


def sweep(params: SweepParams, job: Job) -> SweepResult:
    started = time.monotonic()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    problem = pose(read_table(params["dataset"]), params)
    family, seed = params["family"], params["seed"]
    space = chosen_space(params, problem)
    require_sense(params, problem, space)
    job.progress(0, 100, "checking for leakage")
    problem.warnings.extend(suspects(problem, seed))
    folds = plan(problem, params["folds"], seed)
    search = Search(problem, folds, family, params["params"], space, seed, params["balanced"])
    base = baseline(problem, folds)
    plain = search.validate({})
    job.params(
        {
            "family": family,
            "task": problem.task,
            "target": problem.target,
            "folds": len(folds.splits),
            "rows": problem.rows,
            "seed": seed,
            "sampler": params["sampler"],
            "pruner": params["pruner"],
            "metric": problem.metric,
        }
    )
    study, found = run(search, params, job, started)
    complete = ranked(study)
    best = complete[0]
    cross = found[best.number]
    job.progress(92, 100, "fitting the best on all rows")
    settings = final_params({**params["params"], **settings_of(best)}, cross)
    pipeline = fit(pipeline_for(problem, family, settings, seed, search.balanced), problem)
    weights, method = importance(study)
    job.metrics(cross.mean, step=len(study.trials))
    job.params(
        {
            f"param/{name}": value
            for name, value in settings.items()
            if value is None or isinstance(value, str | int | float | bool)
        }
    )
    judge(job, problem, family, complete)
    default_score = plain.mean.get(problem.metric)
    if default_score is not None and not is_better(problem.metric, float(best.value or 0.0), default_score):
        problem.warnings.append(
            f"No trial was better than the default settings ({problem.metric} {default_score:.4g}); "
            "more trials or another space may be."
        )
    framework, model_type = framework_and_type(pipeline, family)
    name = params.get("model_name") or model_name(problem, family)
    staged = stage(
        job,
        problem,
        pipeline,
        name=name,
        family=family,
        params=settings,
        metrics=cross.mean,
        seed=seed,
        calibrator=None,
    )
    plot = history(job, study, problem.metric, default_score, weights)
    counts = {state: sum(trial.state == state for trial in study.trials) for state in optuna.trial.TrialState}
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
        "direction": direction(problem.metric),
        "metrics": cross.mean,
        "metrics_sd": cross.sd,
        "baseline": {key: value for key, value in base.mean.items() if key in cross.mean},
        "default_score": default_score,
        "best": {"trial": best.number, "score": float(best.value or 0.0), "params": settings},
        "top": [
            {
                "trial": trial.number,
                "score": float(trial.value or 0.0),
                "sd": found[trial.number].sd.get(problem.metric, 0.0),
                "seconds": round(found[trial.number].seconds, 3),
                "params": settings_of(trial),
            }
            for trial in complete[:TOP]
        ],
        "trials": {
            "planned": planned(params, space),
            "complete": counts[optuna.trial.TrialState.COMPLETE],
            "pruned": counts[optuna.trial.TrialState.PRUNED],
            "failed": counts[optuna.trial.TrialState.FAIL],
        },
        "importance": weights,
        "importance_method": method,
        "rows": {"given": problem.given, "used": problem.rows, "dropped": problem.given - problem.rows},
        "left_out": [{"column": one["column"], "reason": one["reason"]} for one in problem.left_out[:50]],
        "plot": plot,
        "seconds": round(time.monotonic() - started, 3),
        "notes": problem.notes,
        "warnings": problem.warnings,
    }


def chosen_space(params: SweepParams, problem: Problem) -> Space:
    """The caller's space, or the family's without what the caller holds fixed."""
    given = params.get("space")
    if given is not None:
        return dict(given)
    whole = default_space(params["family"], problem.task, problem.rows)
    return {name: one for name, one in whole.items() if name not in params["params"]}


def require_sense(params: SweepParams, problem: Problem, space: Space) -> None:
    """Checks the fields that depend on each other.

    Raises:
        OpError: `invalid_input`, naming them.
    """
    require_space(space)
    family = params["family"]
    require_settings("params", family, problem.task, problem.rows, params["params"])
    require_settings("space", family, problem.task, problem.rows, space)
    if both := sorted(set(params["params"]) & set(space)):
        raise OpError("invalid_input", f"space: `{both[0]}` is held fixed in params too.")
    if params["balanced"] and (problem.task == "regression" or not FAMILIES[family].weighs):
        raise OpError("invalid_input", f"balanced: {family} for {problem.task} cannot weigh classes.")


def is_better(metric: str, value: float, other: float) -> bool:
    return value < other if direction(metric) == "minimize" else value > other


def judge(job: Job, problem: Problem, family: str, complete: list[optuna.trial.FrozenTrial]) -> None:
    """Records the winning configuration with the best of the others."""

    def said(trial: optuna.trial.FrozenTrial) -> str:
        shown = [
            f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value}"
            for name, value in settings_of(trial).items()
        ]
        return f"{family}({', '.join(shown)})"

    job.decide(
        {
            "type": "ModelSelection",
            "selected": said(complete[0]),
            "task": problem.task,
            "alternatives": [{"name": said(trial), "score": trial.value} for trial in complete[:TOP]],
            "rationale": (
                f"Best mean {problem.metric} over folds ({direction(problem.metric)}) "
                f"of {len(complete)} complete trials."
            ),
        }
    )
