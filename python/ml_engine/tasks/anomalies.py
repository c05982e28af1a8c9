"""Anomaly detection: rows unlike the others, scored on rows the detector was not made of."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats
from sklearn.model_selection import KFold, StratifiedKFold

from ml_engine.contract.training import Candidate, TrainParams, TrainResult
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.metrics import Scores, ranking, summary
from ml_engine.names import require_column
from ml_engine.posed import Posed, pose_rows
from ml_engine.tables import Table, read_table
from ml_engine.target import labelled_rows, positive_of, truth_of
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
from ml_engine.tasks.detectors import KINDS, MOST_KERNEL_ROWS, Detector, known_settings, require_contamination

CONTAMINATION = 0.05


@dataclass(frozen=True)
class Rows:
    posed: Posed
    hit: np.ndarray | None
    """Whether each row is a known anomaly; None without a target."""
    label: str | None


def train_detector(params: TrainParams, job: Job) -> TrainResult:
    """Fits a detector on all rows; a target, where given, is only scored with."""
    started = time.monotonic()
    require_plain(params, "anomaly detection", {"include", "positive"})
    require_family("anomaly detection", params["family"], KINDS)
    rows = _rows(read_table(params["dataset"]), params)
    posed, seed = rows.posed, params["seed"]
    given = dict(params["params"])
    if params["family"] != "auto":
        require_settings(params["family"], given, known_settings(params["family"]))
    contamination = _contamination(rows, given)
    settings = {name: value for name, value in given.items() if name != "contamination"}
    families = list(KINDS) if params["family"] == "auto" and rows.hit is not None else [params["family"]]
    if families == ["auto"]:
        families = ["isolation_forest"]
        posed.notes.append("Without labels nothing says which detector is best: `auto` is an isolation forest.")
    metric = "stability" if rows.hit is None else "average_precision"
    found: dict[str, list[Scores]] = {}
    candidates: list[Candidate] = []
    budget = params.get("time_budget_seconds", AUTO_SECONDS)
    for number, family in enumerate(families):
        at = time.monotonic()
        if found and at - started > budget / 2:
            candidates.append({"family": family, "score": None, "sd": None, "seconds": 0.0, "note": "no time left"})
            continue
        own = settings if len(families) == 1 else {}
        found[family] = held_out(rows, family, own, contamination, seed, params["folds"])
        mean, spread = summary(found[family])
        took = round(time.monotonic() - at, 3)
        candidates.append(
            {"family": family, "score": mean.get(metric), "sd": spread.get(metric), "seconds": took, "note": None}
        )
        job.progress(5 + 75 * (number + 1) / len(families), 100, f"scored {family}")
    if len(families) > 1:
        candidates = decided(
            job,
            "anomaly_detection",
            metric,
            candidates,
            "Best average precision on held-out rows, of default settings.",
        )
    family = candidates[0]["family"]
    pipeline = fit_detector(posed, family, settings if len(families) == 1 else {}, contamination, seed)
    model: Detector = pipeline[-1]
    metrics, spread = summary(found[family])
    if family == "one_class_svm" and posed.rows > MOST_KERNEL_ROWS:
        posed.warnings.append(f"one_class_svm was fitted on a sample of {MOST_KERNEL_ROWS} rows.")
    flagged = model.training_scores_ > model.threshold_
    chance = random_scores(rows, contamination, seed)
    return answer(
        params,
        job,
        posed,
        "anomaly_detection",
        Outcome(
            estimator=pipeline,
            family=family,
            framework="scikit-learn",
            model_type=KINDS[family].__name__,
            metric=metric,
            metrics=metrics,
            spread=spread,
            baseline=chance,
            folds={
                "scheme": "shuffled" if rows.hit is None else "stratified",
                "planned": params["folds"],
                "done": len(found[family]),
            },
            settings={**settings, "contamination": contamination},
            candidates=candidates if len(families) > 1 else [],
            extra={
                "positive": rows.label,
                "sizes": {"anomaly": int(flagged.sum()), "normal": int((~flagged).sum())},
                "rows_file": rows_file(
                    job,
                    {"row": np.arange(posed.rows), "score": model.training_scores_, "anomaly": flagged},
                    "The anomaly score of each row",
                ),
            },
            manifest={"positive": rows.label},
        ),
        started=started,
    )


def fit_detector(
    posed: Posed, family: str, settings: dict[str, Any], contamination: float, seed: int, rows: np.ndarray | None = None
) -> Any:
    """A fitted pipeline that ends in a `Detector`."""
    pipeline = unsupervised_pipeline(posed, Detector(family, settings, contamination, seed), seed)
    features = posed.features if rows is None else posed.features.iloc[rows]
    try:
        return guarded(lambda: pipeline.fit(features), len(features))
    except ValueError as error:
        raise OpError(
            "invalid_input",
            f"family: {family} cannot be fitted to these {len(features)} rows.",
            "Use isolation_forest.",
        ) from error


def held_out(
    rows: Rows, family: str, settings: dict[str, Any], contamination: float, seed: int, folds: int
) -> list[Scores]:
    """Scores of each fold by a detector that saw neither its rows nor any label."""
    posed, everyone = rows.posed, np.arange(rows.posed.rows)
    whole = None
    if rows.hit is None:
        whole = fit_detector(posed, family, settings, contamination, seed)[-1]
        splits = KFold(folds, shuffle=True, random_state=seed).split(everyone)
    else:
        least = int(min(rows.hit.sum(), (~rows.hit).sum()))
        if least < folds:
            posed.warnings.append(f"{least} rows of one kind: {max(least, 2)} folds instead of {folds}.")
        splits = StratifiedKFold(min(folds, max(least, 2)), shuffle=True, random_state=seed).split(everyone, rows.hit)
    found: list[Scores] = []
    for train, test in splits:
        pipeline = fit_detector(posed, family, settings, contamination, seed, train)
        matrix = pipeline[:-1].transform(posed.features.iloc[test])
        scores, limit = pipeline[-1].scores(matrix), pipeline[-1].threshold_
        found.append(detector_scores(scores, limit, None if rows.hit is None else rows.hit[test]))
        if whole is not None:
            found[-1]["stability"] = float(stats.spearmanr(scores, whole.training_scores_[test]).statistic)
    return found


def detector_scores(scores: np.ndarray, threshold: float, hit: np.ndarray | None) -> Scores:
    """The share flagged; with labels how well the scores order and the flags hit."""
    flagged = scores > threshold
    said: Scores = {"flagged": float(flagged.mean())}
    if hit is not None:
        area, precision = ranking(hit, scores)(np.ones(len(hit)))
        right = int((flagged & hit).sum())
        said |= {
            "roc_auc": area,
            "average_precision": precision,
            "precision": right / max(int(flagged.sum()), 1),
            "recall": right / max(int(hit.sum()), 1),
            "f1": 2 * right / max(int(flagged.sum()) + int(hit.sum()), 1),
        }
    return said


def random_scores(rows: Rows, contamination: float, seed: int) -> Scores:
    """What scores drawn at random come to; `stability` of them is 0."""
    drawn = np.random.default_rng(seed).random(rows.posed.rows)
    said = detector_scores(drawn, float(np.quantile(drawn, 1 - contamination)), rows.hit)
    return said if rows.hit is not None else {**said, "stability": 0.0}


def _rows(table: Table, params: TrainParams) -> Rows:
    warnings = [*table.warnings]
    if "target" not in params:
        return Rows(pose_rows(table, params, table.frame, "", warnings), None, None)
    target = require_column("target", params["target"], table.frame.columns)
    frame = labelled_rows(table.frame, target, warnings)
    truth, classes = truth_of(frame, target, "classification", [])
    if len(classes) != 2:
        raise OpError(
            "invalid_input",
            f"target: `{target}` has {len(classes)} values; labels of anomalies have two.",
            "Leave `target` out to detect without labels.",
        )
    notes: list[str] = []
    positive = positive_of(truth, classes, params.get("positive"), "classification", notes)
    posed = pose_rows(table, params, frame, target, warnings)
    posed.notes.extend([*notes, "Labels were used to score, never to fit."])
    return Rows(posed, truth == positive, classes[positive or 0])


def _contamination(rows: Rows, given: dict[str, Any]) -> float:
    if "contamination" in given:
        return require_contamination(given["contamination"])
    if rows.hit is None:
        rows.posed.notes.append(f"contamination: {CONTAMINATION} of the rows are flagged; set params.contamination.")
        return CONTAMINATION
    share = float(np.clip(rows.hit.mean(), 1 / rows.posed.rows, 0.5))
    rows.posed.notes.append(f"contamination: {share:.4g}, the share of labelled anomalies.")
    return share
