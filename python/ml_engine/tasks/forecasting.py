"""Forecasting: what comes next of one or many series, tested from origins in their past."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml_engine.contract.training import Candidate, TrainParams, TrainResult
from ml_engine.errors import OpError
from ml_engine.frames import feature_frame
from ml_engine.job import Job
from ml_engine.metrics import Scores, summary
from ml_engine.names import require_column
from ml_engine.posed import Posed
from ml_engine.tables import Table, read_table
from ml_engine.tasks.answer import (
    AUTO_SECONDS,
    Outcome,
    answer,
    decided,
    guarded,
    require_family,
    require_plain,
    require_settings,
    rows_file,
)
from ml_engine.tasks.backtest import METRICS, backtest, origins, window_scores
from ml_engine.tasks.forecasters import FAMILIES, GLOBAL, SETTINGS, Forecaster
from ml_engine.tasks.series import Panel, read_panel, season_of, shown_times

AUTO = ["seasonal_naive", "linear", "theta", "ets", "lightgbm", "arima"]
FRAMEWORKS = {"seasonal_naive": "ml-engine", "linear": "ml-engine", "lightgbm": "lightgbm"}
LEAST_HISTORY = 10
MOST_SHOWN = 60


@dataclass(frozen=True)
class Design:
    """What is forecast, and from where it is tested."""

    panel: Panel
    season: int
    horizon: int
    least: int
    """Values of the shortest history."""
    starts: list[int]
    metric: str
    settings: dict[str, Any]


def train_forecaster(params: TrainParams, job: Job) -> TrainResult:
    """Learns every series of the dataset and says what comes next."""
    started = time.monotonic()
    require_plain(params, "forecasting", {"group", "time", "horizon"})
    require_family("forecasting", params["family"], FAMILIES)
    if params["family"] != "auto":
        known = dict.fromkeys([*SETTINGS[params["family"]], "season_length"])
        require_settings(params["family"], params["params"], known)
    table = read_table(params["dataset"])
    posed, design = pose_series(table, params)
    seed, auto = params["seed"], params["family"] == "auto"
    budget = params.get("time_budget_seconds", AUTO_SECONDS if auto else float("inf"))
    families = AUTO if auto else [params["family"]]
    found: dict[str, list[Scores]] = {}
    candidates: list[Candidate] = []
    for number, family in enumerate(families):
        at = time.monotonic()
        if found and at - started > budget / 2:
            candidates.append({"family": family, "score": None, "sd": None, "seconds": 0.0, "note": "no time left"})
            continue
        found[family] = tested(design, family, seed, started + budget / 2, job, 5 + 75 * number / len(families))
        mean, spread = summary(found[family])
        took, few = round(time.monotonic() - at, 3), len(found[family]) < len(design.starts)
        note = f"{len(found[family])} of {len(design.starts)} origins" if few else None
        candidates.append(
            {
                "family": family,
                "score": mean.get(design.metric),
                "sd": spread.get(design.metric),
                "seconds": took,
                "note": note,
            }
        )
    if auto:
        candidates = decided(
            job, "forecasting", design.metric, candidates, f"Least {design.metric} over {len(design.starts)} origins."
        )
    family = candidates[0]["family"]
    metrics, spread = summary(found[family])
    base = summary(found.get("seasonal_naive") or tested(design, "seasonal_naive", seed, np.inf, job, 80))[0]
    job.progress(85, 100, f"{family}: fitting on all values")
    model = guarded(lambda: made(design, family, seed).fit(design.panel), posed.rows)
    forecast, every = _forecast(model, design)
    if (share := metrics.get("coverage", 0.8)) < 0.6:
        posed.warnings.append(f"Only {share:.0%} of the values lay inside the 80 % intervals: they are too narrow.")
    posed.notes.append(
        f"Season of {design.season} steps of {design.panel.step}; the baseline repeats the last season. "
        "Other columns are not used: what they will be is not known."
    )
    return answer(
        params,
        job,
        posed,
        "forecasting",
        Outcome(
            estimator=model,
            family=family,
            framework=FRAMEWORKS.get(family, "statsmodels"),
            model_type=FAMILIES[family],
            metric=design.metric,
            metrics=metrics,
            spread=spread,
            baseline=base,
            folds={
                "scheme": f"rolling origin, {design.horizon} steps ahead",
                "planned": len(design.starts),
                "done": len(found[family]),
            },
            settings={**_said(model), "season_length": design.season, "horizon": design.horizon},
            candidates=candidates if auto else [],
            extra={"forecast": forecast, "rows_file": rows_file(job, every, "The forecast of every series")},
            manifest={"time": params.get("time", ""), **({"group": params["group"]} if "group" in params else {})},
        ),
        started=started,
        warn=family != "seasonal_naive",
    )


def pose_series(table: Table, params: Any) -> tuple[Posed, Design]:
    """Reads the fields of a forecast against a table.

    Raises:
        OpError: naming the field, where there is too little history for what is asked.
    """
    names, warnings, notes = table.frame.columns, [*table.warnings], list[str]()
    for field in ("target", "time"):
        if field not in params:
            raise OpError("invalid_input", f"{field}: forecasting needs it.", "`time` is the column of the moments.")
    columns = {
        field: require_column(field, params[field], names) for field in ("target", "time", "group") if field in params
    }
    if len(set(columns.values())) < len(columns):
        raise OpError("invalid_input", f"time: target, time and group are different columns, not {columns}.")
    values = table.frame.get_column(columns["target"])
    if not values.dtype.is_numeric():
        raise OpError("invalid_input", f"target: `{columns['target']}` is {values.dtype}; a forecast is of a number.")
    panel = read_panel(
        table.frame,
        time=columns["time"],
        target=columns["target"],
        group=columns.get("group"),
        warnings=warnings,
    )
    settings = dict(params["params"])
    season = int(settings.pop("season_length", 0)) or season_of(panel.step)
    if panel.longest < 2 * season + LEAST_HISTORY and season > 1:
        notes.append(f"{panel.longest} values are too few for a season of {season} steps; none is assumed.")
        season = 1
    horizon = params.get("horizon") or max(season, min(10, panel.longest // 5))
    least = max(LEAST_HISTORY, 2 * season + 2)
    starts = origins(panel, horizon, params["folds"], least)
    if not starts:
        raise OpError(
            "invalid_input",
            f"horizon: {horizon} steps cannot be tested: the longest series has {panel.longest} values and needs "
            f"{least} before the first forecast.",
            f"At most {max(panel.longest - least, 0)} steps.",
        )
    if len(starts) < params["folds"]:
        warnings.append(f"{panel.longest} values: {len(starts)} origins instead of {params['folds']}.")
    short = [one for one in panel.series if len(one.values) < least]
    if short:
        shown = ", ".join(one.name for one in short[:10])
        warnings.append(f"{len(short)} series with fewer than {least} values were left out: {shown}.")
    panel = Panel([one for one in panel.series if len(one.values) >= least], panel.step)
    metric = params["metric"]
    if metric != "auto" and metric not in METRICS:
        raise OpError(
            "invalid_input",
            f"metric: `{metric}` does not apply to forecasting.",
            f"Use one of {', '.join(sorted(METRICS))}.",
        )
    kept = [columns["time"], *([columns["group"]] if "group" in columns else [])]
    signature = [table.schema_of(name) for name in kept]
    posed = Posed(
        table=table,
        target=columns["target"],
        features=feature_frame(table.frame, signature),
        signature=signature,
        categories={},
        groups=None,
        given=table.frame.height,
        left_out=[{"column": name, "reason": "not known ahead"} for name in names if name not in columns.values()],
        notes=notes,
        warnings=warnings,
    )
    return posed, Design(panel, season, horizon, least, starts, "mase" if metric == "auto" else metric, settings)


def made(design: Design, family: str, seed: int) -> Forecaster:
    """An unfitted forecaster with those of the settings that it knows."""
    own = {name: value for name, value in design.settings.items() if name in SETTINGS[family]}
    return Forecaster(family, own, design.season, seed)


def tested(design: Design, family: str, seed: int, deadline: float, job: Job, done: float) -> list[Scores]:
    """Scores of each origin that there was time for."""
    windows = backtest(
        lambda: made(design, family, seed),
        design.panel,
        design.starts,
        design.horizon,
        design.least,
        deadline=deadline,
        heard=lambda number: job.progress(done, 100, f"{family}: origin {number} of {len(design.starts)}"),
    )
    return [window_scores(one) for one in windows]


def _forecast(model: Forecaster, design: Design) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    bands = model.forecast(design.horizon)
    rows: dict[str, list[Any]] = {name: [] for name in ("series", "time", "value", "low", "high")}
    for number, one in enumerate(design.panel.series):
        rows["series"] += [one.name] * design.horizon
        rows["time"] += shown_times(design.panel.times(one, len(one.values), design.horizon))
        rows["value"] += bands.point[number].tolist()
        rows["low"] += bands.low[number].tolist()
        rows["high"] += bands.high[number].tolist()
    shown = [{name: rows[name][at] for name in rows} for at in range(min(len(rows["time"]), MOST_SHOWN))]
    return shown, rows


def _said(model: Forecaster) -> dict[str, Any]:
    """The settings given, and what was estimated where there is one series to say it of."""
    if model.family in GLOBAL:
        return {**model.settings, "lags": model.parameters["lags"]}
    if len(model.panel.series) > 1:
        return dict(model.settings)
    own = next(iter(model.parameters.values()))
    return {**model.settings, **{name: value for name, value in own.items() if name not in {"params", "indices"}}}
