"""What lies behind a metric: confusion, classes, thresholds, reliability, residuals."""

import numpy as np
from scipy import stats

from ml_engine.contract.training import CalibrationItem, ClassScore, Operating, Residuals, Threshold
from ml_engine.scored import Scored


def confusion_matrix(scored: Scored) -> np.ndarray | None:
    """Counts, true × predicted; None for a regressor."""
    if scored.output.ndim == 1:
        return None
    size = scored.output.shape[1]
    return np.bincount(scored.truth * size + scored.predicted, minlength=size * size).reshape(size, size)


def per_class(confusion: np.ndarray, classes: list[str]) -> list[ClassScore]:
    """Precision, recall and F1 of each class; 0 where a class was never predicted or never true."""
    hits, true, predicted = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    return [
        {
            "label": label,
            "precision": float(hits[code] / max(predicted[code], 1)),
            "recall": float(hits[code] / max(true[code], 1)),
            "f1": float(2 * hits[code] / max(true[code] + predicted[code], 1)),
            "rows": int(true[code]),
        }
        for code, label in enumerate(classes)
    ]


def cheapest(hit: np.ndarray, score: np.ndarray, cost_fp: float, cost_fn: float) -> Threshold:
    """The threshold of least mean cost over all that these rows distinguish; rows at or above it are positive."""
    order = np.argsort(-score, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)
    true = np.cumsum(hit[order])[ends]
    flagged = ends + 1
    cost = (cost_fp * (flagged - true) + cost_fn * (hit.sum() - true)) / len(hit)
    nothing = cost_fn * hit.sum() / len(hit)
    at = int(cost.argmin())
    cut_off = float(score[order][ends[at]]) if cost[at] <= nothing else float(np.nextafter(1.0, 2.0))
    return {
        "cost_fp": cost_fp,
        "cost_fn": cost_fn,
        "best": operating(hit, score, cut_off, cost_fp, cost_fn),
        "at_half": operating(hit, score, 0.5, cost_fp, cost_fn),
    }


def operating(hit: np.ndarray, score: np.ndarray, threshold: float, cost_fp: float, cost_fn: float) -> Operating:
    """What deciding at `threshold` costs and finds."""
    flagged = score >= threshold
    right = int((flagged & hit).sum())
    wrong, missed = int(flagged.sum()) - right, int(hit.sum()) - right
    return {
        "threshold": threshold,
        "cost": (cost_fp * wrong + cost_fn * missed) / len(hit),
        "precision": right / max(right + wrong, 1),
        "recall": right / max(right + missed, 1),
    }


def reliability(hit: np.ndarray, score: np.ndarray) -> list[CalibrationItem]:
    """Points of the reliability curve."""
    columns = reliability_curve(hit, score)
    return [{"predicted": float(p), "observed": float(o), "rows": int(n)} for p, o, n in zip(*columns, strict=True)]


def residuals(residual: np.ndarray) -> Residuals:
    """Where true minus predicted lies."""
    low, middle, high = (float(value) for value in np.quantile(residual, [0.05, 0.5, 0.95]))
    skew = float(stats.skew(residual)) if residual.std() > 0 else 0.0
    worst_one = float(residual[np.abs(residual).argmax()])
    return {
        "mean": float(residual.mean()),
        "sd": float(residual.std()),
        "skew": skew,
        "p05": low,
        "median": middle,
        "p95": high,
        "worst": worst_one,
    }


def reliability_curve(hit: np.ndarray, score: np.ndarray, bins: int = 10) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean prediction, observed share and rows of bins of equal count, empty ones left out."""
    edges = np.unique(np.quantile(score, np.linspace(0, 1, bins + 1)[1:-1]))
    codes = np.searchsorted(edges, score, side="right")
    counts = np.bincount(codes, minlength=len(edges) + 1)
    used = counts > 0
    predicted = np.bincount(codes, weights=score, minlength=len(counts))[used] / counts[used]
    observed = np.bincount(codes, weights=hit.astype(np.float64), minlength=len(counts))[used] / counts[used]
    return predicted, observed, counts[used]
