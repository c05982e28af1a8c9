"""Clustering: groups of rows alike, how far apart they are, and whether they would come out the same again."""

import time
from typing import Any

import numpy as np
from sklearn.metrics import (
    adjusted_rand_score,
    calinski_harabasz_score,
    davies_bouldin_score,
    normalized_mutual_info_score,
)

from ml_engine.contract.training import Candidate, TrainParams, TrainResult
from ml_engine.frames import labels_of
from ml_engine.job import Job
from ml_engine.metrics import Scores
from ml_engine.names import require_column
from ml_engine.posed import Posed, pose_rows
from ml_engine.tables import read_table
from ml_engine.tasks.answer import (
    AUTO_SECONDS,
    Outcome,
    answer,
    decided,
    guarded,
    require_family,
    require_plain,
    require_settings,
    rows_file,
    unsupervised_pipeline,
)
from ml_engine.tasks.clusterers import KINDS, Clusterer, known_settings, require_clustering, silhouette

AUTO = ["kmeans", "gaussian_mixture", "hdbscan"]
METRIC = "silhouette"
SHARE = 0.8
"""Of the rows, for each of the subsamples that stability is measured on."""


def train_clusters(params: TrainParams, job: Job) -> TrainResult:
    """Clusters the rows of the dataset; a target, where given, is only compared with."""
    started = time.monotonic()
    require_plain(params, "clustering", {"include"})
    require_family("clustering", params["family"], KINDS)
    table = read_table(params["dataset"])
    target = require_column("target", params["target"], table.frame.columns) if "target" in params else ""
    posed = pose_rows(table, params, table.frame, target, [*table.warnings])
    budget = params.get("time_budget_seconds", AUTO_SECONDS)
    seed = params["seed"]
    families = AUTO if params["family"] == "auto" else [params["family"]]
    for family in families:
        require_clustering(family, params["params"], posed.rows)
        if params["family"] != "auto":
            require_settings(family, params["params"], known_settings(family))
    fitted: dict[str, Any] = {}
    candidates: list[Candidate] = []
    for number, family in enumerate(families):
        at = time.monotonic()
        if fitted and at - started > budget / 2:
            candidates.append({"family": family, "score": None, "sd": None, "seconds": 0.0, "note": "no time left"})
            continue
        fitted[family] = fit_clusters(posed, family, params["params"] if len(families) == 1 else {}, seed)
        matrix, labels = fitted[family][:-1].transform(posed.features), fitted[family][-1].labels_
        score = silhouette(np.asarray(matrix), labels, seed) * float((labels >= 0).mean())
        took = round(time.monotonic() - at, 3)
        candidates.append({"family": family, "score": score, "sd": None, "seconds": took, "note": None})
        job.progress(5 + 50 * (number + 1) / len(families), 100, f"clustered by {family}")
    if len(families) > 1:
        rationale = "Best mean silhouette, times the share of rows in a cluster; it favours round clusters."
        candidates = decided(job, "clustering", METRIC, candidates, rationale)
    family = candidates[0]["family"]
    pipeline = fitted[family]
    model: Clusterer = pipeline[-1]
    matrix = np.asarray(pipeline[:-1].transform(posed.features))
    truth = None
    if target:
        truth = labels_of(table.frame.get_column(target)).fill_null("").to_numpy().astype(str)
    metrics = cluster_scores(matrix, model.labels_, truth, seed)
    agreement, drawings = stability(posed, family, model.settings_, seed, params["folds"], started + budget)
    drawn = np.random.default_rng(seed).permutation(model.labels_)
    if agreement:
        metrics["stability"] = float(np.mean(agreement))
    else:
        posed.warnings.append("No time to measure stability; a larger time_budget_seconds would.")
    _say(posed, model)
    return answer(
        params,
        job,
        posed,
        "clustering",
        Outcome(
            estimator=pipeline,
            family=family,
            framework="scikit-learn",
            model_type=KINDS[family].__name__,
            metric=METRIC,
            metrics=metrics,
            spread={"stability": float(np.std(agreement, ddof=1))} if len(agreement) > 1 else {},
            baseline=cluster_scores(matrix, drawn, truth, seed),
            folds={
                "scheme": "all rows; stability over subsamples of 80 %",
                "planned": params["folds"],
                "done": drawings,
            },
            settings=model.settings_,
            candidates=candidates if len(families) > 1 else [],
            extra={
                "sizes": sizes(model.labels_),
                "rows_file": rows_file(
                    job, {"row": np.arange(posed.rows), "cluster": model.labels_}, "The cluster of each row"
                ),
            },
            manifest={},
        ),
        started=started,
    )


def fit_clusters(posed: Posed, family: str, settings: dict[str, Any], seed: int, rows: np.ndarray | None = None) -> Any:
    """A fitted pipeline that ends in a `Clusterer`."""
    pipeline = unsupervised_pipeline(posed, Clusterer(family, settings, seed), seed)
    features = posed.features if rows is None else posed.features.iloc[rows]
    return guarded(lambda: pipeline.fit(features), len(features))


def cluster_scores(matrix: np.ndarray, labels: np.ndarray, truth: np.ndarray | None, seed: int) -> Scores:
    """Internal metrics over the rows in a cluster, and agreement with labels where there are any.

    Silhouette (of a sample of many rows), Davies–Bouldin (lower is better), Calinski–Harabasz; adjusted Rand index and
    normalised mutual information count noise as a cluster of its own.
    """
    kept = labels >= 0
    clusters = len(np.unique(labels[kept]))
    scores: Scores = {"clusters": float(clusters), "noise": float(1 - kept.mean())}
    if 2 <= clusters < int(kept.sum()):
        scores[METRIC] = silhouette(matrix, labels, seed)
        scores["davies_bouldin"] = float(davies_bouldin_score(matrix[kept], labels[kept]))
        scores["calinski_harabasz"] = float(calinski_harabasz_score(matrix[kept], labels[kept]))
    if truth is not None:
        scores["ari"] = float(adjusted_rand_score(truth, labels))
        scores["nmi"] = float(normalized_mutual_info_score(truth, labels))
    return scores


def stability(
    posed: Posed, family: str, settings: dict[str, Any], seed: int, times: int, deadline: float
) -> tuple[list[float], int]:
    """Adjusted Rand index of the clusterings of all rows that pairs of subsamples give, and the number of subsamples.

    After Ben-Hur, Elisseeff & Guyon (2002).
    """
    draw = np.random.default_rng(seed)
    found: list[np.ndarray] = []
    for _ in range(times):
        if found and time.monotonic() > deadline:
            break
        rows = np.sort(draw.permutation(posed.rows)[: max(int(SHARE * posed.rows), 2)])
        found.append(fit_clusters(posed, family, settings, seed, rows).predict(posed.features))
    pairs = [(one, other) for at, one in enumerate(found) for other in found[:at]]
    return [float(adjusted_rand_score(one, other)) for one, other in pairs], len(found)


def sizes(labels: np.ndarray) -> dict[str, int]:
    """Rows of each cluster, largest first, up to fifty; `noise` last."""
    numbers, counts = np.unique(labels[labels >= 0], return_counts=True)
    order = np.argsort(-counts, kind="stable")[:50]
    said = {str(numbers[at]): int(counts[at]) for at in order}
    return said | ({"noise": int((labels < 0).sum())} if (labels < 0).any() else {})


def _say(posed: Posed, model: Clusterer) -> None:
    if model.tried_:
        chosen = "; ".join(f"{value}: {worth:.3f}" for value, worth in model.tried_.items())
        what = "eps" if model.family == "dbscan" else "number of clusters"
        posed.notes.append(f"The {what} was chosen by silhouette ({chosen}).")
    posed.notes.append("The baseline is the same clusters dealt out at random.")
    found = len(np.unique(model.labels_[model.labels_ >= 0]))
    if found < 2:
        posed.warnings.append(f"{model.family} finds {found} clusters: by it these rows are not grouped.")
