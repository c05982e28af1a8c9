"""Boosted trees that order the rows of a query: LightGBM's LambdaMART and XGBoost's rank:ndcg (Burges 2010)."""

from typing import Any, Self

import lightgbm
import numpy as np
import xgboost

from ml_engine.boosters import MOST_ROUNDS, Boosted, threads_for
from ml_engine.callbacks import PATIENCE, xgboost_callbacks

LEAST_QUERIES_TO_STOP_EARLY = 30
SHALLOW_AT = 10
"""The cut-off of the nDCG that says when to stop."""


class BoostedRanker(Boosted):
    """Scores that are larger for rows to show first; comparable within a query only."""

    def fit(self, X: Any, y: Any, groups: np.ndarray | None = None) -> Self:
        """Learns from grades 0, 1, … of rows whose queries are `groups`, each query's rows together."""
        features, grades = np.asarray(X, dtype=np.float64), np.asarray(y, dtype=np.int64)
        queries = np.zeros(len(grades)) if groups is None else groups
        rounds = (self.settings or {}).get("n_estimators")
        if rounds is None:
            rounds = self._best_rounds(features, grades, queries)
        native = self._ranker(int(rounds), len(grades))
        _fitted(native, features, grades, queries)
        self.rounds_ = int(rounds)
        self.booster_ = native.booster_ if self.library == "lightgbm" else native.get_booster()
        self.n_features_in_ = features.shape[1]
        return self

    def predict(self, X: Any) -> np.ndarray:
        return self._raw(X)

    def _best_rounds(self, features: np.ndarray, grades: np.ndarray, queries: np.ndarray) -> int:
        distinct = np.unique(queries)
        if len(distinct) < LEAST_QUERIES_TO_STOP_EARLY:
            return 100
        drawn = np.random.default_rng(self.seed).permutation(distinct)[: max(len(distinct) // 10, 3)]
        held = np.isin(queries, drawn)
        native = self._ranker(MOST_ROUNDS, len(grades), stop=True)
        _fitted(native, features[~held], grades[~held], queries[~held], (features[held], grades[held], queries[held]))
        return max(int(native.best_iteration_ if self.library == "lightgbm" else native.best_iteration + 1), 1)

    def _ranker(self, rounds: int, rows: int, stop: bool = False) -> Any:
        settings: dict[str, Any] = {"learning_rate": 0.1, **(self.settings or {}), "n_estimators": rounds}
        settings |= {"n_jobs": threads_for(rows), "random_state": self.seed}
        if self.library == "lightgbm":
            return lightgbm.LGBMRanker(**settings, deterministic=True, force_row_wise=True, verbose=-1)
        settings |= {"tree_method": "hist", "verbosity": 0, "objective": "rank:ndcg"}
        settings["callbacks"] = xgboost_callbacks({}, 0.1, rounds, stop, None)
        return xgboost.XGBRanker(**settings, eval_metric=f"ndcg@{SHALLOW_AT}")


def _fitted(
    native: Any, features: np.ndarray, grades: np.ndarray, queries: np.ndarray, held: tuple[Any, ...] | None = None
) -> None:
    if isinstance(native, lightgbm.LGBMRanker):
        extra: dict[str, Any] = {}
        if held:
            extra = {
                "eval_set": [held[:2]],
                "eval_group": [sizes(held[2])],
                "eval_at": [SHALLOW_AT],
                "callbacks": [lightgbm.early_stopping(PATIENCE, verbose=False)],
            }
        native.fit(features, grades, group=sizes(queries), **extra)
        return
    extra = {"eval_set": [held[:2]], "eval_qid": [codes(held[2])]} if held else {}
    native.fit(features, grades, qid=codes(queries), verbose=False, **extra)


def codes(queries: np.ndarray) -> np.ndarray:
    """Each query as a number, growing from the first row to the last."""
    starts = np.flatnonzero(queries[1:] != queries[:-1]) + 1
    numbers = np.zeros(len(queries), dtype=np.int64)
    numbers[starts] = 1
    return np.cumsum(numbers)


def sizes(queries: np.ndarray) -> np.ndarray:
    """Rows of each query, in order."""
    return np.bincount(codes(queries))
