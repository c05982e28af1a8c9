"""Three ways to even a classifier out, each learnt on some rows and applied to others.

Threshold optimiser: Hardt, Price & Srebro 2016, as Fairlearn does it. Reweighing: Kamiran & Calders 2012. Exponentiated
gradient: Agarwal et al. 2018, as Fairlearn does it.
"""

import warnings
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from fairlearn.postprocessing import ThresholdOptimizer
from fairlearn.reductions import DemographicParity, EqualizedOdds, ExponentiatedGradient
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import has_fit_parameter

from ml_engine.labelled import Labelled
from ml_engine.models import Model

Constraint = Literal["demographic_parity", "equalized_odds"]
BOUNDS = [0.01, 0.05, 0.1, 0.2]
MOST_ROUNDS = 20
MOST_ROWS = 10_000
"""Rows that the reductions learn from at most."""


@dataclass(frozen=True)
class Cohort:
    """Rows with what was decided on them, and which of them a mitigation may learn from."""

    rows: Labelled
    truth: np.ndarray
    """1 where positive, else 0; as `selected`, shape (rows,)."""
    selected: np.ndarray
    score: np.ndarray
    codes: np.ndarray
    groups: list[str]
    learn: np.ndarray
    """Positions; `test` are others."""
    test: np.ndarray

    @property
    def names(self) -> np.ndarray:
        """The group of each row, by name."""
        return np.array(self.groups, dtype=object).astype(str)[self.codes]


class Scored(ClassifierMixin, BaseEstimator):
    """A classifier whose one feature is the score that another classifier gave."""

    def __init__(self) -> None:
        self.classes_ = np.array([0, 1])

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def fit(self, X: Any, y: Any) -> Self:
        del X, y
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Rows × 2."""
        score = np.asarray(X, dtype=np.float64)[:, 0]
        return np.column_stack([1 - score, score])

    def predict(self, X: Any) -> np.ndarray:
        return (self.predict_proba(X)[:, 1] >= 0.5).astype(int)


def group_thresholds(
    cohort: Cohort, constraint: Constraint, tolerance: float | None = None
) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """Chance of selecting each tested row under thresholds by group, and those rules in words."""
    optimiser: Any = ThresholdOptimizer(
        estimator=Scored(), constraints=constraint, prefit=True, predict_method="predict_proba", tol=tolerance
    )
    learn, test, names = cohort.learn, cohort.test, cohort.names
    optimiser.fit(cohort.score[learn, None], cohort.truth[learn], sensitive_features=names[learn])
    chance = np.asarray(optimiser._pmf_predict(cohort.score[test, None], sensitive_features=names[test]))[:, 1]  # noqa: SLF001
    found = optimiser.interpolated_thresholder_.interpolation_dict
    return chance, [(str(group), _said(rule)) for group, rule in found.items()]


def _said(rule: Any) -> str:
    """Fairlearn's interpolation of two thresholds in words."""
    parts = [(float(rule["p0"]), rule["operation0"]), (float(rule["p1"]), rule["operation1"])]
    kept = [(share, operation) for share, operation in parts if share > 0.005]
    said = ", or ".join(
        f"{_bound(operation)}" + (f" in {share:.1%} of cases" if len(kept) > 1 else "") for share, operation in kept
    )
    ignored = float(rule["p_ignore"]) if "p_ignore" in rule else 0.0
    if ignored > 0.0005:
        said += f"; {ignored:.1%} are instead selected by lot with chance {float(rule['prediction_constant']):.3g}"
    return f"selected where {said}."


def _bound(operation: Any) -> str:
    threshold = float(operation.threshold)
    if np.isinf(threshold):
        return "the score is anything" if (threshold < 0) == (operation.operator == ">") else "never"
    return f"score {operation.operator} {threshold:.3g}"


def reweighed(model: Model, cohort: Cohort, seed: int) -> tuple[np.ndarray, str]:
    """Decisions on the tested rows by the same pipeline fitted with weights that make group and outcome independent."""
    learn = cohort.learn
    weights = kamiran_calders(cohort.truth[learn], cohort.codes[learn])
    pipeline: Any = clone(model.estimator)
    classes = np.array(model.manifest["classes"])
    labels = classes[cohort.rows.truth[learn]]
    features = cohort.rows.features.iloc[learn]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        if has_fit_parameter(pipeline[-1], "sample_weight"):
            pipeline.fit(features, labels, model__sample_weight=weights)
            how = "weights"
        else:
            drawn = np.random.default_rng(seed).choice(len(learn), len(learn), p=weights / weights.sum())
            pipeline.fit(features.iloc[drawn], labels[drawn])
            how = "rows drawn by weight"
    decided = np.asarray(pipeline.predict(cohort.rows.features.iloc[cohort.test])).astype(str)
    positive = classes[cohort.rows.truth[cohort.truth == 1][0]]
    note = f"The same family fitted again on the {len(learn)} rows with {how}."
    return (decided == positive).astype(np.float64), note


def kamiran_calders(truth: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Weight of each row, P(group) P(outcome) / P(group, outcome); shape (rows,), mean 1."""
    joint = codes * 2 + truth
    counts = np.bincount(joint)
    group, outcome = np.bincount(codes), np.bincount(truth)
    return group[codes] * outcome[truth] / (len(truth) * counts[joint])


def reductions(
    model: Model, cohort: Cohort, constraint: Constraint, seed: int
) -> tuple[np.ndarray, list[tuple[float, np.ndarray]]]:
    """Decisions of a plain logistic regression on the tested rows, and chances under each bound on the disparity."""
    learn, names = cohort.learn, cohort.names
    if len(learn) > MOST_ROWS:
        learn = np.sort(np.random.default_rng(seed).choice(learn, MOST_ROWS, replace=False))
    features = cohort.rows.features
    prepare: Any = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    fit_on = prepare.fit_transform(model.encoded(features.iloc[learn]).matrix)
    judge_on = prepare.transform(model.encoded(features.iloc[cohort.test]).matrix)
    moment: Any = DemographicParity if constraint == "demographic_parity" else EqualizedOdds
    truth = cohort.truth[learn]
    bounded: list[tuple[float, np.ndarray]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain: Any = LogisticRegression(max_iter=300).fit(fit_on, truth)
        for bound in BOUNDS:
            reduction: Any = ExponentiatedGradient(
                LogisticRegression(max_iter=300), moment(difference_bound=bound), eps=bound, max_iter=MOST_ROUNDS
            )
            reduction.fit(fit_on, truth, sensitive_features=names[learn])
            bounded.append((bound, np.asarray(reduction._pmf_predict(judge_on))[:, 1]))  # noqa: SLF001
    return np.asarray(plain.predict(judge_on)), bounded
