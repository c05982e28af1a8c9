"""Pictures of what a model relies on."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ml_engine.attribution.effects import Effect
from ml_engine.attribution.ranking import Ranking
from ml_engine.plots import BLUE, GREEN, ORANGE, RED, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_BARS = 15


def bars(ranking: Ranking, metric: str, subject: str) -> "Figure":
    """One panel a method, best column first; whiskers are 95 % intervals over shuffles."""
    order = ranking.order[:MOST_BARS]
    drawn = [
        (measure, values[order])
        for measure, values in (("loss", ranking.loss), ("shap", ranking.magnitude))
        if values is not None
    ]
    figure, axes = panels(1, len(drawn), width=5.2, height=1.0 + 0.3 * len(order))
    places = np.arange(len(order))
    for number, (axis, (measure, values)) in enumerate(zip(axes, drawn, strict=True)):
        spread = None
        if measure == "loss" and ranking.shuffled is not None:
            spread = [
                ranking.shuffled.interval(int(place))[2] - value for place, value in zip(order, values, strict=True)
            ]
        colour = BLUE if measure == "loss" else GREEN
        axis.barh(places, values, color=colour, xerr=spread, error_kw={"ecolor": ORANGE, "capsize": 2})
        axis.set_yticks(places, [_short(ranking.names[place]) for place in order] if number == 0 else [""] * len(order))
        axis.set_ylim(len(order) - 0.5, -0.5)
        axis.set_xlabel(f"loss of {metric} when shuffled" if measure == "loss" else "mean |SHAP value|")
    figure.suptitle(f"What {subject} relies on")
    return figure


def curves(effects: Sequence[Effect], explains: str) -> "Figure":
    """One panel a column: partial dependence as a line or bars, ALE around the same middle as a dashed line."""
    columns = list(dict.fromkeys(effect.column for effect in effects))
    wide = min(len(columns), 4)
    figure, axes = panels(-(-len(columns) // wide), wide, width=3.6, height=3.0)
    for axis in axes[len(columns) :]:
        axis.set_visible(False)
    for axis, column in zip(axes, columns, strict=False):
        own = {effect.kind: effect for effect in effects if effect.column == column}
        partial = own.get("partial_dependence")
        middle = float(np.mean(partial.y)) if partial else 0.0
        if partial and isinstance(partial.x[0], str):
            axis.barh([_short(str(value)) for value in partial.x], partial.y, color=BLUE)
        elif partial:
            axis.plot(partial.x, partial.y, color=BLUE, label="partial dependence")
        if local := own.get("accumulated_local_effects"):
            axis.plot(local.x, np.array(local.y) + middle, color=ORANGE, linestyle="--", label="ALE")
            axis.legend(fontsize=7)
        axis.set_title(_short(column))
    figure.suptitle(f"{explains} as one column changes")
    return figure


def contributions(names: Sequence[str], values: Sequence[float], scale: str, title: str) -> "Figure":
    """Signed bars, largest first: red raises the output, blue lowers it."""
    figure, (axis,) = panels(1, 1, width=6.8, height=1.2 + 0.32 * len(names))
    places = np.arange(len(names))
    axis.barh(places, values, color=[RED if value > 0 else BLUE for value in values])
    axis.axvline(0, color="black", linewidth=0.8)
    axis.set_yticks(places, [_short(name, 44) for name in names])
    axis.set_ylim(len(names) - 0.5, -0.5)
    axis.set_xlabel(f"adds to the {scale}")
    axis.set_title(title)
    return figure


def _short(text: str, most: int = 26) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
