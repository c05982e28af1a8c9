"""Scales of numbers: what each learns as plain JSON, how it is applied, and the way back."""

from collections.abc import Callable, Mapping
from typing import cast

import numpy as np
import numpy.typing as npt
import polars as pl
from sklearn.preprocessing import PowerTransformer

from ml_engine.cells import number

Values = npt.NDArray[np.float64]
Found = Mapping[str, object]
QUANTILES = 200
"""Points of the distribution that a quantile scale keeps."""
DIGITS = 1e-6
"""How near a number is to come back from a power scale, relative to its size where that is above 1."""


def learn_scale(column: pl.Series, method: str) -> dict[str, object]:
    """What a scale learns from the finite values of `column`."""
    values = column.drop_nulls().cast(pl.Float64)
    finite = values.filter(values.is_finite())
    if method == "log":
        return {"method": "log"}
    if method == "power":
        return _learn_power(finite.to_numpy())
    if method == "quantile":
        shares = np.linspace(0, 1, min(QUANTILES, max(len(finite), 2)))
        points = np.quantile(finite.to_numpy(), shares) if len(finite) else np.array([0.0, 1.0])
        return {"method": "quantile", "points": points.tolist()}
    if method == "standard":
        center, spread = number(finite.mean()), number(finite.std(ddof=0))
    elif method == "minmax":
        low, high = number(finite.min()), number(finite.max())
        center, spread = low, None if low is None or high is None else high - low
    else:
        center = number(finite.median())
        low, high = number(finite.quantile(0.25, "linear")), number(finite.quantile(0.75, "linear"))
        spread = None if low is None or high is None else high - low
    return {"center": center or 0.0, "scale": spread or 1.0}


def scale(name: str, found: Found) -> list[pl.Expr]:
    """The column on its scale; null stays null."""
    return [_through(name, lambda values: FORWARD[_kind(found)](values, found))]


def unscale(name: str, found: Found) -> pl.Expr:
    """The column back from its scale. A quantile scale is undone within its outermost points."""
    return _through(name, lambda values: BACK[_kind(found)](values, found))


def _kind(found: Found) -> str:
    return str(found.get("method", "linear"))


def _through(name: str, change: Callable[[Values], Values]) -> pl.Expr:
    def batch(column: pl.Series) -> pl.Series:
        present = column.cast(pl.Float64)
        with np.errstate(all="ignore"):
            changed = change(present.fill_null(np.nan).to_numpy())
        after = pl.Series(column.name, changed, dtype=pl.Float64)
        return after.set(present.is_null(), None)

    return pl.col(name).map_batches(batch, return_dtype=pl.Float64)


def _learn_power(values: Values) -> dict[str, object]:
    if len(np.unique(values)) < 2:
        return {"method": "power", "power": 1.0, "center": float(values[0]) if len(values) else 0.0, "scale": 1.0}
    power = float(PowerTransformer(standardize=False).fit(values[:, None]).lambdas_[0])
    with np.errstate(all="ignore"):
        # The likeliest power can be so extreme that too few digits are left: then one nearer to 1, which bends nothing.
        while not _comes_back(values, found := _bent_by(power, values)) and power != 1:
            power = 1 + (power - 1) / 2
    return found


def _bent_by(power: float, values: Values) -> dict[str, object]:
    bent = _bend(values, power)
    return {"method": "power", "power": power, "center": float(bent.mean()), "scale": float(bent.std()) or 1.0}


def _comes_back(values: Values, found: Found) -> bool:
    return np.allclose(_unpower(_power(values, found), found), values, rtol=DIGITS, atol=DIGITS)


def _bend(values: Values, power: float) -> Values:
    """Yeo and Johnson (2000), A new family of power transformations, eq. 2.1."""
    above, below = np.maximum(values, 0), np.minimum(values, 0)
    up = np.log1p(above) if power == 0 else np.expm1(power * np.log1p(above)) / power
    rest = 2 - power
    down = -np.log1p(-below) if rest == 0 else -np.expm1(rest * np.log1p(-below)) / rest
    return np.where(values >= 0, up, down)


def _unbend(values: Values, power: float) -> Values:
    above, below = np.maximum(values, 0), np.minimum(values, 0)
    up = np.expm1(above) if power == 0 else np.expm1(np.log1p(power * above) / power)
    rest = 2 - power
    down = -np.expm1(-below) if rest == 0 else -np.expm1(np.log1p(-rest * below) / rest)
    return np.where(values >= 0, up, down)


def _linear(values: Values, found: Found) -> Values:
    return (values - cast(float, found["center"])) / cast(float, found["scale"])


def _unlinear(values: Values, found: Found) -> Values:
    return values * cast(float, found["scale"]) + cast(float, found["center"])


def _power(values: Values, found: Found) -> Values:
    return _linear(_bend(values, cast(float, found["power"])), found)


def _unpower(values: Values, found: Found) -> Values:
    return _unbend(_unlinear(values, found), cast(float, found["power"]))


def _log(values: Values, found: Found) -> Values:
    del found
    return np.sign(values) * np.log1p(np.abs(values))


def _unlog(values: Values, found: Found) -> Values:
    del found
    return np.sign(values) * np.expm1(np.abs(values))


def _quantile(values: Values, found: Found) -> Values:
    points = np.asarray(found["points"], dtype=np.float64)
    shares = np.linspace(0, 1, len(points))
    # Where points repeat, the middle of the shares they span (as scikit-learn's QuantileTransformer does).
    low = np.interp(values, points, shares)
    high = -np.interp(-values, -points[::-1], -shares[::-1])
    return np.where(np.isnan(values), np.nan, 0.5 * (low + high))


def _unquantile(values: Values, found: Found) -> Values:
    points = np.asarray(found["points"], dtype=np.float64)
    return np.interp(values, np.linspace(0, 1, len(points)), points)


FORWARD: dict[str, Callable[[Values, Found], Values]] = {
    "linear": _linear,
    "power": _power,
    "log": _log,
    "quantile": _quantile,
}
BACK: dict[str, Callable[[Values, Found], Values]] = {
    "linear": _unlinear,
    "power": _unpower,
    "log": _unlog,
    "quantile": _unquantile,
}
