"""One picture of an evaluation: ROC, precision-recall, reliability and confusion, or residuals."""

from typing import Any

import numpy as np
from sklearn.metrics import precision_recall_curve, roc_curve

from ml_engine.contract.manifest import Artifact
from ml_engine.diagnostics import reliability_curve
from ml_engine.job import Job
from ml_engine.plots import BLUE, GREEN, GREY, ORANGE, RED, panels, save_png

COLOURS = [BLUE, ORANGE, GREEN, RED, "#775599", "#886655", "#cc77aa", "#777777"]
MOST_CURVES = 8
MOST_CELLS = 12


def classification(
    job: Job,
    *,
    truth: np.ndarray,
    output: np.ndarray,
    classes: list[str],
    positive: int | None,
    confusion: np.ndarray,
    title: str,
) -> Artifact:
    """ROC, precision-recall, reliability, confusion in one PNG; a curve a class where there are more than two."""
    figure, (roc, recall, reliability, cells) = panels(2, 2)
    codes = (
        [positive]
        if positive is not None
        else list(np.argsort(-np.bincount(truth, minlength=len(classes)))[:MOST_CURVES])
    )
    for colour, code in zip(COLOURS, codes, strict=False):
        hit = truth == code
        if hit.all() or not hit.any():
            continue
        false, true, _ = roc_curve(hit, output[:, code])
        roc.plot(false, true, color=colour, label=_short(classes[code]))
        precision, share, _ = precision_recall_curve(hit, output[:, code])
        recall.plot(share, precision, color=colour)
        predicted, observed, _ = reliability_curve(hit, output[:, code])
        reliability.plot(predicted, observed, "o-", color=colour, markersize=4)
    roc.plot([0, 1], [0, 1], "--", color=GREY, linewidth=1)
    roc.set(title="ROC", xlabel="False positive rate", ylabel="True positive rate")
    if positive is None:
        roc.legend(fontsize=7)
    else:
        recall.axhline((truth == positive).mean(), color=GREY, linestyle="--", linewidth=1)
    recall.set(title="Precision and recall", xlabel="Recall", ylabel="Precision", ylim=(0, 1.02))
    reliability.plot([0, 1], [0, 1], "--", color=GREY, linewidth=1)
    reliability.set(title="Reliability", xlabel="Predicted probability", ylabel="Observed share")
    _confusion(cells, confusion[:MOST_CELLS, :MOST_CELLS], [_short(name) for name in classes[:MOST_CELLS]])
    figure.suptitle(title)
    return save_png(job, figure, "evaluation.png", f"{title}: ROC, precision-recall, reliability, confusion")


def regression(job: Job, truth: np.ndarray, predicted: np.ndarray, title: str) -> Artifact:
    """Predicted against true, residuals against predicted, and their distribution in one PNG."""
    figure, (fit, spread, histogram) = panels(1, 3)
    residual = truth - predicted
    many = len(truth) > 2000
    for axis, first, second in [(fit, truth, predicted), (spread, predicted, residual)]:
        if many:
            axis.hexbin(first, second, gridsize=40, bins="log", cmap="Blues", mincnt=1)
        else:
            axis.scatter(first, second, s=10, color=BLUE, alpha=0.5, linewidths=0)
    ends = [min(truth.min(), predicted.min()), max(truth.max(), predicted.max())]
    fit.plot(ends, ends, "--", color=GREY, linewidth=1)
    fit.set(title="Predicted and true", xlabel="True", ylabel="Predicted")
    spread.axhline(0, color=GREY, linestyle="--", linewidth=1)
    spread.set(title="Residuals", xlabel="Predicted", ylabel="True - predicted")
    histogram.hist(residual, bins=40, color=BLUE)
    histogram.set(title="Distribution of residuals", xlabel="True - predicted", ylabel="Rows")
    figure.suptitle(title)
    return save_png(job, figure, "evaluation.png", f"{title}: predictions and residuals")


def _confusion(axis: Any, counts: np.ndarray, labels: list[str]) -> None:
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axis.grid(visible=False)
    for row, column in np.ndindex(*counts.shape):
        colour = "white" if shares[row, column] > 0.5 else "black"
        axis.text(column, row, str(int(counts[row, column])), ha="center", va="center", color=colour, fontsize=8)
    axis.set_xticks(range(len(labels)), labels, rotation=45 if len(labels) > 3 else 0, fontsize=7)
    axis.set_yticks(range(len(labels)), labels, fontsize=7)
    axis.set(title="Confusion", xlabel="Predicted", ylabel="True")


def _short(label: str) -> str:
    return label if len(label) <= 16 else f"{label[:15]}…"
