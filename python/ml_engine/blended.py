"""Several fitted families as one estimator: the weighted mean of what they put out."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self, TypedDict

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.pipeline import Pipeline

from ml_engine.families import FAMILIES
from ml_engine.family import Setting
from ml_engine.pipelines import Layout, recode, single_threaded

BLEND = "blend"
"""Stands where a family's name does; it is chosen, never asked for."""


class Member(TypedDict):
    family: str
    params: dict[str, Any]
    weight: float


def frameworks(params: dict[str, Any]) -> list[str]:
    """Of the members, each once."""
    return sorted({FAMILIES[member["family"]].framework for member in params["members"]})


class Blend(BaseEstimator):
    """Takes the `native` encoding and gives each member its own, so that a member is what it would be alone.

    `setting.params["members"]` are `Member`s whose weights sum to 1.
    """

    def __init__(self, setting: Setting, layout: Layout) -> None:
        self.setting = setting
        self.layout = layout

    @property
    def members(self) -> list[Member]:
        return self.setting.params["members"]

    def fit(self, X: Any, y: Any) -> Self:
        self.fitted_ = [self._member(member).fit(X, y) for member in self.members]
        for pipeline in self.fitted_:
            single_threaded(pipeline)
        self.n_features_in_ = X.shape[1]
        return self

    @property
    def rounds_(self) -> list[int]:
        """How many rounds each member made; 0 for those that are not made round by round."""
        return [int(getattr(pipeline[-1], "rounds_", 0)) for pipeline in self.fitted_]

    def _member(self, member: Member) -> Pipeline:
        kind = FAMILIES[member["family"]]
        estimator = kind.make(replace(self.setting, params=member["params"]))
        return Pipeline([("encode", recode(kind.encoding, self.layout)), ("model", estimator)])

    def _mean(self, outputs: list[np.ndarray]) -> np.ndarray:
        return blended(outputs, [member["weight"] for member in self.members])


class BlendClassifier(ClassifierMixin, Blend):
    """Mean of probabilities."""

    def fit(self, X: Any, y: Any) -> Self:
        self.classes_ = np.unique(np.asarray(y))
        return super().fit(X, y)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities, rows × classes."""
        return self._mean([np.asarray(pipeline.predict_proba(X), dtype=np.float64) for pipeline in self.fitted_])

    def predict(self, X: Any) -> np.ndarray:
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class BlendRegressor(RegressorMixin, Blend):
    """Mean of predictions."""

    def predict(self, X: Any) -> np.ndarray:
        return self._mean([np.asarray(pipeline.predict(X), dtype=np.float64) for pipeline in self.fitted_])


def make_blend(setting: Setting, layout: Layout) -> Any:
    """An unfitted blend for the setting's task."""
    return (BlendClassifier if setting.task == "classification" else BlendRegressor)(setting, layout)


def blended(outputs: list[np.ndarray], weights: list[float]) -> np.ndarray:
    """The weighted mean, added up in the order given so that it has the same bits each time."""
    total = np.zeros_like(outputs[0])
    for output, weight in zip(outputs, weights, strict=True):
        if weight > 0:
            total += weight * output
    return total


@dataclass(frozen=True)
class Pick:
    """What greedy selection came to: the share of each candidate, 0 for those left out, and the score."""

    weights: list[float]
    score: float


def greedy(candidates: int, score: Callable[[list[float]], float], picks: int = 20) -> Pick:
    """Ensemble selection with replacement (Caruana, Niculescu-Mizil, Crew & Ksikes 2004), cut where it was best.

    The first pick is the best single candidate, so the answer is never worse than it by `score`.

    Args:
        score: From the weights of all candidates to a number of which more is better.
    """
    counts = np.zeros(candidates)
    best = Pick([], -np.inf)
    for _ in range(picks):
        tried = [float(score(list((counts + one) / (counts.sum() + 1)))) for one in np.eye(candidates)]
        chosen = int(np.argmax(tried))
        counts[chosen] += 1
        if tried[chosen] > best.score:
            best = Pick([float(share) for share in counts / counts.sum()], tried[chosen])
    return best
