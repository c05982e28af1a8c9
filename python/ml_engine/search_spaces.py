"""What a sweep searches: the spaces of the families, and the typed ones a caller gives."""

import math
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any, Literal

import optuna

from ml_engine.contract.training import Dimension
from ml_engine.errors import OpError
from ml_engine.families import Task

Space = dict[str, Dimension]
Scalar = str | int | float | bool | None


def _int(low: int, high: int, *, log: bool = False) -> Dimension:
    return {"type": "int", "low": low, "high": high, "log": log}


def _float(low: float, high: float, *, log: bool = False) -> Dimension:
    return {"type": "float", "low": low, "high": high, "log": log}


def _of(*choices: Scalar) -> Dimension:
    return {"type": "categorical", "choices": list(choices)}


_FOREST: Space = {
    "n_estimators": _int(50, 300),
    "max_features": _of("sqrt", "log2", 0.3, 0.6, 1.0),
    "min_samples_leaf": _int(1, 50, log=True),
    "max_depth": _of(None, 6, 10, 16),
}


def default_space(family: str, task: Task, rows: int) -> Space:
    """The usual settings and ranges of a family (after Probst, Boulesteix & Bischl 2019 where they give one)."""
    classification = task == "classification"
    most_neighbours = max(2, min(100, rows // 5))
    spaces: dict[str, Space] = {
        "linear": {"C": _float(1e-3, 1e3, log=True)} if classification else {"alpha": _float(1e-3, 1e4, log=True)},
        "random_forest": _FOREST,
        "extra_trees": _FOREST,
        "hist_gradient_boosting": {
            "learning_rate": _float(0.02, 0.3, log=True),
            "max_leaf_nodes": _int(4, 128, log=True),
            "min_samples_leaf": _int(5, 100, log=True),
            "l2_regularization": _float(1e-4, 10, log=True),
        },
        "lightgbm": {
            "learning_rate": _float(0.02, 0.3, log=True),
            "num_leaves": _int(4, 128, log=True),
            "min_child_samples": _int(5, 100, log=True),
            "subsample": _float(0.5, 1.0),
            "colsample_bytree": _float(0.4, 1.0),
            "reg_lambda": _float(1e-4, 10, log=True),
        },
        "xgboost": {
            "learning_rate": _float(0.02, 0.3, log=True),
            "max_depth": _int(2, 10),
            "min_child_weight": _float(0.5, 50, log=True),
            "subsample": _float(0.5, 1.0),
            "colsample_bytree": _float(0.4, 1.0),
            "reg_lambda": _float(1e-3, 10, log=True),
        },
        "catboost": {
            "learning_rate": _float(0.02, 0.3, log=True),
            "depth": _int(3, 9),
            "l2_leaf_reg": _float(0.5, 30, log=True),
            "random_strength": _float(0.1, 10, log=True),
        },
        "knn": {
            "n_neighbors": _int(1, most_neighbours, log=True),
            "weights": _of("uniform", "distance"),
            "p": _of(1, 2),
        },
        "svm": {"C": _float(1e-2, 1e2, log=True), "gamma": _float(1e-4, 1, log=True)},
        "mlp": {
            "alpha": _float(1e-6, 1e-1, log=True),
            "learning_rate_init": _float(1e-4, 1e-2, log=True),
            "activation": _of("relu", "tanh"),
        },
    }
    return spaces[family]


def require_space(space: Mapping[str, Dimension]) -> None:
    """Checks a space given by a caller.

    Raises:
        OpError: `invalid_input`, naming the parameter and what its dimension lacks.
    """
    if not space:
        raise OpError("invalid_input", "space: it is empty.", "Leave it out for the family's own.")
    for name, dimension in space.items():
        _require_dimension(name, dimension)
        for other in dimension.get("when", {}):
            if other not in space:
                raise OpError("invalid_input", f"space.{name}.when: `{other}` is not in the space.")
    ordered(space)


def _require_dimension(name: str, dimension: Dimension) -> None:
    if dimension["type"] == "categorical":
        if "choices" not in dimension:
            raise OpError("invalid_input", f"space.{name}: categorical needs choices.")
        return
    low, high = dimension.get("low"), dimension.get("high")
    if low is None or high is None or "choices" in dimension:
        raise OpError("invalid_input", f"space.{name}: {dimension['type']} needs low and high, and no choices.")
    if low > high:
        raise OpError("invalid_input", f"space.{name}: low {low:g} is above high {high:g}.")
    if dimension["type"] == "int" and not (low == int(low) and high == int(high)):
        raise OpError("invalid_input", f"space.{name}: an int needs whole bounds.")
    if dimension.get("log") and (low <= 0 or "step" in dimension):
        raise OpError("invalid_input", f"space.{name}: log needs low above 0 and no step.")


def ordered(space: Mapping[str, Dimension]) -> list[str]:
    """Names such that a parameter comes after those its `when` asks about."""
    placed: list[str] = []
    while len(placed) < len(space):
        ready = [
            name
            for name, one in space.items()
            if name not in placed and all(other in placed for other in one.get("when", {}))
        ]
        if not ready:
            raise OpError("invalid_input", "space: the `when` conditions go in a circle.")
        placed.extend(ready)
    return placed


def suggest(trial: optuna.Trial, space: Mapping[str, Dimension]) -> dict[str, Scalar]:
    """The values of one trial; parameters whose condition does not hold are left out."""
    chosen: dict[str, Scalar] = {}
    for name in ordered(space):
        dimension = space[name]
        if all(other in chosen and chosen[other] in allowed for other, allowed in dimension.get("when", {}).items()):
            chosen[name] = _suggest(trial, name, dimension)
    return chosen


def _suggest(trial: optuna.Trial, name: str, dimension: Dimension) -> Scalar:
    if dimension["type"] == "categorical":
        return trial.suggest_categorical(name, dimension.get("choices", []))
    low, high, log = dimension.get("low", 0.0), dimension.get("high", 1.0), dimension.get("log", False)
    step = dimension.get("step")
    if dimension["type"] == "int":
        return trial.suggest_int(name, int(low), int(high), log=log, step=1 if step is None else int(step))
    return trial.suggest_float(name, low, high, log=log, step=step)


def grid(space: Mapping[str, Dimension], points: int = 4) -> dict[str, list[Any]]:
    """A grid over the space: all choices, and `points` values between bounds, evenly or by ratio.

    Raises:
        OpError: `invalid_input` where a dimension is conditional.
    """
    conditional = [name for name, one in space.items() if one.get("when")]
    if conditional:
        raise OpError(
            "invalid_input",
            f"sampler: a grid takes no conditions, and `{conditional[0]}` has one.",
            "Use tpe or random.",
        )
    return {name: _grid_values(one, points) for name, one in space.items()}


def _grid_values(dimension: Dimension, points: int) -> list[Any]:
    if dimension["type"] == "categorical":
        return list(dimension.get("choices", []))
    low, high = dimension.get("low", 0.0), dimension.get("high", 1.0)
    step = dimension.get("step")
    if step is not None:
        values = [low + step * number for number in range(math.floor((high - low) / step + 1e-9) + 1)]
    elif dimension.get("log"):
        values = [low * (high / low) ** (number / (points - 1)) for number in range(points)]
    else:
        values = [low + (high - low) * number / (points - 1) for number in range(points)]
    if dimension["type"] == "int":
        return sorted({round(value) for value in values})
    return [min(max(value, low), high) for value in values]


Sampler = Literal["tpe", "random", "grid", "cmaes", "nsga2", "qmc", "gp"]


def sampler(kind: Sampler, space: Mapping[str, Dimension], seed: int, workers: int = 1) -> optuna.samplers.BaseSampler:
    """Optuna's sampler: TPE (Bergstra et al. 2011; Watanabe 2023), random, grid, CMA-ES (Hansen 2016), NSGA-II (Deb et
    al. 2002), Sobol' points, or a Gaussian process.

    Raises:
        OpError: the space does not fit the sampler, or PyTorch, which the Gaussian process needs, is not installed.
    """
    simple: dict[str, Callable[[], optuna.samplers.BaseSampler]] = {
        # Trials that run at the same time are taken to be as bad as the worst, lest all go to one place.
        "tpe": lambda: optuna.samplers.TPESampler(seed=seed, constant_liar=workers > 1),
        "random": lambda: optuna.samplers.RandomSampler(seed=seed),
        "grid": lambda: optuna.samplers.GridSampler(grid(space), seed=seed),
        "nsga2": lambda: optuna.samplers.NSGAIISampler(population_size=20, seed=seed),
        "qmc": lambda: optuna.samplers.QMCSampler(seed=seed, scramble=True, warn_independent_sampling=False),
    }
    if kind in simple:
        return simple[kind]()
    if kind == "gp":
        if find_spec("torch") is None:
            raise OpError(
                "unavailable",
                "sampler: gp needs PyTorch, which is not installed.",
                "Run `npm run setup -- --with torch`.",
            )
        return optuna.samplers.GPSampler(seed=seed, deterministic_objective=True)
    numeric = [name for name, one in space.items() if one["type"] != "categorical" and not one.get("when")]
    if len(numeric) < 2:
        raise OpError(
            "invalid_input", "sampler: cmaes needs at least two int or float parameters without conditions.", "Use tpe."
        )
    return optuna.samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)


def pruner(kind: Literal["median", "hyperband", "asha", "none"], folds: int) -> optuna.pruners.BasePruner:
    """Stops trials between folds: below the median before, Hyperband (Li et al. 2018), or ASHA (Li et al. 2020)."""
    if kind == "median":
        return optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=1)
    if kind == "hyperband":
        return optuna.pruners.HyperbandPruner(min_resource=1, max_resource=folds, reduction_factor=2)
    if kind == "asha":
        return optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2)
    return optuna.pruners.NopPruner()
