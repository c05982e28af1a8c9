"""CatBoost as scikit-learn estimators that keep nothing but the native model; they need the extra `catboost`."""

import json
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.model_selection import train_test_split
from sklearn.utils.class_weight import compute_sample_weight

from ml_engine.boosters import LEAST_ROWS_TO_STOP_EARLY, MOST_ROUNDS, THREADS
from ml_engine.callbacks import PATIENCE
from ml_engine.errors import OpError
from ml_engine.family import Family, Setting, Task

FILE = "catboost.json"
FIXED = {
    *(
        "random_seed",
        "random_state",
        "thread_count",
        "loss_function",
        "verbose",
        "logging_level",
        "silent",
        "train_dir",
    ),
    *("allow_writing_files", "task_type", "devices", "save_snapshot", "snapshot_file", "class_weights", "callback"),
    *("auto_class_weights", "objective", "cat_features", "text_features", "embedding_features", "classes_count"),
    *("class_names", "early_stopping_rounds", "od_wait", "od_type", "iterations", "num_trees", "num_boost_round"),
}
"""Settings that other fields give, or that this engine fixes; rounds are `n_estimators`."""


def library() -> Any:
    """The package.

    Raises:
        OpError: `unavailable` where it is not installed.
    """
    if find_spec("catboost") is None:
        raise OpError("unavailable", "family: catboost is not installed.", "Run `npm run setup -- --with catboost`.")
    import catboost

    return catboost


class _CatBoosted(BaseEstimator):
    """Stops early on an inner tenth of the rows and is then fitted on all of them with as many rounds."""

    def __init__(
        self,
        settings: dict[str, Any] | None = None,
        seed: int = 0,
        balanced: bool = False,
        tail: bool = False,
        refit: bool = True,
    ) -> None:
        self.settings = settings
        self.seed = seed
        self.balanced = balanced
        self.tail = tail
        self.refit = refit

    def _train(self, features: np.ndarray, target: np.ndarray, classes: int) -> None:
        weights = compute_sample_weight("balanced", target) if self.balanced else None
        rounds = (self.settings or {}).get("n_estimators")
        native: Any = None
        if rounds is None and len(target) >= LEAST_ROWS_TO_STOP_EARLY:
            rows = np.arange(len(target))
            stratify = target if classes and not self.tail and np.bincount(target).min() > 1 else None
            fit, held = train_test_split(
                rows,
                test_size=max(len(rows) // 10, classes),
                shuffle=not self.tail,
                stratify=stratify,
                random_state=None if self.tail else self.seed,
            )
            native = self._native(classes, MOST_ROUNDS)
            native.fit(
                features[fit],
                target[fit],
                sample_weight=None if weights is None else weights[fit],
                eval_set=(features[held], target[held]),
                early_stopping_rounds=PATIENCE,
            )
            rounds = int(native.tree_count_)
        rounds = int(rounds or 100)
        if native is None or self.refit:
            native = self._native(classes, rounds)
            native.fit(features, target, sample_weight=weights)
        self.rounds_ = rounds
        self.n_features_in_ = features.shape[1]
        self.text_ = _plain(native)
        self.booster_: Any = _parsed(self.text_)

    def _native(self, classes: int, rounds: int) -> Any:
        loss = "RMSE" if not classes else "Logloss" if classes == 2 else "MultiClass"
        settings = {**(self.settings or {}), "n_estimators": max(rounds, 1)}
        fixed = {"random_seed": self.seed, "thread_count": THREADS, "verbose": False, "allow_writing_files": False}
        return library().CatBoost({**settings, **fixed, "loss_function": loss})

    def write(self, folder: Path) -> str:
        """Writes the native model as JSON and answers the file's name."""
        (folder / FILE).write_text(self.text_, encoding="utf-8")
        return FILE

    def restore(self, folder: Path) -> None:
        """Takes the native model from `folder`, in place of fitting."""
        self.text_ = (folder / FILE).read_text(encoding="utf-8")
        self.booster_ = _parsed(self.text_)
        self.n_features_in_ = len(self.booster_.feature_names_)


class CatBoostedClassifier(ClassifierMixin, _CatBoosted):
    """Oblivious boosted trees for classes."""

    def fit(self, X: Any, y: Any) -> Self:
        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        self._train(np.asarray(X, dtype=np.float64), codes, len(self.classes_))
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities, rows × classes."""
        matrix = np.asarray(X, dtype=np.float64)
        return np.asarray(self.booster_.predict(matrix, prediction_type="Probability", thread_count=1))

    def predict(self, X: Any) -> np.ndarray:
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class CatBoostedRegressor(RegressorMixin, _CatBoosted):
    """Oblivious boosted trees for a number."""

    def fit(self, X: Any, y: Any) -> Self:
        self._train(np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64), 0)
        return self

    def predict(self, X: Any) -> np.ndarray:
        return np.asarray(self.booster_.predict(np.asarray(X, dtype=np.float64), thread_count=1))


def _plain(native: Any) -> str:
    """The model as JSON, without what says when it was made: equal models are equal texts."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / FILE
        native.save_model(str(path), format="json")
        content = json.loads(path.read_text(encoding="utf-8"))
    for changing in ("train_finish_time", "model_guid"):
        content["model_info"].pop(changing, None)
    return json.dumps(content, sort_keys=True)


def _parsed(text: str) -> Any:
    """The model that `text` holds: it is used from the first, so that a model saved predicts the same bits."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / FILE
        path.write_text(text, encoding="utf-8")
        native = library().CatBoost()
        native.load_model(str(path), format="json")
    return native


def _known(task: Task, rows: int) -> dict[str, Any]:
    del rows
    kind = library().CatBoostClassifier if task == "classification" else library().CatBoostRegressor
    names: tuple[str, ...] = kind.__init__.__code__.co_varnames[: kind.__init__.__code__.co_argcount]
    return dict.fromkeys(name for name in names if name != "self" and name not in FIXED)


def _make(setting: Setting) -> Any:
    library()
    kind = CatBoostedClassifier if setting.task == "classification" else CatBoostedRegressor
    return kind(dict(setting.params), setting.seed, setting.balanced, setting.tail, setting.refit)


CATBOOST = Family("catboost", "catboost", "native", True, _known, _make)
