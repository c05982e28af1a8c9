"""Maps from a classifier's probabilities to calibrated ones, learnt on out-of-fold predictions."""

from dataclasses import dataclass
from typing import Any, Literal, Self, cast

import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

Method = Literal["sigmoid", "isotonic"]
_EDGE = 1e-12


@dataclass(frozen=True)
class Calibrator:
    """One curve a class, scores normalised over classes (Zadrozny & Elkan 2002); one in all for two classes.

    `sigmoid` is Platt's (1999) on the log-odds: `curves[k] = (slopes, offsets)` of length 1.
    `isotonic` interpolates `curves[k] = (from, to)`.
    """

    method: Method
    curves: list[tuple[list[float], list[float]]]

    @classmethod
    def fit(cls, method: Method, probabilities: np.ndarray, truth: np.ndarray) -> Self:
        """Learns from probabilities (rows × classes) of rows the classifier had not seen, and their class codes."""
        classes = probabilities.shape[1]
        codes = [1] if classes == 2 else range(classes)
        return cls(method, [_curve(method, probabilities[:, code], truth == code) for code in codes])

    def apply(self, probabilities: np.ndarray) -> np.ndarray:
        """Calibrated probabilities, rows × classes."""
        if probabilities.shape[1] == 2:
            second = self._map(0, probabilities[:, 1])
            return np.column_stack([1.0 - second, second])
        mapped = np.column_stack([self._map(code, probabilities[:, code]) for code in range(len(self.curves))])
        total = mapped.sum(axis=1, keepdims=True)
        return np.where(total > 0, mapped / np.where(total > 0, total, 1.0), 1.0 / len(self.curves))

    def _map(self, code: int, scores: np.ndarray) -> np.ndarray:
        first, second = self.curves[code]
        if self.method == "isotonic":
            return np.interp(scores, first, second)
        return 1.0 / (1.0 + np.exp(-(first[0] * _log_odds(scores) + second[0])))

    def to_json(self) -> dict[str, Any]:
        return {"method": self.method, "curves": self.curves}

    @classmethod
    def from_json(cls, content: Any) -> Self:
        curves = [(list(map(float, one[0])), list(map(float, one[1]))) for one in content["curves"]]
        return cls(cast(Method, content["method"]), curves)


def cross_calibrated(
    method: Method, probabilities: np.ndarray, truth: np.ndarray, folds: list[np.ndarray]
) -> np.ndarray:
    """Calibrated probabilities of each fold by a curve learnt on the other folds: an honest estimate.

    Args:
        folds: Row indices of each test fold; rows in none of them keep their probabilities.
    """
    calibrated = probabilities.copy()
    for fold in folds:
        rest = np.concatenate([other for other in folds if other is not fold])
        calibrated[fold] = Calibrator.fit(method, probabilities[rest], truth[rest]).apply(probabilities[fold])
    return calibrated


def _log_odds(scores: np.ndarray) -> np.ndarray:
    clipped = np.clip(scores, _EDGE, 1.0 - _EDGE)
    return np.log(clipped / (1.0 - clipped))


def _curve(method: Method, scores: np.ndarray, hit: np.ndarray) -> tuple[list[float], list[float]]:
    if method == "isotonic":
        fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(scores, hit.astype(np.float64))
        return [float(x) for x in fitted.X_thresholds_], [float(y) for y in fitted.y_thresholds_]
    if hit.all() or not hit.any():
        return [1.0], [0.0]
    fitted = LogisticRegression(C=1e6, max_iter=1000).fit(_log_odds(scores)[:, None], hit)
    return [float(fitted.coef_[0, 0])], [float(fitted.intercept_[0])]
