"""Steps that learn nothing: each takes a table and gives one."""

from collections.abc import Callable

import numpy as np
import polars as pl

from ml_engine.contract.data import Step
from ml_engine.errors import OpError
from ml_engine.expressions import condition, sql_expression
from ml_engine.names import require_column
from ml_engine.transforming.casts import TYPES, as_type, date_columns
from ml_engine.transforming.cleaning import cleaned
from ml_engine.transforming.near import deduplicate_near
from ml_engine.transforming.outcome import PART, hidden, new_name, visible
from ml_engine.transforming.steps import default_method

DATE_DEFAULT = ["year", "month", "day", "weekday"]


def run_plain(frame: pl.DataFrame, step: Step, seed: int, field: str) -> tuple[pl.DataFrame, str]:
    """`frame` after `step`, and a note on what it did that rows and columns do not show.

    Raises:
        OpError: a column is not there, an expression is wrong, or values cannot be cast.
    """
    by_chance = BY_CHANCE.get(step["op"])
    return PLAIN[step["op"]](frame, step, field) if by_chance is None else by_chance(frame, step, seed, field)


def _columns(frame: pl.DataFrame, step: Step, field: str, fits: Callable[[pl.DataType], bool], what: str) -> list[str]:
    named = step.get("columns")
    if not named:
        return [name for name in visible(frame) if fits(frame.schema[name])]
    for name in named:
        require_column(f"{field}.columns", name, visible(frame))
        if not fits(frame.schema[name]):
            raise OpError(
                "invalid_input", f"{field}.columns: `{name}` is {frame.schema[name]}; {step['op']} works on {what}"
            )
    return named


def _any(dtype: pl.DataType) -> bool:
    del dtype
    return True


def _select(frame: pl.DataFrame, step: Step, field: str) -> tuple[pl.DataFrame, str]:
    return frame.select([*dict.fromkeys(_columns(frame, step, field, _any, "")), *hidden(frame)]), ""


def _drop(frame: pl.DataFrame, step: Step, field: str) -> tuple[pl.DataFrame, str]:
    dropped = _columns(frame, step, field, _any, "")
    if len(set(dropped)) == len(visible(frame)):
        raise OpError("invalid_input", f"{field}.columns: no column would be left")
    return frame.drop(dropped), ""


def _rename(frame: pl.DataFrame, step: Step, field: str) -> tuple[pl.DataFrame, str]:
    names = step.get("map", {})
    for old in names:
        require_column(f"{field}.map", old, visible(frame))
    after = [names.get(name, name) for name in frame.columns]
    twice = next((name for name in after if after.count(name) > 1 or not name.strip() or len(name) > 256), None)
    if twice is not None:
        raise OpError("invalid_input", f"{field}.map: `{twice}` would be the name of two columns, blank, or too long")
    return frame.rename(names), ", ".join(f"{old} → {new}" for old, new in list(names.items())[:8])


def _cast(frame: pl.DataFrame, step: Step, field: str) -> tuple[pl.DataFrame, str]:
    made: list[pl.Series] = []
    for name, wanted in step.get("map", {}).items():
        require_column(f"{field}.map", name, visible(frame))
        if wanted not in TYPES:
            raise OpError("invalid_input", f"{field}.map.{name}: no type `{wanted}`", f"One of {', '.join(TYPES)}.")
        made.append(as_type(frame[name], wanted, field))
    return frame.with_columns(made), ", ".join(
        f"{name} to {wanted}" for name, wanted in list(step.get("map", {}).items())[:8]
    )


def _filter(frame: pl.DataFrame, step: Step, field: str) -> tuple[pl.DataFrame, str]:
    text = step.get("expression", "")
    kept = frame.filter(condition(text, frame.select(visible(frame)), f"{field}.expression"))
    return kept, text[:120]


def _derive(frame: pl.DataFrame, step: Step, field: str) -> tuple[pl.DataFrame, str]:
    name, text = new_name(step.get("as", ""), f"{field}.as"), step.get("expression", "")
    expression = sql_expression(text, frame.select(visible(frame)), f"{field}.expression")
    return frame.with_columns(expression.alias(name)), f"{name} = {text[:100]}"


def _clean_text(frame: pl.DataFrame, step: Step, field: str) -> tuple[pl.DataFrame, str]:
    names = _columns(frame, step, field, lambda dtype: dtype == pl.String, "text")
    if not names:
        return frame, "no text column"
    after = cleaned(step, names, frame, field)
    changed = sum(int(frame[name].ne_missing(after[name]).sum()) for name in names)
    return after, f"{changed} values changed"


def _dates(frame: pl.DataFrame, step: Step, field: str) -> tuple[pl.DataFrame, str]:
    names = _columns(frame, step, field, lambda dtype: isinstance(dtype, (pl.Date, pl.Datetime)), "dates")
    made = [
        made
        for name in names
        for part in step.get("parts", DATE_DEFAULT)
        for made in date_columns(name, part, isinstance(frame.schema[name], pl.Date))
    ]
    return frame.with_columns(made), "" if names else "no date column"


def _deduplicate(frame: pl.DataFrame, step: Step, field: str) -> tuple[pl.DataFrame, str]:
    if step.get("method") == "near":
        near = deduplicate_near(frame, step, field)
        return near.frame, near.note
    names = _columns(frame, step, field, _any, "")
    return frame.unique(subset=names, keep="first", maintain_order=True), "the first of equal rows stays"


def _sample(frame: pl.DataFrame, step: Step, seed: int, field: str) -> tuple[pl.DataFrame, str]:
    size = step.get("size", 1.0)
    rows = round(size * frame.height) if size < 1 else int(size)
    if rows > frame.height or rows < 1:
        raise OpError("invalid_input", f"{field}.size: {rows} rows cannot be drawn from {frame.height}")
    chosen = np.sort(np.random.default_rng(seed).choice(frame.height, rows, replace=False))
    return frame[chosen.tolist()], f"{rows} rows at random"


def _rebalance(frame: pl.DataFrame, step: Step, seed: int, field: str) -> tuple[pl.DataFrame, str]:
    by, method = step.get("by", ""), step.get("method", default_method("rebalance"))
    require_column(f"{field}.by", by, visible(frame))
    in_train = (
        frame.with_row_index("\x00at").filter(pl.col(PART) == "train")
        if PART in frame.columns
        else frame.with_row_index("\x00at")
    )
    groups = [group["\x00at"].to_numpy() for group in in_train.partition_by(by, maintain_order=True)]
    sizes = [len(group) for group in groups]
    if len(groups) < 2 or len(groups) > 0.5 * max(in_train.height, 1):
        raise OpError(
            "invalid_input",
            f"{field}.by: `{by}` has {len(groups)} distinct values in {in_train.height} rows; it is no class column",
        )
    random = np.random.default_rng(seed)
    outside = sorted(set(range(frame.height)) - set(in_train["\x00at"].to_list()))
    if method == "under":
        kept = [np.sort(random.choice(group, min(sizes), replace=False)) for group in groups]
        return frame[
            sorted([*outside, *np.concatenate(kept).tolist()])
        ], f"{min(sizes)} rows a class in the train part" if outside else f"{min(sizes)} rows a class"
    more = [random.choice(group, max(sizes) - len(group), replace=True) for group in groups]
    return frame[[*range(frame.height), *np.concatenate(more).tolist()]], f"{max(sizes)} rows a class" + (
        " in the train part" if outside else ""
    )


def _sort(frame: pl.DataFrame, step: Step, field: str) -> tuple[pl.DataFrame, str]:
    names = _columns(frame, step, field, _any, "")
    return frame.sort(
        names, descending=step.get("descending", False), maintain_order=True, nulls_last=True
    ), f"by {', '.join(names)}"


PLAIN: dict[str, Callable[[pl.DataFrame, Step, str], tuple[pl.DataFrame, str]]] = {
    "select": _select,
    "drop": _drop,
    "rename": _rename,
    "cast": _cast,
    "filter": _filter,
    "derive": _derive,
    "clean_text": _clean_text,
    "dates": _dates,
    "deduplicate": _deduplicate,
    "sort": _sort,
}
BY_CHANCE: dict[str, Callable[[pl.DataFrame, Step, int, str], tuple[pl.DataFrame, str]]] = {
    "sample": _sample,
    "rebalance": _rebalance,
}
