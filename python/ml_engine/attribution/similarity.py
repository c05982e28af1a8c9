"""How far rows lie from each other, over columns of mixed types (Gower 1971)."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Space:
    """Columns scaled by their range in a reference table: numbers and dates 0..1, texts as codes."""

    columns: list[str]
    spans: dict[str, float]
    """Range of each numeric column; texts are not in it."""

    @classmethod
    def of(cls, reference: pd.DataFrame) -> Self:
        spans: dict[str, float] = {}
        for name in reference.columns:
            if reference[name].dtype == object:
                continue
            values = _numbers(reference[name])
            finite = values[np.isfinite(values)]
            spans[str(name)] = float(np.ptp(finite)) if len(finite) else 0.0
        return cls([str(name) for name in reference.columns], spans)

    def distances(self, row: pd.DataFrame, rows: pd.DataFrame) -> np.ndarray:
        """Mean difference over columns, each 0..1, from the one row to each of `rows`; shape (rows,)."""
        total = np.zeros(len(rows))
        for name in self.columns:
            total += self.difference(name, row[name], rows[name])
        return total / max(len(self.columns), 1)

    def difference(self, name: str, one: pd.Series, others: pd.Series) -> np.ndarray:
        """Difference in one column, 0..1; two missing values are alike, one is as far as can be."""
        if name not in self.spans:
            gone, value = bool(pd.isna(one.iloc[0])), one.iloc[0]
            missing = others.isna().to_numpy()
            same = missing if gone else (others.to_numpy() == value) & ~missing
            return 1.0 - same.astype(np.float64)
        value, values = float(_numbers(one)[0]), _numbers(others)
        if not np.isfinite(value):
            return np.isfinite(values).astype(np.float64)
        span = self.spans[name]
        apart = np.abs(values - value) / span if span > 0 else (values != value).astype(np.float64)
        return np.where(np.isfinite(values), np.minimum(apart, 1.0), 1.0)


def _numbers(column: pd.Series) -> np.ndarray:
    """As float64, dates as microseconds, missing as NaN."""
    if column.dtype.kind == "M":
        values = column.to_numpy().astype("datetime64[us]").astype(np.float64)
        return np.where(column.isna().to_numpy(), np.nan, values)
    return column.to_numpy(dtype=np.float64)


def unusual(space: Space, row: pd.DataFrame, reference: pd.DataFrame, seed: int, probes: int = 200) -> float:
    """Share of the reference rows that lie closer to their nearest other row than `row` does to its own."""
    if len(reference) < 2:
        return 0.0
    own = space.distances(row, reference).min()
    drawn = np.random.default_rng(seed).choice(len(reference), min(probes, len(reference)), replace=False)
    nearest = [float(np.partition(space.distances(reference.iloc[[probe]], reference), 1)[1]) for probe in drawn]
    return float(np.mean(np.array(nearest) < own))
