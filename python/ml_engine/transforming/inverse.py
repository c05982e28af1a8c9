"""The way back from a kept pipeline, for the steps that have one."""

from collections.abc import Callable, Mapping
from typing import cast

import polars as pl

from ml_engine.errors import OpError
from ml_engine.transforming.kept import Kept
from ml_engine.transforming.learnt import Learnt
from ml_engine.transforming.scaling import unscale

NEUTRAL = ("filter", "deduplicate", "sample", "rebalance", "sort", "split")
"""Steps that choose or order rows and change no value."""


def invert(frame: pl.DataFrame, steps: list[Kept]) -> pl.DataFrame:
    """`frame` with the values it had before `steps`, the last of them undone first.

    Scales, renames and one-hot or ordinal codes have a way back; a level that was not there to be learnt comes back as
    null. A column that `derive` added is dropped.

    Raises:
        OpError: naming the first step, from the last, that cannot be undone.
    """
    for kept in reversed(steps):
        op = kept["step"]["op"]
        if op in NEUTRAL:
            continue
        frame = _undo(op, kept)(frame)
    return frame


def _undo(op: str, kept: Kept) -> Callable[[pl.DataFrame], pl.DataFrame]:
    step, learnt = kept["step"], kept["learnt"]
    if op == "rename":
        back = {new: old for old, new in step.get("map", {}).items()}
        return lambda frame: frame.rename(back, strict=False)
    if op == "derive":
        return lambda frame: frame.drop(step.get("as", ""), strict=False)
    if op == "scale":
        return lambda frame: frame.with_columns([unscale(name, found) for name, found in learnt.items()])
    if op == "encode" and step.get("method") != "target":
        return lambda frame: _decoded(frame, learnt)
    method = f" {step['method']}" if "method" in step else ""
    raise OpError(
        "invalid_input",
        f"steps: `{op}{method}` has no way back",
        "Scale, rename and encode onehot or ordinal have one.",
    )


def _decoded(frame: pl.DataFrame, learnt: Learnt) -> pl.DataFrame:
    for name, found in learnt.items():
        levels = cast(list[str], found["levels"])
        if found["method"] == "ordinal":
            codes = list(range(len(levels)))
            frame = frame.with_columns(
                pl.col(name).replace_strict(codes, levels, default=None, return_dtype=pl.String).alias(name)
            )
        else:
            frame = _joined(frame, name, levels)
    return frame


def _joined(frame: pl.DataFrame, name: str, levels: list[str]) -> pl.DataFrame:
    """One column again where there was one a level, in the place of the first of them."""
    made: Mapping[str, str] = {f"{name}_{level}": level for level in levels}
    told = pl.coalesce(
        [pl.when(pl.col(column) == 1).then(pl.lit(level)) for column, level in made.items()]
        or [pl.lit(None, dtype=pl.String)]
    )
    place = next((at for at, column in enumerate(frame.columns) if column in made), 0)
    value = frame.select(told.alias(name)).to_series()
    return frame.drop(list(made)).insert_column(place, value)
