"""Forecasters: parameters as JSON beside the series they were learnt from as Parquet, applied again exactly."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl

from ml_engine.errors import OpError
from ml_engine.tasks.lagged import fit_lagged, project_lagged
from ml_engine.tasks.local_forecasters import local_families
from ml_engine.tasks.series import Panel, panel_frame, panel_of

FAMILIES = {
    "seasonal_naive": "SeasonalNaive",
    "theta": "ThetaModel",
    "ets": "ETSModel",
    "arima": "SARIMAX",
    "linear": "LaggedRidge",
    "lightgbm": "LaggedLGBM",
}
"""What there is, and the name a user of the library would give it."""
GLOBAL = {"linear", "lightgbm"}
SETTINGS: dict[str, set[str]] = {
    "seasonal_naive": set(),
    "theta": set(),
    "ets": {"trend", "damped_trend", "seasonal"},
    "arima": {"order", "seasonal_order"},
    "linear": {"alpha", "lags"},
    "lightgbm": {"lags", "n_estimators", "learning_rate", "num_leaves", "min_data_in_leaf", "lambda_l2", "max_depth"},
}
"""Settings of each beside `season_length`, which all take."""


@dataclass(frozen=True)
class Bands:
    """What is to come of each series: arrays of shape (series, steps); 80 % of values should lie in [low, high]."""

    point: np.ndarray
    low: np.ndarray
    high: np.ndarray


class Forecaster:
    """One family learnt on a panel; `forecast` applies what was learnt to these or longer histories of its series."""

    def __init__(self, family: str, settings: dict[str, Any] | None = None, season: int = 1, seed: int = 0) -> None:
        self.family = family
        self.settings = settings or {}
        self.season = season
        self.seed = seed

    def fit(self, panel: Panel, heard: Callable[[float], None] | None = None) -> Self:
        """Estimates the parameters of each series, or of one regression for all."""
        self.panel = panel
        if self.family in GLOBAL:
            self.parameters: dict[str, Any] = fit_lagged(self.family, panel, self.season, self.settings, self.seed)
            return self
        estimate, _ = local_families()[self.family]
        self.parameters = {}
        for number, one in enumerate(panel.series, start=1):
            self.parameters[one.name] = estimate(one.values, self.season, self.settings)
            if heard:
                heard(number / len(panel.series))
        return self

    def forecast(self, steps: int, panel: Panel | None = None) -> Bands:
        """The next `steps` of each series.

        Raises:
            OpError: `invalid_input` where a series is not one of those learnt.
        """
        history = panel or self.panel
        if self.family in GLOBAL:
            found = project_lagged(self.parameters, history, self.season, steps, self.seed)
        else:
            _, project = local_families()[self.family]
            for one in history.series:
                if one.name not in self.parameters:
                    raise OpError("invalid_input", f"dataset: `{one.name}` is no series of the model.")
            found = [project(one.values, self.parameters[one.name], self.season, steps) for one in history.series]
        return Bands(*(np.array([bands[at] for bands in found]) for at in range(3)))

    def write(self, folder: Path) -> str:
        """Writes parameters, series and the booster, where there is one; answers the parameters' file name."""
        parameters = dict(self.parameters)
        if "booster" in parameters and isinstance(parameters["booster"], str):
            (folder / "booster.txt").write_text(parameters.pop("booster"), encoding="utf-8")
        content = {
            "family": self.family,
            "settings": self.settings,
            "season": self.season,
            "seed": self.seed,
            "step": self.panel.step,
            "parameters": parameters,
        }
        (folder / "forecaster.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        panel_frame(self.panel).write_parquet(folder / "series.parquet", statistics=False)
        return "forecaster.json"

    def restore(self, folder: Path) -> None:
        """Takes what `write` wrote."""
        content = json.loads((folder / "forecaster.json").read_text(encoding="utf-8"))
        self.settings, self.season, self.seed = content["settings"], content["season"], content["seed"]
        self.parameters = content["parameters"]
        if (folder / "booster.txt").is_file():
            self.parameters["booster"] = (folder / "booster.txt").read_text(encoding="utf-8")
        self.panel = panel_of(pl.read_parquet(folder / "series.parquet"), content["step"])


def forecaster_of(family: str) -> Forecaster:
    """One to `restore`."""
    return Forecaster(family)
