"""Forecasts of one series by its own past: what is estimated is kept as JSON and applied again by smoothing.

Every family is a pair: `estimate(values, season, settings)` gives the parameters, `project(values, parameters, season,
steps)` the point forecast and its 80 % interval, each of shape (steps,). statsmodels is imported where it is used.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

LEVEL = 0.8
Z = float(stats.norm.ppf((1 + LEVEL) / 2))
SEASONAL_STRENGTH = 0.3
MOST_SEASON = 24
"""Longer seasons cost exponential smoothing and ARIMA too much; they then take the series without its season."""
PATHS = 500
Parameters = dict[str, Any]
Bands = tuple[np.ndarray, np.ndarray, np.ndarray]


def estimate_naive(values: np.ndarray, season: int, settings: Parameters) -> Parameters:
    """The spread of the changes from one season to the next."""
    del settings
    changes = values[season:] - values[:-season] if len(values) > season else np.zeros(1)
    return {"sd": float(np.sqrt(np.mean(changes**2)))}


def project_naive(values: np.ndarray, parameters: Parameters, season: int, steps: int) -> Bands:
    """The last season again; its variance grows by one with every season (Hyndman & Athanasopoulos 2021, 5.5)."""
    ahead = np.arange(steps)
    last = values[-season:] if len(values) >= season else np.resize(values, season)
    point = last[ahead % season]
    return _normal(point, parameters["sd"] * np.sqrt(ahead // season + 1))


def seasonal_strength(values: np.ndarray, season: int) -> float:
    """Share of the detrended variation that a season accounts for (Wang, Smith & Hyndman 2006)."""
    if season < 2 or len(values) < 2 * season + 1:
        return 0.0
    indices = seasonal_indices(values, season)
    trend = _moving_average(values, season)
    detrended = values - trend
    rest = detrended - np.resize(indices, len(values))
    spread = float(np.nanvar(detrended))
    return max(0.0, 1 - float(np.nanvar(rest)) / spread) if spread > 0 else 0.0


def seasonal_indices(values: np.ndarray, season: int) -> np.ndarray:
    """Additive seasonal indices of the classical decomposition; shape (season,), their mean 0."""
    detrended = values - _moving_average(values, season)
    places = np.arange(len(values)) % season
    indices = np.array([np.nanmean(detrended[places == place]) for place in range(season)])
    return indices - indices.mean()


def _moving_average(values: np.ndarray, season: int) -> np.ndarray:
    window = np.ones(season) / season
    if season % 2 == 0:
        window = np.r_[0.5, np.ones(season - 1), 0.5] / season
    average = np.full(len(values), np.nan)
    half = len(window) // 2
    average[half : len(values) - half] = np.convolve(values, window, "valid")
    return average


def estimate_theta(values: np.ndarray, season: int, settings: Parameters) -> Parameters:
    """The smoothing of the theta line (Assimakopoulos & Nikolopoulos 2000; Hyndman & Billah 2003)."""
    from statsmodels.tsa.forecasting.theta import ThetaModel

    del settings
    ratios = bool(values.min() > 0)
    shape = np.log(values) if ratios else values
    seasonal = seasonal_strength(shape, season) > SEASONAL_STRENGTH
    indices = seasonal_indices(shape, season) if seasonal else np.zeros(1)
    plain = _without(values, indices, ratios)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = ThetaModel(plain, period=1, deseasonalize=False, use_test=False).fit(disp=False)
    alpha = float(fitted.params["alpha"])
    errors = np.diff(plain) if len(plain) > 1 else np.zeros(1)
    level = plain[0]
    found: list[float] = []
    for value in plain[1:]:
        found.append(float(value - level))
        level += alpha * (value - level)
    return {
        "alpha": alpha,
        "indices": [float(one) for one in indices],
        "ratios": ratios,
        "sd": float(np.sqrt(np.mean(np.square(found or errors)))),
    }


def project_theta(values: np.ndarray, parameters: Parameters, season: int, steps: int) -> Bands:
    """Simple smoothing plus half the slope of a straight line; variance as of ARIMA(0,1,1)."""
    indices, ratios = np.array(parameters["indices"]), parameters["ratios"]
    plain = _without(values, indices, ratios)
    alpha, level = parameters["alpha"], float(plain[0])
    for value in plain[1:]:
        level += alpha * (float(value) - level)
    places = np.arange(len(plain), dtype=np.float64)
    slope = float(np.polyfit(places, plain, 1)[0])
    ahead = np.arange(steps, dtype=np.float64)
    weight = ahead + (1 / alpha - (1 - alpha) ** len(plain) / alpha if alpha > 0 else 0.0)
    point = level + 0.5 * slope * weight
    sd = parameters["sd"] * np.sqrt(1 + ahead * alpha**2)
    if len(indices) > 1:
        coming = np.resize(np.roll(indices, -(len(values) % season)), steps)
        return _normal(point * np.exp(coming), sd * np.exp(coming)) if ratios else _normal(point + coming, sd)
    return _normal(point, sd)


def _without(values: np.ndarray, indices: np.ndarray, ratios: bool) -> np.ndarray:
    season = np.resize(indices, len(values))
    return values / np.exp(season) if ratios else values - season


def estimate_ets(values: np.ndarray, season: int, settings: Parameters) -> Parameters:
    """The form of least AICc: no, linear or damped trend; a season in sums or, where all is positive, in ratios."""
    trends = [settings["trend"]] if "trend" in settings else [None, "add"]
    seasonals: list[str | None] = [settings["seasonal"]] if "seasonal" in settings else [None]
    usable = 1 < season <= MOST_SEASON and len(values) >= 2 * season + 2
    if "seasonal" not in settings and usable and seasonal_strength(values, season) > SEASONAL_STRENGTH:
        seasonals = ["add", "mul"] if values.min() > 0 else ["add"]
    best: tuple[float, Parameters] | None = None
    for trend in trends:
        for damped in [settings["damped_trend"]] if "damped_trend" in settings else [False, True]:
            if damped and trend is None:
                continue
            for seasonal in seasonals:
                form = {"trend": trend, "damped_trend": bool(damped), "seasonal": seasonal}
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    fitted = _ets(values, form, season).fit(disp=False, maxiter=200)
                worth = float(fitted.aicc) if np.isfinite(fitted.aicc) else float(fitted.aic)
                if best is None or worth < best[0]:
                    best = worth, {**form, "params": [float(one) for one in fitted.params], "aicc": worth}
    return best[1] if best else {}


def project_ets(values: np.ndarray, parameters: Parameters, season: int, steps: int) -> Bands:
    """Smoothed by the parameters; intervals exact for additive forms, simulated (fixed seed) for the others."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        smoothed = _ets(values, parameters, season).smooth(np.array(parameters["params"]))
        point = np.asarray(smoothed.forecast(steps))
        extra: Any = {}
        if parameters["seasonal"] == "mul":
            extra = {"method": "simulated", "simulate_repetitions": PATHS, "rng": 0}
        found = smoothed.get_prediction(start=len(values), end=len(values) + steps - 1, **extra)
        ends = np.asarray(found.pred_int(alpha=1 - LEVEL))
    return point, ends[:, 0], ends[:, 1]


def _ets(values: np.ndarray, form: Parameters, season: int) -> Any:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    return ETSModel(
        pd.Series(values),
        error="add",
        trend=form["trend"],
        damped_trend=form["damped_trend"],
        seasonal=form["seasonal"],
        seasonal_periods=season if form["seasonal"] else None,
    )


def _normal(point: np.ndarray, sd: np.ndarray) -> Bands:
    return point, point - Z * sd, point + Z * sd


def local_families() -> dict[str, tuple[Callable[..., Parameters], Callable[..., Bands]]]:
    """Each family's `estimate` and `project`."""
    from ml_engine.tasks.arima import estimate_arima, project_arima

    return {
        "seasonal_naive": (estimate_naive, project_naive),
        "theta": (estimate_theta, project_theta),
        "ets": (estimate_ets, project_ets),
        "arima": (estimate_arima, project_arima),
    }
