"""The families that scikit-learn gives."""

from collections.abc import Callable
from typing import Any

from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import ElasticNet, ElasticNetCV, Lasso, LassoCV, LogisticRegression, Ridge
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ml_engine.boosters import threads_for
from ml_engine.family import BOTH, Family, Setting, Task, settings_of_kind
from ml_engine.pipelines import Encoding

KERNEL_ROWS = 5000
"""Above this a kernel machine is approximated (Nyström; Williams & Seeger 2001)."""
LANDMARKS = 200


def _simple(
    name: str,
    encoding: Encoding,
    *,
    classifier: Any,
    regressor: Any,
    weighs: bool,
    defaults: Callable[[Setting], dict[str, Any]],
    wrap: Callable[[Setting, Any], Any] | None = None,
    tasks: tuple[Task, ...] = BOTH,
) -> Family:
    """A family that is one scikit-learn estimator a task."""

    def kind(task: Task) -> Any:
        return classifier if task == "classification" else regressor

    def make(setting: Setting) -> Any:
        settings = {**defaults(setting), **setting.params}
        if setting.balanced:
            settings["class_weight"] = "balanced"
        estimator = kind(setting.task)(**settings)
        fixed = {"random_state": setting.seed, "n_jobs": threads_for(setting.rows)}
        own = estimator.get_params(deep=False)
        estimator.set_params(**{key: value for key, value in fixed.items() if key in own and name != "linear"})
        return wrap(setting, estimator) if wrap else estimator

    return Family(name, "scikit-learn", encoding, weighs, lambda task, _: settings_of_kind(kind(task)), make, tasks)


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
        return settings_of_kind(SVC if task == "classification" else SVR)
    return {
        **settings_of_kind(LinearSVC if task == "classification" else LinearSVR),
        "gamma": None,
        "n_components": LANDMARKS,
    }


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


def _sparse(name: str, plain: Any, chosen: Any, share: float) -> Family:
    """A linear model with an L1 penalty; a number's strength of it is chosen by inner folds unless `alpha` is given."""

    def known(task: Task, rows: int) -> dict[str, Any]:
        del rows
        return settings_of_kind(LogisticRegression if task == "classification" else plain)

    def make(setting: Setting) -> Any:
        if setting.task == "classification":
            settings: dict[str, Any] = {
                "solver": "saga",
                "l1_ratio": share,
                "max_iter": 1000,
                "tol": 1e-3,
                **setting.params,
            }
            settings |= {"class_weight": "balanced"} if setting.balanced else {}
            return LogisticRegression(random_state=setting.seed, **settings)
        if "alpha" in setting.params:
            return plain(random_state=setting.seed, **setting.params)
        return chosen(random_state=setting.seed, cv=5, max_iter=5000, **setting.params)

    return Family(name, "scikit-learn", "scaled", True, known, make)


SKLEARN_FAMILIES: list[Family] = [
    _simple(
        "linear",
        "scaled",
        classifier=LogisticRegression,
        regressor=Ridge,
        weighs=True,
        defaults=lambda setting: {"max_iter": 1000} if setting.task == "classification" else {},
    ),
    _sparse("lasso", Lasso, LassoCV, 1.0),
    _sparse("elastic_net", ElasticNet, ElasticNetCV, 0.5),
    _simple(
        "decision_tree",
        "ordinal",
        classifier=DecisionTreeClassifier,
        regressor=DecisionTreeRegressor,
        weighs=True,
        defaults=lambda setting: {"min_samples_leaf": max(1, min(20, setting.rows // 50))},
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
        "gradient_boosting",
        "ordinal",
        classifier=GradientBoostingClassifier,
        regressor=GradientBoostingRegressor,
        weighs=False,
        defaults=lambda _: {},
    ),
    _simple(
        "hist_gradient_boosting",
        "native",
        classifier=HistGradientBoostingClassifier,
        regressor=HistGradientBoostingRegressor,
        weighs=True,
        defaults=_histogram,
    ),
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
    _simple(
        "naive_bayes",
        "scaled",
        classifier=GaussianNB,
        regressor=GaussianNB,
        weighs=False,
        defaults=lambda _: {},
        tasks=("classification",),
    ),
]
