"""scikit-learn objects as skops files: the same object gives the same bytes, and only known types are read."""

import ast
import io
import json
import re
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from skops.io.exceptions import UntrustedTypesFoundException

from ml_engine.errors import OpError

TRUSTED = [
    "ml_engine.pipelines.TableReader",
    "ml_engine.tasks.clusterers.Clusterer",
    "ml_engine.tasks.detectors.Detector",
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.metrics._dist_metrics.EuclideanDistance64",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.model_selection._split.KFold",
    "sklearn.model_selection._split.StratifiedKFold",
    "sklearn.tree._tree.Tree",
]
"""Every type beyond skops's own list that a model of ours may hold. A file that names another is not read."""

_STAMP = (1980, 1, 1, 0, 0, 0)


def write(thing: Any, path: Path) -> None:
    """Writes a fitted estimator; equal estimators give equal files."""
    path.write_bytes(_canonical(skops.io.dumps(thing)))


def read(path: Path) -> Any:
    """Reads what `write` wrote.

    Raises:
        OpError: `refused` where the file holds a type that is not on the list, `failed` where it is no skops file.
    """
    try:
        return skops.io.load(path, trusted=TRUSTED)
    except UntrustedTypesFoundException as error:
        raise OpError("refused", f"{path.name} holds types that no model of ours has; it was not loaded.") from error
    except (zipfile.BadZipFile, KeyError, json.JSONDecodeError) as error:
        raise OpError("failed", f"{path.name} is not a skops file.", "Train the model again.") from error


def _canonical(content: bytes) -> bytes:
    """The same archive without what changes from process to process: addresses, times, order, struct padding."""
    source = zipfile.ZipFile(io.BytesIO(content))
    schema = source.read("schema.json").decode()
    numbers: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        return found[1] + numbers.setdefault(found[2], str(len(numbers) + 1))

    schema = re.sub(r'("__id__": |"file": ")(\d+)', number, schema)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(_entry("schema.json"), schema)
        named = [
            (numbers.get(name.partition(".")[0], name), name) for name in source.namelist() if name != "schema.json"
        ]
        for renamed, name in sorted(named, key=lambda pair: int(pair[0]) if pair[0].isdigit() else 0):
            suffix = name.partition(".")[2]
            archive.writestr(_entry(f"{renamed}.{suffix}"), _unpadded(source.read(name)))
    return target.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _STAMP)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _unpadded(content: bytes) -> bytes:
    """A structured array with zeros in the gaps of its records, where memory left whatever was there."""
    if not content.startswith(b"\x93NUMPY") or b"'descr': [" not in content[:40]:
        return content
    ends = 10 + int.from_bytes(content[8:10], "little")
    described = _described(content[10:ends])
    if content[6] != 1 or described is None:
        return content
    dtype, shape = described
    array = np.frombuffer(content, dtype, offset=ends).reshape(shape)
    # Not zeros_like: that fills the fields and leaves the gaps as they came.
    clean = np.zeros(array.shape, array.dtype)
    for name in array.dtype.names or ():
        clean[name] = array[name]
    return content[:ends] + clean.tobytes()


def _described(header: bytes) -> tuple[np.dtype[Any], tuple[int, ...]] | None:
    """Type and shape of a structured array in C order, from the header of its file (NumPy's format 1.0)."""
    literal = header.decode("latin1").strip()
    kind, found = re.match(r"\{'descr': (\[.*\]), ", literal), re.search(r"'shape': \(([\d, ]*)\)", literal)
    if kind is None or found is None or "'fortran_order': True" in literal:
        return None
    return _dtype(kind[1]), tuple(int(one) for one in found[1].split(",") if one.strip())


@cache
def _dtype(described: str) -> np.dtype[Any]:
    return np.dtype(np.lib.format.descr_to_dtype(ast.literal_eval(described)))
