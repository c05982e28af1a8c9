"""LightGBM and XGBoost as scikit-learn estimators that keep nothing but the native booster."""

from pathlib import Path
from typing import Any, Literal, Self

import lightgbm
import numpy as np
import xgboost
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.model_selection import train_test_split
from sklearn.utils.class_weight import compute_sample_weight

from ml_engine.callbacks import OnRound, lightgbm_callbacks, measured, named, xgboost_callbacks
from ml_engine.checkpoints import RoundKeeper

Library = Literal["lightgbm", "xgboost"]
THREADS = 2
ROWS_WORTH_THREADS = 4000
MOST_ROUNDS = 500
LEAST_ROWS_TO_STOP_EARLY = 500
FILES: dict[Library, str] = {"lightgbm": "booster.txt", "xgboost": "booster.json"}


def threads_for(rows: int) -> int:
    """On few rows a second thread costs more than it saves."""
    return THREADS if rows >= ROWS_WORTH_THREADS else 1


class Boosted(BaseEstimator):
    """Stops early on an inner tenth of the rows; with `refit`, all rows are then fitted with as many rounds.

    `settings` are those of the library's scikit-learn interface; with `n_estimators` among them, exactly so many
    rounds are made, unless `callbacks` declare to stop on a plateau and nothing is refitted. `tail` takes the inner
    tenth from the end: rows are then in order of time.
    """

    on_round: OnRound | None = None
    """Hears of each round of the last fit."""
    keeper: RoundKeeper | None = None
    """Keeps the last fit every so many rounds."""

    def __init__(
        self,
        library: Library = "lightgbm",
        settings: dict[str, Any] | None = None,
        seed: int = 0,
        balanced: bool = False,
        tail: bool = False,
        refit: bool = True,
        *,
        callbacks: dict[str, Any] | None = None,
    ) -> None:
        self.library: Library = library
        self.settings = settings
        self.seed = seed
        self.balanced = balanced
        self.tail = tail
        self.refit = refit
        self.callbacks = callbacks

    def _train(self, features: np.ndarray, target: np.ndarray, classes: int) -> None:
        weights = compute_sample_weight("balanced", target) if self.balanced else None
        rounds = (self.settings or {}).get("n_estimators")
        native: Any = None
        if rounds is None or ("stop_on_plateau" in (self.callbacks or {}) and not self.refit):
            native, rounds = self._stopped_early(features, target, weights, classes, rounds or MOST_ROUNDS)
        if native is None or self.refit:
            native = self._fitted(features, target, weights, classes, int(rounds))
        self.rounds_ = int(rounds)
        self.booster_: Any = native.booster_ if self.library == "lightgbm" else native.get_booster()[: self.rounds_]
        self.n_features_in_ = features.shape[1]

    def _fitted(
        self, features: np.ndarray, target: np.ndarray, weights: np.ndarray | None, classes: int, rounds: int
    ) -> Any:
        """All rounds; with a `keeper`, so many at a time that each pause can be gone on from.

        What is made in pieces can differ in last digits from what is made at once, so pieces are always the same.
        """
        piece = rounds if self.keeper is None else self.keeper.every
        done, before = (0, None) if self.keeper is None else self.keeper.newest(rounds)
        while True:
            now = min(piece, rounds - done)
            native = self._native(classes, now, threads_for(len(target)))
            extra = self._quiet(rounds, self.on_round)
            if before is not None:
                extra["init_model" if self.library == "lightgbm" else "xgb_model"] = self._loaded(before)
            native.fit(features, target, sample_weight=weights, **extra)
            done += now
            if done >= rounds or self.keeper is None:
                return native
            # What comes next goes on from the written form, as it would after a kill.
            before = self._written(native)
            self.keeper.keep(done, before)

    def _written(self, native: Any) -> bytes:
        if self.library == "lightgbm":
            return native.booster_.model_to_string().encode()
        return bytes(native.get_booster().save_raw("json"))

    def _loaded(self, written: bytes) -> Any:
        if self.library == "lightgbm":
            return lightgbm.Booster(model_str=written.decode())
        booster = xgboost.Booster()
        booster.load_model(bytearray(written))
        return booster

    def _stopped_early(
        self, features: np.ndarray, target: np.ndarray, weights: np.ndarray | None, classes: int, most: int
    ) -> tuple[Any, int]:
        """A fit on nine tenths and its best number of rounds; no fit where there are too few rows to stop early."""
        rows = np.arange(len(target))
        if len(rows) < LEAST_ROWS_TO_STOP_EARLY:
            return None, min(100, most)
        stratify = target if classes and np.bincount(target.astype(int)).min() > 1 and not self.tail else None
        held_size = max(len(rows) // 10, classes)
        seed = None if self.tail else self.seed
        fit, held = train_test_split(
            rows, test_size=held_size, shuffle=not self.tail, stratify=stratify, random_state=seed
        )
        if classes and len(np.unique(target[fit])) < classes:
            return None, min(100, most)
        native = self._native(classes, most, threads_for(len(rows)), stop=True)
        extra: dict[str, Any] = {"sample_weight": None if weights is None else weights[fit]}
        metric = ((self.callbacks or {}).get("stop_on_plateau") or {}).get("metric")
        if self.library == "lightgbm":
            extra["callbacks"] = lightgbm_callbacks(self.callbacks or {}, self._rate, most, stop=True, heard=None)
            if metric:
                own = measured(metric, classes)
                extra["eval_metric"] = named(metric, own)
        else:
            extra["verbose"] = False
        native.fit(features[fit], target[fit], eval_set=[(features[held], target[held])], **extra)
        if self.library == "lightgbm":
            return native, max(int(native.best_iteration_), 1)
        return native, int(native.best_iteration) + 1

    @property
    def _rate(self) -> float:
        return float((self.settings or {}).get("learning_rate", 0.1))

    def _quiet(self, rounds: int, heard: OnRound | None) -> dict[str, Any]:
        if self.library == "xgboost":
            return {"verbose": False}
        declared = self.callbacks or {}
        return {"callbacks": lightgbm_callbacks(declared, self._rate, rounds, stop=False, heard=heard)}

    def _native(self, classes: int, rounds: int, threads: int, stop: bool = False) -> Any:
        settings: dict[str, Any] = {"learning_rate": 0.1, **(self.settings or {}), "n_estimators": rounds}
        settings |= {"n_jobs": threads, "random_state": self.seed}
        metric = ((self.callbacks or {}).get("stop_on_plateau") or {}).get("metric") if stop else None
        if self.library == "lightgbm":
            # LightGBM ignores `subsample` unless told how often to draw.
            settings = {"subsample_freq": 1, **settings} if "subsample" in settings else settings
            settings |= {"deterministic": True, "force_row_wise": True, "verbose": -1}
            # Its own loss would be watched too, and could stop the fit first.
            settings |= {"metric": "None"} if metric else {}
            return (lightgbm.LGBMClassifier if classes else lightgbm.LGBMRegressor)(**settings)
        settings |= {"tree_method": settings.get("tree_method") or "hist", "verbosity": 0}
        heard = None if stop else self.on_round
        settings["callbacks"] = xgboost_callbacks(self.callbacks or {}, self._rate, rounds, stop, heard)
        if metric:
            settings |= {"eval_metric": measured(metric, classes), "disable_default_eval_metric": 1}
        return (xgboost.XGBClassifier if classes else xgboost.XGBRegressor)(**settings)

    def _raw(self, features: Any) -> np.ndarray:
        array = np.asarray(features, dtype=np.float64)
        if self.library == "lightgbm":
            return np.asarray(self.booster_.predict(array, num_threads=threads_for(len(array))))
        return np.asarray(self.booster_.inplace_predict(array, validate_features=False), dtype=np.float64)

    def write(self, folder: Path) -> str:
        """Writes the native booster and answers the file's name."""
        name = FILES[self.library]
        if self.library == "lightgbm":
            (folder / name).write_text(self.booster_.model_to_string(), encoding="utf-8")
        else:
            (folder / name).write_bytes(bytes(self.booster_.save_raw("json")))
        return name

    def restore(self, folder: Path) -> None:
        """Takes the native booster from `folder`, in place of fitting."""
        path = folder / FILES[self.library]
        if self.library == "lightgbm":
            self.booster_ = lightgbm.Booster(model_str=path.read_text(encoding="utf-8"))
            self.n_features_in_ = self.booster_.num_feature()
        else:
            self.booster_ = xgboost.Booster({"nthread": THREADS})
            self.booster_.load_model(bytearray(path.read_bytes()))
            self.n_features_in_ = self.booster_.num_features()


class BoostedClassifier(ClassifierMixin, Boosted):
    """Gradient-boosted trees for classes; probabilities come straight from the booster."""

    def fit(self, X: Any, y: Any) -> Self:
        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        self._train(np.asarray(X, dtype=np.float64), codes, len(self.classes_))
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities, rows × classes."""
        raw = self._raw(X)
        return raw if raw.ndim == 2 else np.column_stack([1.0 - raw, raw])

    def predict(self, X: Any) -> np.ndarray:
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


class BoostedRegressor(RegressorMixin, Boosted):
    """Gradient-boosted trees for a number."""

    def fit(self, X: Any, y: Any) -> Self:
        self._train(np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.float64), 0)
        return self

    def predict(self, X: Any) -> np.ndarray:
        return self._raw(X)
