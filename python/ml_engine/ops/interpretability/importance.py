"""Rank what a model relies on."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from ml_engine.attribution import pictures
from ml_engine.attribution.association import clusters
from ml_engine.attribution.effects import Effect, accumulated_local_effects, partial_dependence
from ml_engine.attribution.permutation import Shuffled, shuffle_losses, stability
from ml_engine.attribution.ranking import Ranking
from ml_engine.attribution.shapley import Attribution, affordable_rows, shapley
from ml_engine.contract.interpretability import Curve, ImportanceParams, ImportanceResult, Shap
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.labelled import Labelled, labelled_rows, training_rows_seen
from ml_engine.metrics import better, score
from ml_engine.models import Model, load_model
from ml_engine.plots import save_png
from ml_engine.tables import read_table
from ml_engine.transforming.replay import as_trained

CURVE_ROWS = 400
MOST_FEATURES = 60
SEEN = 0.05
"""Above this share of rows that were trained on, the result says so."""
CLASSIFICATION = ["roc_auc", "accuracy", "balanced_accuracy", "log_loss"]
REGRESSION = ["r2", "rmse", "mae"]


def importance(params: ImportanceParams, job: Job) -> ImportanceResult:
    model = load_model(params["model"])
    table = as_trained(read_table(params["dataset"]), model.manifest)
    everything = labelled_rows(model, table)
    metric = _metric(params["metric"], model)
    rows = everything.sample(params["max_rows"], params["seed"])
    whole = _score(model, rows, metric, rows.features)
    groups = clusters(rows.features)
    ranking = Ranking(
        names=[str(name) for name in rows.features.columns],
        groups=groups,
        shuffled=_shuffled(model, rows, metric, groups, params, job) if "permutation" in params["methods"] else None,
        explained=_shapley(model, rows, params["seed"], job) if "shap" in params["methods"] else None,
    )
    job.progress(92, 100, "drawing curves")
    output, curves_of = _output(model, rows)
    top = [ranking.names[place] for place in ranking.order[: params["curves"]]]
    effects = _effects(output, rows, top, params["seed"])
    plots = [save_png(job, pictures.bars(ranking, metric, model.name), "importance.png", "Importance by feature")]
    if effects:
        title = f"{curves_of} as one feature changes"
        plots.append(save_png(job, pictures.curves(effects, curves_of), "effects.png", title))
    seen = training_rows_seen(model, rows.features)
    shuffled, explained = ranking.shuffled, ranking.explained
    features = ranking.features()
    job.progress(100, 100, "done")
    return {
        "model": model.name,
        "dataset": table.name,
        "task": model.task,
        "target": model.manifest["target"],
        "rows": {"given": everything.given, "used": rows.rows, "dropped": everything.given - everything.rows},
        "metric": metric,
        "score": whole,
        "features": features[:MOST_FEATURES],
        "shap": None if explained is None else _said(explained, model),
        "correlated": ranking.correlated(),
        "stability": None if shuffled is None else stability(shuffled.losses[: len(ranking.names)]),
        "agreement": ranking.agreement(),
        "curves": [_curve(effect) for effect in effects],
        "curves_of": curves_of,
        "training_rows_seen": seen,
        "plots": plots,
        "notes": [*_samples(rows, everything, len(features)), *ranking.notes(metric)],
        "warnings": [*rows.warnings, *_trained_on(seen)],
    }


def _metric(asked: str, model: Model) -> str:
    able = CLASSIFICATION if model.manifest["task"] == "classification" else REGRESSION
    if asked == "auto":
        return able[0]
    if asked not in able:
        said = f"metric: {asked} is not a metric of {model.manifest['task']}."
        raise OpError("invalid_input", said, f"Use one of {', '.join(able)}.")
    return asked


def _score(model: Model, rows: Labelled, metric: str, features: pd.DataFrame) -> float:
    found = score(model.manifest["task"], rows.truth, model.output(features), model.positive)
    if metric not in found:
        said = f"metric: {metric} is undefined on these rows."
        raise OpError("invalid_input", said, "Use rows with more than one class, or another metric.")
    return float(found[metric])


def _shuffled(
    model: Model, rows: Labelled, metric: str, groups: list[tuple[list[str], float]], params: ImportanceParams, job: Job
) -> Shuffled:
    def scored(features: pd.DataFrame) -> float:
        return better(metric, _score(model, rows, metric, features))

    def heard(done: int, total: int) -> None:
        job.progress(60 * done / total, 100, "shuffling")

    sets = [[str(name)] for name in rows.features.columns] + [columns for columns, _ in groups]
    return shuffle_losses(scored, rows.features, sets, params["repeats"], params["seed"], heard)


def _shapley(model: Model, rows: Labelled, seed: int, job: Job) -> Attribution:
    job.progress(60, 100, "computing SHAP values")
    chosen = rows.sample(affordable_rows(model), seed)
    found = shapley(model, rows.features, chosen.features, seed=seed)
    job.progress(90, 100, "SHAP values computed")
    return found


def _said(found: Attribution, model: Model) -> Shap:
    calibrated = " before calibration" if model.calibrator and found.scale != "probability" else ""
    classes, positive = model.manifest["classes"], model.manifest["positive"]
    subject = f" of `{positive}`" if positive is not None else ", averaged over classes" if classes else ""
    return {
        "method": found.method,
        "explains": f"{found.scale}{subject}{calibrated}",
        "exact": found.exact,
        "rows": len(found.values),
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
    found: list[Effect | None] = []
    for column in columns:
        found.append(partial_dependence(output, some, column))
        found.append(accumulated_local_effects(output, rows.features, column))
    return [effect for effect in found if effect is not None]


def _curve(effect: Effect) -> Curve:
    def short(value: float) -> float:
        return float(f"{value:.5g}")

    x: list[float | str] = [value if isinstance(value, str) else short(value) for value in effect.x]
    y = [short(value) for value in effect.y]
    return {"column": effect.column, "kind": effect.kind, "x": x, "y": y, "shape": effect.shape}


def _samples(rows: Labelled, everything: Labelled, features: int) -> list[str]:
    notes: list[str] = []
    if rows.rows < everything.rows:
        notes.append(f"A sample of {rows.rows} of {everything.rows} rows was used.")
    if features > MOST_FEATURES:
        notes.append(f"{features - MOST_FEATURES} less important features are left out.")
    return notes


def _trained_on(seen: float) -> list[str]:
    if seen <= SEEN:
        return []
    said = f"{seen:.0%} of these rows were trained on: on them permutation also counts what was learnt by heart."
    return [f"{said} Use held-out rows."]
