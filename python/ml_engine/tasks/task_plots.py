"""One picture of an evaluation of each task beside classification and regression."""

import numpy as np
from sklearn.decomposition import PCA

from ml_engine.contract.manifest import Artifact
from ml_engine.job import Job
from ml_engine.plots import BLUE, GREEN, GREY, ORANGE, RED, panels, save_png
from ml_engine.tasks.backtest import Window
from ml_engine.tasks.series import Panel

COLOURS = [BLUE, ORANGE, GREEN, RED, "#775599", "#886655", "#cc77aa", "#777777"]
MOST_POINTS = 3000
MOST_SERIES = 4
NAME = "evaluation.png"


def clusters(job: Job, matrix: np.ndarray, labels: np.ndarray, title: str) -> Artifact:
    """Rows on their first two principal components, and how many each cluster has."""
    figure, (plane, counts) = panels(1, 2)
    rows = np.random.default_rng(0).permutation(len(matrix))[:MOST_POINTS]
    spread = matrix if matrix.shape[1] > 1 else np.column_stack([matrix[:, 0], np.zeros(len(matrix))])
    places = PCA(2, random_state=0).fit_transform(spread)[rows]
    numbers = np.unique(labels)
    for number in numbers:
        colour = GREY if number < 0 else COLOURS[number % len(COLOURS)]
        inside = labels[rows] == number
        plane.scatter(*places[inside].T, s=10, color=colour, alpha=0.6, linewidths=0)
    plane.set(title="First two principal components", xticks=[], yticks=[])
    counts.bar(
        [str(number) if number >= 0 else "noise" for number in numbers],
        [int((labels == number).sum()) for number in numbers],
        color=[GREY if number < 0 else COLOURS[number % len(COLOURS)] for number in numbers],
    )
    counts.set(title="Rows of each cluster")
    figure.suptitle(title)
    return save_png(job, figure, NAME, f"{title}: clusters")


def anomalies(job: Job, scores: np.ndarray, threshold: float, hit: np.ndarray | None, title: str) -> Artifact:
    """How strange rows are, known anomalies apart."""
    figure, (axis,) = panels(1, 1, width=6.4)
    edges = np.histogram_bin_edges(scores, 40)
    normal = scores if hit is None else scores[~hit]
    axis.hist(normal, bins=edges, color=BLUE, alpha=0.7, label="rows" if hit is None else "normal")
    if hit is not None:
        axis.hist(scores[hit], bins=edges, color=RED, alpha=0.8, label="anomalies")
    axis.axvline(threshold, color=GREY, linestyle="--", linewidth=1, label="threshold")
    axis.set(title="Anomaly scores", xlabel="Score, larger is stranger", ylabel="Rows", yscale="log")
    axis.legend(fontsize=8)
    figure.suptitle(title)
    return save_png(job, figure, NAME, f"{title}: anomaly scores")


def queries(job: Job, each: dict[str, np.ndarray], title: str) -> Artifact:
    """How each metric varies from query to query."""
    figure, axes = panels(1, len(each), width=3.2)
    for axis, colour, (name, values) in zip(axes, COLOURS, each.items(), strict=False):
        axis.hist(values, bins=np.linspace(0, 1, 21), color=colour)
        axis.set(title=name, xlabel="Of a query", ylabel="Queries" if axis is axes[0] else "")
    figure.suptitle(title)
    return save_png(job, figure, NAME, f"{title}: metrics of each query")


def forecasts(job: Job, past: Panel, later: Panel, windows: list[Window], known: list[int], title: str) -> Artifact:
    """The end of what was learnt, what came, and the forecasts with their 80 % intervals."""
    shown = later.series[:MOST_SERIES]
    figure, axes = panels(len(shown), 1, width=8.0, height=2.6)
    del past
    for row, (axis, one) in enumerate(zip(axes, shown, strict=True)):
        first = max(known[row] - 3 * windows[0].truth.shape[1], 0)
        steps = np.arange(first, len(one.values))
        axis.plot(steps, one.values[first:], color=BLUE, linewidth=1.2, label="value")
        origin = known[row]
        for whole in windows:
            if row >= len(whole.truth) or origin >= len(one.values):
                break
            ahead = np.arange(origin, origin + whole.truth.shape[1])
            axis.plot(ahead, whole.bands.point[row], color=ORANGE, linewidth=1.2)
            axis.fill_between(ahead, whole.bands.low[row], whole.bands.high[row], color=ORANGE, alpha=0.2, linewidth=0)
            origin += whole.truth.shape[1]
        axis.axvline(known[row], color=GREY, linestyle="--", linewidth=1)
        axis.set(title=one.name, xlabel="Step" if row == len(shown) - 1 else "")
    figure.suptitle(title)
    return save_png(job, figure, NAME, f"{title}: forecasts and what came")
