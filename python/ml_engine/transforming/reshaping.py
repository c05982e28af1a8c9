"""Steps that make other rows of the rows there are, or look at a row's neighbours."""

from collections.abc import Sequence

import polars as pl

from ml_engine.contract.data import Step
from ml_engine.errors import OpError
from ml_engine.names import require_column
from ml_engine.transforming.functions import AGGREGATES, FORWARD, WINDOWED, aggregate_of, parse_call, window_of
from ml_engine.transforming.outcome import Outcome, new_name, visible
from ml_engine.transforming.steps import default_method

MOST_COLUMNS = 200
"""Columns a pivot may make."""
AT = "\x00at"


def lazy_aggregate(plan: pl.LazyFrame, step: Step, field: str) -> pl.LazyFrame:
    """One row a group, in the order in which groups first appear; without `group`, one row.

    Raises:
        OpError: a column is not there, or `map` holds no function that fits.
    """
    names = plan.collect_schema().names()
    group = [require_column(f"{field}.group", name, names) for name in step.get("group", [])]
    values: list[pl.Expr] = []
    for name, text in step.get("map", {}).items():
        call = parse_call(text, AGGREGATES, plan, f"{field}.map.{name}")
        if new_name(name, f"{field}.map") in group:
            raise OpError("invalid_input", f"{field}.map: `{name}` is a column of `group`")
        values.append(aggregate_of(call).alias(name))
    if not group:
        return plan.select(values)
    # Groups come in no order from a streamed plan; the keys give one that is the same on every run.
    return plan.group_by(group).agg(values).sort(group, nulls_last=True)


def aggregate(frame: pl.DataFrame, step: Step, field: str) -> Outcome:
    """`lazy_aggregate` of rows that are in memory."""
    return Outcome(lazy_aggregate(frame.lazy(), step, field).collect(), aggregate_note(step))


def aggregate_note(step: Step) -> str:
    """What was computed, by which columns."""
    group = step.get("group", [])
    said = ", ".join(f"{name} = {text}" for name, text in list(step.get("map", {}).items())[:8])
    return f"{said} by {', '.join(group)}" if group else said


def window(frame: pl.DataFrame, step: Step, field: str) -> Outcome:
    """New columns from the rows before a row and the row itself, within its group, in the order of `by`.

    Raises:
        OpError: a column is not there, `by` has missing values, or `map` holds no function that fits.
    """
    by, names = step.get("by"), visible(frame)
    group = [require_column(f"{field}.group", name, names) for name in step.get("group", [])]
    size = int(step["size"]) if "size" in step else None
    ordered, said = frame.with_row_index(AT), list[str]()
    if by is not None:
        require_column(f"{field}.by", by, names)
        if nulls := frame[by].null_count():
            raise OpError(
                "invalid_input", f"{field}.by: `{by}` is missing in {nulls} rows", "Filter them out or impute first."
            )
        ordered = ordered.sort(by, maintain_order=True)
        ties = frame.height - frame.select([*group, by]).unique().height
        if ties:
            said.append(f"{field}: {ties} rows share `{by}` with another; those are taken in the order of the rows.")
    made: list[pl.Expr] = []
    forward: list[str] = []
    for name, text in step.get("map", {}).items():
        call = parse_call(text, WINDOWED, frame.select(names), f"{field}.map.{name}")
        value = window_of(call, size, max(frame.height, 1))
        made.append((value.over(group) if group else value).alias(new_name(name, f"{field}.map")))
        if call.function in FORWARD:
            forward.append(f"`{name}`")
    if forward:
        said.append(f"{field}: {', '.join(forward)} looks at later rows, which will not be known when it is used.")
    after = ordered.with_columns(made).sort(AT).drop(AT)
    note = aggregate_note(step) + (f", in order of {by}" if by else ", in the order of the rows")
    return Outcome(after, note, said)


def pivot(
    frame: pl.DataFrame, step: Step, field: str, levels: Sequence[str] | None = None
) -> tuple[Outcome, list[str]]:
    """One row a `group`, one column for each value of `by` (and each of `columns`); also those values.

    Args:
        levels: Values of `by` to make columns of; those of the table where None.

    Raises:
        OpError: a column is not there, or there would be too many.
    """
    by, names = step.get("by", ""), visible(frame)
    require_column(f"{field}.by", by, names)
    group = [require_column(f"{field}.group", name, names) for name in step.get("group", [])]
    method = step.get("method", default_method("pivot"))
    rest = [name for name in names if name not in (*group, by)]
    values = [require_column(f"{field}.columns", name, names) for name in step.get("columns", rest)]
    known = [str(one) for one in frame[by].drop_nulls().cast(pl.String).unique().sort()]
    used = known if levels is None else list(levels)
    if not values or len(used) * len(values) > MOST_COLUMNS:
        raise OpError(
            "invalid_input",
            f"{field}.by: `{by}` has {len(used)} values, which makes {len(used) * len(values)} columns; "
            f"1 to {MOST_COLUMNS} may be made",
        )
    made: list[pl.Expr] = []
    for level in used:
        for name in values:
            alias = level if len(values) == 1 else f"{name}_{level}"
            call = parse_call(f"{method}({name})", AGGREGATES, frame, field)
            own = pl.col(name).filter(pl.col(by).cast(pl.String) == level)
            cell = AGGREGATES[call.function](own, 0.0)
            empty = pl.col(by).cast(pl.String).eq(level).sum() == 0
            made.append(pl.when(empty).then(None).otherwise(cell).alias(new_name(alias, f"{field}.by")))
    whole = frame.group_by(group, maintain_order=True).agg(made)
    several = frame.select([*group, by]).is_duplicated().sum()
    said = [f"{field}: {several} rows share their cell with another; the {method} was taken."] if several else []
    strange = len(set(known) - set(used))
    if strange:
        said.append(f"{field}: {strange} values of `{by}` have no column, as they were not there when it was made.")
    return Outcome(whole, f"{len(used)} values of {by}, {method}", said), used


def unpivot(frame: pl.DataFrame, step: Step, field: str) -> Outcome:
    """One row for each of `columns`: the other columns (or `group`), then `variable` and `value`.

    Raises:
        OpError: a column is not there, or the values are of unlike types.
    """
    names = visible(frame)
    values = [require_column(f"{field}.columns", name, names) for name in step.get("columns", [])]
    index = [name for name in frame.columns if name not in values]
    if "group" in step:
        kept = [require_column(f"{field}.group", name, names) for name in step.get("group", [])]
        index = [name for name in frame.columns if name in kept or name not in names]
    types = {frame.schema[name] for name in values}
    if len(types) > 1 and not all(dtype.is_numeric() for dtype in types):
        listed = ", ".join(f"{name} {frame.schema[name]}" for name in values[:8])
        raise OpError("invalid_input", f"{field}.columns: unlike types: {listed}", "Cast them to one type first.")
    if clash := next((name for name in ("variable", "value") if name in index), None):
        raise OpError("invalid_input", f"{field}: there is a column `{clash}` already", "Rename it first.")
    long = frame.unpivot(values, index=index)
    return Outcome(long, f"{len(values)} columns into variable and value")
