"""What a feature's values look like, and whether what was said of them holds."""

from collections.abc import Sequence

import polars as pl

from ml_engine.cells import number
from ml_engine.contract.features import FeatureStatistics, FeatureTest
from ml_engine.roles import dtype_name


def statistics(rows: pl.DataFrame, names: Sequence[str]) -> list[FeatureStatistics]:
    """Counts of every feature, and moments and range of those that are numbers."""
    return [_one(rows[name]) for name in names]


def _one(column: pl.Series) -> FeatureStatistics:
    numeric = column.dtype.is_numeric() or column.dtype == pl.Boolean
    values = column.cast(pl.Float64).drop_nulls() if numeric else pl.Series([], dtype=pl.Float64)
    finite = values.filter(values.is_finite())
    return {
        "feature": column.name,
        "dtype": dtype_name(column.dtype),
        "rows": len(column),
        "missing": round(column.null_count() / max(len(column), 1), 6),
        "distinct": column.drop_nulls().n_unique(),
        "mean": number(finite.mean()),
        "std": number(finite.std()),
        "low": number(finite.min()),
        "high": number(finite.max()),
    }


def violations(rows: pl.DataFrame, tests: Sequence[FeatureTest]) -> list[str]:
    """A sentence for each test that does not hold, with how many rows break it."""
    found: list[str] = []
    for test in tests:
        broken = _broken(rows[test["feature"]], test)
        if broken:
            found.append(f"`{test['feature']}` is not {_said(test)} in {broken} of {rows.height} rows.")
    return found


def _broken(column: pl.Series, test: FeatureTest) -> int:
    if test["rule"] == "not_null":
        return column.null_count()
    present = column.drop_nulls()
    if test["rule"] == "unique":
        return len(present) - present.n_unique()
    if test["rule"] == "in_set":
        return int((~present.cast(pl.String).is_in(test.get("values", []))).sum())
    values = present.cast(pl.Float64)
    low, high = test.get("low", float("-inf")), test.get("high", float("inf"))
    return int((~values.is_between(low, high)).sum())


def _said(test: FeatureTest) -> str:
    if test["rule"] == "between":
        return f"between {test.get('low', '-∞')} and {test.get('high', '∞')}"
    return {"not_null": "filled", "unique": "unique", "in_set": f"one of {', '.join(test.get('values', [])[:10])}"}[
        test["rule"]
    ]
