"""Metrics are scikit-learn's, intervals cover what they should, tests agree with published values."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as some
from scipy import stats
from sklearn import metrics as theirs
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso
from sklearn.model_selection import KFold

from ml_engine.intervals import interval, mcnemar, resample, signed_rank
from ml_engine.metrics import classification_measure, regression_measure, score
from ml_engine.slices import holm

SCORES = some.arrays(np.float64, st.integers(6, 40), elements=st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.6, 0.9, 1.0]))


@settings(deadline=None)
@given(SCORES, st.data())
def test_binary_metrics_are_scikit_learns(positive: np.ndarray, data: st.DataObject) -> None:
    truth = data.draw(some.arrays(np.int64, len(positive), elements=st.integers(0, 1)))
    assume(0 < truth.sum() < len(truth))
    probabilities = np.column_stack([1 - positive, positive])
    predicted = probabilities.argmax(axis=1)
    found = score("classification", truth, probabilities, 1)
    assert found["accuracy"] == pytest.approx(theirs.accuracy_score(truth, predicted))
    assert found["balanced_accuracy"] == pytest.approx(theirs.balanced_accuracy_score(truth, predicted))
    assert found["precision"] == pytest.approx(theirs.precision_score(truth, predicted))
    assert found["recall"] == pytest.approx(theirs.recall_score(truth, predicted))
    assert found["f1"] == pytest.approx(theirs.f1_score(truth, predicted))
    assert found["f1_macro"] == pytest.approx(theirs.f1_score(truth, predicted, average="macro"))
    assert found["mcc"] == pytest.approx(theirs.matthews_corrcoef(truth, predicted))
    assert found["kappa"] == pytest.approx(theirs.cohen_kappa_score(truth, predicted))
    assert found["roc_auc"] == pytest.approx(theirs.roc_auc_score(truth, positive))
    assert found["average_precision"] == pytest.approx(theirs.average_precision_score(truth, positive))
    assert found["log_loss"] == pytest.approx(theirs.log_loss(truth, probabilities, labels=[0, 1]), rel=1e-6)
    assert found["brier"] == pytest.approx(theirs.brier_score_loss(truth, positive))


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_multiclass_metrics_are_scikit_learns(seed: int) -> None:
    draw = np.random.default_rng(seed)
    truth = np.concatenate([[0, 1, 2], draw.integers(0, 3, 40)])
    probabilities = draw.dirichlet([1, 1, 1], len(truth))
    predicted = probabilities.argmax(axis=1)
    found = score("classification", truth, probabilities)
    assert found["roc_auc"] == pytest.approx(theirs.roc_auc_score(truth, probabilities, multi_class="ovr"))
    assert found["average_precision"] == pytest.approx(theirs.average_precision_score(np.eye(3)[truth], probabilities))
    assert found["f1_macro"] == pytest.approx(theirs.f1_score(truth, predicted, average="macro"))
    assert found["f1_weighted"] == pytest.approx(theirs.f1_score(truth, predicted, average="weighted"))
    assert found["mcc"] == pytest.approx(theirs.matthews_corrcoef(truth, predicted))
    assert found["brier"] == pytest.approx(theirs.brier_score_loss(truth, probabilities))
    assert found["log_loss"] == pytest.approx(theirs.log_loss(truth, probabilities))


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(2, 60))
def test_regression_metrics_are_scikit_learns(seed: int, rows: int) -> None:
    draw = np.random.default_rng(seed)
    truth, predicted = draw.normal(5, 2, rows), draw.normal(5, 2, rows)
    found = score("regression", truth, predicted)
    assert found["rmse"] == pytest.approx(theirs.root_mean_squared_error(truth, predicted))
    assert found["mae"] == pytest.approx(theirs.mean_absolute_error(truth, predicted))
    assert found["r2"] == pytest.approx(theirs.r2_score(truth, predicted))
    assert found["medae"] == pytest.approx(theirs.median_absolute_error(truth, predicted))
    assert found["mape"] == pytest.approx(theirs.mean_absolute_percentage_error(truth, predicted))


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_weights_are_repeats(seed: int) -> None:
    """A resample's counts give the metrics of the rows written out."""
    draw = np.random.default_rng(seed)
    counts = draw.integers(0, 4, 30)
    truth, positive = np.tile([0, 1], 15), draw.choice([0.1, 0.4, 0.7], 30)
    rows = np.repeat(np.arange(30), counts)
    assume(0 < truth[rows].sum() < len(rows))
    probabilities = np.column_stack([1 - positive, positive])
    weighted = classification_measure(truth, probabilities, 1)(counts.astype(float))
    assert weighted == pytest.approx(score("classification", truth[rows], probabilities[rows], 1))
    number = draw.normal(size=30)
    weighted = regression_measure(number, positive)(counts.astype(float))
    assert weighted == pytest.approx(score("regression", number[rows], positive[rows]))


def test_lasso_on_diabetes() -> None:
    """scikit-learn's user guide: cross_val_score(Lasso(), X[:150], y[:150], cv=3)."""
    features, target = load_diabetes(return_X_y=True)
    features, target = features[:150], target[:150]
    found = [
        score("regression", target[test], Lasso().fit(features[train], target[train]).predict(features[test]))["r2"]
        for train, test in KFold(3).split(features)
    ]
    assert found == pytest.approx([0.3315057, 0.08022103, 0.03531816], abs=1e-6)


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    """AUROC of two normal samples one deviation apart is Φ(1/√2) = .7602; 200 draws of 150 rows."""
    truth = float(stats.norm.cdf(1 / np.sqrt(2)))
    covered = 0
    for seed in range(200):
        draw = np.random.default_rng(seed)
        labels = np.arange(150) % 2
        raw = draw.normal(labels.astype(float))
        chance = 1 / (1 + np.exp(-raw))
        measure = classification_measure(labels, np.column_stack([1 - chance, chance]), 1)
        ends = interval(measure(np.ones(150))["roc_auc"], resample([measure], 150, 200, seed)[0]["roc_auc"])
        covered += ends is not None and ends[0] <= truth <= ends[1]
    assert 0.90 <= covered / 200 <= 0.985


def test_resampling_is_seeded() -> None:
    measure = regression_measure(np.arange(20.0), np.arange(20.0) * 1.1)
    first, second = (resample([measure], 20, 50, 3)[0]["mae"] for _ in range(2))
    assert np.array_equal(first, second)


def test_mcnemar_of_airway_hyperresponsiveness() -> None:
    """Fagerland, Lydersen & Laake 2013, table 1 (Bentur et al. 2009): 1 and 7 discordant pairs, mid-p .0391."""
    right = np.array([True] * 1 + [False] * 7 + [True] * 13)
    other = np.array([False] * 1 + [True] * 7 + [True] * 13)
    assert mcnemar(right, other).p_value == pytest.approx(0.0391, abs=5e-5)
    assert mcnemar(right, right).p_value == 1.0


def test_signed_rank_is_scipys() -> None:
    draw = np.random.default_rng(0)
    error, other = draw.normal(size=40), draw.normal(size=40) * 1.5
    assert signed_rank(error, other).p_value == pytest.approx(stats.wilcoxon(abs(error) - abs(other)).pvalue)


def test_holm_by_hand() -> None:
    assert holm(np.array([0.01, 0.04, 0.03])) == pytest.approx([0.03, 0.06, 0.06])
