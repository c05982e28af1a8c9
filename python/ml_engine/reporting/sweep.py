"""A search as one HTML page: the best settings, how they were found, and what mattered."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import optuna

from ml_engine.reporting.charts import bars, parallel, scatter
from ml_engine.reporting.page import bullets, cards, facts, page, section, table, verdict

MOST_TRIALS = 1000
MOST_AXES = 8
Trials = Sequence[optuna.trial.FrozenTrial]


def render_sweep(  # noqa: PLR0913 - each by name
    *,
    name: str,
    family: str,
    target: str,
    metric: str,
    minimize: bool,
    study: optuna.Study,
    settings: Mapping[str, Any],
    default_score: float | None,
    importance: Mapping[str, float],
    pareto: Sequence[Any],
    second_metric: str | None,
    warnings: Sequence[str],
) -> str:
    """The page of a search for the least or the largest `metric`."""
    complete = study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.COMPLETE])
    scores = [float(trial.values[0]) for trial in complete]
    best = min(scores) if minimize else max(scores)
    improved = default_score is None or (best < default_score if minimize else best > default_score)
    beside = "" if default_score is None else f"; default settings {default_score:.4g}"
    numbers = [float(trial.number) for trial in complete]
    so_far = (np.minimum if minimize else np.maximum).accumulate(scores).tolist()
    searched = sorted({key for trial in complete for key in trial.params})
    named = (list(importance) or searched)[:MOST_AXES]
    mattered = bars("Share of the variation a setting accounts for", list(importance.items())) if importance else ""
    body = [
        verdict(f"Best {metric} {best:.4g} of {len(complete)} complete trials{beside}.", good=improved),
        facts({"family": family, "target": target, "trials": len(study.trials), "metric": metric}),
        section("Warnings", bullets(warnings)),
        section("Best settings", table(("setting", "value"), ((key, str(value)) for key, value in settings.items()))),
        section(
            "Search",
            cards(
                [
                    scatter("Each trial, and the best so far", numbers, scores, "trial", metric, best=so_far),
                    mattered,
                    _parallel(named, complete, scores, minimize=minimize),
                ]
            ),
        ),
        section("Setting by setting", cards(_slice(key, complete, scores, metric) for key in named)),
        section("No other is better in both", _front(pareto, metric, second_metric)),
        section(
            "Trials",
            table(
                ("trial", "state", metric, "settings"),
                ((one.number, one.state.name.lower(), _first(one), _said(one)) for one in study.trials[:MOST_TRIALS]),
            ),
        ),
    ]
    return page(f"{name}: sweep", body, f"{name}: search of {family} for {target}")


def _first(trial: optuna.trial.FrozenTrial) -> float | None:
    return float(trial.values[0]) if trial.values else None


def _said(trial: optuna.trial.FrozenTrial) -> str:
    shown = {key: f"{value:.4g}" if isinstance(value, float) else str(value) for key, value in trial.params.items()}
    return ", ".join(f"{key} {value}" for key, value in shown.items())


def _codes(key: str, trials: Trials) -> list[float] | None:
    """A setting as numbers: logarithms where it was searched by them, places of choices."""
    if not all(key in trial.params for trial in trials):
        return None
    distribution = trials[0].distributions[key]
    values = [trial.params[key] for trial in trials]
    if isinstance(distribution, optuna.distributions.CategoricalDistribution):
        return [float(distribution.choices.index(value)) for value in values]
    return [float(np.log10(value)) if _by_ratio(trials[0], key) else float(value) for value in values]


def _by_ratio(trial: optuna.trial.FrozenTrial, key: str) -> bool:
    return bool(getattr(trial.distributions[key], "log", False))


def _parallel(named: Sequence[str], trials: Trials, scores: Sequence[float], *, minimize: bool) -> str:
    columns = {key: codes for key in named if (codes := _codes(key, trials)) is not None}
    rows = [[codes[at] for codes in columns.values()] for at in range(len(trials))]
    strength = [-score for score in scores] if minimize else list(scores)
    return parallel("Settings of each trial, the best strongest", list(columns), rows, strength)


def _slice(key: str, trials: Trials, scores: Sequence[float], metric: str) -> str:
    known = [at for at, trial in enumerate(trials) if key in trial.params]
    codes = _codes(key, [trials[at] for at in known]) if known else None
    if codes is None:
        return ""
    label = f"log10 {key}" if _by_ratio(trials[known[0]], key) else key
    return scatter(key, codes, [scores[at] for at in known], label, metric)


def _front(pareto: Sequence[Any], metric: str, second: str | None) -> str:
    if second is None or not pareto:
        return ""
    picture = scatter("The front", [one["score"] for one in pareto], [one["second"] for one in pareto], metric, second)
    listed = table(
        ("trial", metric, second, "settings"),
        ((one["trial"], one["score"], one["second"], str(one["params"])) for one in pareto),
    )
    return f"{cards([picture])}{listed}"
