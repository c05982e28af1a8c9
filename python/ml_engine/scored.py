"""A model's outputs on the rows of a table that have a usable target."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl

from ml_engine.errors import OpError
from ml_engine.frames import labels_of
from ml_engine.metrics import Measure, measure_of
from ml_engine.models import Model
from ml_engine.names import require_column
from ml_engine.tables import Table

MOST_RANKED_CLASSES = 20
"""With more classes the ranking metrics get no interval: each would be sorted and summed in every resample."""


@dataclass(frozen=True)
class Scored:
    """`truth` holds class codes or numbers, `output` probabilities (rows × classes) or numbers."""

    model: Model
    frame: pl.DataFrame
    features: pd.DataFrame
    truth: np.ndarray
    output: np.ndarray
    warnings: list[str]

    @property
    def predicted(self) -> np.ndarray:
        return self.output.argmax(axis=1) if self.output.ndim == 2 else self.output

    @property
    def loss(self) -> np.ndarray:
        """Log loss, or squared error, of each row."""
        if self.output.ndim == 2:
            chosen = self.output[np.arange(len(self.truth)), self.truth]
            return -np.log(np.clip(chosen, 1e-15, 1.0))
        return (self.truth - self.output) ** 2

    def measure(self, output: np.ndarray | None = None, ranked: bool = True) -> Measure:
        """The metrics of the model's outputs, or of others for the same rows."""
        task = self.model.manifest["task"]
        return measure_of(task, self.truth, self.output if output is None else output, self.model.positive, ranked)


def score_table(model: Model, table: Table) -> Scored:
    """Runs the model on every row with a usable target; says which were left out.

    Raises:
        OpError: naming what the table lacks.
    """
    target = require_column("dataset", model.manifest["target"], table.frame.columns)
    values = table.frame.get_column(target)
    warnings: list[str] = [*table.warnings]
    if model.manifest["task"] == "classification":
        codes = labels_of(values).replace_strict(
            {label: code for code, label in enumerate(model.manifest["classes"])}, default=None, return_dtype=pl.Int64
        )
        unknown = codes.null_count() - values.null_count()
        if unknown:
            warnings.append(f"{unknown} rows have a `{target}` that the model does not know and were left out.")
    elif values.dtype.is_numeric():
        codes = values.cast(pl.Float64)
        codes = codes.set(~codes.is_finite().fill_null(value=False), None)
    else:
        raise OpError("invalid_input", f"dataset: `{target}` is {values.dtype}; the model predicts a number.")
    usable = codes.is_not_null()
    if values.null_count():
        warnings.append(f"{values.null_count()} of {len(values)} rows have no `{target}` and were left out.")
    if int(usable.sum()) < 2:
        raise OpError(
            "invalid_input",
            f"dataset: {int(usable.sum())} rows have a usable `{target}`; at least 2 are needed.",
            f"The model knows {', '.join(model.manifest['classes'][:10])}." if model.manifest["classes"] else None,
        )
    frame = table.frame.filter(usable)
    features = model.features(frame)
    return Scored(model, frame, features, codes.drop_nulls().to_numpy(), model.output(features), warnings)
