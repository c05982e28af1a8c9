"""Numbers that scikit-learn's guide and others publish, through our own folds, metrics and cross-validation.

Where they fix folds, or leave out the preprocessing that a call always has, `crossval.validate` is given the folds and
the bare estimator. scikit-learn 1.9.1.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn import datasets
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.model_selection import KFold, StratifiedKFold, StratifiedShuffleSplit, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from ml_engine.crossval import Validation, validate
from ml_engine.folds import Folds
from ml_engine.problem import Problem, pose
from ml_engine.tables import read_table

from .tables_for_training import train_params


def posed(folder: Path, X: Any, y: Any, **changed: Any) -> Problem:
    """A problem of a bare matrix; every column is a feature."""
    names = [f"x{number}" for number in range(X.shape[1])]
    frame = pl.from_pandas(pd.DataFrame(np.asarray(X, dtype=np.float64), columns=names).assign(target=y))
    frame.write_parquet(folder / "golden.parquet")
    return pose(read_table(str(folder / "golden.parquet")), train_params("", include=names, **changed))


def over(problem: Problem, splits: Any, make: Callable[[], Any]) -> Validation:
    return validate(problem, Folds("as published", list(splits)), make)


class Certain:
    """A classifier's decisions as certain probabilities: only the labels are compared here."""

    def __init__(self, classifier: Any) -> None:
        self.classifier = classifier

    def fit(self, X: Any, y: Any) -> None:
        self.classifier.fit(X, y)

    def predict_proba(self, X: Any) -> np.ndarray:
        classes = self.classifier.classes_
        return np.eye(len(classes))[np.searchsorted(classes, self.classifier.predict(X))]


def bare_svc(**settings: Any) -> Any:
    return Certain(SVC(**settings))


def test_iris_linear_svc_held_out(tmp_path: Path) -> None:
    """User guide 3.1: `train_test_split(test_size=0.4, random_state=0)`, SVC(linear, C=1): 0.9667."""
    X, y = datasets.load_iris(return_X_y=True)
    problem = posed(tmp_path, X, y)
    split = train_test_split(np.arange(150), test_size=0.4, random_state=0)
    found = over(problem, [split], lambda: bare_svc(kernel="linear", C=1))
    assert found.mean["accuracy"] == pytest.approx(0.96667, abs=1e-5)


def test_iris_linear_svc_five_folds(tmp_path: Path) -> None:
    """User guide 3.1.1: `cross_val_score(SVC(linear, C=1, random_state=42), cv=5)`: .9667 1 .9667 .9667 1."""
    X, y = datasets.load_iris(return_X_y=True)
    problem = posed(tmp_path, X, y)
    found = over(problem, StratifiedKFold(5).split(X, y), lambda: bare_svc(kernel="linear", C=1, random_state=42))
    assert [fold["accuracy"] for fold in found.scores] == pytest.approx([0.96667, 1, 0.96667, 0.96667, 1], abs=1e-5)


def test_diabetes_lasso_three_folds(tmp_path: Path) -> None:
    """Docstring of `cross_val_score`: Lasso() on the first 150 rows, cv=3: 0.3315057 0.08022103 0.03531816 (R²)."""
    X, y = datasets.load_diabetes(return_X_y=True)
    problem = posed(tmp_path, X[:150], y[:150], task="regression")
    found = over(problem, KFold(3).split(X[:150]), Lasso)
    assert [fold["r2"] for fold in found.scores] == pytest.approx([0.3315057, 0.08022103, 0.03531816], abs=1e-7)


def test_digits_svc_second_half(tmp_path: Path) -> None:
    """Example "Recognizing hand-written digits": SVC(gamma=0.001), half against half: 0.96885 (shown as 0.97)."""
    X, y = datasets.load_digits(return_X_y=True)
    problem = posed(tmp_path, X, y, task="classification")
    split = train_test_split(np.arange(len(y)), test_size=0.5, shuffle=False)
    found = over(problem, [split], lambda: bare_svc(gamma=0.001))
    assert found.mean["accuracy"] == pytest.approx(0.96885, abs=1e-5)


def test_hastie_stumps(tmp_path: Path) -> None:
    """User guide 1.11.1.2: 100 stumps at rate 1.0, 2,000 rows against the other 10,000: 0.913."""
    X, y = datasets.make_hastie_10_2(random_state=0)
    problem = posed(tmp_path, X, y.astype(int))
    made: Any = {"n_estimators": 100, "learning_rate": 1.0, "max_depth": 1, "random_state": 0}
    split = (np.arange(2000), np.arange(2000, len(y)))
    found = over(problem, [split], lambda: GradientBoostingClassifier(**made))
    assert found.mean["accuracy"] == pytest.approx(0.913, abs=5e-4)


def test_friedman_1_stumps(tmp_path: Path) -> None:
    """User guide 1.11.1.2: 100 stumps at rate 0.1, 200 rows against 1,000: mean squared error 5.00915."""
    X, y = datasets.make_friedman1(n_samples=1200, random_state=0, noise=1.0)
    problem = posed(tmp_path, X, y)
    made: Any = {"n_estimators": 100, "learning_rate": 0.1, "max_depth": 1, "random_state": 0}
    found = over(problem, [(np.arange(200), np.arange(200, 1200))], lambda: GradientBoostingRegressor(**made))
    assert found.mean["rmse"] ** 2 == pytest.approx(5.00915, abs=1e-4)


def scaled(estimator: Any) -> Any:
    return make_pipeline(StandardScaler(), estimator)


@pytest.mark.parametrize(
    ("table", "logistic", "forest"),
    [("iris", 0.9600, 0.9667), ("wine", 0.9832, 0.9833), ("breast_cancer", 0.9807, 0.9631)],
)
def test_five_folds_of_bundled_sets(table: str, logistic: float, forest: float, tmp_path: Path) -> None:
    """`cross_val_score(cv=5)`, seed 0, measured with scikit-learn 1.9.1: scaled LogisticRegression, RandomForest."""
    X, y = getattr(datasets, f"load_{table}")(return_X_y=True)
    problem = posed(tmp_path, X, y, task="classification")
    splits = list(StratifiedKFold(5).split(X, y))
    found = over(problem, splits, lambda: scaled(LogisticRegression(max_iter=1000)))
    assert found.mean["accuracy"] == pytest.approx(logistic, abs=5e-5)
    found = over(problem, splits, lambda: RandomForestClassifier(random_state=0))
    assert found.mean["accuracy"] == pytest.approx(forest, abs=5e-5)


def test_breast_cancer_auroc_of_three_quarters(tmp_path: Path) -> None:
    """InterpretML's README, StratifiedShuffleSplit(3, .25, 1337): LR .995 ± .005, RF .992 ± .009."""
    X, y = datasets.load_breast_cancer(return_X_y=True)
    problem = posed(tmp_path, X, y)
    splits = list(StratifiedShuffleSplit(3, test_size=0.25, random_state=1337).split(X, y))
    logistic = over(problem, splits, lambda: scaled(LogisticRegression(max_iter=1000)))
    assert logistic.mean["roc_auc"] == pytest.approx(0.995, abs=0.005)
    forest = over(problem, splits, lambda: RandomForestClassifier(n_estimators=100, random_state=1337))
    assert forest.mean["roc_auc"] == pytest.approx(0.992, abs=0.009)
