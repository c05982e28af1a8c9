"""A model beside rows whose outcome is known."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import polars as pl

from ml_engine.errors import OpError
from ml_engine.frames import labels_of, row_prints
from ml_engine.models import Model
from ml_engine.names import require_column
from ml_engine.tables import Table


@dataclass(frozen=True)
class Labelled:
    """The rows of a table that a model can be judged on."""

    frame: pl.DataFrame
    features: pd.DataFrame
    """What `Model.predict` and its siblings take."""
    truth: np.ndarray
    """Codes into the manifest's classes, or floats; shape (rows,)."""
    given: int
    warnings: list[str]

    @property
    def rows(self) -> int:
        return len(self.truth)

    def take(self, rows: np.ndarray) -> "Labelled":
        """The same on some of its rows, by position."""
        return replace(
            self,
            frame=self.frame[rows],
            features=self.features.iloc[rows].reset_index(drop=True),
            truth=self.truth[rows],
        )

    def sample(self, most: int, seed: int) -> "Labelled":
        """At most so many rows, drawn without replacement, in their order."""
        if self.rows <= most:
            return self
        return self.take(np.sort(np.random.default_rng(seed).choice(self.rows, most, replace=False)))


def labelled_rows(model: Model, table: Table) -> Labelled:
    """Rows of `table` with a usable target, and their features.

    Raises:
        OpError: `not_found` where the target or a feature is not a column; `invalid_input` where no row can be judged.
    """
    target, classes = model.manifest["target"], model.manifest["classes"]
    require_column("dataset", target, table.frame.columns)
    warnings = list(table.warnings)
    column = table.frame.get_column(target)
    if model.manifest["task"] == "classification":
        labels = labels_of(column)
        unknown = sorted(set(labels.drop_nulls().unique()) - set(classes))
        truth = labels.replace_strict(classes, list(range(len(classes))), default=None, return_dtype=pl.Int64)
        if unknown:
            named = ", ".join(f"`{label}`" for label in unknown[:5])
            warnings.append(f"Rows with {target} = {named} were left out: the model does not know that label.")
    else:
        truth = column.cast(pl.Float64, strict=False)
        truth = truth.set(~truth.is_finite(), None)
    usable = truth.is_not_null()
    frame = table.frame.filter(usable)
    if frame.height == 0:
        known = f"its labels are {', '.join(classes[:10])}" if classes else "it predicts a number"
        raise OpError(
            "invalid_input",
            f"dataset: no row of {table.name} has a `{target}` that {model.name} can be judged by; {known}.",
            "Use a dataset with the same target as the model was trained on.",
        )
    return Labelled(
        frame=frame,
        features=model.features(frame),
        truth=truth.filter(usable).to_numpy(),
        given=table.frame.height,
        warnings=warnings,
    )


def training_rows_seen(model: Model, features: pd.DataFrame) -> float:
    """Share of the rows that the model was trained on, by their features' fingerprints."""
    return float(np.isin(row_prints(features), model.training_rows).mean()) if len(features) else 0.0
