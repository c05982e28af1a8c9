"""Forecasting: no future in any forecast, what is saved forecasts the same bits, known shapes, and what is refused."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from statsmodels.datasets import co2
from statsmodels.tsa.forecasting.theta import ThetaModel

from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.models import load_model
from ml_engine.ops.training.evaluate import evaluate
from ml_engine.ops.training.train import train
from ml_engine.tasks.backtest import backtest, origins, pinball
from ml_engine.tasks.forecasters import FAMILIES, Forecaster
from ml_engine.tasks.local_forecasters import estimate_theta, project_theta
from ml_engine.tasks.series import Panel, Series, season_of

from .tables_for_training import evaluate_params, sales, task_params

ASK: Any = {"target": "sold", "time": "month", "folds": 3}


@pytest.mark.parametrize("family", [*FAMILIES])
def test_every_family_is_saved_and_forecasts_the_same_bits(family: str, tmp_path: Path) -> None:
    dataset = sales(tmp_path, 84)
    results = [
        train(task_params(dataset, "forecasting", family=family, **{**ASK, "folds": 2}), quiet(tmp_path / f"job{turn}"))
        for turn in range(2)
    ]
    result = results[0]
    assert result["metrics"] == results[1]["metrics"]
    models = [load_model(one["model"], tasks=["forecasting"]) for one in results]
    assert models[0].manifest["hash"] == models[1].manifest["hash"]
    again = models[0].estimator.forecast(12)
    assert [one["value"] for one in result["forecast"]] == again.point[0].tolist()
    assert [one["low"] for one in result["forecast"]] == again.low[0].tolist()
    assert result["forecast"][0]["time"] == "2017-01-01"
    assert result["forecast"][-1]["time"] == "2017-12-01"
    assert all(one["low"] <= one["value"] <= one["high"] for one in result["forecast"])
    if family != "seasonal_naive":
        assert result["metrics"]["mase"] < result["baseline"]["mase"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    family=st.sampled_from(["seasonal_naive", "theta", "linear", "lightgbm"]),
    seed=st.integers(0, 2**16),
    changed=st.floats(-1e6, 1e6),
)
def test_no_forecast_knows_what_comes_after_its_origin(family: str, seed: int, changed: float) -> None:
    values = np.random.default_rng(seed).normal(size=60).cumsum() + 100
    later = values.copy()
    later[50:] = changed
    point: list[np.ndarray] = []
    for known in (values, later):
        panel = Panel([Series("one", 0.0, known)], 1.0)
        windows = backtest(lambda: Forecaster(family, {}, 7, 0), panel, [10], 10, 20)
        point.append(windows[0].bands.point)
    assert np.array_equal(point[0], point[1])


@pytest.mark.parametrize("family", [*FAMILIES])
def test_forecasting_a_longer_history_uses_the_parameters_learnt(family: str) -> None:
    steps = np.arange(96)
    values = 10 + 0.1 * steps + np.sin(2 * np.pi * steps / 12) + np.random.default_rng(0).normal(0, 0.1, 96)
    short, long = Panel([Series("one", 0.0, values[:72])], 1.0), Panel([Series("one", 0.0, values)], 1.0)
    model = Forecaster(family, {}, 12, 0).fit(short)
    bands = model.forecast(6, long)
    truth = 10 + 0.1 * np.arange(96, 102) + np.sin(2 * np.pi * np.arange(96, 102) / 12)
    assert np.abs(bands.point[0] - truth).max() < 1.5
    assert model.parameters.keys() == Forecaster(family, {}, 12, 0).fit(short).parameters.keys()


def test_theta_is_statsmodels() -> None:
    values = np.random.default_rng(1).normal(size=80).cumsum() + 50
    theirs = ThetaModel(values, period=1, deseasonalize=False, use_test=False).fit()
    point, _, _ = project_theta(values, estimate_theta(values, 1, {}), 1, 8)
    assert point == pytest.approx(np.asarray(theirs.forecast(8)), rel=1e-3)


def test_atmospheric_co2_is_forecast_well(tmp_path: Path) -> None:
    """Mauna Loa's monthly means, as statsmodels ships them: a year repeated is off by its growth, 1 to 3 ppm."""
    weekly: Any = co2.load_pandas().data
    monthly = weekly["co2"].resample("MS").mean().interpolate().loc["1970":"1999"]
    pl.DataFrame({"month": monthly.index.to_numpy(), "ppm": monthly.to_numpy()}).write_parquet(tmp_path / "co2.parquet")
    result = train(
        task_params(str(tmp_path / "co2.parquet"), "forecasting", family="ets", target="ppm", time="month", folds=2),
        quiet(tmp_path / "job"),
    )
    assert 1.0 < result["baseline"]["mae"] < 3.0
    assert result["metrics"]["mae"] < 0.4 * result["baseline"]["mae"]
    assert result["params"]["season_length"] == 12


def test_several_series_and_their_later_values(tmp_path: Path) -> None:
    whole = pl.read_parquet(sales(tmp_path, 108, series=3))
    early = whole.filter(pl.col("month") < date(2018, 1, 1))
    early.write_parquet(tmp_path / "early.parquet")
    made = [
        train(
            task_params(str(tmp_path / "early.parquet"), "forecasting", family=family, group="shop", horizon=6, **ASK),
            quiet(tmp_path / family),
        )
        for family in ("linear", "seasonal_naive")
    ]
    assert len(made[0]["forecast"]) == 18
    assert {one["series"] for one in made[0]["forecast"]} == {"shop-0", "shop-1", "shop-2"}
    result = evaluate(
        evaluate_params(made[0]["model"], sales(tmp_path, 108, series=3), compare_to=made[1]["model"]),
        quiet(tmp_path / "e"),
    )
    assert result["rows"]["scored"] == 36
    assert result["metrics"]["mase"] < 0.8
    interval = next(one for one in result["intervals"] if one["metric"] == "mase")
    assert interval["low"] is not None
    assert interval["baseline"] == pytest.approx(1.0, abs=0.4)
    assert result["comparison"] is not None
    assert result["comparison"]["test"] == "Diebold-Mariano"
    assert result["comparison"]["verdict"] == "better"


def test_intervals_of_noise_cover_what_they_should() -> None:
    values = np.random.default_rng(5).normal(size=400)
    panel = Panel([Series("noise", 0.0, values)], 1.0)
    starts = origins(panel, 5, 20, 100)
    for family in ("ets", "linear"):
        windows = backtest(lambda family=family: Forecaster(family, {}, 1, 0), panel, starts[::2], 5, 100)
        inside = [((one.truth >= one.bands.low) & (one.truth <= one.bands.high)).mean() for one in windows]
        assert 0.65 <= float(np.mean(inside)) <= 0.92


def test_pinball_of_the_median_is_half_the_absolute_error() -> None:
    assert pinball(np.array([1.0, 5.0]), np.array([2.0, 2.0]), 0.5) == pytest.approx(0.5 * (1 + 3) / 2)
    assert pinball(np.array([10.0]), np.array([8.0]), 0.9) == pytest.approx(1.8)


@pytest.mark.parametrize(
    ("step", "season"),
    [("h", 24), ("D", 7), ("MS", 12), ("QE-DEC", 4), ("W-SUN", 52), ("15min", 96), (1.0, 1), ("YS-JAN", 1)],
)
def test_usual_seasons(step: str | float, season: int) -> None:
    assert season_of(step) == season


def test_gaps_are_filled_and_said(tmp_path: Path) -> None:
    frame = pl.read_parquet(sales(tmp_path, 60)).filter(pl.int_range(60) != 30)
    frame.write_parquet(tmp_path / "gap.parquet")
    result = train(
        task_params(str(tmp_path / "gap.parquet"), "forecasting", family="linear", **ASK), quiet(tmp_path / "job")
    )
    assert "Missing moments were filled on a straight line: 1 of 60 in `sold`." in result["warnings"]


@pytest.mark.parametrize(
    ("columns", "changed", "message"),
    [
        ({"month": pl.lit(date(2020, 1, 1))}, {}, "59 rows repeat a moment of `month`"),
        ({}, {"horizon": 50}, "horizon: 50 steps cannot be tested: the longest series has 60 values"),
        ({"sold": pl.lit("x")}, {}, "`sold` is String; a forecast is of a number"),
        ({"month": pl.lit("soon")}, {}, "values of `month` are not dates"),
        ({}, {"time": "mnth"}, "time: no column `mnth`; did you mean `month`"),
        ({}, {"time": "sold"}, "time: target, time and group are different columns"),
        ({}, {"family": "prophet"}, "no family `prophet` for forecasting"),
        ({}, {"family": "ets", "params": {"alpha": 1}}, "ets has no setting `alpha`"),
        ({}, {"metric": "accuracy"}, "`accuracy` does not apply to forecasting"),
        ({}, {"include": ["shop"]}, "include: it means nothing for forecasting"),
    ],
)
def test_bad_input_is_named(columns: Any, changed: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = sales(tmp_path, 60)
    pl.read_parquet(path).with_columns(**columns).write_parquet(path)
    with pytest.raises(OpError, match=message):
        train(task_params(path, "forecasting", **{**ASK, **changed}), quiet(tmp_path / "job"))
    assert not (tmp_path / "job" / "model").exists()


def test_uneven_steps_are_named(tmp_path: Path) -> None:
    start = date(2024, 1, 1)
    days = [start + timedelta(days=int(day)) for day in np.cumsum(np.random.default_rng(0).integers(1, 9, 60))]
    pl.DataFrame({"day": days, "y": np.arange(60.0)}).write_parquet(tmp_path / "uneven.parquet")
    with pytest.raises(OpError, match="time: "):
        train(
            task_params(str(tmp_path / "uneven.parquet"), "forecasting", target="y", time="day"),
            quiet(tmp_path / "job"),
        )


def test_evaluation_needs_what_came_after(tmp_path: Path) -> None:
    dataset = sales(tmp_path, 60)
    result = train(task_params(dataset, "forecasting", family="linear", **ASK), quiet(tmp_path / "job"))
    with pytest.raises(OpError, match="no row comes after what the model has learnt"):
        evaluate(evaluate_params(result["model"], dataset), quiet(tmp_path / "e"))
