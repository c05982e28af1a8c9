"""Feature columns between polars, where tables live, and pandas, which scikit-learn takes."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd
import polars as pl

from ml_engine.contract.manifest import ColumnSchema
from ml_engine.errors import OpError
from ml_engine.names import require_column
from ml_engine.pipelines import plain_frame

Kind = Literal["numeric", "categorical", "date", "other"]


def kind_of(schema: ColumnSchema) -> Kind:
    """How a model reads a column: booleans are numbers, texts and enums are categories."""
    dtype = schema["dtype"]
    if dtype.startswith(("Int", "UInt", "Float", "Decimal", "Boolean")):
        return "numeric"
    if dtype.startswith("Date"):
        return "date"
    if dtype.startswith(("String", "Categorical", "Enum")):
        return "categorical"
    return "other"


def feature_frame(frame: pl.DataFrame, signature: Sequence[ColumnSchema], field: str = "dataset") -> pd.DataFrame:
    """The signature's columns, in its order: float64, object (str or None) or datetime64.

    Raises:
        OpError: `not_found` where a column is missing, `invalid_input` where it holds another kind of values.
    """
    read: dict[str, np.ndarray] = {}
    for schema in signature:
        name = require_column(field, schema["name"], frame.columns)
        read[name] = _read(frame.get_column(name), schema, field)
    return plain_frame(read)


def _read(column: pl.Series, schema: ColumnSchema, field: str) -> np.ndarray:
    kind = kind_of(schema)
    if kind == "numeric":
        cast = column.cast(pl.Float64, strict=False)
    elif kind == "date":
        cast = _dates(column)
    else:
        cast = column.cast(pl.String, strict=False)
    lost = cast.null_count() - column.null_count()
    if lost > max(0.5 * (len(column) - column.null_count()), 0):
        raise OpError(
            "invalid_input",
            f"{field}: column `{column.name}` is {column.dtype}, but the model was trained on {schema['dtype']}.",
            "Cast it with ml_data_transform.",
        )
    return cast.to_numpy().astype(object) if kind == "categorical" else cast.to_numpy()


def _dates(column: pl.Series) -> pl.Series:
    if column.dtype == pl.String:
        column = column.str.to_datetime(strict=False, time_unit="us")
    if isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone:
        column = column.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return column.cast(pl.Datetime("us"), strict=False)


def labels_of(column: pl.Series) -> pl.Series:
    """A target's values as labels: whole numbers without a decimal point, texts as they are."""
    if column.dtype.is_float() and not column.drop_nulls().is_empty() and _whole(column):
        column = column.cast(pl.Int64, strict=False)
    return column.cast(pl.String)


def _whole(column: pl.Series) -> bool:
    present = column.drop_nulls()
    return bool((present.is_finite() & (present == present.round())).all())


def row_prints(features: pd.DataFrame) -> np.ndarray:
    """A 64-bit fingerprint of each row of features (SipHash, pandas' fixed key), to find rows again."""
    return pd.util.hash_pandas_object(features, index=False).to_numpy(dtype=np.uint64)
