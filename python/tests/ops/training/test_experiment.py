"""The test over folds is Nadeau & Bengio's, and does not care which run is named first."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_engine.ops.training.experiment import corrected_t_test

SCORES = st.floats(0, 1, allow_nan=False)
FOLDS = st.integers(2, 12).flatmap(
    lambda k: st.tuples(st.lists(SCORES, min_size=k, max_size=k), st.lists(SCORES, min_size=k, max_size=k))
)


def test_agrees_with_a_computation_by_hand() -> None:
    # Three folds: differences 0.1, 0.2, 0.3; mean 0.2, variance 0.01; standard error sqrt(0.01 (1/3 + 1/2)) = 0.09129;
    # t = 0.2 / 0.09129 = 2.19089. With 2 degrees of freedom p = 1 - t / sqrt(2 + t²) = 1 - 2.19089 / sqrt(6.8).
    found = corrected_t_test("f1", [0.9, 0.9, 0.9], [0.8, 0.7, 0.6])
    assert found["difference"] == pytest.approx(0.2)
    assert found["statistic"] == pytest.approx(2.1908902)
    assert found["p_value"] == pytest.approx(1 - 2.1908902 / math.sqrt(6.8))
    assert (found["metric"], found["folds"]) == ("f1", 3)
    assert found["verdict"] == "no more than chance can explain"


def test_is_more_careful_than_the_t_test_that_takes_folds_for_independent() -> None:
    # The plain paired t-test of five differences 0.01 … 0.05 has t = 4.2426, p = 0.0132.
    found = corrected_t_test("f1", [0.01, 0.02, 0.03, 0.04, 0.05], [0.0] * 5)
    assert found["statistic"] == pytest.approx(4.2426407 / math.sqrt(1 + 5 / 4))
    assert found["p_value"] > 0.0132


@given(FOLDS)
def test_swapping_the_runs_flips_the_sign_and_nothing_else(folds: tuple[list[float], list[float]]) -> None:
    first, second = folds
    one, other = corrected_t_test("m", first, second), corrected_t_test("m", second, first)
    assert one["difference"] == -other["difference"]
    assert one["statistic"] == -other["statistic"]
    assert one["p_value"] == other["p_value"]
    assert one["verdict"] == other["verdict"]


@given(FOLDS)
def test_the_p_value_is_a_probability(folds: tuple[list[float], list[float]]) -> None:
    found = corrected_t_test("m", *folds)
    assert 0 <= found["p_value"] <= 1
    assert math.isfinite(found["statistic"])
    assert (found["verdict"] == "more than chance") == (found["p_value"] < 0.05)


@given(st.lists(SCORES, min_size=2, max_size=12))
def test_a_run_does_not_differ_from_itself(scores: list[float]) -> None:
    found = corrected_t_test("m", scores, scores)
    assert (found["difference"], found["statistic"], found["p_value"]) == (0, 0, 1)


def test_the_same_difference_on_every_fold_is_no_accident() -> None:
    found = corrected_t_test("m", [0.75, 0.5], [0.5, 0.25])
    assert (found["difference"], found["p_value"], found["verdict"]) == (0.25, 0, "more than chance")
