"""The numbers of data.profile against plain ones."""

import math
import statistics
import unicodedata
from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats

from ml_engine.profiling.associations import (
    correlation_ratio,
    cramers_v,
    crosstab,
    encode,
    mutual_information,
    pairwise_correlation,
    pairwise_ranks,
)
from ml_engine.profiling.target import separation
from ml_engine.profiling.text import text_facts
from tests.ops.data.profiling import texts, whole

numbers = st.lists(
    st.one_of(st.none(), st.floats(-1e6, 1e6), st.integers(-5, 5).map(float), st.sampled_from([math.inf, -math.inf])),
    min_size=1,
    max_size=40,
)


@given(numbers)
@example([0.0, 1.5529654829087606e-115])
@settings(max_examples=120, deadline=None)
def test_numbers_equal_plain_ones(values: list[float | None]) -> None:
    found = whole(pl.DataFrame({"x": pl.Series(values, dtype=pl.Float64)}))["profiles"][0]
    present = [value for value in values if value is not None]
    finite = sorted(value for value in present if math.isfinite(value))
    more = found.get("more", {})

    assert found["missing"] == pytest.approx(1 - len(present) / len(values))
    assert found["distinct"] == len(set(present))
    assert (more["zeros"], more["negative"], more["infinite"]) == (
        sum(value == 0 for value in present),
        sum(value < 0 for value in present),
        len(present) - len(finite),
    )
    if not finite:
        assert found.get("mean") is None
        return
    assert found.get("mean") == pytest.approx(statistics.fmean(finite), abs=1e-6)
    assert (found.get("min"), found.get("max")) == (finite[0], finite[-1])
    assert [found.get("p25"), found.get("median"), found.get("p75")] == pytest.approx(
        np.quantile(finite, [0.25, 0.5, 0.75]).tolist()
    )
    low, high = np.quantile(finite, [0.25, 0.75]).tolist()
    reach = 1.5 * (high - low)
    assert found.get("outliers") == sum(value < low - reach or value > high + reach for value in finite)
    assert sum(more["histogram"]["counts"]) == len(finite) if more["histogram"] else True
    if len(finite) > 1:
        assert found.get("std") == pytest.approx(statistics.stdev(finite), rel=1e-9, abs=1e-9)
    if len(set(finite)) > 2 and statistics.pstdev(finite) > 1e-3:
        assert found.get("skewness") == pytest.approx(float(stats.skew(finite)), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("size", [1e-300, 1e-115, 1.0, 1e150])
def test_a_shape_is_the_same_at_any_size(size: float) -> None:
    values = np.array([0.0, 1.0, 1.0, 5.0]) * size
    found = whole(pl.DataFrame({"x": values}))["profiles"][0]
    assert found.get("std") == pytest.approx(size * statistics.stdev([0.0, 1.0, 1.0, 5.0]), rel=1e-12, abs=0)
    assert found.get("skewness") == pytest.approx(float(stats.skew([0.0, 1.0, 1.0, 5.0])))


@given(texts)
@settings(max_examples=80, deadline=None)
def test_text_equals_plain_counts(values: list[str | None]) -> None:
    found = whole(pl.DataFrame({"x": pl.Series(values, dtype=pl.String)}))["profiles"][0]
    present = [value for value in values if value is not None]
    counts = Counter(present)

    assert found["distinct"] == len(counts)
    assert [one["rows"] for one in found.get("top", [])] == sorted(counts.values(), reverse=True)[:5]
    assert all(counts[str(one["value"])] == one["rows"] for one in found.get("top", []))
    more = found.get("more", {})
    assert more["empty"] == counts[""]
    assert (more["min_length"], more["max_length"]) == (
        (min(map(len, present)), max(map(len, present))) if present else (None, None)
    )


@given(
    st.lists(
        st.tuples(st.one_of(st.none(), st.integers(0, 2)), st.sampled_from([None, "", "a"])), min_size=1, max_size=25
    )
)
@settings(max_examples=60, deadline=None)
def test_duplicates_and_gaps(rows: list[tuple[int | None, str | None]]) -> None:
    result = whole(pl.DataFrame(rows, schema={"a": pl.Int64, "b": pl.String}, orient="row"))
    assert result["duplicate_rows"] == len(rows) - len(set(rows))
    assert result["missing_cells"] == sum(value is None for row in rows for value in row)
    gaps = Counter(tuple(name for name, value in zip("ab", row, strict=True) if value is None) for row in rows)
    assert {tuple(one["columns"]): one["rows"] for one in result["missing_patterns"]} == {
        key: count for key, count in gaps.items() if key
    }


def test_correlation_over_the_rows_where_both_are_there() -> None:
    random = np.random.default_rng(1)
    values = random.normal(size=(200, 4))
    values[random.random((200, 4)) < 0.2] = np.nan
    found = pairwise_correlation(values)
    for i, j in ((0, 1), (2, 3)):
        both = np.isfinite(values[:, i]) & np.isfinite(values[:, j])
        assert found[i, j] == pytest.approx(float(stats.pearsonr(values[both, i], values[both, j]).statistic))


def test_measures_of_association() -> None:
    # A table and its eta by hand: group means 1 and 3, overall 2, all variance between.
    assert correlation_ratio(np.array([0, 0, 1, 1]), np.array([1.0, 1.0, 3.0, 3.0])) == 1
    assert cramers_v(np.array([[50.0, 0.0], [0.0, 50.0]])) == pytest.approx(1)
    assert cramers_v(np.array([[25.0, 25.0], [25.0, 25.0]])) == 0
    assert mutual_information(np.array([[500.0, 0.0], [0.0, 500.0]])) == pytest.approx(math.log(2), abs=1e-3)
    assert separation(np.array([0.1, 0.4, 0.35, 0.8]), np.array([0, 0, 1, 1])) == 0.75
    codes = encode(pl.Series(["b", None, "a"]))
    assert codes.tolist() == [1, -1, 0]
    assert crosstab(codes, codes).tolist() == [[1, 0], [0, 1]]


mixed = st.one_of(st.none(), st.floats(-100, 100), st.sampled_from([math.inf, -math.inf, 0.0]))


@given(st.lists(st.tuples(mixed, mixed), min_size=3, max_size=40))
@settings(max_examples=80, deadline=None)
def test_spearman_is_ranked_over_the_rows_where_both_are_there(rows: list[tuple[float | None, float | None]]) -> None:
    def finite(value: float | None) -> float:
        return value if value is not None and math.isfinite(value) else math.nan

    values = np.asarray([[finite(a), finite(b)] for a, b in rows])
    both = values[np.isfinite(values).all(axis=1)]
    expected = 0.0
    if len(both) > 1 and np.ptp(both[:, 0]) > 0 and np.ptp(both[:, 1]) > 0:
        expected = float(stats.spearmanr(both[:, 0], both[:, 1]).statistic)
    assert pairwise_ranks(values)[0, 1] == pytest.approx(expected, abs=1e-9)


@given(texts)
@settings(max_examples=80, deadline=None)
def test_texts_are_counted_as_python_counts_them(values: list[str | None]) -> None:
    present = [value for value in values if value is not None]
    found = text_facts(pl.Series(present, dtype=pl.String))
    if not present:
        return
    assert found["characters"] == sum(map(len, present))
    assert found["letters"] == sum(unicodedata.category(one)[0] == "L" for text in present for one in text)
    assert found["digits"] == sum(unicodedata.category(one)[0] == "N" for text in present for one in text)
    assert found["median_length"] == statistics.median(map(len, present))


@given(st.lists(st.one_of(st.none(), st.sampled_from([2**53, 2**53 + 1, -(2**63), 2**63 - 1, 0, 7])), max_size=15))
@settings(max_examples=60, deadline=None)
def test_distinct_and_unique_values_are_exact(values: list[int | None]) -> None:
    counts = Counter(value for value in values if value is not None)
    frame = pl.DataFrame({"x": pl.Series(values, dtype=pl.Int64)})
    profiled = whole(frame)["profiles"][0]
    assert profiled["distinct"] == len(counts)
    assert profiled.get("more", {})["n_unique"] == sum(rows == 1 for rows in counts.values())
