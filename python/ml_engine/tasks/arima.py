"""Seasonal ARIMA: orders by unit-root test and AICc, parameters by statsmodels' SARIMAX."""

import warnings
from typing import Any

import numpy as np

from ml_engine.tasks.local_forecasters import LEVEL, MOST_SEASON, Bands, Parameters, seasonal_strength

STRONG_SEASON = 0.64
"""Seasonal strength that calls for a seasonal difference (R's `forecast`, after Wang, Smith & Hyndman 2006)."""
KPSS_CRITICAL = 0.463
"""5 % point of the level-stationarity statistic (Kwiatkowski et al. 1992, table 1)."""
PLAIN = [(0, 1), (1, 0), (1, 1), (2, 1), (1, 2), (2, 2), (0, 0)]
SEASONAL = [(0, 1), (1, 0)]


def estimate_arima(values: np.ndarray, season: int, settings: Parameters) -> Parameters:
    """The orders given, or those of least AICc among a few of low order with the differences that tests ask for."""
    usable = 1 < season <= MOST_SEASON and len(values) >= 3 * season
    strength = seasonal_strength(values, season) if usable else 0.0
    seasonal_difference = int(strength > STRONG_SEASON)
    differenced = values[season:] - values[:-season] if seasonal_difference else values
    difference = differences(differenced)
    if "order" in settings:
        forms = [(tuple(settings["order"]), tuple(settings.get("seasonal_order", (0, 0, 0, 0))))]
    elif usable and strength > 0.3:
        forms = [((p, difference, q), (P, seasonal_difference, Q, season)) for p, q in PLAIN[:4] for P, Q in SEASONAL]
    else:
        forms = [((p, difference, q), (0, 0, 0, 0)) for p, q in PLAIN]
    best: tuple[float, Parameters] | None = None
    for order, seasonal_order in forms:
        trend = "c" if order[1] + seasonal_order[1] < 2 else "n"
        form = {"order": list(order), "seasonal_order": list(seasonal_order), "trend": trend}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                fitted = _model(values, form).fit(disp=False, maxiter=50, method="lbfgs")
            except (np.linalg.LinAlgError, ValueError):
                continue
        worth = float(fitted.aicc)
        if np.isfinite(worth) and (best is None or worth < best[0]):
            best = worth, {**form, "params": [float(one) for one in np.asarray(fitted.params)], "aicc": worth}
    if best is None:
        sd = float(np.std(np.diff(values))) or 1e-9
        return {"order": [0, 1, 0], "seasonal_order": [0, 0, 0, 0], "trend": "n", "params": [sd**2], "aicc": None}
    return best[1]


def project_arima(values: np.ndarray, parameters: Parameters, season: int, steps: int) -> Bands:
    """Filtered by the parameters; intervals of the state space's own variance."""
    del season
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = _model(values, parameters).smooth(np.array(parameters["params"])).get_forecast(steps)
        ends = np.asarray(found.conf_int(alpha=1 - LEVEL))
    return np.asarray(found.predicted_mean), ends[:, 0], ends[:, 1]


def differences(values: np.ndarray) -> int:
    """How often to difference until a KPSS test does not refuse a level (lags 4 (n/100)^¼)."""
    for count in range(2):
        if len(values) < 10 or kpss(values) < KPSS_CRITICAL:
            return count
        values = np.diff(values)
    return 1


def kpss(values: np.ndarray) -> float:
    """Statistic of Kwiatkowski, Phillips, Schmidt & Shin (1992) against a unit root around a level."""
    rows = len(values)
    errors = values - values.mean()
    lags = int(4 * (rows / 100) ** 0.25)
    spread = errors @ errors / rows
    for lag in range(1, lags + 1):
        spread += 2 * (1 - lag / (lags + 1)) * (errors[lag:] @ errors[:-lag]) / rows
    return float((np.cumsum(errors) ** 2).sum() / rows**2 / spread) if spread > 0 else 0.0


def _model(values: np.ndarray, form: Parameters) -> Any:
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    return SARIMAX(
        values,
        order=tuple(form["order"]),
        seasonal_order=tuple(form["seasonal_order"]),
        trend=form["trend"],
    )
