"""Forecasts of many series by one regression on their own lags: ridge, or LightGBM.

What a row of the regression knows lies before the moment it predicts: lags, the mean of the last season, and the
moment's place in the calendar. Values are taken relative to that mean and to the series' usual step, so that series of
any size are learnt together and a level never seen can still be forecast. Further steps feed on forecasts.
"""

from typing import Any

import lightgbm
import numpy as np
import pandas as pd

from ml_engine.boosters import THREADS
from ml_engine.tasks.series import Panel, Series

PATHS = 200
RESIDUALS = 200
MOST_LAGS = 12
RIDGE = 1.0
INNER = 0.8
"""Of each series: the rest, unseen, says how far one step is off."""


def lags_of(season: int, shortest: int) -> list[int]:
    """Steps back that a row looks: the last few, and one and two seasons."""
    near = range(1, min(MOST_LAGS, max(season, 6)) + 1)
    far = [lag for lag in (season, season + 1, 2 * season) if season > 1]
    return sorted({lag for lag in (*near, *far) if lag <= max(shortest // 3, 1)})


def scale_of(values: np.ndarray) -> float:
    """The usual size of a step."""
    return float(np.abs(np.diff(values)).mean()) or 1.0


def calendar(panel: Panel, one: Series, first: int, count: int, season: int) -> np.ndarray:
    """Where moments lie: in the season, and for dates in the year and the week; shape (count, 6)."""
    places = 2 * np.pi * (np.arange(first, first + count) % season) / season
    columns = [np.sin(places), np.cos(places)]
    if isinstance(panel.step, str):
        index = pd.DatetimeIndex(panel.times(one, first, count))
        year = 2 * np.pi * np.asarray(index.dayofyear) / 365.25
        week = 2 * np.pi * np.asarray(index.dayofweek) / 7
        columns += [np.sin(year), np.cos(year), np.sin(week), np.cos(week)]
    else:
        columns += [np.zeros(count)] * 4
    return np.column_stack(columns)


def examples(history: np.ndarray, lags: list[int], season: int, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows and targets of every step that has all its lags behind it."""
    window = max(season, 3)
    steps = np.arange(max(*lags, window), len(history))
    sums = np.r_[0.0, np.cumsum(history)]
    level = (sums[steps] - sums[steps - window]) / window
    rows = np.column_stack([history[steps - lag] for lag in lags])
    return (rows - level[:, None]) / scale, (history[steps] - level) / scale


def fit_lagged(family: str, panel: Panel, season: int, settings: dict[str, Any], seed: int) -> dict[str, Any]:
    """Parameters as JSON values, the booster as text among them."""
    lags = settings.get("lags") or lags_of(season, panel.shortest)
    own = {name: value for name, value in settings.items() if name != "lags"}
    scales = {one.name: scale_of(one.values) for one in panel.series}
    inner: list[tuple[np.ndarray, np.ndarray]] = []
    outer: list[tuple[np.ndarray, np.ndarray]] = []
    for one in panel.series:
        rows, target = examples(one.values, lags, season, scales[one.name])
        if len(target) == 0:
            continue
        rows = np.hstack([rows, calendar(panel, one, len(one.values) - len(target), len(target), season)])
        cut = max(int(INNER * len(target)), 1)
        inner.append((rows[:cut], target[:cut]))
        outer.append((rows[cut:], target[cut:]))
    early, late = _stacked(inner), _stacked(outer)
    tried = _fit(family, *early, own, seed)
    errors = late[1] - _predict(tried, late[0]) if len(late[1]) else early[1] - _predict(tried, early[0])
    kept = np.quantile(errors, np.linspace(0, 1, min(RESIDUALS, max(len(errors), 2)))) if len(errors) else np.zeros(2)
    whole = _fit(family, np.vstack([early[0], late[0]]), np.r_[early[1], late[1]], own, seed)
    return {**whole, "lags": lags, "scales": scales, "errors": [float(one) for one in kept]}


def project_lagged(
    parameters: dict[str, Any], panel: Panel, season: int, steps: int, seed: int
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Point and 80 % interval of each series; intervals from paths with errors drawn (fixed seed)."""
    lags, errors = parameters["lags"], np.array(parameters["errors"])
    window = max(season, 3)
    model = _loaded(parameters)
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for one in panel.series:
        scale = parameters["scales"].get(one.name) or scale_of(one.values)
        draw = np.random.default_rng(seed)
        # Path 0 draws no errors: it is the point forecast.
        paths = np.tile(one.values[-max(*lags, window) :], (PATHS + 1, 1))
        places = calendar(panel, one, len(one.values), steps, season)
        for step in range(steps):
            level = paths[:, -window:].mean(axis=1)
            rows = (np.column_stack([paths[:, -lag] for lag in lags]) - level[:, None]) / scale
            rows = np.hstack([rows, np.tile(places[step], (PATHS + 1, 1))])
            drawn = np.r_[0.0, draw.choice(errors, PATHS)]
            following = level + scale * (_predict(model, rows) + drawn)
            paths = np.column_stack([paths, following])
        ahead = paths[:, -steps:]
        low, high = np.quantile(ahead[1:], [0.1, 0.9], axis=0)
        found.append((ahead[0], np.minimum(low, ahead[0]), np.maximum(high, ahead[0])))
    return found


def _stacked(parts: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    return np.vstack([rows for rows, _ in parts]), np.concatenate([target for _, target in parts])


def _fit(family: str, rows: np.ndarray, target: np.ndarray, settings: dict[str, Any], seed: int) -> dict[str, Any]:
    if family == "linear":
        centre, spread = rows.mean(axis=0), np.where(rows.std(axis=0) > 1e-12, rows.std(axis=0), 1.0)
        scaled = (rows - centre) / spread
        penalty = float(settings.get("alpha", RIDGE)) * np.eye(rows.shape[1])
        weights = np.linalg.solve(scaled.T @ scaled + penalty, scaled.T @ (target - target.mean())) / spread
        return {"weights": weights.tolist(), "intercept": float(target.mean() - centre @ weights)}
    chosen = {"num_leaves": 15, "min_data_in_leaf": 10, "learning_rate": 0.05, "n_estimators": 200, **settings}
    rounds = int(chosen.pop("n_estimators"))
    fixed = {"objective": "regression", "seed": seed, "deterministic": True, "force_row_wise": True}
    fixed |= {"verbose": -1, "num_threads": THREADS}
    booster = lightgbm.train({**chosen, **fixed}, lightgbm.Dataset(rows, target), rounds)
    return {"booster": booster.model_to_string()}


def _loaded(parameters: dict[str, Any]) -> dict[str, Any]:
    if "booster" in parameters and isinstance(parameters["booster"], str):
        return {"booster": lightgbm.Booster(model_str=parameters["booster"])}
    return parameters


def _predict(model: dict[str, Any], rows: np.ndarray) -> np.ndarray:
    if "booster" in model:
        return np.asarray(_loaded(model)["booster"].predict(rows, num_threads=1))
    return rows @ np.array(model["weights"]) + model["intercept"]
