"""Trained models: a folder of safe files with `model.json` beside them, never a pickle.

scikit-learn pipelines are skops files read against an explicit list of types; boosters are LightGBM's text or XGBoost's
JSON, their preprocessing a skops file; a blend has a folder for each member. Every file's SHA-256 is checked before
it is parsed.
"""

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import polars as pl

from ml_engine.blended import frameworks
from ml_engine.calibration import Calibrator
from ml_engine.contract.manifest import ModelManifest
from ml_engine.errors import OpError
from ml_engine.family import Task
from ml_engine.frames import feature_frame
from ml_engine.integrity import require_unchanged, sealed
from ml_engine.job import Job
from ml_engine.native import read_estimator, write_estimator
from ml_engine.pipelines import DATE_PARTS

MANIFEST_FILE = "model.json"
SUPERVISED = ("classification", "regression")


@dataclass(frozen=True)
class Encoded:
    """What the innermost estimator sees: `matrix` rows × encoded features; `sources[j]` is the raw column of j."""

    matrix: np.ndarray
    names: list[str]
    sources: list[str]


@dataclass(frozen=True)
class Model:
    """A loaded model. `estimator` is a fitted scikit-learn pipeline `read` -> `encode` -> `model` over `features`."""

    manifest: ModelManifest
    folder: Path
    estimator: Any
    calibrator: Calibrator | None = None

    @property
    def name(self) -> str:
        """`churn@2` for a registered model's folder."""
        return f"{self.manifest['name']}@{self.folder.name}"

    @property
    def task(self) -> Task:
        """Of a supervised model."""
        return "classification" if self.manifest["task"] == "classification" else "regression"

    def features(self, frame: pl.DataFrame, field: str = "dataset") -> pd.DataFrame:
        """The signature's columns as `estimator` takes them.

        Raises:
            OpError: naming the missing column, or the one with other values than the model was trained on.
        """
        return feature_frame(frame, self.manifest["signature"], field)

    def predict(self, frame: pl.DataFrame | pd.DataFrame) -> np.ndarray:
        """Labels as str, or floats; shape (rows,). Takes a table or what `features` answered."""
        if self.manifest["task"] == "classification":
            return np.array(self.manifest["classes"])[self.probabilities(frame).argmax(axis=1)]
        return np.asarray(self.estimator.predict(self._read(frame)), dtype=np.float64)

    def probabilities(self, frame: pl.DataFrame | pd.DataFrame) -> np.ndarray:
        """Calibrated where the model is; rows × classes in the manifest's order.

        Raises:
            OpError: `invalid_input` for a regressor.
        """
        if self.manifest["task"] != "classification":
            raise OpError("invalid_input", f"model: {self.manifest['name']} is a regressor and gives no probabilities.")
        raw = np.asarray(self.estimator.predict_proba(self._read(frame)), dtype=np.float64)
        return self.calibrator.apply(raw) if self.calibrator else raw

    def positive_scores(self, frame: pl.DataFrame | pd.DataFrame) -> np.ndarray:
        """Probability of the positive class; shape (rows,).

        Raises:
            OpError: `invalid_input` where the model is not binary.
        """
        if self.positive is None:
            raise OpError("invalid_input", f"model: {self.manifest['name']} is not a binary classifier.")
        return self.probabilities(frame)[:, self.positive]

    @property
    def positive(self) -> int | None:
        """Index of the positive class; None where the model is not binary."""
        label = self.manifest["positive"]
        return None if label is None else self.manifest["classes"].index(label)

    def output(self, frame: pl.DataFrame | pd.DataFrame) -> np.ndarray:
        """What metrics take: probabilities of a classifier, predictions of a regressor."""
        classification = self.manifest["task"] == "classification"
        return self.probabilities(frame) if classification else self.predict(frame)

    def encoded(self, frame: pl.DataFrame | pd.DataFrame) -> Encoded:
        """The matrix that `core` takes, for explanations of the innermost estimator."""
        matrix = np.asarray(self.estimator[:-1].transform(self._read(frame)), dtype=np.float64)
        names, sources = encoded_names(self.estimator)
        return Encoded(matrix, names, sources)

    @property
    def core(self) -> Any:
        """The innermost estimator: a native booster, or the last step of the pipeline."""
        last = self.estimator[-1]
        return getattr(last, "booster_", last)

    @cached_property
    def training_rows(self) -> np.ndarray:
        """Sorted fingerprints (`frames.row_prints`) of the rows it was trained on."""
        return np.load(self.folder / "rows.npy", allow_pickle=False)

    @cached_property
    def reference(self) -> dict[str, Any]:
        """Summary of each feature in the training data, as `shift.summarise` made it."""
        return json.loads((self.folder / "reference.json").read_text(encoding="utf-8"))

    def _read(self, frame: pl.DataFrame | pd.DataFrame) -> pd.DataFrame:
        return self.features(frame) if isinstance(frame, pl.DataFrame) else frame


def encoded_names(pipeline: Any) -> tuple[list[str], list[str]]:
    """Names of the encoded features and the raw column each comes from."""
    dates = {f"{name}.{part}": name for name in pipeline[0].dates for part in DATE_PARTS}
    names: list[str] = []
    sources: list[str] = []
    for _, step, columns in pipeline[1].transformers_:
        longest = sorted(columns, key=len, reverse=True)
        for name in [str(out) for out in step.get_feature_names_out(columns)]:
            plain = name.removeprefix("missingindicator_")
            source = plain if plain in columns else next(one for one in longest if plain.startswith(one))
            names.append(name)
            sources.append(dates.get(source, source))
    return names, sources


def stage_model(
    job: Job,
    *,
    name: str,
    estimator: Any,
    calibrator: Calibrator | None,
    training_rows: np.ndarray,
    reference: Mapping[str, Any],
    slot: str = "model",
    beside: Mapping[str, bytes] | None = None,
    **manifest: Any,
) -> str:
    """Writes a fitted pipeline as a model folder for the road to register; answers its absolute path.

    Args:
        beside: Further files of the folder.
        manifest: The fields of `ModelManifest` but `name`, `hash`, `format`, `files` and `environment`.
    """
    folder = job.folder / slot
    folder.mkdir(parents=True, exist_ok=False)
    form = write_estimator(estimator, folder)
    if calibrator:
        (folder / "calibrator.json").write_text(json.dumps(calibrator.to_json()), encoding="utf-8")
    np.save(folder / "rows.npy", np.sort(training_rows), allow_pickle=False)
    (folder / "reference.json").write_text(json.dumps(reference), encoding="utf-8")
    for file, content in (beside or {}).items():
        (folder / file).write_bytes(content)
    files, whole = sealed(folder)
    written: Any = {
        **manifest,
        "name": name,
        "hash": whole,
        "format": form,
        "files": files,
        "environment": _environment(manifest["framework"], manifest["params"]),
    }
    (folder / MANIFEST_FILE).write_text(json.dumps(written, ensure_ascii=False, indent=2), encoding="utf-8")
    return str(folder.resolve())


def load_model(path: str, field: str = "model", tasks: Sequence[str] = SUPERVISED) -> Model:
    """The model in the folder at `path`.

    Args:
        tasks: What the caller can work with.

    Raises:
        OpError: naming `field` or the file: `not_found` where there is no model, `invalid_input` where its task is not
            one of `tasks`, `refused` where a file is not what was registered or holds types that no model of ours has.
    """
    folder = Path(path)
    if not (folder / MANIFEST_FILE).is_file():
        raise OpError(
            "not_found", f"{field}: there is no model in `{folder.name}`.", "Train one with ml_training_train."
        )
    manifest = cast(ModelManifest, json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8")))
    if manifest["task"] not in tasks:
        raise OpError(
            "invalid_input",
            f"{field}: `{manifest['name']}` is a model for {manifest['task']}; this takes {' and '.join(tasks)}.",
            "ml_training_evaluate takes every model.",
        )
    require_unchanged(folder, manifest["files"])
    saved = folder / "calibrator.json"
    calibrator = Calibrator.from_json(json.loads(saved.read_text(encoding="utf-8"))) if saved.is_file() else None
    return Model(manifest, folder, read_estimator(manifest, folder), calibrator)


def _environment(framework: str, params: dict[str, Any]) -> dict[str, str]:
    packages = ["numpy", "pandas", "scikit-learn", "skops"]
    found = {name: version(name) for name in packages}
    for one in frameworks(params) if "members" in params else [framework]:
        if one not in {"scikit-learn", "ml-engine"}:
            found[one] = version("xgboost-cpu" if one == "xgboost" else one)
    return {"python": platform.python_version(), **found}
