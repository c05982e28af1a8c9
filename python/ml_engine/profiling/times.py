"""What a column of moments spans, and how the numbers beside it move over time."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
from statsmodels.tsa.stattools import adfuller

from ml_engine.contract.manifest import ColumnSchema

Floats = npt.NDArray[np.float64]
FEWEST = 60
MOST_POINTS = 2000
MOST_SERIES = 20
LAGS = 10
ALPHA = 0.05
PEAK = 0.4
"""Autocorrelation from which a repeating lag is called a season."""
WIDE_GAP = 5
"""Times the median gap from which a gap is counted."""


def time_facts(present: pl.Series) -> dict[str, object]:
    """The range, the largest and the median gap between neighbours, and how many gaps are far wider than that."""
    gaps = present.unique().sort().diff().drop_nulls()
    if len(gaps) == 0:
        return {}
    middle = gaps.median()
    seconds = gaps.dt.total_seconds(fractional=True)
    typical = seconds.median()
    wide = int((seconds > WIDE_GAP * typical).sum()) if isinstance(typical, float) and typical > 0 else 0
    return {
        "range": str(gaps.sum()),
        "largest_gap": str(gaps.max()),
        "median_gap": str(middle),
        "wide_gaps": wide,
    }


def moving(frame: pl.DataFrame, columns: Sequence[ColumnSchema]) -> Iterator[tuple[str, str, str]]:
    """Kind, column and sentence for each number that is non-stationary or seasonal over the table's moments.

    The order is that of the first column of moments that are nearly all different; the newest MOST_POINTS rows are
    looked at. Stationarity by the augmented Dickey-Fuller test with LAGS lags, seasons by peaks of the autocorrelation.
    """
    axis = next(
        (
            one["name"]
            for one in columns
            if frame.schema[one["name"]].is_temporal() and frame[one["name"]].n_unique() >= 0.9 * frame.height
        ),
        None,
    )
    if axis is None or frame.height < FEWEST:
        return
    numbers = [
        one["name"]
        for one in columns
        if frame.schema[one["name"]].is_numeric() and one["role"] not in ("identifier", "constant")
    ][:MOST_SERIES]
    recent = frame.select(axis, *numbers).drop_nulls(axis).sort(axis).tail(MOST_POINTS)
    for name in numbers:
        values = recent[name].drop_nulls().cast(pl.Float64).to_numpy()
        values = values[np.isfinite(values)]
        if len(values) < FEWEST or np.ptp(values) == 0:
            continue
        p_value = _unit_root(values)
        if p_value > ALPHA:
            yield "NON_STATIONARY", name, f"`{name}` wanders over `{axis}` (Dickey-Fuller p {p_value:.2f})."
        period = season(values)
        if period is not None:
            yield "SEASONAL", name, f"`{name}` repeats every {period} rows over `{axis}`."


def _unit_root(values: Floats) -> float:
    """The p-value of the augmented Dickey-Fuller test; 0 where it cannot be had (a straight line, say)."""
    try:
        found = adfuller(values, maxlag=LAGS, autolag=None)  # pyright: ignore[reportArgumentType]
    except (ValueError, np.linalg.LinAlgError):
        return 0.0
    p_value = float(found[1])
    return p_value if np.isfinite(p_value) else 0.0


def season(values: Floats) -> int | None:
    """The lag of the first peak of the autocorrelation of PEAK or more that follows a trough; None without one."""
    steps = np.arange(len(values))
    rest = values - np.polyval(np.polyfit(steps, values, 1), steps)
    power = float((rest * rest).sum())
    if power <= 1e-18 * float((values * values).sum() + 1e-300):
        return None
    spectrum = np.fft.rfft(rest, 2 * len(rest))
    correlation = np.fft.irfft(spectrum * np.conj(spectrum))[: len(rest) // 3] / power
    lowest = 1.0
    for lag in range(2, len(correlation) - 1):
        lowest = min(lowest, float(correlation[lag - 1]))
        here = float(correlation[lag])
        if here >= PEAK and here - lowest > 0.3 and here >= correlation[lag - 1] and here >= correlation[lag + 1]:
            return lag
    return None
