"""Estimators that write themselves in a library's own safe format instead of a skops file."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from ml_engine import skops_files
from ml_engine.blended import Blend, make_blend
from ml_engine.boosters import BoostedClassifier, BoostedRegressor
from ml_engine.catboosted import CatBoostedClassifier, CatBoostedRegressor
from ml_engine.families import FAMILIES
from ml_engine.family import Setting
from ml_engine.pipelines import Layout
from ml_engine.tasks.forecasters import Forecaster, forecaster_of
from ml_engine.tasks.rankers import BoostedRanker
from ml_engine.torch_networks import NetworkClassifier, NetworkRegressor

FORMATS: list[tuple[Any, str]] = [
    ((BoostedClassifier, BoostedRegressor, BoostedRanker, CatBoostedClassifier, CatBoostedRegressor), "booster-json"),
    ((NetworkClassifier, NetworkRegressor), "safetensors"),
    (Forecaster, "forecaster"),
    (Blend, "blend"),
]
BLEND_FILE = "blend.json"


def native_format(estimator: Any) -> str | None:
    """The format it is written in by its own `write`; None for what goes into a skops file."""
    return next((form for kinds, form in FORMATS if isinstance(estimator, kinds)), None)


def write_estimator(estimator: Any, folder: Path) -> str:
    """Writes a fitted pipeline, or an estimator without one, and answers the format."""
    steps = estimator.steps if hasattr(estimator, "steps") else []
    last = steps[-1][1] if steps else estimator
    form = native_format(last)
    if form is None:
        skops_files.write(estimator, folder / "model.skops")
        return "skops"
    if isinstance(last, Blend):
        _write_members(last, folder)
    else:
        last.write(folder)
    if steps:
        skops_files.write(Pipeline(steps[:-1]), folder / "encode.skops")
    return form


def _write_members(blend: Blend, folder: Path) -> None:
    kept = {"layout": asdict(blend.layout), "rows": blend.setting.rows, "balanced": blend.setting.balanced}
    (folder / BLEND_FILE).write_text(json.dumps({**kept, "tail": blend.setting.tail}), encoding="utf-8")
    for number, pipeline in enumerate(blend.fitted_):
        (folder / f"member-{number}").mkdir()
        write_estimator(pipeline, folder / f"member-{number}")


def read_estimator(manifest: Mapping[str, Any], folder: Path) -> Any:
    """What `write_estimator` wrote; of the manifest it takes format, family, framework, params, task, classes, seed."""
    if manifest["format"] == "skops":
        return skops_files.read(folder / "model.skops")
    native = _read_members(manifest, folder) if manifest["format"] == "blend" else native_estimator(manifest)
    if manifest["format"] != "blend":
        native.restore(folder)
    if manifest["format"] == "forecaster":
        return native
    if manifest["classes"]:
        native.classes_ = np.array(manifest["classes"])
    return Pipeline([*skops_files.read(folder / "encode.skops").steps, ("model", native)])


def _read_members(manifest: Mapping[str, Any], folder: Path) -> Any:
    kept = json.loads((folder / BLEND_FILE).read_text(encoding="utf-8"))
    setting = Setting(
        manifest["task"], kept["rows"], dict(manifest["params"]), manifest["seed"], kept["balanced"], kept["tail"]
    )
    blend = make_blend(setting, Layout(**kept["layout"]))
    blend.fitted_ = []
    for number, member in enumerate(blend.members):
        framework = FAMILIES[member["family"]].framework
        form = {"scikit-learn": "skops", "torch": "safetensors"}.get(framework, "booster-json")
        about = {**manifest, **member, "framework": framework, "format": form}
        blend.fitted_.append(read_estimator(about, folder / f"member-{number}"))
    blend.n_features_in_ = sum(kept["layout"].values())
    return blend


def native_estimator(manifest: Mapping[str, Any]) -> Any:
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
        return BoostedRanker(library, params, seed)
    return (BoostedClassifier if classification else BoostedRegressor)(library, params, seed)
