"""From a raw table to what an estimator takes: the preprocessing that is part of every model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder

Encoding = Literal["scaled", "ordinal", "native"]
"""`scaled`: one-hot and standardised; `ordinal`: codes, gaps filled; `native`: codes, gaps left to the estimator."""

MISSING = "(missing)"
MOST_CATEGORIES = 30
"""Columns with more categories are target-encoded."""
DATE_PARTS = ("year", "month", "day", "weekday", "hour", "days")


class TableReader(TransformerMixin, BaseEstimator):
    """Reads raw columns as what they were trained as: numbers, texts without gaps, and the parts of dates.

    Infinite numbers become missing; `days` counts days since 1970.
    """

    def __init__(self, numeric: Sequence[str] = (), categorical: Sequence[str] = (), dates: Sequence[str] = ()) -> None:
        self.numeric = numeric
        self.categorical = categorical
        self.dates = dates

    def fit(self, X: pd.DataFrame, y: Any = None) -> Self:
        del y
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """A frame with the columns of `get_feature_names_out`."""
        if self.numeric and not self.categorical and not self.dates:
            block = X[list(self.numeric)]
            if all(dtype == np.float64 for dtype in block.dtypes):
                values = block.to_numpy()
                return pd.DataFrame(_finite(values), index=X.index, columns=list(self.numeric))
        read = {name: _numbers(X[name]) for name in self.numeric}
        read |= {name: _texts(X[name]) for name in self.categorical}
        for name in self.dates:
            read |= _date_parts(name, X[name])
        return plain_frame(read, X.index)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        del input_features
        parts = [f"{name}.{part}" for name in self.dates for part in DATE_PARTS]
        return np.array([*self.numeric, *self.categorical, *parts], dtype=object)


def plain_frame(columns: Mapping[str, np.ndarray], index: pd.Index | None = None) -> pd.DataFrame:
    """A frame that keeps each array's dtype: pandas 3 would turn objects into its own string type."""
    return pd.DataFrame({name: pd.Series(values, index, dtype=values.dtype) for name, values in columns.items()}, index)


def _numbers(column: pd.Series) -> np.ndarray:
    if column.dtype == np.float64:
        return _finite(column.to_numpy())
    return _finite(pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan))


def _finite(values: np.ndarray) -> np.ndarray:
    infinite = np.isinf(values)
    return np.where(infinite, np.nan, values) if infinite.any() else values


def _texts(column: pd.Series) -> np.ndarray:
    values = column.to_numpy(dtype=object).copy()
    values[pd.isna(values)] = MISSING
    if pd.api.types.infer_dtype(values, skipna=False) == "string":
        return values
    return np.array([value if isinstance(value, str) else str(value) for value in values], dtype=object)


def _date_parts(name: str, column: pd.Series) -> dict[str, np.ndarray]:
    times = pd.to_datetime(column, errors="coerce").astype("datetime64[us]")
    days = (times - pd.Timestamp(0)) / pd.Timedelta(days=1)
    parts = [times.dt.year, times.dt.month, times.dt.day, times.dt.weekday, times.dt.hour, days]
    return {
        f"{name}.{part}": values.to_numpy(dtype=np.float64, na_value=np.nan)
        for part, values in zip(DATE_PARTS, parts, strict=True)
    }


def build(
    estimator: Any,
    encoding: Encoding,
    *,
    numeric: Sequence[str],
    categories: dict[str, int],
    dates: Sequence[str],
    seed: int,
    classification: bool,
    supervised: bool = True,
) -> Pipeline:
    """An unfitted pipeline `read` -> `encode` -> `model` over raw columns.

    Args:
        categories: Each categorical column and how many values it has. Columns with more than `MOST_CATEGORIES` are
            replaced by cross-fitted target means (Micci-Barreca 2001, as scikit-learn's TargetEncoder does it).
        supervised: Without a target such columns are one-hot, their rarer categories taken together.
    """
    few = [name for name, distinct in categories.items() if distinct <= MOST_CATEGORIES]
    many = [name for name, distinct in categories.items() if distinct > MOST_CATEGORIES]
    numbers = [*numeric, *(f"{name}.{part}" for name in dates for part in DATE_PARTS)]
    # Seven random states apart, so that encoder and estimator do not share a stream.
    inner: Any = StratifiedKFold if classification else KFold
    target = TargetEncoder(cv=inner(5, shuffle=True, random_state=seed + 7))
    scaled = encoding == "scaled"
    steps: list[tuple[str, Any, list[str]]] = []
    if numbers:
        steps.append(("number", _number_step(encoding), numbers))
    if few:
        codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        steps.append(("category", _one_hot() if scaled else codes, few))
    if many and not supervised:
        common = OneHotEncoder(
            handle_unknown="infrequent_if_exist", max_categories=MOST_CATEGORIES, sparse_output=False
        )
        steps.append(("many", common, many))
    elif many:
        steps.append(("target", _then_scale(target) if scaled else target, many))
    encode = ColumnTransformer(steps, verbose_feature_names_out=False)
    reader = TableReader(list(numeric), list(categories), list(dates))
    return Pipeline([("read", reader), ("encode", encode), ("model", estimator)])


@dataclass(frozen=True)
class Layout:
    """How many columns of each kind the `native` encoding has, in this order."""

    numbers: int
    codes: int
    means: int

    @classmethod
    def of(cls, numeric: Sequence[str], categories: dict[str, int], dates: Sequence[str]) -> Self:
        """Of what `build` makes of these columns."""
        few = sum(distinct <= MOST_CATEGORIES for distinct in categories.values())
        return cls(len(numeric) + len(DATE_PARTS) * len(dates), few, len(categories) - few)


def recode(encoding: Encoding, layout: Layout) -> Any:
    """From the `native` encoding to another: together they are what `build` makes of raw columns at once."""
    if encoding == "native":
        return "passthrough"
    scaled = encoding == "scaled"
    ends = np.cumsum([layout.numbers, layout.codes, layout.means]).tolist()
    named: list[tuple[str, Any, list[int]]] = [
        ("number", _number_step(encoding), list(range(ends[0]))),
        ("category", _one_hot() if scaled else "passthrough", list(range(ends[0], ends[1]))),
        ("target", StandardScaler() if scaled else "passthrough", list(range(ends[1], ends[2]))),
    ]
    return ColumnTransformer([step for step in named if step[2]])


def single_threaded(pipeline: Any) -> None:
    """Predictions of forests on one thread: several add up in a different order each time, which changes last bits."""
    model = pipeline[-1] if hasattr(pipeline, "steps") else pipeline
    if hasattr(model, "estimators_") and "n_jobs" in model.get_params(deep=False):
        model.set_params(n_jobs=1)


def _number_step(encoding: Encoding) -> Any:
    filler = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    return {"scaled": _then_scale(filler), "ordinal": filler, "native": "passthrough"}[encoding]


def _one_hot() -> OneHotEncoder:
    # Codes and the texts they stand for are in the same order.
    return OneHotEncoder(handle_unknown="ignore", drop="if_binary", sparse_output=False)


def _then_scale(step: Any) -> Pipeline:
    return Pipeline([("fill", step), ("scale", StandardScaler())])
