"""Steps that bring in the columns or rows of another dataset."""

from collections.abc import Sequence
from typing import Literal

import polars as pl

from ml_engine.contract.data import Step
from ml_engine.errors import OpError
from ml_engine.names import nearest, require_column
from ml_engine.transforming.outcome import PART, Named, Outcome, visible
from ml_engine.transforming.steps import default_method

How = Literal["left", "inner", "full", "semi", "anti"]
HOW: dict[str, How] = {"left": "left", "inner": "inner", "outer": "full", "semi": "semi", "anti": "anti"}


def named(others: Sequence[Named], name: str, field: str) -> Named:
    """The dataset that a step means by `name`: with or without its version.

    Raises:
        OpError: none of `with` is called so.
    """
    for other in others:
        base = other.name.partition("@")[0]
        if name in (other.name, base, base.partition(".")[0]):
            return other
    known = [other.name for other in others]
    guess = nearest(name, known)
    raise OpError(
        "not_found",
        f"{field}.with: `{name}` is none of the datasets in `with`" + (f"; did you mean `{guess}`?" if guess else ""),
        f"`with` has {', '.join(known)}." if known else f'Give it beside `steps`: `with: ["{name}"]`.',
    )


def join(frame: pl.DataFrame, step: Step, field: str, others: Sequence[Named]) -> Outcome:
    """`frame` with the columns of another table, or the rows that have (semi) or lack (anti) a match there.

    Rows keep their order. Null keys match nothing. Columns that both have and that are no keys get `_<name>` at their
    end.

    Raises:
        OpError: the keys are not there, are of unlike types, or match otherwise than `validate` says.
    """
    other = named(others, step.get("with", ""), field)
    method = step.get("method", default_method("join"))
    own, theirs = _keys(frame, other.frame, step, field)
    if method == "outer" and PART in frame.columns:
        raise OpError(
            "invalid_input", f"{field}.method: an outer join adds rows that have no part", "Put it before the split."
        )
    left, right = _alike(frame, other, own, theirs, field)
    repeated = _repeated(other.frame, theirs), _repeated(frame, own)
    _validate(step.get("validate"), repeated, other, field)
    stem = "".join(one if one.isalnum() else "_" for one in other.name.partition("@")[0].partition(".")[0])
    joined = left.join(
        right,
        left_on=own,
        right_on=theirs,
        how=HOW[method],
        suffix=f"_{stem}",
        coalesce=True,
        maintain_order="left_right" if method == "outer" else "left",
    )
    matched = left.join(right, left_on=own, right_on=theirs, how="semi").height
    told = f"{other.name}: {matched} of {frame.height} rows have a match"
    if method in ("semi", "anti"):
        return Outcome(joined, told)
    alone = {"inner": matched, "left": frame.height}.get(method, joined.height)
    return Outcome(joined, told, _said(joined.height - alone, matched, repeated, other, field))


def union(frame: pl.DataFrame, step: Step, field: str, others: Sequence[Named]) -> Outcome:
    """The rows of another table after those of `frame`, columns by name; what one of them lacks is null.

    Raises:
        OpError: a column has unlike types in the two, or the rows have parts already.
    """
    other = named(others, step.get("with", ""), field)
    for name in set(frame.columns) & set(other.frame.columns):
        mine, its = frame.schema[name], other.frame.schema[name]
        if mine != its and _kind(mine) != _kind(its) and not (mine.is_numeric() and its.is_numeric()):
            raise OpError(
                "invalid_input",
                f"{field}.with: `{name}` is {mine} here and {its} in `{other.name}`",
                "Cast one of them to the other's type first.",
            )
    lacking = [name for name in frame.columns if name not in other.frame.columns]
    extra = [name for name in other.frame.columns if name not in frame.columns]
    said = [
        f"{field}: {', '.join(f'`{name}`' for name in names[:10])} is missing in the rows of {where}."
        for names, where in ((lacking, other.name), (extra, "the dataset itself"))
        if names
    ]
    whole = pl.concat([frame, other.frame], how="diagonal_relaxed")
    return Outcome(whole, f"{other.frame.height} rows of {other.name}", said)


def _keys(frame: pl.DataFrame, other: pl.DataFrame, step: Step, field: str) -> tuple[list[str], list[str]]:
    pairs = {key: key for key in step.get("on", [])} or step.get("map", {})
    place = "on" if "on" in step else "map"
    for own, theirs in pairs.items():
        require_column(f"{field}.{place}", own, visible(frame))
        require_column(f"{field}.{place}, in `{step.get('with')}`", theirs, other.columns)
    return list(pairs), list(pairs.values())


def _kind(dtype: pl.DataType) -> str:
    if dtype.is_integer():
        return "integer"
    if dtype.is_float() or dtype.is_decimal():
        return "float"
    if isinstance(dtype, (pl.String, pl.Categorical, pl.Enum)):
        return "text"
    return "boolean" if dtype == pl.Boolean else "time" if dtype.is_temporal() else "other"


def _alike(
    frame: pl.DataFrame, other: Named, own: list[str], theirs: list[str], field: str
) -> tuple[pl.DataFrame, pl.DataFrame]:
    left, right = frame, other.frame
    for mine, its in zip(own, theirs, strict=True):
        first, second = left.schema[mine], right.schema[its]
        if first == second:
            continue
        if _kind(first) != _kind(second) and not (first.is_numeric() and second.is_numeric()):
            raise OpError(
                "invalid_input",
                f"{field}: key `{mine}` is {first} here and `{its}` is {second} in `{other.name}`",
                f'Cast one of them first: {{op: "cast", map: {{"{mine}": "text"}}}}.',
            )
        common = pl.Datetime("us") if first.is_temporal() else pl.Float64() if not first.is_integer() else pl.Int64()
        if first.is_integer() != second.is_integer():
            common = pl.Float64()
        left = left.with_columns(pl.col(mine).cast(common))
        right = right.with_columns(pl.col(its).cast(common))
    return left, right


def _repeated(frame: pl.DataFrame, keys: list[str]) -> int:
    """Rows whose key another row before them has."""
    present = frame.select(keys).drop_nulls()
    return present.height - present.unique().height


def _validate(wanted: str | None, repeated: tuple[int, int], other: Named, field: str) -> None:
    if wanted is None:
        return
    theirs, own = repeated
    if wanted.endswith("one") and theirs:
        raise OpError(
            "invalid_input",
            f"{field}.validate: not {wanted}: {theirs} rows of `{other.name}` repeat a key",
            "Aggregate or deduplicate it by the key first.",
        )
    if wanted.startswith("one") and own:
        raise OpError("invalid_input", f"{field}.validate: not {wanted}: {own} rows repeat a key")


def _said(more: int, matched: int, repeated: tuple[int, int], other: Named, field: str) -> list[str]:
    said: list[str] = []
    if matched == 0:
        said.append(f"{field}: no row has a match in {other.name}; are the keys written alike?")
    if more > 0:
        said.append(
            f"{field}: the join made {more} rows more, as {repeated[0]} rows of {other.name} repeat a key; "
            "`validate: many-to-one` refuses that."
        )
    if more > 0 and repeated[1]:
        said.append(f"{field}: many to many: {repeated[1]} own rows repeat a key too.")
    return said
