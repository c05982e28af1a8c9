"""Trials of a hyperparameter search: each a cross-validation that a pruner may end early."""

import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna

from ml_engine.contract.training import SweepParams
from ml_engine.crossval import Validation, pipeline_for, validate
from ml_engine.errors import OpError
from ml_engine.folds import Folds
from ml_engine.job import Job
from ml_engine.metrics import Scores
from ml_engine.problem import Problem
from ml_engine.search_spaces import Space, grid, pruner, sampler, suggest
from ml_engine.target import direction


@dataclass(frozen=True)
class Search:
    """One search: what each trial needs."""

    problem: Problem
    folds: Folds
    family: str
    fixed: dict[str, Any]
    space: Space
    seed: int
    balanced: bool

    def validate(self, settings: dict[str, Any], on_fold: Any = None) -> Validation:
        params = {**self.fixed, **settings}
        return validate(
            self.problem,
            self.folds,
            lambda: pipeline_for(self.problem, self.family, params, self.seed, self.balanced, refit=False),
            on_fold,
        )


def planned(params: SweepParams, space: Space) -> int:
    """Trials there can be: a grid has only so many points."""
    if params["sampler"] != "grid":
        return params["trials"]
    return min(params["trials"], int(np.prod([len(values) for values in grid(space).values()])))


def run(search: Search, params: SweepParams, job: Job, started: float) -> tuple[optuna.Study, dict[int, Validation]]:
    """Trials until there are enough or time is up; a trial whose settings the estimator refuses counts as failed.

    Raises:
        OpError: the first refusal, where no trial was completed.
    """
    metric = search.problem.metric
    total = planned(params, search.space)
    deadline = started + params["time_budget_seconds"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = optuna.create_study(
            direction=direction(metric),
            sampler=sampler(params["sampler"], search.space, search.seed),
            pruner=pruner(params["pruner"], len(search.folds.splits)),
        )
    found: dict[int, Validation] = {}
    refusals: list[OpError] = []

    def objective(trial: optuna.Trial) -> float:
        settings = suggest(trial, search.space)
        trial.set_user_attr("settings", settings)
        scores: list[float] = []

        def on_fold(number: int, fold: Scores) -> None:
            scores.append(fold[metric])
            trial.report(float(np.mean(scores)), number)
            if number < len(search.folds.splits) and trial.should_prune():
                raise optuna.TrialPruned

        try:
            found[trial.number] = search.validate(settings, on_fold)
        except OpError as error:
            refusals.append(error)
            raise
        return found[trial.number].mean[metric]

    def heard(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        done = len(study.trials)
        if trial.number in found:
            job.metrics(found[trial.number].mean, step=trial.number)
        elapsed = (time.monotonic() - started) / params["time_budget_seconds"]
        job.progress(5 + 85 * min(max(done / total, elapsed), 1.0), 100, f"trial {done} of {total}")
        if time.monotonic() > deadline:
            study.stop()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study.optimize(objective, n_trials=total, callbacks=[heard], catch=(OpError,))
    if not found:
        raise refusals[0] if refusals else OpError("failed", "No trial was completed.", "Use pruner `none`.")
    if len(study.trials) < total:
        search.problem.warnings.append(f"time_budget_seconds ran out after {len(study.trials)} of {total} trials.")
    if refusals:
        search.problem.warnings.append(
            f"{len(refusals)} trials had settings that do not go together: {refusals[0].message}"
        )
    return study, found


def ranked(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    """Complete trials, best first; of equals the earlier."""
    complete = study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.COMPLETE])
    sign = -1.0 if study.direction == optuna.study.StudyDirection.MAXIMIZE else 1.0
    return sorted(complete, key=lambda trial: (sign * float(trial.value or 0.0), trial.number))


def settings_of(trial: optuna.trial.FrozenTrial) -> dict[str, Any]:
    return dict(trial.user_attrs["settings"])


def importance(study: optuna.Study) -> tuple[dict[str, float], str | None]:
    """fANOVA's shares (Hutter, Hoos & Leyton-Brown 2014); nothing where trials are too few or all alike."""
    complete = study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.COMPLETE])
    shared = set.intersection(*(set(trial.params) for trial in complete))
    varied = [name for name in sorted(shared) if len({str(trial.params[name]) for trial in complete}) > 1]
    if len(complete) < 8 or not varied or len({trial.value for trial in complete}) < 2:
        return {}, None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
        found = optuna.importance.get_param_importances(study, evaluator=evaluator, params=varied)
    return {name: float(np.clip(value, 0.0, 1.0)) for name, value in found.items()}, "fANOVA"
