"""What a family of models is: how it is made, what it needs of its input, which settings it takes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from sklearn.base import BaseEstimator

from ml_engine.pipelines import Encoding

Task = Literal["classification", "regression"]
BOTH: tuple[Task, ...] = ("classification", "regression")

RESERVED = {
    *("random_state", "n_jobs", "verbose", "verbosity", "warm_start", "class_weight", "callbacks", "objective"),
    *("enable_categorical", "feature_types", "device", "early_stopping_rounds", "max_cat_threshold", "missing"),
    *("max_cat_to_onehot", "importance_type", "validate_parameters"),
}
"""Settings that other fields give, or that this engine fixes so that the same call gives the same model."""


@dataclass(frozen=True)
class Setting:
    """What an estimator is made for."""

    task: Task
    rows: int
    params: dict[str, Any]
    seed: int = 0
    balanced: bool = False
    tail: bool = False
    """Rows are in order of time."""
    refit: bool = True
    """Whether a booster that stopped early is fitted again on all rows."""
    callbacks: dict[str, Any] = field(default_factory=dict)
    """`stop_on_plateau` and `learning_rate`, for those that are fitted round by round."""


@dataclass(frozen=True)
class Family:
    name: str
    framework: str
    encoding: Encoding
    weighs: bool
    """Whether it can weigh classes."""
    known: Callable[[Task, int], dict[str, Any]]
    make: Callable[[Setting], Any]
    tasks: tuple[Task, ...] = BOTH
    calls_back: bool = False
    """Whether it takes callbacks."""


def settings_of_kind(kind: Any) -> dict[str, Any]:
    """The settings of an estimator class that are a caller's to give, with their defaults."""
    estimator: BaseEstimator = kind()
    return {name: value for name, value in estimator.get_params(deep=False).items() if name not in RESERVED}
