"""Series of values at even steps of time, read from the rows of a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from ml_engine.errors import OpError
from ml_engine.posed import moments

SEASONS = {"h": 24, "min": 60, "D": 7, "B": 5, "W": 52, "MS": 12, "ME": 12, "QS": 4, "QE": 4, "YS": 1, "YE": 1}
MOST_GAPS = 0.3
DAY = pd.Timedelta(days=1)


@dataclass(frozen=True)
class Series:
    name: str
    start: pd.Timestamp | float
    values: np.ndarray
    """Shape (steps,), no gaps."""

    def until(self, steps: int) -> "Series":
        return Series(self.name, self.start, self.values[:steps])


@dataclass(frozen=True)
class Panel:
    """Series of one step: a pandas frequency for dates, a number for numbers."""

    series: list[Series]
    step: str | float

    def times(self, one: Series, first: int, count: int) -> np.ndarray:
        """The moments `first`, `first + 1`, … of a series, counted from its start."""
        if isinstance(self.step, str):
            whole = pd.date_range(pd.Timestamp(one.start), periods=first + count, freq=self.step)
            return whole[first:].to_numpy()
        start: Any = one.start
        return float(start) + self.step * np.arange(first, first + count)

    @property
    def shortest(self) -> int:
        return min(len(one.values) for one in self.series)

    @property
    def longest(self) -> int:
        return max(len(one.values) for one in self.series)


def read_panel(
    frame: pl.DataFrame,
    *,
    time: str,
    target: str,
    group: str | None,
    warnings: list[str],
    step: str | float | None = None,
) -> Panel:
    """The series of `target` over `time`, one for each value of `group`; gaps are filled on a straight line.

    Raises:
        OpError: where moments repeat within a series, or lie on no even grid, or too many are missing.
    """
    order = moments(frame, time)
    if order.dtype.is_temporal():
        order = order.cast(pl.Datetime("us"))
    names = pl.Series([target] * frame.height) if group is None else frame.get_column(group).cast(pl.String)
    rows = pl.DataFrame(
        {"name": names, "time": order, "value": frame.get_column(target).cast(pl.Float64, strict=False)}
    )
    rows = rows.with_columns(pl.when(pl.col("value").is_finite()).then(pl.col("value")).alias("value"))
    unread = rows.filter(pl.col("time").is_null() | pl.col("name").is_null()).height
    if unread:
        warnings.append(f"{unread} rows have no moment or no series and were left out.")
    rows = rows.drop_nulls(["time", "name"]).sort("name", "time", maintain_order=True)
    repeated = rows.height - rows.n_unique(["name", "time"])
    if repeated:
        raise OpError(
            "invalid_input",
            f"time: {repeated} rows repeat a moment of `{time}`" + (f" within a `{group}`." if group else "."),
            "Aggregate with ml_data_transform." if group else "Give the column of the series as `group`, or aggregate.",
        )
    parts = rows.partition_by("name", as_dict=True, maintain_order=True)
    if step is None:
        step = _step(max(parts.values(), key=lambda part: part.height).get_column("time"), time)
    gaps: list[str] = []
    series = [_on_grid(str(name), part, step, time, gaps) for (name,), part in parts.items()]
    kept = [one for one in series if one is not None]
    if gaps:
        warnings.append(f"Missing moments were filled on a straight line: {', '.join(gaps[:10])}.")
    if not kept:
        raise OpError("invalid_input", f"target: no series of `{target}` has two values.")
    return Panel(kept, step)


def season_of(step: str | float) -> int:
    """Steps after which a series of such steps usually repeats; 1 where nothing is usual."""
    if not isinstance(step, str):
        return 1
    offset: Any = pd.tseries.frequencies.to_offset(step)
    base = str(offset.rule_code).partition("-")[0]
    if base in SEASONS and offset.n == 1:
        return SEASONS[base]
    try:
        length = pd.Timedelta(offset)
    except ValueError:
        return 1
    if length < DAY:
        return int(DAY / length)
    return {1: 7, 7: 52}.get(length.days, 1)


def _step(times: pl.Series, time: str) -> str | float:
    if len(times) < 3:
        raise OpError("invalid_input", f"time: the longest series has {len(times)} moments; at least 3 are needed.")
    if times.dtype.is_numeric():
        steps = np.diff(times.cast(pl.Float64).to_numpy())
        return float(pd.Series(steps).mode().iloc[0])
    index = pd.DatetimeIndex(times.to_numpy())
    inferred = pd.infer_freq(index)
    if inferred:
        return str(inferred)
    common = pd.Series(index[1:] - index[:-1]).mode().iloc[0]
    if pd.Timedelta(days=28) <= common <= pd.Timedelta(days=31):
        if (index.day == 1).all():
            return "MS"
        if index.is_month_end.all():
            return "ME"
    if common >= pd.Timedelta(days=89):
        raise OpError(
            "invalid_input",
            f"time: the steps of `{time}` are uneven.",
            "Aggregate to even steps with ml_data_transform.",
        )
    return str(pd.tseries.frequencies.to_offset(common).freqstr)


def _on_grid(name: str, part: pl.DataFrame, step: str | float, time: str, gaps: list[str]) -> Series | None:
    present = part.drop_nulls("value")
    if present.height < 2:
        return None
    values = present.get_column("value").to_numpy()
    if isinstance(step, str):
        moments_: Any = pd.DatetimeIndex(present.get_column("time").to_numpy())
        grid: Any = pd.date_range(moments_[0], moments_[-1], freq=step)
        at = grid.get_indexer(moments_)
        start: Any = grid[0] if len(grid) else moments_[0]
    else:
        numbers = present.get_column("time").cast(pl.Float64).to_numpy()
        places = (numbers - numbers[0]) / step
        at = np.where(np.abs(places - places.round()) < 1e-6, places.round(), -1).astype(np.int64)
        grid, start = np.arange(int(places[-1].round()) + 1), float(numbers[0])
    off = int((at < 0).sum())
    if off or len(grid) == 0:
        raise OpError(
            "invalid_input",
            f"time: {off} of {len(values)} moments of `{time}` do not lie on even steps of {step}.",
            "Aggregate to even steps with ml_data_transform.",
        )
    missing = len(grid) - len(values)
    if missing > MOST_GAPS * len(grid):
        raise OpError(
            "invalid_input",
            f"time: series `{name}` lacks {missing} of {len(grid)} steps of {step}.",
            "Aggregate to longer steps with ml_data_transform.",
        )
    if missing:
        gaps.append(f"{missing} of {len(grid)} in `{name}`")
    filled = np.interp(np.arange(len(grid)), at, values)
    return Series(name, start, filled)


def panel_frame(panel: Panel) -> pl.DataFrame:
    """The panel as rows `series`, `time`, `value`."""
    return pl.concat(
        [
            pl.DataFrame(
                {
                    "series": [one.name] * len(one.values),
                    "time": panel.times(one, 0, len(one.values)),
                    "value": one.values,
                }
            )
            for one in panel.series
        ]
    )


def panel_of(frame: pl.DataFrame, step: str | float) -> Panel:
    """What `panel_frame` made, as a panel again."""
    series: list[Series] = []
    for (name,), part in frame.partition_by("series", as_dict=True, maintain_order=True).items():
        first: Any = part.get_column("time")[0]
        start = pd.Timestamp(first) if isinstance(step, str) else float(first)
        series.append(Series(str(name), start, part.get_column("value").to_numpy()))
    return Panel(series, step)


def shown_times(times: Sequence[Any] | np.ndarray) -> list[str]:
    """Moments as people write them: dates without a time of day where all are at midnight."""
    if len(times) and isinstance(times[0], np.datetime64):
        index = pd.DatetimeIndex(np.asarray(times))
        whole = bool((index == index.normalize()).all())
        return [moment.strftime("%Y-%m-%d" if whole else "%Y-%m-%dT%H:%M:%S") for moment in index]
    return [f"{float(one):g}" for one in times]
