"""How a forecaster is evaluated on what came after it was made."""

import numpy as np
import polars as pl

from ml_engine.contract.training import EvaluateParams, EvaluateResult
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.metrics import Measure, Scores
from ml_engine.models import Model
from ml_engine.posed import moments
from ml_engine.tables import read_table
from ml_engine.tasks import task_plots
from ml_engine.tasks.backtest import Window, naive_scale, window, window_scores
from ml_engine.tasks.forecasters import Forecaster
from ml_engine.tasks.judged import Judged, diebold_mariano, judgement, rival_of
from ml_engine.tasks.series import Panel, Series, read_panel

DECIDING = "mase"


def evaluate_forecaster(model: Model, params: EvaluateParams, job: Job) -> EvaluateResult:
    """Forecasts made every `horizon` steps, with what was known by then and the parameters as they were learnt."""
    table = read_table(params["dataset"])
    manifest, forecaster = model.manifest, model.estimator
    time, group, horizon = manifest.get("time", ""), manifest.get("group"), int(manifest["params"]["horizon"])
    warnings = list(table.warnings)
    later, known = _later(forecaster, table.frame, time, manifest["target"], group, warnings)
    windows, scored = rolled(forecaster, later, known, horizon)
    base = Forecaster("seasonal_naive", {}, forecaster.season, forecaster.seed).fit(forecaster.panel)
    plain, _ = rolled(base, later, known, horizon)
    units = [one for whole in windows for one in _each(whole)]
    judged = Judged(
        _measure(units),
        len(units),
        _measure([one for whole in plain for one in _each(whole)])(np.ones(len(units))),
        DECIDING,
        scored,
        [
            f"{len(windows)} origins, up to {horizon} steps ahead; the baseline repeats the last season.",
            "What is resampled are series from an origin.",
        ],
        warnings,
    )
    rival = None
    if other := rival_of(model, params):
        others, _ = rolled(other.estimator, later, known, horizon)
        mine, theirs = _losses(windows), _losses(others)
        both = [one for whole in others for one in _each(whole)]
        rival = other, _measure(both), diebold_mariano(mine, theirs, horizon)
    job.progress(80, 100, "drawing")
    plot = task_plots.forecasts(job, forecaster.panel, later, windows, known, f"{model.name} on {table.name}")
    return judgement(model, table, params, job, judged, plot=plot, rival=rival)


def rolled(forecaster: Forecaster, later: Panel, known: list[int], horizon: int) -> tuple[list[Window], int]:
    """Windows from the end of what was learnt to the end of what came, and how many values they hold."""
    windows: list[Window] = []
    longest = max(len(one.values) - first for one, first in zip(later.series, known, strict=True))
    scales = np.array(
        [naive_scale(one.values[:first], forecaster.season) for one, first in zip(later.series, known, strict=True)]
    )
    scored = 0
    for origin in range(0, longest, horizon):
        rows = [
            at
            for at, (one, first) in enumerate(zip(later.series, known, strict=True))
            if len(one.values) > first + origin
        ]
        whole = Panel([later.series[at] for at in rows], later.step)
        past = Panel([later.series[at].until(known[at] + origin) for at in rows], later.step)
        found = window(forecaster, past, whole, horizon)
        scored += int(np.isfinite(found.truth).sum())
        windows.append(Window(found.truth, found.bands, scales[rows]))
    return windows, scored


def _later(
    forecaster: Forecaster, frame: pl.DataFrame, time: str, target: str, group: str | None, warnings: list[str]
) -> tuple[Panel, list[int]]:
    """The learnt series with what came after them, and how many values of each were learnt."""
    for name in (time, target, *([group] if group else [])):
        if name not in frame.columns:
            raise OpError("not_found", f"dataset: no column `{name}`; the model reads it.")
    learnt = {one.name: one for one in forecaster.panel.series}
    series: list[Series] = []
    known: list[int] = []
    names = frame.get_column(group).cast(pl.String) if group else pl.Series([target] * frame.height)
    order = moments(frame, time)
    strangers = 0
    for name in names.unique().sort().to_list():
        if name not in learnt:
            strangers += int((names == name).sum())
            continue
        past = learnt[name]
        end = forecaster.panel.times(past, len(past.values) - 1, 1)[0]
        if isinstance(end, np.datetime64):
            after = order.cast(pl.Datetime("us")).dt.replace_time_zone(None).to_numpy() > end
        else:
            after = order.cast(pl.Float64).to_numpy() > end + 1e-9
        rows = frame.filter(pl.Series(after) & (names == name))
        if rows.height == 0:
            continue
        whole = pl.DataFrame({time: forecaster.panel.times(past, len(past.values) - 1, 1), target: past.values[-1:]})
        new = rows.select(moments(rows, time).alias(time), pl.col(target).cast(pl.Float64))
        whole = whole.with_columns(pl.col(time).cast(new.schema[time]))
        joined = read_panel(pl.concat([whole, new]), time=time, target=target, group=None, warnings=warnings,
                            step=forecaster.panel.step)  # fmt: skip
        series.append(Series(name, past.start, np.r_[past.values, joined.series[0].values[1:]]))
        known.append(len(past.values))
    if strangers:
        warnings.append(f"{strangers} rows are of series that the model does not know and were left out.")
    if not series:
        raise OpError(
            "invalid_input",
            "dataset: no row comes after what the model has learnt.",
            "A forecast is judged by later values: give rows after the training data's last moment.",
        )
    return Panel(series, forecaster.panel.step), known


def _each(whole: Window) -> list[Window]:
    """A window of each series."""
    bands = type(whole.bands)
    return [
        Window(
            whole.truth[[at]],
            bands(whole.bands.point[[at]], whole.bands.low[[at]], whole.bands.high[[at]]),
            whole.scales[[at]],
        )
        for at in range(len(whole.truth))
        if np.isfinite(whole.truth[at]).any()
    ]


def _measure(units: list[Window]) -> Measure:
    each = [window_scores(one) for one in units]
    names = [name for name in each[0] if all(name in one for one in each)]
    table = {name: np.array([one[name] for one in each]) for name in names}

    def measure(weights: np.ndarray) -> Scores:
        total = weights.sum()
        scores = {name: float(weights @ values / total) for name, values in table.items() if name != "rmse"}
        scores["rmse"] = float(np.sqrt(weights @ table["rmse"] ** 2 / total))
        return scores

    return measure


def _losses(windows: list[Window]) -> np.ndarray:
    """Mean absolute scaled error over the series at each moment, in order."""
    found: list[float] = []
    for one in windows:
        error = np.abs(one.truth - one.bands.point) / np.where(np.isfinite(one.scales), one.scales, 1.0)[:, None]
        found += [float(np.nanmean(column)) for column in error.T if np.isfinite(column).any()]
    return np.array(found)
