"""Fitted models as ONNX, checked against the model they come from before they are kept."""

import json
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml_engine.contract.training import Onnx
from ml_engine.models import encoded_names

FAMILIES = {
    *("linear", "lasso", "elastic_net", "decision_tree", "random_forest", "extra_trees", "gradient_boosting"),
    *("naive_bayes", "knn", "svm", "mlp", "lightgbm", "xgboost"),
}
"""What the converters take. HistGradientBoosting is refused by ONNX's tree operator (skl2onnx 1.20, onnx 1.23)."""
ROWS = 200
TOLERANCE = 1e-3
"""Largest difference of an output, relative to the size of a regression's, that single precision explains."""


@dataclass(frozen=True)
class Converted:
    files: dict[str, bytes]
    report: Onnx


def converted(pipeline: Any, features: pd.DataFrame) -> Converted | str:
    """The innermost estimator as ONNX and how it compares on these rows, or why there is none.

    It takes `encoded`, float32 of rows × the columns that `onnx.json` names: the preprocessing is not part of it.
    """
    import onnxruntime

    sample = features.head(ROWS)
    matrix = np.asarray(pipeline[:-1].transform(sample), dtype=np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            content = _onnx(pipeline[-1], matrix.shape[1])
            session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
            outputs = session.run(None, {"encoded": matrix})
        except Exception as error:  # noqa: BLE001  the converters raise whatever they meet; all of it means the same
            return f"{type(pipeline[-1]).__name__} cannot be written as ONNX ({type(error).__name__})."
    last = pipeline[-1]
    if hasattr(last, "classes_"):
        truth, found = np.asarray(last.predict_proba(matrix.astype(np.float64))), np.asarray(outputs[1])
        mismatches = int((truth.argmax(axis=1) != found.argmax(axis=1)).sum())
        largest = float(np.abs(truth - found).max())
    else:
        truth, found = np.asarray(last.predict(matrix.astype(np.float64))), np.asarray(outputs[0]).reshape(-1)
        largest = float(np.abs(truth - found).max())
        mismatches = int((np.abs(truth - found) > TOLERANCE * (1 + np.abs(truth))).sum())
    if mismatches > len(sample) // 100:
        return f"as ONNX {mismatches} of {len(sample)} rows are predicted otherwise (largest difference {largest:.3g})."
    names, _ = encoded_names(pipeline)
    classes = [str(one) for one in getattr(last, "classes_", [])]
    described = {"input": "encoded", "columns": names, "classes": classes}
    report: Onnx = {
        "rows": len(sample),
        "mismatches": mismatches,
        "largest_difference": largest,
        "size_bytes": len(content),
    }
    return Converted({"model.onnx": content, "onnx.json": json.dumps(described).encode()}, report)


def _onnx(estimator: Any, columns: int) -> bytes:
    if hasattr(estimator, "booster_"):
        import onnxmltools
        from onnxmltools.convert.common.data_types import FloatTensorType

        convert = onnxmltools.convert_lightgbm if estimator.library == "lightgbm" else onnxmltools.convert_xgboost
        extra: dict[str, Any] = {"zipmap": False} if estimator.library == "lightgbm" else {}
        types = [("encoded", FloatTensorType([None, columns]))]
        return convert(estimator.booster_, initial_types=types, **extra).SerializeToString()
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType as Floats

    options = {id(estimator): {"zipmap": False}} if hasattr(estimator, "classes_") else None
    types: Any = [("encoded", Floats([None, columns]))]
    model: Any = to_onnx(estimator, initial_types=types, options=options)
    return model.SerializeToString()
