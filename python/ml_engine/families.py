"""The families a model can be of: how each is made, what it needs of its input, which settings it takes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import lightgbm
import xgboost
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR

from ml_engine.boosters import THREADS, BoostedClassifier, BoostedRegressor
from ml_engine.pipelines import Encoding

Task = Literal["classification", "regression"]

KERNEL_ROWS = 5000
"""Above this a kernel machine is approximated (Nyström; Williams & Seeger 2001)."""
LANDMARKS = 200
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


@dataclass(frozen=True)
class Family:
    name: str
    framework: str
    encoding: Encoding
    weighs: bool
    """Whether it can weigh classes."""
    known: Callable[[Task, int], dict[str, Any]]
    make: Callable[[Setting], Any]


def _settings(kind: Any) -> dict[str, Any]:
    estimator: BaseEstimator = kind()
    return {name: value for name, value in estimator.get_params(deep=False).items() if name not in RESERVED}


def _simple(
    name: str,
    encoding: Encoding,
    *,
    classifier: Any,
    regressor: Any,
    weighs: bool,
    defaults: Callable[[Setting], dict[str, Any]],
    wrap: Callable[[Setting, Any], Any] | None = None,
) -> Family:
    """A family that is one scikit-learn estimator a task."""

    def kind(task: Task) -> Any:
        return classifier if task == "classification" else regressor

    def make(setting: Setting) -> Any:
        settings = {**defaults(setting), **setting.params}
        if setting.balanced:
            settings["class_weight"] = "balanced"
        estimator = kind(setting.task)(**settings)
        fixed = {"random_state": setting.seed, "n_jobs": THREADS}
        own = estimator.get_params(deep=False)
        estimator.set_params(**{key: value for key, value in fixed.items() if key in own and name != "linear"})
        return wrap(setting, estimator) if wrap else estimator

    return Family(name, "scikit-learn", encoding, weighs, lambda task, _: _settings(kind(task)), make)


def _forest(setting: Setting) -> dict[str, Any]:
    leaf = 1 if setting.rows < 2000 else 3 if setting.rows < 20_000 else 5
    return {"n_estimators": 200 if setting.rows < 20_000 else 100, "min_samples_leaf": leaf}


def _histogram(setting: Setting) -> dict[str, Any]:
    # Its own inner split is random: not for rows in order of time.
    if setting.rows < 500 or setting.tail:
        return {"max_iter": 100, "early_stopping": False}
    return {"max_iter": 300, "early_stopping": True, "n_iter_no_change": 15}


def _network(setting: Setting) -> dict[str, Any]:
    stop = setting.rows >= 2000 and not setting.tail
    batch = min(64 if setting.rows < 2000 else 200, setting.rows) if setting.rows < 20_000 else 512
    return {"hidden_layer_sizes": (64, 32), "alpha": 1e-3, "early_stopping": stop, "n_iter_no_change": 5,
            "max_iter": 60 if stop else 200, "batch_size": batch}  # fmt: skip


def _scaled_target(setting: Setting, estimator: Any) -> Any:
    if setting.task == "classification":
        return estimator
    return TransformedTargetRegressor(estimator, transformer=StandardScaler())


def _svm_known(task: Task, rows: int) -> dict[str, Any]:
    if rows <= KERNEL_ROWS:
        return _settings(SVC if task == "classification" else SVR)
    return {**_settings(LinearSVC if task == "classification" else LinearSVR), "gamma": None, "n_components": LANDMARKS}


def _svm(setting: Setting) -> Any:
    """RBF machine; its probabilities are sigmoid-calibrated on inner folds (Platt 1999)."""
    classification = setting.task == "classification"
    weights = {"class_weight": "balanced"} if setting.balanced else {}
    if setting.rows <= KERNEL_ROWS:
        kernel: Any = SVC(random_state=setting.seed) if classification else SVR()
        kernel.set_params(**setting.params, **weights)
        core: Any = kernel
    else:
        own = dict(setting.params)
        landmarks = Nystroem(
            gamma=own.pop("gamma", None), n_components=own.pop("n_components", LANDMARKS), random_state=setting.seed
        )
        if classification:
            settings: dict[str, Any] = {"dual": False, "tol": 1e-3, **own, **weights}
            machine: Any = LinearSVC(random_state=setting.seed, **settings)
        else:
            settings = {"loss": "squared_epsilon_insensitive", "dual": False, **own}
            machine = LinearSVR(random_state=setting.seed, **settings)
        core = make_pipeline(landmarks, machine)
    if classification:
        inner = StratifiedKFold(2 if setting.rows > KERNEL_ROWS else 3, shuffle=True, random_state=setting.seed)
        calibration: Any = CalibratedClassifierCV
        return calibration(core, method="sigmoid", cv=inner, ensemble=False)
    return _scaled_target(setting, core)


def _booster(name: Literal["lightgbm", "xgboost"]) -> Family:
    library: Any = lightgbm if name == "lightgbm" else xgboost
    prefix = "LGBM" if name == "lightgbm" else "XGB"

    def known(task: Task, rows: int) -> dict[str, Any]:
        del rows
        return _settings(getattr(library, prefix + ("Classifier" if task == "classification" else "Regressor")))

    def make(setting: Setting) -> Any:
        kind = BoostedClassifier if setting.task == "classification" else BoostedRegressor
        return kind(name, dict(setting.params), setting.seed, setting.balanced, setting.tail, setting.refit)

    return Family(name, name, "native", True, known, make)


FAMILIES: dict[str, Family] = {
    family.name: family
    for family in [
        _simple(
            "linear",
            "scaled",
            classifier=LogisticRegression,
            regressor=Ridge,
            weighs=True,
            defaults=lambda setting: {"max_iter": 1000} if setting.task == "classification" else {},
        ),
        _simple(
            "random_forest",
            "ordinal",
            classifier=RandomForestClassifier,
            regressor=RandomForestRegressor,
            weighs=True,
            defaults=_forest,
        ),
        _simple(
            "extra_trees",
            "ordinal",
            classifier=ExtraTreesClassifier,
            regressor=ExtraTreesRegressor,
            weighs=True,
            defaults=_forest,
        ),
        _simple(
            "hist_gradient_boosting",
            "native",
            classifier=HistGradientBoostingClassifier,
            regressor=HistGradientBoostingRegressor,
            weighs=True,
            defaults=_histogram,
        ),
        _booster("lightgbm"),
        _booster("xgboost"),
        _simple(
            "knn",
            "scaled",
            classifier=KNeighborsClassifier,
            regressor=KNeighborsRegressor,
            weighs=False,
            defaults=lambda setting: {"n_neighbors": max(1, min(5 if setting.rows < 500 else 15, setting.rows // 3))},
        ),
        Family("svm", "scikit-learn", "scaled", True, _svm_known, _svm),
        _simple(
            "mlp",
            "scaled",
            classifier=MLPClassifier,
            regressor=MLPRegressor,
            weighs=False,
            defaults=_network,
            wrap=_scaled_target,
        ),
    ]
}
