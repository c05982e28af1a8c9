"""Shapley values of a model's output by raw column.

Trees: TreeSHAP (Lundberg et al. 2020, path-dependent), by LightGBM's and XGBoost's own implementation or shap's.
Linear models: the closed form w (x − mean), on every background row (no silent subsample).
Any other model: permutation sampling (Castro et al. 2009) in antithetic pairs (Mitchell et al. 2022) over raw columns.
Values of encoded features are added up to the raw column they come from, which keeps them additive.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import shap
import xgboost
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge

from ml_engine.models import Model

Scale = Literal["log-odds", "probability", "margin", "prediction"]

FOREST_CLASSIFIERS = (RandomForestClassifier, ExtraTreesClassifier)
FORESTS = (*FOREST_CLASSIFIERS, RandomForestRegressor, ExtraTreesRegressor)
HISTOGRAMS = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
SAMPLED_BACKGROUND = 50
SAMPLED_ROWS = 60
EXACT_ROWS = 1000
FOREST_WORK = 1e10
"""Leaves × depth² that shap goes through in some ten seconds."""
ROWS_A_CHUNK = 20_000


@dataclass(frozen=True)
class Attribution:
    """Additive shares: `values[r].sum() + base = output[r]` for each row r and output k, up to `residual`.

    `values` is rows × raw columns × outputs; `base` (outputs,); `output` rows × outputs. A regressor has one output, a
    classifier one a class, except that binary boosters and linear classifiers have one, that of `positive_output`.
    """

    values: np.ndarray
    base: np.ndarray
    output: np.ndarray
    columns: list[str]
    method: str
    scale: Scale
    exact: bool
    background_rows: int | None
    error: float | None
    """Mean standard error of a value; None where nothing is sampled."""

    @property
    def residual(self) -> float:
        """Largest |sum + base − output|."""
        return float(np.abs(self.values.sum(axis=1) + self.base - self.output).max())

    def of_class(self, code: int) -> tuple[np.ndarray, float, np.ndarray]:
        """Values (rows, columns), base and output (rows,) for one class; of a single log-odds the sign is turned."""
        if self.values.shape[2] > 1:
            return self.values[:, :, code], float(self.base[code]), self.output[:, code]
        sign = -1.0 if code == 0 and self.scale == "log-odds" else 1.0
        return sign * self.values[:, :, 0], sign * float(self.base[0]), sign * self.output[:, 0]


def shapley(model: Model, background: pd.DataFrame, rows: pd.DataFrame, pairs: int = 8, seed: int = 0) -> Attribution:
    """Shapley values of `rows` by the exact method of the model's kind, or by sampling `pairs` antithetic permutations.

    Args:
        background: Rows that say what is usual, as `Model.features` gives them; trees carry their own.
    """
    core: Any = model.core
    if model.manifest["framework"] in ("lightgbm", "xgboost"):
        return _booster(model, rows)
    if isinstance(core, (*FORESTS, *HISTOGRAMS)):
        return _forest(model, rows)
    if isinstance(core, LogisticRegression | Ridge):
        return _linear(model, background, rows)
    return sampled(model, background, rows, pairs, seed)


def affordable_rows(model: Model) -> int:
    """How many rows can be explained in some ten seconds."""
    core: Any = model.core
    if isinstance(core, FORESTS):
        work = sum(tree.get_n_leaves() * tree.get_depth() ** 2 for tree in core.estimators_)
        return int(np.clip(FOREST_WORK / max(work, 1), 20, EXACT_ROWS))
    own = model.manifest["framework"] not in ("scikit-learn", "ml-engine")
    exact = own or isinstance(core, (*HISTOGRAMS, LogisticRegression, Ridge))
    return EXACT_ROWS if exact else SAMPLED_ROWS


def _booster(model: Model, rows: pd.DataFrame) -> Attribution:
    encoded = model.encoded(rows)
    core: Any = model.core
    outputs = len(model.manifest["classes"]) if len(model.manifest["classes"]) > 2 else 1
    width = encoded.matrix.shape[1] + 1
    if model.manifest["framework"] == "lightgbm":
        shares = np.asarray(core.predict(encoded.matrix, pred_contrib=True, num_threads=2), dtype=np.float64)
        shares = shares.reshape(len(rows), outputs, width)
        output = np.asarray(core.predict(encoded.matrix, raw_score=True, num_threads=2), dtype=np.float64)
    else:
        matrix = xgboost.DMatrix(encoded.matrix, nthread=2)
        shares = np.asarray(core.predict(matrix, pred_contribs=True), dtype=np.float64)
        shares = shares.reshape(len(rows), outputs, width)
        output = np.asarray(core.predict(matrix, output_margin=True), dtype=np.float64)
    values, columns = _by_column(np.moveaxis(shares[:, :, :-1], 1, 2), encoded.sources)
    name = "LightGBM" if model.manifest["framework"] == "lightgbm" else "XGBoost"
    return Attribution(
        values=values,
        base=shares[0, :, -1],
        output=output.reshape(len(rows), outputs),
        columns=columns,
        method=f"{name}'s TreeSHAP, path-dependent",
        scale=_scale(model, outputs),
        exact=True,
        background_rows=None,
        error=None,
    )


def _scale(model: Model, outputs: int) -> Scale:
    """What a model that works on margins puts out."""
    return "prediction" if not model.manifest["classes"] else "log-odds" if outputs == 1 else "margin"


def _forest(model: Model, rows: pd.DataFrame) -> Attribution:
    encoded = model.encoded(rows)
    core: Any = model.core
    explainer: Any = shap.TreeExplainer(core, feature_perturbation="tree_path_dependent")
    shares = np.asarray(explainer.shap_values(encoded.matrix, check_additivity=False), dtype=np.float64)
    shares = shares if shares.ndim == 3 else shares[:, :, None]
    if not model.manifest["classes"]:
        output = core.predict(encoded.matrix)
    elif isinstance(core, HistGradientBoostingClassifier):
        output = core.decision_function(encoded.matrix)
    else:
        output = core.predict_proba(encoded.matrix)
    values, columns = _by_column(shares, encoded.sources)
    return Attribution(
        values=values,
        base=np.atleast_1d(np.asarray(explainer.expected_value, dtype=np.float64)),
        output=np.asarray(output, dtype=np.float64).reshape(len(rows), -1),
        columns=columns,
        method="TreeSHAP, path-dependent",
        scale="probability" if isinstance(core, FOREST_CLASSIFIERS) else _scale(model, shares.shape[2]),
        exact=True,
        background_rows=None,
        error=None,
    )


def _linear(model: Model, background: pd.DataFrame, rows: pd.DataFrame) -> Attribution:
    core: Any = model.core
    encoded, usual = model.encoded(rows), model.encoded(background).matrix
    weights = np.atleast_2d(np.asarray(core.coef_, dtype=np.float64))
    offset = np.atleast_1d(np.asarray(core.intercept_, dtype=np.float64))
    middle = usual.mean(axis=0)
    values, columns = _by_column((encoded.matrix - middle)[:, :, None] * weights.T[None], encoded.sources)
    return Attribution(
        values=values,
        base=middle @ weights.T + offset,
        output=encoded.matrix @ weights.T + offset,
        columns=columns,
        method="closed form of a linear model",
        scale=_scale(model, len(weights)),
        exact=True,
        background_rows=len(background),
        error=None,
    )


def _by_column(shares: np.ndarray, sources: list[str]) -> tuple[np.ndarray, list[str]]:
    """Adds up the shares (rows, encoded, outputs) of the encoded features of each raw column."""
    columns = list(dict.fromkeys(sources))
    values = np.zeros((shares.shape[0], len(columns), shares.shape[2]))
    for place, source in enumerate(sources):
        values[:, columns.index(source)] += shares[:, place]
    return values, columns


def sampled(model: Model, background: pd.DataFrame, rows: pd.DataFrame, pairs: int, seed: int) -> Attribution:
    """Shapley values of any model, by orders of the raw columns drawn at random."""
    generator = np.random.default_rng(seed)
    usual = background
    if len(background) > SAMPLED_BACKGROUND:
        usual = background.iloc[np.sort(generator.choice(len(background), SAMPLED_BACKGROUND, replace=False))]
    columns = [str(name) for name in rows.columns]
    base = _mean_output(model, usual)
    outputs = len(base)
    drawn = np.zeros((2 * pairs, len(rows), len(columns), outputs))
    for pair in range(pairs):
        order = generator.permutation(len(columns))
        for turn, sequence in enumerate((order, order[::-1])):
            drawn[2 * pair + turn] = _walk(model, usual, rows, sequence, base)
    # The two walks of a pair are not independent: the error is that of the pairs' means.
    means = drawn.reshape(pairs, 2, *drawn.shape[1:]).mean(axis=1)
    error = float((means.std(axis=0, ddof=1) / np.sqrt(pairs)).mean()) if pairs > 1 else None
    return Attribution(
        values=drawn.mean(axis=0),
        base=base,
        output=np.asarray(model.output(rows), dtype=np.float64).reshape(len(rows), -1),
        columns=columns,
        method=f"permutation sampling, {2 * pairs} orders",
        scale="probability" if model.manifest["classes"] else "prediction",
        exact=False,
        background_rows=len(usual),
        error=error,
    )


def _mean_output(model: Model, frame: pd.DataFrame) -> np.ndarray:
    return np.asarray(model.output(frame), dtype=np.float64).reshape(len(frame), -1).mean(axis=0)


def _walk(model: Model, usual: pd.DataFrame, rows: pd.DataFrame, sequence: np.ndarray, base: np.ndarray) -> np.ndarray:
    """What each column adds when the columns of each row replace the background's in this order.

    All steps of some rows are scored in one call: row × step × background, flattened.
    """
    added = np.zeros((len(rows), rows.shape[1], len(base)))
    steps, behind = rows.shape[1], len(usual)
    turn = np.empty(steps, dtype=np.int64)
    turn[sequence] = np.arange(steps)
    size = max(1, ROWS_A_CHUNK // (steps * behind))
    for start in range(0, len(rows), size):
        part = rows.iloc[start : start + size]
        shape = (len(part), steps, behind)
        mixed = {
            name: np.where(
                (np.arange(steps) >= turn[place])[None, :, None],
                part[name].to_numpy()[:, None, None],
                usual[name].to_numpy()[None, None, :],
            ).reshape(-1)
            for place, name in enumerate(rows.columns)
        }
        scored = np.asarray(model.output(pd.DataFrame(mixed)), dtype=np.float64).reshape(*shape, -1).mean(axis=2)
        before = np.concatenate([np.tile(base, (len(part), 1, 1)), scored[:, :-1]], axis=1)
        added[start : start + len(part), sequence] = scored - before
    return added
