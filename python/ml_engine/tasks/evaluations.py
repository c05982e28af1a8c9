"""How clusterings, detectors and rankers are evaluated on rows they were not made of."""

from typing import Any

import numpy as np
import polars as pl

from ml_engine.contract.training import EvaluateParams, EvaluateResult
from ml_engine.errors import OpError
from ml_engine.frames import labels_of, row_prints
from ml_engine.intervals import signed_rank
from ml_engine.job import Job
from ml_engine.metrics import Measure, Scores, ranking
from ml_engine.models import Model
from ml_engine.names import require_column
from ml_engine.shift import NOTABLE, stability
from ml_engine.tables import Table, read_table
from ml_engine.tasks import task_plots
from ml_engine.tasks.clustering import cluster_scores, sizes
from ml_engine.tasks.judged import Judged, bootstrap_test, judgement, rival_of
from ml_engine.tasks.rank_metrics import METRICS, query_scores, random_order
from ml_engine.tasks.ranking import METRIC, pose_queries


def evaluate_clusters(model: Model, params: EvaluateParams, job: Job) -> EvaluateResult:
    """The clusters that these rows go to, how far apart they lie, and agreement with the target where it is there."""
    if "compare_to" in params:
        raise OpError("invalid_input", "compare_to: clusterings have no truth to compare by.", "Compare their metrics.")
    table = read_table(params["dataset"])
    features = model.features(table.frame)
    matrix = np.asarray(model.estimator[:-1].transform(features))
    labels = model.estimator[-1].predict(matrix)
    truth, target = None, model.manifest["target"]
    if target in table.frame.columns:
        truth = labels_of(table.frame.get_column(target)).fill_null("").to_numpy().astype(str)
    drawn = np.random.default_rng(params["seed"]).permutation(labels)
    scores = cluster_scores(matrix, labels, truth, params["seed"])
    judged = Judged(
        lambda _: scores,
        1,
        cluster_scores(matrix, drawn, truth, params["seed"]),
        "silhouette",
        len(labels),
        ["The baseline is the same clusters dealt out at random."],
        list(table.warnings),
        {"sizes": sizes(labels), **_seen(model, features)},
    )
    plot = task_plots.clusters(job, matrix, labels, f"{model.name} on {table.name}")
    return judgement(model, table, params, job, judged, plot=plot)


def evaluate_detector(model: Model, params: EvaluateParams, job: Job) -> EvaluateResult:
    """The share flagged, and with labels how well strange rows and anomalies agree."""
    table = read_table(params["dataset"])
    frame, hit, warnings = _hits(model, table)
    features = model.features(frame)
    measure, scores = _detector_measure(model, frame, hit)
    drawn = np.random.default_rng(params["seed"]).random(len(scores))
    limit = float(np.quantile(drawn, 1 - model.estimator[-1].contamination))
    base = _measured(drawn, limit, hit)(np.ones(len(scores)))
    flagged = scores > model.estimator[-1].threshold_
    counts = {"anomaly": int(flagged.sum()), "normal": int((~flagged).sum())}
    judged = Judged(
        measure,
        len(scores),
        {name: value for name, value in base.items() if np.isfinite(value)},
        "average_precision",
        len(scores),
        ["The baseline is scores drawn at random."],
        warnings,
        {"sizes": counts, **_seen(model, features)},
    )
    rival = None
    if other := rival_of(model, params):
        if hit is None:
            raise OpError("invalid_input", "compare_to: without labels nothing says which detector is better.")
        theirs, _ = _detector_measure(other, frame, hit)
        rival = other, theirs, bootstrap_test(measure, theirs, "average_precision", len(scores), params["seed"])
    title = f"{model.name} on {table.name}"
    plot = task_plots.anomalies(job, scores, model.estimator[-1].threshold_, hit, title)
    return judgement(model, table, params, job, judged, plot=plot, rival=rival)


def evaluate_ranker(model: Model, params: EvaluateParams, job: Job) -> EvaluateResult:
    """How well the rows of each query are ordered; queries are what is resampled."""
    table = read_table(params["dataset"])
    named: Any = {"target": model.manifest["target"], "group": model.manifest.get("group", "")}
    queries = pose_queries(table, {**named, "include": [schema["name"] for schema in model.manifest["signature"]]})
    each = query_scores(queries.grades, model.estimator.predict(queries.features), queries.of_rows)
    base = random_order(queries.grades, queries.of_rows, params["seed"])
    judged = Judged(
        _query_measure(each),
        len(each[METRIC]),
        base,
        METRIC,
        queries.rows,
        ["The baseline is the mean of random orders; what is resampled are queries."],
        queries.warnings,
        _seen(model, queries.features),
    )
    rival = None
    if other := rival_of(model, params):
        frame = pl.from_pandas(queries.features)
        theirs = query_scores(queries.grades, other.estimator.predict(other.features(frame)), queries.of_rows)
        rival = other, _query_measure(theirs), signed_rank(1 - each[METRIC], 1 - theirs[METRIC])
    plot = task_plots.queries(job, each, f"{model.name} on {table.name}")
    return judgement(model, table, params, job, judged, plot=plot, rival=rival)


def _query_measure(each: dict[str, np.ndarray]) -> Measure:
    def measure(weights: np.ndarray) -> Scores:
        return {name: float(weights @ each[name] / weights.sum()) for name in METRICS}

    return measure


def _hits(model: Model, table: Table) -> tuple[pl.DataFrame, np.ndarray | None, list[str]]:
    target, warnings = model.manifest["target"], list(table.warnings)
    if not target or target not in table.frame.columns:
        return table.frame, None, warnings
    labels = labels_of(table.frame.get_column(require_column("dataset", target, table.frame.columns)))
    kept = labels.is_not_null()
    if missing := int((~kept).sum()):
        warnings.append(f"{missing} rows have no `{target}` and were left out.")
    hit = (labels.filter(kept) == model.manifest["positive"]).to_numpy()
    if not hit.any() or hit.all():
        warnings.append(f"All rows are of one kind by `{target}`: nothing tells how well anomalies are found.")
    return table.frame.filter(kept), hit, warnings


def _detector_measure(model: Model, frame: pl.DataFrame, hit: np.ndarray | None) -> tuple[Measure, np.ndarray]:
    matrix = model.estimator[:-1].transform(model.features(frame))
    scores = model.estimator[-1].scores(matrix)
    return _measured(scores, model.estimator[-1].threshold_, hit), scores


def _measured(scores: np.ndarray, threshold: float, hit: np.ndarray | None) -> Measure:
    flagged = scores > threshold
    areas = None if hit is None else ranking(hit, scores)

    def measure(weights: np.ndarray) -> Scores:
        said = {"flagged": float(weights @ flagged / weights.sum())}
        if areas is None or hit is None:
            return said
        right, found, there = (float(weights @ one) for one in (flagged & hit, flagged, hit))
        area, precision = areas(weights)
        return {
            **said,
            "roc_auc": area,
            "average_precision": precision,
            "precision": right / found if found else 0.0,
            "recall": right / there if there else float("nan"),
            "f1": 2 * right / (found + there) if found + there else float("nan"),
        }

    return measure


def _seen(model: Model, features: Any) -> dict[str, Any]:
    moved = [(name, value) for name, value in stability(model.reference, features) if value > NOTABLE]
    return {
        "training_rows_seen": float(np.isin(row_prints(features), model.training_rows).mean()),
        "shift": [{"column": name, "psi": value} for name, value in moved[:20]],
    }
