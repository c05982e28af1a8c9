"""Pictures of fairness: metrics by group, and what accuracy evenness costs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ml_engine.fairness.groups import Attribute
from ml_engine.fairness.mitigation import Point
from ml_engine.fairness.rates import Measured
from ml_engine.plots import BLUE, GREEN, GREY, ORANGE, RED, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_GROUPS = 8
TITLES = {
    "selection_rate": "Selected",
    "tpr": "True positive rate",
    "fpr": "False positive rate",
    "ppv": "Precision (PPV)",
    "mean_prediction": "Mean prediction",
    "mae": "Mean absolute error",
    "bias": "Bias (prediction − truth)",
    "mean_truth": "Mean truth",
}
DECISIONS = ["selection_rate", "tpr", "fpr", "ppv"]
NUMBERS = ["mean_prediction", "mean_truth", "mae", "bias"]


def by_group(measured: Sequence[tuple[Attribute, dict[str, Measured]]], subject: str, regression: bool) -> "Figure":
    """One row of panels an attribute: a dot and its 95 % interval a group; grey where too few rows."""
    names = NUMBERS if regression else DECISIONS
    most = max(min(len(attribute.groups), MOST_GROUPS) for attribute, _ in measured)
    figure, axes = panels(len(measured), len(names), width=3.1, height=1.1 + 0.28 * most)
    for place, (attribute, metrics) in enumerate(measured):
        shown = range(min(len(attribute.groups), MOST_GROUPS))
        for number, name in enumerate(names):
            axis = axes[place * len(names) + number]
            for line, group in enumerate(shown):
                value = metrics[name].values[group]
                low, high = metrics[name].interval(group)
                colour = BLUE if attribute.compared[group] else GREY
                if np.isfinite(low) and np.isfinite(high):
                    axis.plot([low, high], [line, line], color=colour, linewidth=2, alpha=0.6)
                if np.isfinite(value):
                    axis.plot(value, line, "o", color=colour, markersize=6)
            labels = [f"{_short(attribute.groups[group])} (n {attribute.rows[group]})" for group in shown]
            axis.set_yticks(list(shown), labels if number == 0 else [""] * len(labels))
            axis.set_ylim(len(labels) - 0.5, -0.5)
            if not regression:
                axis.set_xlim(-0.03, 1.03)
            if name == "selection_rate":
                top = np.nanmax(np.where(attribute.compared, metrics[name].values, np.nan))
                axis.axvline(0.8 * top, color=RED, linestyle="--", linewidth=1, label="four fifths of the highest")
                axis.legend(loc="lower right", fontsize=7)
            axis.set_title(TITLES[name] if place == 0 else "")
        axes[place * len(names)].set_ylabel(attribute.name)
    figure.suptitle(f"{subject}, by group, 95 % intervals")
    return figure


def trade_off(curve: Sequence[Point], others: Sequence[Point], constraint: str) -> "Figure":
    """Accuracy against disparity; up and to the left is better."""
    figure, (axis,) = panels(1, 1, width=6.4, height=4.2)
    colours = {"threshold optimiser": BLUE, "exponentiated gradient": GREEN}
    for method, colour in colours.items():
        points = sorted((one for one in curve if one.method == method), key=lambda one: one.disparity)
        axis.plot(
            [one.disparity for one in points],
            [one.accuracy for one in points],
            "o-",
            color=colour,
            label=method,
            markersize=5,
        )
    for one, colour in zip(
        [*[point for point in curve if point.method == "model as it is"], *others], [GREY, ORANGE], strict=False
    ):
        axis.plot(one.disparity, one.accuracy, "D", color=colour, label=one.method, markersize=8)
    axis.set_xlabel(f"{constraint.replace('_', ' ')} difference (0 is even)")
    axis.set_ylabel("Accuracy on rows not learnt from")
    axis.set_xlim(left=0)
    axis.legend()
    axis.set_title("What evenness costs")
    return figure


def _short(text: str) -> str:
    return text if len(text) <= 28 else f"{text[:27]}…"
