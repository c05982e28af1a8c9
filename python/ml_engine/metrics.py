"""The metrics of classification and regression over weighted rows, prepared once and computed many times.

A resample of the bootstrap is a vector of counts, so one implementation serves the estimate (all ones) and each
resample. Definitions are scikit-learn's; expected calibration error after Guo et al. 2017, fifteen bins of equal width.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

LOWER_IS_BETTER = {
    *("log_loss", "brier", "ece", "rmse", "mae", "medae", "mape", "mase", "smape", "pinball", "davies_bouldin"),
}
BINS = 15
Scores = dict[str, float]
Measure = Callable[[np.ndarray], Scores]
"""From the weight of every row to every metric; a metric that is undefined for the weights is NaN."""


def better(name: str, value: float) -> float:
    """`value` turned so that larger is better."""
    return -value if name in LOWER_IS_BETTER else value


def classification_measure(
    truth: np.ndarray, probabilities: np.ndarray, positive: int | None, ranked: bool = True
) -> Measure:
    """Prepares the metrics of a classifier.

    Args:
        truth: Class codes, shape (rows,).
        probabilities: Shape (rows, classes).
        positive: Code of the positive class of a binary task; None otherwise.
        ranked: Whether to compute the two ranking metrics, the dearest ones.
    """
    rows, classes = probabilities.shape
    predicted = probabilities.argmax(axis=1)
    cells = truth * classes + predicted
    loss = -np.log(np.clip(probabilities[np.arange(rows), truth], np.finfo(np.float64).eps, 1.0))
    if positive is None:
        errors = probabilities.copy()
        errors[np.arange(rows), truth] -= 1.0
        squared = (errors**2).sum(axis=1)
        confidence, hit = probabilities.max(axis=1), (predicted == truth).astype(np.float64)
    else:
        confidence, hit = probabilities[:, positive], (truth == positive).astype(np.float64)
        squared = (confidence - hit) ** 2
    bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
    ranks: list[Callable[[np.ndarray], tuple[float, float]]] = []
    if ranked:
        scored = range(classes) if positive is None else [positive]
        ranks = [ranking(truth == code, probabilities[:, code]) for code in scored]

    def measure(weights: np.ndarray) -> Scores:
        total = weights.sum()
        confusion = np.bincount(cells, weights=weights, minlength=classes * classes).reshape(classes, classes)
        scores = confusion_scores(confusion, positive)
        if ranks:
            pairs = np.array([rank(weights) for rank in ranks])
            scores["roc_auc"], scores["average_precision"] = (float(value) for value in pairs.mean(axis=0))
        scores["log_loss"] = float(weights @ loss / total)
        scores["brier"] = float(weights @ squared / total)
        gap = np.bincount(bins, weights=weights * (hit - confidence), minlength=BINS)
        scores["ece"] = float(np.abs(gap).sum() / total)
        return scores

    return measure


def confusion_scores(confusion: np.ndarray, positive: int | None) -> Scores:
    """What a confusion matrix (true × predicted, weights) says alone."""
    total = confusion.sum()
    true, predicted, hits = confusion.sum(axis=1), confusion.sum(axis=0), np.diag(confusion)
    present = true > 0
    recall = _share(hits, true)
    precision = _share(hits, predicted)
    f1 = _share(2 * hits, true + predicted)
    seen = present | (predicted > 0)
    scores = {"accuracy": float(hits.sum() / total), "balanced_accuracy": float(recall[present].mean())}
    if positive is not None:
        scores |= {"precision": precision[positive], "recall": recall[positive], "f1": f1[positive]}
    else:
        scores |= {"precision_macro": precision[seen].mean(), "f1_weighted": (f1 * true).sum() / total}
    scores["f1_macro"] = f1[seen].mean()
    expected = (true * predicted).sum()
    spread = np.sqrt((total**2 - (predicted**2).sum()) * (total**2 - (true**2).sum()))
    scores["mcc"] = (total * hits.sum() - expected) / spread if spread else 0.0
    chance = total**2 - expected
    scores["kappa"] = (total * hits.sum() - expected) / chance if chance else 0.0
    return {name: float(value) for name, value in scores.items()}


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros_like(part, dtype=np.float64), where=whole > 0)


def ranking(positive: np.ndarray, score: np.ndarray) -> Callable[[np.ndarray], tuple[float, float]]:
    """Prepares (area under ROC, average precision) of scores with ties, for weighted rows."""
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    hit = positive[order].astype(np.float64)

    def areas(weights: np.ndarray) -> tuple[float, float]:
        sorted_weights = weights[order]
        true = np.cumsum(sorted_weights * hit)[ends]
        flagged = np.cumsum(sorted_weights)[ends]
        false = flagged - true
        if true[-1] <= 0 or false[-1] <= 0:
            return float("nan"), float("nan")
        area = np.trapezoid(np.append(0.0, true), np.append(0.0, false)) / (true[-1] * false[-1])
        precision = np.divide(true, flagged, out=np.zeros_like(true), where=flagged > 0)
        return float(area), float(np.diff(true, prepend=0.0) @ precision / true[-1])

    return areas


def regression_measure(truth: np.ndarray, predicted: np.ndarray) -> Measure:
    """Prepares the metrics of a regressor; both of shape (rows,). MAPE is left out where a true value is 0."""
    error = truth - predicted
    absolute = np.abs(error)
    order = np.argsort(absolute, kind="stable")
    ratio = None if (truth == 0).any() else absolute / np.abs(truth)

    def measure(weights: np.ndarray) -> Scores:
        total = weights.sum()
        mean = weights @ truth / total
        variance = weights @ (truth - mean) ** 2 / total
        squared = weights @ error**2 / total
        counts = np.cumsum(weights[order])
        middle = np.searchsorted(counts, [(total - 1) // 2, total // 2], side="right")
        scores = {
            "rmse": np.sqrt(squared),
            "mae": weights @ absolute / total,
            "r2": 1.0 - squared / variance if variance > 0 else float("nan"),
            "medae": absolute[order][np.minimum(middle, len(order) - 1)].mean(),
        }
        if ratio is not None:
            scores["mape"] = weights @ ratio / total
        return {name: float(value) for name, value in scores.items()}

    return measure


def measure_of(
    task: str, truth: np.ndarray, output: np.ndarray, positive: int | None = None, ranked: bool = True
) -> Measure:
    """The metrics of the task: `output` is probabilities (rows × classes) or predicted numbers."""
    if task == "classification":
        return classification_measure(truth, output, positive, ranked)
    return regression_measure(truth, output)


def score(task: str, truth: np.ndarray, output: np.ndarray, positive: int | None = None) -> Scores:
    """Every metric of the task on unweighted rows; undefined ones are left out."""
    measured = measure_of(task, truth, output, positive)(np.ones(len(truth)))
    return {name: value for name, value in measured.items() if np.isfinite(value)}


def summary(scores: list[Scores]) -> tuple[Scores, Scores]:
    """Mean and standard deviation (of the sample) of each metric over folds."""
    names = [name for name in (scores[0] if scores else {}) if all(name in fold for fold in scores)]
    values: dict[str, Any] = {name: np.array([fold[name] for fold in scores]) for name in names}
    spread = {name: float(found.std(ddof=1)) if len(found) > 1 else 0.0 for name, found in values.items()}
    return {name: float(found.mean()) for name, found in values.items()}, spread
