"""Search the settings of a family, fit the best on all rows, and stage it for the registry."""

import time

import optuna

from ml_engine.checkpoints import Book, open_book
from ml_engine.contract.training import ParetoTrial, SweepParams, SweepResult, Trial
from ml_engine.crew import Crew
from ml_engine.crossval import baseline, final_params, fit, pipeline_for
from ml_engine.errors import OpError
from ml_engine.estimator_settings import require_settings
from ml_engine.families import FAMILIES
from ml_engine.folds import plan
from ml_engine.job import Job
from ml_engine.leakage import suspects
from ml_engine.ops.training.train import page_of
from ml_engine.problem import Problem, pose
from ml_engine.registration import framework_and_type, model_name, stage
from ml_engine.reporting.sweep import render_sweep
from ml_engine.search import Outcome, Search, importance, planned, ranked, run, score_of, settings_of
from ml_engine.search_spaces import Space, default_space, require_space
from ml_engine.sweep_plots import history
from ml_engine.tables import read_table
from ml_engine.target import direction, metric_of

TOP = 10


def sweep(params: SweepParams, job: Job) -> SweepResult:
    started = time.monotonic()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    problem = pose(read_table(params["dataset"]), params)
    family, seed = params["family"], params["seed"]
    space = chosen_space(params, problem)
    require_sense(params, problem, space)
    job.progress(0, 100, "checking for leakage")
    folds = plan(problem, params["folds"], seed)
    search = Search(problem, folds, family, params["params"], space, seed, params["balanced"])
    with (
        open_book(job, "training.sweep", params, problem.table.hash, problem.warnings) as book,
        Crew(search, params["workers"]) as crew,
    ):
        return _swept(search, params, job, book, crew, started)


def _swept(search: Search, params: SweepParams, job: Job, book: Book, crew: Crew, started: float) -> SweepResult:
    problem, folds, family, space, seed = search.problem, search.folds, search.family, search.space, search.seed
    problem.warnings.extend(suspects(problem, seed))
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
    study, found = run(search, params, job, started, book, crew)
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
    if default_score is not None and not is_better(problem.metric, score_of(best), default_score):
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
    front = _pareto(study, found, params, problem.metric)
    report = render_sweep(
        name=name,
        family=family,
        target=problem.target,
        metric=problem.metric,
        minimize=direction(problem.metric) == "minimize",
        study=study,
        settings=settings,
        default_score=default_score,
        importance=weights,
        pareto=front,
        second_metric=params.get("second_metric"),
        warnings=problem.warnings,
    )
    plot = history(job, study, problem.metric, default_score, weights)
    counts = {state: sum(trial.state == state for trial in study.trials) for state in optuna.trial.TrialState}
    book.close(keep=False)
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
        "best": {"trial": best.number, "score": score_of(best), "params": settings},
        "top": [_told(trial, found[trial.number], problem.metric) for trial in complete[:TOP]],
        "trials": {
            "planned": planned(params, space),
            "complete": counts[optuna.trial.TrialState.COMPLETE],
            "pruned": counts[optuna.trial.TrialState.PRUNED],
            "failed": counts[optuna.trial.TrialState.FAIL],
        },
        "pareto": front,
        "importance": weights,
        "importance_method": method,
        "rows": {"given": problem.given, "used": problem.rows, "dropped": problem.given - problem.rows},
        "left_out": [{"column": one["column"], "reason": one["reason"]} for one in problem.left_out[:50]],
        "plot": plot,
        "report": page_of(job, name, report),
        "seconds": round(time.monotonic() - started, 3),
        "notes": problem.notes,
        "warnings": problem.warnings,
    }


def _told(trial: optuna.trial.FrozenTrial, outcome: Outcome, metric: str) -> Trial:
    return {
        "trial": trial.number,
        "score": score_of(trial),
        "sd": outcome.sd.get(metric, 0.0),
        "seconds": round(outcome.seconds, 3),
        "params": settings_of(trial),
    }


def _pareto(study: optuna.Study, found: dict[int, Outcome], params: SweepParams, metric: str) -> list[ParetoTrial]:
    """Trials that no other beats in both metrics, by the first one."""
    if "second_metric" not in params:
        return []
    front = sorted(study.best_trials, key=score_of)
    return [{**_told(trial, found[trial.number], metric), "second": float(trial.values[1])} for trial in front[:50]]


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
    if (second := params.get("second_metric")) is not None and second != "seconds":
        metric_of(second, problem.task, problem.positive is not None)
        if second == problem.metric:
            raise OpError("invalid_input", f"second_metric: `{second}` is the first one already.", "e.g. seconds.")
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
            "alternatives": [{"name": said(trial), "score": score_of(trial)} for trial in complete[:TOP]],
            "rationale": (
                f"Best mean {problem.metric} over folds ({direction(problem.metric)}) "
                f"of {len(complete)} complete trials."
            ),
        }
    )
