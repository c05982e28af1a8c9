"""Detectors of rows unlike the others, with one meaning of their scores: larger is stranger."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.covariance import EllipticEnvelope
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM

from ml_engine.boosters import THREADS
from ml_engine.errors import OpError
from ml_engine.family import settings_of_kind

KINDS: dict[str, Any] = {
    "isolation_forest": IsolationForest,
    "local_outlier_factor": LocalOutlierFactor,
    "one_class_svm": OneClassSVM,
    "elliptic_envelope": EllipticEnvelope,
}
MOST_KERNEL_ROWS = 5000
"""A one-class machine is fitted on a sample of so many rows."""
OWN = {"contamination", "novelty", "nu"}


class Detector(OutlierMixin, BaseEstimator):
    """One of the families; the share `contamination` of the rows it is fitted on scores above `threshold_`."""

    def __init__(
        self,
        family: str = "isolation_forest",
        settings: dict[str, Any] | None = None,
        contamination: float = 0.05,
        seed: int = 0,
    ) -> None:
        self.family = family
        self.settings = settings
        self.contamination = contamination
        self.seed = seed

    def fit(self, X: Any, y: Any = None) -> Self:
        del y
        matrix = np.asarray(X, dtype=np.float64)
        self.n_features_in_ = matrix.shape[1]
        fitted = matrix
        if self.family == "one_class_svm" and len(matrix) > MOST_KERNEL_ROWS:
            drawn = np.random.default_rng(self.seed).choice(len(matrix), MOST_KERNEL_ROWS, replace=False)
            fitted = matrix[np.sort(drawn)]
        self.inner_: Any = self._made(len(fitted)).fit(fitted)
        if "n_jobs" in self.inner_.get_params(deep=False):
            # Threads would add up the trees in another order each time.
            self.inner_.set_params(n_jobs=1)
        if self.family == "local_outlier_factor":
            # Its `score_samples` would count each of these rows as its own neighbour.
            scores = -np.asarray(self.inner_.negative_outlier_factor_)
        else:
            scores = self.scores(matrix)
        self.threshold_ = float(np.quantile(scores, 1.0 - self.contamination))
        self.training_scores_ = scores
        return self

    def scores(self, X: Any) -> np.ndarray:
        """How strange each row is; shape (rows,)."""
        return -np.asarray(self.inner_.score_samples(np.asarray(X, dtype=np.float64)), dtype=np.float64)

    def predict(self, X: Any) -> np.ndarray:
        """-1 for a row stranger than the threshold, 1 for another, as scikit-learn has it."""
        return np.where(self.scores(X) > self.threshold_, -1, 1)

    def _made(self, rows: int) -> Any:
        kind = KINDS[self.family]
        own = kind().get_params(deep=False)
        # The neighbours' tree counts its visits: with threads they would differ, and the model's bytes with them.
        threads = THREADS if self.family == "isolation_forest" else 1
        fixed: dict[str, Any] = {"random_state": self.seed, "n_jobs": threads, "novelty": True}
        fixed |= {"n_estimators": 200} if self.family == "isolation_forest" else {}
        fixed |= {"nu": self.contamination} if self.family == "one_class_svm" else {}
        fixed |= {"n_neighbors": max(1, min(20, rows - 1))} if self.family == "local_outlier_factor" else {}
        return kind(**{**{name: value for name, value in fixed.items() if name in own}, **(self.settings or {})})


def known_settings(family: str) -> dict[str, Any]:
    """The settings of a detector that a caller may give, `contamination` among them for each."""
    own = {name: value for name, value in settings_of_kind(KINDS[family]).items() if name not in OWN}
    return {**own, "contamination": 0.05}


def require_contamination(value: Any) -> float:
    """The share as a number.

    Raises:
        OpError: `invalid_input` where it is not above 0 and at most 0.5.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 0.5:
        raise OpError(
            "invalid_input", f"params: contamination is {value}; it is a share of the rows above 0 and at most 0.5."
        )
    return float(value)
