"""Rank what a model relies on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from ml_engine.attribution import pictures
from ml_engine.attribution.association import clusters, members
from ml_engine.attribution.effects import Effect, accumulated_local_effects, partial_dependence
from ml_engine.attribution.permutation import Shuffled, shuffle_losses, stability
from ml_engine.attribution.shapley import Attribution, affordable_rows, shapley
from ml_engine.contract.interpretability import Curve, Feature, ImportanceParams, ImportanceResult, Shap
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.labelled import Labelled, labelled_rows, training_rows_seen
from ml_engine.metrics import better, score
from ml_engine.models import Model, load_model
from ml_engine.plots import save_png
from ml_engine.tables import read_table

CURVE_ROWS = 400
MOST_FEATURES = 60
CLASSIFICATION = {"roc_auc", "accuracy", "balanced_accuracy", "log_loss"}


def importance(params: ImportanceParams, job: Job) -> ImportanceResult:
    model, table = load_model(params["model"]), read_table(params["dataset"])
    everything = labelled_rows(model, table)
    metric = _metric(params["metric"], model)
    rows = everything.sample(params["max_rows"], params["seed"])
    seen = training_rows_seen(model, rows.features)
    warnings = list(rows.warnings)
    if seen > 0.05:
        warnings.append(
            f"{seen:.0%} of these rows were trained on: permutation loss on them also counts what was learnt by heart. Use held-out rows."
        )
    groups = clusters(rows.features)
    names = [str(name) for name in rows.features.columns]
    shuffled = _shuffled(model, rows, metric, groups, params, job) if "permutation" in params["methods"] else None
    explained = _shapley(model, rows, params["seed"], job) if "shap" in params["methods"] else None
    magnitude = None if explained is None else np.array([_magnitude(explained, name) for name in names])
    loss = None if shuffled is None else shuffled.losses[: len(names)].mean(axis=1)
    order = np.argsort(
        -(loss if loss is not None else magnitude if magnitude is not None else np.zeros(len(names))), kind="stable"
    )
    output, curves_of = _output(model, rows)
    job.progress(92, 100, "drawing curves")
    effects = _effects(output, rows, [names[place] for place in order[: params["curves"]]], params["seed"])
    base = score(model.manifest["task"], rows.truth, model.output(rows.features), model.positive)
    if metric not in base:
        raise OpError(
            "invalid_input",
            f"metric: {metric} is undefined on these rows.",
            "Use rows with more than one class, or another metric.",
        )
    features = [_feature(names[place], place, shuffled, magnitude, members(groups, names[place])) for place in order]
    notes = _notes(shuffled, features, groups, rows, everything, metric)
    intervals = (
        None
        if shuffled is None
        else np.array([shuffled.interval(place)[0] - shuffled.interval(place)[1] for place in order])
    )
    figure = pictures.bars(
        [names[place] for place in order],
        None if loss is None else loss[order],
        intervals,
        None if magnitude is None else magnitude[order],
        metric,
        model.name,
    )
    plots = [save_png(job, figure, "importance.png", "Importance by feature")]
    if effects:
        plots.append(
            save_png(job, pictures.curves(effects, curves_of), "effects.png", f"{curves_of} as one feature changes")
        )
    job.progress(100, 100, "done")
    return {
        "model": model.name,
        "dataset": table.name,
        "task": model.manifest["task"],
        "target": model.manifest["target"],
        "rows": {"given": everything.given, "used": rows.rows, "dropped": everything.given - everything.rows},
        "metric": metric,
        "score": float(base[metric]),
        "features": features[:MOST_FEATURES],
        "shap": None if explained is None else _said(explained, model),
        "correlated": [
            {"columns": columns, "strongest": strongest, **_interval(shuffled, len(names) + place)}
            for place, (columns, strongest) in enumerate(groups)
        ],
        "stability": None if shuffled is None else stability(shuffled.losses[: len(names)]),
        "agreement": _agreement(loss, magnitude),
        "curves": [_curve(effect) for effect in effects],
        "curves_of": curves_of,
        "training_rows_seen": seen,
        "plots": plots,
        "notes": notes,
        "warnings": warnings,
    }


def _metric(asked: str, model: Model) -> str:
    classification = model.manifest["task"] == "classification"
    if asked == "auto":
        return "roc_auc" if classification else "r2"
    if (asked in CLASSIFICATION) != classification:
        able = "roc_auc, accuracy, balanced_accuracy, log_loss" if classification else "r2, rmse, mae"
        raise OpError(
            "invalid_input", f"metric: {asked} is not a metric of {model.manifest['task']}.", f"Use one of {able}."
        )
    return asked


def _shuffled(
    model: Model, rows: Labelled, metric: str, groups: list[tuple[list[str], float]], params: ImportanceParams, job: Job
) -> Shuffled:
    def scored(features: pd.DataFrame) -> float:
        found = score(model.manifest["task"], rows.truth, model.output(features), model.positive)
        if metric not in found:
            raise OpError(
                "invalid_input",
                f"metric: {metric} is undefined on these rows.",
                "Use rows with more than one class, or another metric.",
            )
        return better(metric, found[metric])

    sets = [[str(name)] for name in rows.features.columns] + [columns for columns, _ in groups]
    return shuffle_losses(
        scored,
        rows.features,
        sets,
        params["repeats"],
        params["seed"],
        lambda done, total: job.progress(60 * done / total, 100, "shuffling"),
    )


@dataclass(frozen=True)
class Explained:
    attribution: Attribution
    rows: int


def _shapley(model: Model, rows: Labelled, seed: int, job: Job) -> Explained:
    job.progress(60, 100, "computing SHAP values")
    chosen = rows.sample(affordable_rows(model), seed)
    found = shapley(model, rows.features, chosen.features, seed=seed)
    job.progress(90, 100, "SHAP values computed")
    return Explained(found, chosen.rows)


def _magnitude(explained: Explained, column: str) -> float:
    """Mean |value| over rows, and over classes where there are several outputs."""
    found = explained.attribution
    return float(np.abs(found.values[:, found.columns.index(column)]).mean()) if column in found.columns else 0.0


def _said(explained: Explained, model: Model) -> Shap:
    found = explained.attribution
    calibrated = " before calibration" if model.calibrator and found.scale != "probability" else ""
    positive = model.manifest["positive"]
    subject = (
        f" of `{positive}`" if positive is not None else ", averaged over classes" if model.manifest["classes"] else ""
    )
    return {
        "method": found.method,
        "explains": f"{found.scale}{subject}{calibrated}",
        "exact": found.exact,
        "rows": explained.rows,
        "background_rows": found.background_rows,
        "residual": found.residual,
        "error": found.error,
    }


def _output(model: Model, rows: Labelled) -> tuple[Callable[[pd.DataFrame], np.ndarray], str]:
    """The one number that curves show: the positive class's probability, the commonest class's, or the prediction."""
    if model.manifest["task"] == "regression":
        return model.predict, f"predicted `{model.manifest['target']}`"
    code = model.positive if model.positive is not None else int(np.bincount(rows.truth).argmax())
    return lambda frame: model.probabilities(frame)[:, code], f"probability of `{model.manifest['classes'][code]}`"


def _effects(
    output: Callable[[pd.DataFrame], np.ndarray], rows: Labelled, columns: list[str], seed: int
) -> list[Effect]:
    some = rows.sample(CURVE_ROWS, seed).features
    found = [
        effect
        for column in columns
        for effect in (
            partial_dependence(output, some, column),
            accumulated_local_effects(output, rows.features, column),
        )
    ]
    return [effect for effect in found if effect is not None]


def _interval(shuffled: Shuffled | None, place: int) -> Any:
    if shuffled is None:
        return {"permutation": None, "low": None, "high": None}
    mean, low, high = shuffled.interval(place)
    return {"permutation": mean, "low": low, "high": high}


def _feature(
    name: str, place: int, shuffled: Shuffled | None, magnitude: np.ndarray | None, group: int | None
) -> Feature:
    return {
        "column": name,
        **_interval(shuffled, place),
        "shap": None if magnitude is None else float(magnitude[place]),
        "group": group,
    }


def _agreement(loss: np.ndarray | None, magnitude: np.ndarray | None) -> Any:
    if loss is None or magnitude is None or len(loss) < 3:
        return None
    tau = float(kendalltau(loss, magnitude).statistic)
    top = min(5, len(loss) - 1)
    best = [set(np.argsort(-values, kind="stable")[:top].tolist()) for values in (loss, magnitude)]
    return {"kendall_tau": tau if np.isfinite(tau) else 0.0, "top": top, "overlap": len(best[0] & best[1]) / top}


def _curve(effect: Effect) -> Curve:
    def short(value: float) -> float:
        return float(f"{value:.5g}")

    x: list[float | str] = [value if isinstance(value, str) else short(value) for value in effect.x]
    return {
        "column": effect.column,
        "kind": effect.kind,
        "x": x,
        "y": [short(value) for value in effect.y],
        "shape": effect.shape,
    }


def _notes(
    shuffled: Shuffled | None,
    features: list[Feature],
    groups: list[tuple[list[str], float]],
    rows: Labelled,
    everything: Labelled,
    metric: str,
) -> list[str]:
    notes: list[str] = []
    if rows.rows < everything.rows:
        notes.append(f"A sample of {rows.rows} of {everything.rows} rows was used.")
    if groups:
        notes.append(
            "Shuffling one of several correlated features understates it, since the others stand in for it; read the group's own number."
        )
    if shuffled is not None:
        unclear = [one["column"] for one in features if one["low"] is not None and one["low"] <= 0]
        if unclear:
            notes.append(
                f"Not shown to matter for {metric} (interval reaches 0): {', '.join(unclear[:12])}{' and more' if len(unclear) > 12 else ''}."
            )
    if len(features) > MOST_FEATURES:
        notes.append(f"{len(features) - MOST_FEATURES} less important features are left out.")
    notes.append("Importance says what the model uses, not what causes the target.")
    return notes
