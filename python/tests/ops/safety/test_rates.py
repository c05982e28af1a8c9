"""Rates, gaps and their intervals, against published numbers and Fairlearn."""

from typing import Any

import numpy as np
import pytest
from fairlearn.metrics import (
    MetricFrame,
    demographic_parity_difference,
    demographic_parity_ratio,
    equalized_odds_difference,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, precision_score, recall_score

from ml_engine.fairness.methods import kamiran_calders
from ml_engine.fairness.mitigation import judge
from ml_engine.fairness.rates import (
    CRITERIA,
    Measured,
    calibration_error,
    counts_by_group,
    gaps,
    measure_decisions,
    rates,
)

# ProPublica, "Machine Bias" (2016), two-year recidivism: true and false positives, false and true negatives.
COMPAS = np.array([[1369, 805, 532, 990], [505, 349, 461, 1139]])
BLACK, WHITE = 0, 1


def test_compas_rates_are_those_published() -> None:
    found = rates(COMPAS)

    assert found["fpr"] * 100 == pytest.approx([44.85, 23.45], abs=0.005)
    assert found["fnr"] * 100 == pytest.approx([27.99, 47.72], abs=0.005)
    assert found["ppv"] == pytest.approx([0.63, 0.591], abs=0.0005)


def test_compas_gaps_are_those_published() -> None:
    measured = {name: Measured(values, None) for name, values in rates(COMPAS).items()}
    measured["calibration_gap"] = Measured(np.zeros(2), None)

    found = {gap.criterion: gap for gap in gaps(measured, np.array([True, True]), CRITERIA)}

    assert found["demographic parity"].difference[0] == pytest.approx(0.240200, abs=5e-7)
    assert found["demographic parity"].ratio[0] == pytest.approx(0.591638, abs=5e-7)
    assert found["equalised odds"].difference[0] == pytest.approx(0.213925, abs=5e-7)
    assert found["equal opportunity"].difference[0] == pytest.approx(0.197373, abs=5e-7)
    assert (found["demographic parity"].highest, found["demographic parity"].lowest) == (BLACK, WHITE)


def test_the_toy_of_fairlearns_guide() -> None:
    truth = np.array([1, 1, 1, 1, 1, 0, 0, 1, 1, 0])
    selected = np.array([0, 1, 1, 1, 1, 0, 0, 0, 1, 1])
    found = rates(counts_by_group(np.repeat([0, 1], 5), 2, truth.astype(bool), selected.astype(bool)))

    assert found["selection_rate"].tolist() == [0.8, 0.4]
    # Nobody in the first group is negative: its false positive rate is undefined, where Fairlearn calls it 0.
    assert np.isnan(found["fpr"][0])
    assert found["fpr"][1] == pytest.approx(1 / 3)


def table(seed: int, rows: int = 400, groups: int = 3) -> Any:
    random = np.random.default_rng(seed)
    codes = random.integers(0, groups, rows)
    score = random.random(rows)
    truth = (random.random(rows) < 0.3 + 0.4 * score).astype(np.int64)
    return codes, truth, (score > 0.4 + 0.1 * codes).astype(np.int64), score


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_equals_fairlearn(seed: int) -> None:
    codes, truth, selected, score = table(seed)
    measured = measure_decisions(codes, 3, truth, selected, score, resamples=2, seed=0)
    found = {gap.criterion: gap for gap in gaps(measured, np.ones(3, dtype=bool), CRITERIA)}
    given_: Any = {"y_true": truth, "y_pred": selected, "sensitive_features": codes}

    assert found["demographic parity"].difference[0] == pytest.approx(demographic_parity_difference(**given_))
    assert found["demographic parity"].ratio[0] == pytest.approx(demographic_parity_ratio(**given_))
    assert found["equalised odds"].difference[0] == pytest.approx(equalized_odds_difference(**given_))
    metrics: Any = {"accuracy": accuracy_score, "tpr": recall_score, "ppv": precision_score}
    by_group = MetricFrame(metrics=metrics, **given_).by_group
    for name in metrics:
        assert measured[name].values == pytest.approx(np.asarray(by_group[name], dtype=np.float64))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.permutations(range(3)))
def test_differences_do_not_depend_on_what_groups_are_called(seed: int, order: list[int]) -> None:
    codes, truth, selected, score = table(seed)
    renamed = np.array(order)[codes]
    everyone = np.ones(3, dtype=bool)
    first, second = (
        gaps(measure_decisions(own, 3, truth, selected, score, resamples=2, seed=0), everyone, CRITERIA)
        for own in (codes, renamed)
    )

    for one, other in zip(first, second, strict=True):
        assert one.difference[0] == pytest.approx(other.difference[0])
        assert one.ratio[0] == pytest.approx(other.ratio[0], nan_ok=True)


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    covered = 0
    for seed in range(200):
        random = np.random.default_rng(seed)
        codes = np.repeat([0, 1], 150)
        selected = (random.random(300) < np.where(codes == 0, 0.6, 0.4)).astype(np.int64)
        measured = measure_decisions(codes, 2, selected, selected, selected.astype(float), resamples=300, seed=seed)
        low, high = measured["selection_rate"].interval(0)
        covered += low <= 0.6 <= high

    assert 0.90 <= covered / 200 <= 0.99


def test_small_groups_are_not_compared() -> None:
    measured = {name: Measured(np.array([0.5, 0.6, 0.0]), None) for name in [*rates(COMPAS), "calibration_gap"]}

    parity = gaps(measured, np.array([True, True, False]), CRITERIA)[0]

    assert parity.lowest == 0
    assert parity.difference[0] == pytest.approx(0.1)


def test_a_calibrated_score_has_no_calibration_error() -> None:
    truth = np.array([0, 0, 0, 1] * 50)
    codes = np.zeros(200, dtype=np.int64)

    assert calibration_error(codes, 1, truth, np.full(200, 0.25))[0] == pytest.approx(0)
    assert calibration_error(codes, 1, truth, np.full(200, 0.75))[0] == pytest.approx(0.5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_reweighing_makes_outcome_and_group_independent(seed: int) -> None:
    codes, truth, _, _ = table(seed)
    weights = kamiran_calders(truth, codes)

    assert weights.mean() == pytest.approx(1)
    shares = [np.average(truth[codes == group], weights=weights[codes == group]) for group in range(3)]
    assert shares == pytest.approx([truth.mean()] * 3)


def test_a_certain_rule_is_judged_as_its_decisions() -> None:
    codes, truth, selected, score = table(3)
    judged = judge(truth, selected.astype(float), codes, 3)
    measured = measure_decisions(codes, 3, truth, selected, score, resamples=2, seed=0)

    assert judged.accuracy == pytest.approx((truth == selected).mean())
    assert judged.by_group == pytest.approx(measured["selection_rate"].values)
