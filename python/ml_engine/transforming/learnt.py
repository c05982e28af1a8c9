"""Steps that learn from rows: what they learn, as plain JSON, and how it is applied to any row."""

from collections.abc import Callable, Mapping
from typing import cast

import polars as pl

from ml_engine.cells import cell, number
from ml_engine.contract.data import Step
from ml_engine.errors import OpError
from ml_engine.names import require_column
from ml_engine.transforming.scaling import learn_scale, scale
from ml_engine.transforming.steps import default_method
from ml_engine.transforming.target_codes import apply_codes

Learnt = dict[str, dict[str, object]]
"""Column to what was learnt of it."""
MOST_LEVELS = 50
"""Columns a one-hot encoding may make of one."""
DEFAULT_BINS = 10


def learn(frame: pl.DataFrame, step: Step, field: str, spared: str | None = None) -> Learnt:
    """What `step` learns from the rows of `frame`; where it names no columns, all that fit but `spared`.

    A target encoding is learnt by `target_codes`, from more than one column.

    Raises:
        OpError: a column is not there or has a type that the step cannot work on.
    """
    method = step.get("method", default_method(step["op"]))
    learner, _, _ = LEARNERS[step["op"]]
    chosen = columns_for(frame, step, field, spared)
    return {name: learner(frame[name], method, step, field) for name in chosen}


def columns_for(frame: pl.DataFrame, step: Step, field: str, spared: str | None = None) -> list[str]:
    """The columns that `step` learns from: those it names, else all that fit but `spared`.

    Raises:
        OpError: a column is not there or has a type that the step cannot work on.
    """
    method = step.get("method", default_method(step["op"]))
    _, fits, what = LEARNERS[step["op"]]
    named = step.get("columns")
    names = [require_column(f"{field}.columns", name, frame.columns) for name in named] if named else []
    for name in names:
        if not fits(frame.schema[name], method):
            raise OpError(
                "invalid_input",
                f"{field}.columns: `{name}` is {frame.schema[name]}; {step['op']} {method} works on {what}",
            )
    chosen = names or [name for name, dtype in frame.schema.items() if fits(dtype, method) and name != spared]
    if step["op"] == "impute" and not names:
        chosen = [name for name in chosen if method != "constant" or _takes(frame.schema[name], step.get("value"))]
    return chosen


def apply_learnt(frame: pl.DataFrame, op: str, learnt: Learnt, field: str) -> pl.DataFrame:
    """`frame` with what was learnt applied to it.

    Raises:
        OpError: a column that was learnt of is not there.
    """
    for name in learnt:
        require_column(field, name, frame.columns)
    applied = {name: APPLIERS[op](name, found) for name, found in learnt.items()}
    columns: list[pl.Expr] = []
    for name in frame.columns:
        columns += applied.get(name, [pl.col(name)])
    return frame.select(columns)


def _numeric(dtype: pl.DataType, method: str) -> bool:
    del method
    return dtype.is_numeric()


def _imputable(dtype: pl.DataType, method: str) -> bool:
    return method in ("mode", "constant") or dtype.is_numeric()


def _encodable(dtype: pl.DataType, method: str) -> bool:
    del method
    return isinstance(dtype, (pl.String, pl.Boolean))


def _takes(dtype: pl.DataType, value: object) -> bool:
    return dtype == pl.String if isinstance(value, str) else dtype.is_numeric()


def _learn_impute(column: pl.Series, method: str, step: Step, field: str) -> dict[str, object]:
    if method == "constant":
        value = step.get("value")
        if not _takes(column.dtype, value):
            raise OpError(
                "invalid_input", f"{field}.value: {value!r} does not go into `{column.name}` ({column.dtype})"
            )
        return {"value": value}
    present = column.drop_nulls()
    if len(present) == 0:
        raise OpError(
            "invalid_input", f"{field}: `{column.name}` has no value to learn a {method} from", "Drop it first."
        )
    if method == "mode":
        return {"value": cell(present.mode().sort()[0])}
    finite = present.cast(pl.Float64).filter(present.cast(pl.Float64).is_finite())
    return {"value": finite.mean() if method == "mean" else finite.median()}


def _learn_scale(column: pl.Series, method: str, step: Step, field: str) -> dict[str, object]:
    del step, field
    return learn_scale(column, method)


def _learn_encode(column: pl.Series, method: str, step: Step, field: str) -> dict[str, object]:
    del step
    levels = [str(level) for level in column.drop_nulls().cast(pl.String).unique().sort()]
    if method == "onehot" and len(levels) > MOST_LEVELS:
        raise OpError(
            "invalid_input",
            f"{field}: `{column.name}` has {len(levels)} levels, more than {MOST_LEVELS} new columns",
            "Use method ordinal, or leave it out of `columns`.",
        )
    return {"method": method, "levels": levels}


def _learn_bin(column: pl.Series, method: str, step: Step, field: str) -> dict[str, object]:
    bins = int(step.get("size", DEFAULT_BINS))
    values = column.drop_nulls().cast(pl.Float64)
    finite = values.filter(values.is_finite())
    low, high = number(finite.min()), number(finite.max())
    if low is None or high is None:
        raise OpError("invalid_input", f"{field}: `{column.name}` has no value to learn bins from", "Drop it first.")
    if method == "width":
        return {"edges": [low + (high - low) * i / bins for i in range(1, bins)]}
    edges = (number(finite.quantile(i / bins, "linear")) for i in range(1, bins))
    return {"edges": sorted({edge for edge in edges if edge is not None})}


def _apply_impute(name: str, found: Mapping[str, object]) -> list[pl.Expr]:
    return [pl.col(name).fill_null(pl.lit(found["value"]))]


def _apply_encode(name: str, found: Mapping[str, object]) -> list[pl.Expr]:
    levels = cast(list[str], found["levels"])
    text = pl.col(name).cast(pl.String)
    if found["method"] == "target":
        return apply_codes(name, found)
    if found["method"] == "ordinal":
        # A level that was not there to be learnt is missing, not a number of its own.
        return [text.replace_strict(levels, list(range(len(levels))), default=None, return_dtype=pl.Int64).alias(name)]
    return [(text == level).fill_null(False).cast(pl.Int8).alias(f"{name}_{level}") for level in levels]


def _apply_bin(name: str, found: Mapping[str, object]) -> list[pl.Expr]:
    edges = cast(list[float], found["edges"])
    above = [(pl.col(name).cast(pl.Float64) >= edge).cast(pl.Int64) for edge in edges]
    counted = pl.sum_horizontal(above) if above else pl.lit(0, dtype=pl.Int64)
    return [pl.when(pl.col(name).is_not_null()).then(counted).alias(name)]


LEARNERS: dict[
    str, tuple[Callable[[pl.Series, str, Step, str], dict[str, object]], Callable[[pl.DataType, str], bool], str]
] = {
    "impute": (_learn_impute, _imputable, "numbers (text: mode or constant)"),
    "scale": (_learn_scale, _numeric, "numbers"),
    "encode": (_learn_encode, _encodable, "text and true/false"),
    "bin": (_learn_bin, _numeric, "numbers"),
}
APPLIERS: dict[str, Callable[[str, Mapping[str, object]], list[pl.Expr]]] = {
    "impute": _apply_impute,
    "scale": scale,
    "encode": _apply_encode,
    "bin": _apply_bin,
}
