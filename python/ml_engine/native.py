"""Estimators that write themselves in a library's own safe format instead of a skops file."""

from typing import Any, cast

from ml_engine.boosters import BoostedClassifier, BoostedRegressor
from ml_engine.catboosted import CatBoostedClassifier, CatBoostedRegressor
from ml_engine.contract.manifest import ModelManifest
from ml_engine.tasks.forecasters import Forecaster, forecaster_of
from ml_engine.tasks.rankers import BoostedRanker
from ml_engine.torch_networks import NetworkClassifier, NetworkRegressor

FORMATS: list[tuple[Any, str]] = [
    ((BoostedClassifier, BoostedRegressor, BoostedRanker, CatBoostedClassifier, CatBoostedRegressor), "booster-json"),
    ((NetworkClassifier, NetworkRegressor), "safetensors"),
    (Forecaster, "forecaster"),
]


def native_format(estimator: Any) -> str | None:
    """The format it is written in by its own `write`; None for what goes into a skops file."""
    return next((form for kinds, form in FORMATS if isinstance(estimator, kinds)), None)


def native_estimator(manifest: ModelManifest) -> Any:
    """An unfitted estimator of the manifest's kind, to `restore`."""
    classification = manifest["task"] == "classification"
    if manifest["format"] == "forecaster":
        return forecaster_of(manifest["family"])
    if manifest["format"] == "safetensors":
        return NetworkClassifier() if classification else NetworkRegressor()
    library, params, seed = manifest["framework"], dict(manifest["params"]), manifest["seed"]
    if library == "catboost":
        return (CatBoostedClassifier if classification else CatBoostedRegressor)(params, seed)
    if manifest["task"] == "ranking":
        return BoostedRanker(cast(Any, library), params, seed)
    return (BoostedClassifier if classification else BoostedRegressor)(cast(Any, library), params, seed)
