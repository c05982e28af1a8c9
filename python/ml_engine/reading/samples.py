"""The data sets that scikit-learn ships, as tables with class labels in words."""

from importlib import import_module
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt
import polars as pl

from ml_engine.errors import OpError
from ml_engine.names import nearest

PREFIX = "sample:"
CLASSIFICATION = ("iris", "wine", "breast_cancer", "digits")
REGRESSION = ("diabetes", "linnerud")
SAMPLES = (*CLASSIFICATION, *REGRESSION)


class _Bunch(Protocol):
    data: npt.NDArray[np.float64]
    target: npt.NDArray[np.float64]
    feature_names: list[str]
    target_names: list[str]


def read_sample(source: str, field: str) -> pl.DataFrame:
    """`sample:iris` and so on: its features under their own names, then `target` (linnerud has three, by name).

    Raises:
        OpError: `not_found`, with the nearest sample there is.
    """
    name = source.removeprefix(PREFIX)
    if name not in SAMPLES:
        guess = nearest(name, SAMPLES)
        raise OpError(
            "not_found",
            f"{field}: no sample `{name}`" + (f"; did you mean `{guess}`?" if guess else ""),
            f"Samples: {', '.join(SAMPLES)}.",
        )
    bunch = cast(_Bunch, getattr(import_module("sklearn.datasets"), f"load_{name}")())
    features = pl.DataFrame(bunch.data, schema=[str(feature) for feature in bunch.feature_names])
    if name == "linnerud":
        return features.hstack(pl.DataFrame(bunch.target, schema=[str(target) for target in bunch.target_names]))
    if name in REGRESSION:
        return features.with_columns(pl.Series("target", bunch.target))
    return features.with_columns(
        pl.Series("target", [str(bunch.target_names[int(label)]) for label in bunch.target], dtype=pl.String)
    )
