"""How good forecasts would have been: made again and again from origins in the past, with what was known then.

MASE after Hyndman & Koehler (2006), scaled by the seasonal naive errors of the history; sMAPE as a share, 0 to 2
(Makridakis 1993); pinball the mean loss of the quantiles 0.1, 0.5 and 0.9; coverage the share of values inside the 80 %
interval.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ml_engine.metrics import Scores
from ml_engine.tasks.forecasters import Bands, Forecaster
from ml_engine.tasks.series import Panel

METRICS = {"mase", "smape", "rmse", "mae", "pinball"}


@dataclass(frozen=True)
class Window:
    """Forecasts from one origin: arrays of shape (series, steps), NaN past the end of a series."""

    truth: np.ndarray
    bands: Bands
    scales: np.ndarray
    """Mean absolute seasonal naive error of each history; NaN where it is 0."""


def origins(panel: Panel, horizon: int, windows: int, least: int) -> list[int]:
    """Steps before the end at which forecasts start, earliest first; windows overlap only where they have to."""
    room = panel.longest - least - horizon
    if room < 0:
        return []
    step = max(1, min(horizon, room // max(windows - 1, 1)))
    return sorted({horizon + step * number for number in range(windows) if step * number <= room}, reverse=True)


def cut(panel: Panel, left: int, least: int) -> tuple[Panel, Panel]:
    """Histories up to `left` steps before the end of the longest series, and the same series whole."""
    kept = [one for one in panel.series if len(one.values) - left >= least]
    return Panel([one.until(len(one.values) - left) for one in kept], panel.step), Panel(kept, panel.step)


def naive_scale(values: np.ndarray, season: int) -> float:
    """Mean absolute change from season to season."""
    changes = np.abs(values[season:] - values[:-season]) if len(values) > season else np.abs(np.diff(values))
    worth = float(changes.mean()) if len(changes) else 0.0
    return worth if worth > 0 else float("nan")


def window(model: Forecaster, history: Panel, whole: Panel, horizon: int) -> Window:
    """The model's forecasts after each history beside what came."""
    truth = np.full((len(whole.series), horizon), np.nan)
    for row, (past, one) in enumerate(zip(history.series, whole.series, strict=True)):
        came = one.values[len(past.values) : len(past.values) + horizon]
        truth[row, : len(came)] = came
    scales = np.array([naive_scale(one.values, model.season) for one in history.series])
    return Window(truth, model.forecast(horizon, history), scales)


def window_scores(one: Window) -> Scores:
    """The metrics over every step of every series of a window; undefined ones are left out."""
    seen = np.isfinite(one.truth)
    truth, point = one.truth[seen], one.bands.point[seen]
    low, high = one.bands.low[seen], one.bands.high[seen]
    error = np.abs(truth - point)
    size = np.abs(truth) + np.abs(point)
    relative = np.where(seen, np.abs(one.truth - one.bands.point), np.nan) / one.scales[:, None]
    scores = {
        "mase": float(np.nanmean(relative)) if np.isfinite(relative).any() else float("nan"),
        "smape": float(np.divide(2 * error, size, out=np.zeros_like(error), where=size > 0).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "mae": float(error.mean()),
        "pinball": float(np.mean([pinball(truth, low, 0.1), pinball(truth, point, 0.5), pinball(truth, high, 0.9)])),
        "coverage": float(((truth >= low) & (truth <= high)).mean()),
    }
    return {name: value for name, value in scores.items() if np.isfinite(value)}


def pinball(truth: np.ndarray, predicted: np.ndarray, share: float) -> float:
    """Mean quantile loss (Koenker & Bassett 1978)."""
    error = truth - predicted
    return float(np.maximum(share * error, (share - 1) * error).mean())


def backtest(
    make: Callable[[], Forecaster],
    panel: Panel,
    starts: list[int],
    horizon: int,
    least: int,
    *,
    deadline: float = float("inf"),
    heard: Callable[[int], None] | None = None,
) -> list[Window]:
    """A window for each origin, latest first, the model learnt anew at each; fewer where time runs out."""
    found: list[Window] = []
    started = time.monotonic()
    for left in sorted(starts):
        now = time.monotonic()
        if found and now + (now - started) / len(found) > deadline:
            break
        history, whole = cut(panel, left, least)
        found.append(window(make().fit(history), history, whole, horizon))
        if heard:
            heard(len(found))
    return found
