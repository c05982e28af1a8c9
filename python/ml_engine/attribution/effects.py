"""How a model's output moves with one column: partial dependence (Friedman 2001), ALE (Apley & Zhu 2020)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

Output = Callable[[pd.DataFrame], np.ndarray]
"""From features to one number a row."""
POINTS = 20
MOST_CATEGORIES = 12


@dataclass(frozen=True)
class Effect:
    column: str
    kind: Literal["partial_dependence", "accumulated_local_effects"]
    x: list[float] | list[str]
    y: list[float]

    @property
    def shape(self) -> str:
        """The curve in words, from its numbers alone."""
        y = np.array(self.y)
        if len(y) < 2:
            return "one value only."
        span = f"from {y[0]:.3g} at {_named(self.x[0])} to {y[-1]:.3g} at {_named(self.x[-1])}"
        low, high = int(y.argmin()), int(y.argmax())
        extremes = f"lowest {y[low]:.3g} at {_named(self.x[low])}, highest {y[high]:.3g} at {_named(self.x[high])}"
        if isinstance(self.x[0], str):
            return f"{extremes}."
        steps = np.diff(y)
        travelled = np.abs(steps).sum()
        if travelled == 0:
            return "flat."
        net = (y[-1] - y[0]) / travelled
        if net > 0.9:
            return f"rises {span}."
        return f"falls {span}." if net < -0.9 else f"not monotonic, {extremes}."


def _named(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"


def partial_dependence(output: Output, features: pd.DataFrame, column: str) -> Effect | None:
    """Mean output with the column set to each of its quantiles or most common categories; None for dates."""
    values = features[column]
    if values.dtype.kind == "M":
        return None

    def mean(value: float | str) -> float:
        replaced = pd.Series([value] * len(features), index=features.index, dtype=values.dtype)
        return float(output(features.assign(**{column: replaced})).mean())

    if values.dtype == object:
        names = sorted(str(value) for value in values.dropna().value_counts().head(MOST_CATEGORIES).index)
        return Effect(column, "partial_dependence", names, [mean(name) for name in names]) if names else None
    grid = [float(value) for value in _grid(values)]
    return Effect(column, "partial_dependence", grid, [mean(value) for value in grid]) if grid else None


def accumulated_local_effects(output: Output, features: pd.DataFrame, column: str) -> Effect | None:
    """First-order ALE of a numeric column, centred to mean zero over the rows; None for other columns."""
    values = features[column]
    if values.dtype == object or values.dtype.kind == "M":
        return None
    present = features[values.notna()]
    edges = _grid(values)
    if len(edges) < 3:
        return None
    place = np.clip(np.searchsorted(edges, present[column].to_numpy(), side="left") - 1, 0, len(edges) - 2)
    upper = output(present.assign(**{column: edges[place + 1]}))
    lower = output(present.assign(**{column: edges[place]}))
    counts = np.bincount(place, minlength=len(edges) - 1)
    local = np.bincount(place, weights=upper - lower, minlength=len(edges) - 1) / np.maximum(counts, 1)
    total = np.append(0.0, np.cumsum(local))
    centre = ((total[:-1] + total[1:]) / 2 * counts).sum() / counts.sum()
    return Effect(
        column, "accumulated_local_effects", [float(edge) for edge in edges], [float(value) for value in total - centre]
    )


def _grid(values: pd.Series) -> np.ndarray:
    present = values.dropna().to_numpy(dtype=np.float64)
    present = present[np.isfinite(present)]
    if len(present) == 0:
        return present
    distinct = np.unique(present)
    return distinct if len(distinct) <= POINTS else np.unique(np.quantile(present, np.linspace(0.0, 1.0, POINTS)))
