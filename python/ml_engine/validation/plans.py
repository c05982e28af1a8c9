"""What a rule computes and how it judges what came out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import polars as pl

from ml_engine.cells import Cell, cell, cells, number

SHOWN_VALUES = 20
KEPT_ROWS = 1000
"""Rows that a rule remembers as failing, for the export; the counts are of all."""
ROW = "\x00row"
Kwargs = Mapping[str, object]
Column = Callable[[str], pl.Expr]
"""A column by name, only of the rows that a rule's `row_condition` lets through."""
Shown = Cell | list[Cell] | dict[str, Cell]


class RuleError(Exception):
    """A rule cannot be evaluated on this table: its message becomes the reason of the failure."""


@dataclass(frozen=True)
class Verdict:
    """How one rule ended, in Great Expectations' own result fields; `unexpected_percent` is 0 to 100.

    `unexpected_index_list` holds the places of failing rows, counted from 0, at most KEPT_ROWS of them.
    """

    success: bool
    reason: str = ""
    element_count: int = 0
    missing_count: int = 0
    unexpected_count: int = 0
    unexpected_percent: float = 0.0
    partial_unexpected_list: Sequence[Shown] = ()
    observed_value: Any = None
    unexpected_index_list: Sequence[int] = ()
    details: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True)
class Plan:
    """Expressions of one value each, and the judgement on their values under the same keys.

    `examples` are computed only where `unexpected` is more than 0: finding rows costs far more than counting them.
    """

    judge: Callable[[Mapping[str, object]], Verdict]
    expressions: Mapping[str, pl.Expr] = field(default_factory=dict[str, pl.Expr])
    examples: Mapping[str, pl.Expr] = field(default_factory=dict[str, pl.Expr])


class Tables(Protocol):
    """The tables a rule may look at besides its own."""

    def other(self, name: str) -> pl.LazyFrame:
        """Another table by its name."""
        ...

    def query(self, sql: str, most: int) -> tuple[int, pl.DataFrame]:
        """How many rows one SELECT gives, and the first `most`; `{batch}` is the rule's own table."""
        ...


@dataclass(frozen=True)
class Scope:
    """The table a rule is about: `column` filters by the rule's `row_condition`; `schema` is of the whole table."""

    column: Column
    schema: Mapping[str, pl.DataType]
    names: Sequence[str]
    tables: Tables


def each_value(
    every: pl.Expr,
    unexpected: pl.Expr,
    scope: Scope,
    kwargs: Kwargs,
    words: str,
    *,
    judged: pl.Expr | None = None,
    show: pl.Expr | None = None,
) -> Plan:
    """A plan that counts values.

    Args:
        every: the values, missing ones among them.
        unexpected: a flag for each of `every`, in their order; a missing flag is none.
        scope: the table they come from.
        kwargs: the rule's arguments, for `mostly`.
        words: what the values should be, for the reason.
        judged: which of `every` are judged; those that are not missing where left out.
        show: what to list instead of `every`.
    """
    kept = every.is_not_null() if judged is None else judged
    flags = unexpected.fill_null(False) & kept
    mostly = share_allowed(kwargs)

    def judge(found: Mapping[str, object]) -> Verdict:
        elements, counted, bad = (count(found[key]) for key in ("elements", "judged", "unexpected"))
        shown = [_shown(value) for value in listed(found.get("list"))]
        share = bad / counted if counted else 0.0
        success = counted == 0 or 1 - share >= mostly - 1e-12
        needed = f" (at most {1 - mostly:.4g} allowed)" if mostly < 1 else ""
        sample = ", ".join(f"`{value}`" for value in list(dict.fromkeys(map(_words, shown)))[:3] if value is not None)
        example = f", e.g. {sample}" if sample else ""
        told = f"{bad} of {counted} values ({100 * share:.2f} %)"
        return Verdict(
            success,
            "" if success else f"{told} {words}{needed}{example}.",
            elements,
            elements - counted,
            bad,
            100 * share,
            shown,
            unexpected_index_list=[count(place) for place in listed(found.get("rows"))],
        )

    return Plan(
        judge,
        {
            "elements": every.len(),
            "judged": kept.sum(),
            "unexpected": flags.sum(),
        },
        {
            "list": (every if show is None else show).filter(flags).head(SHOWN_VALUES).implode(),
            "rows": scope.column(ROW).filter(flags).head(KEPT_ROWS).implode(),
        },
    )


def share_allowed(kwargs: Kwargs) -> float:
    """`mostly`: the share of values that must be right.

    Raises:
        RuleError: it is no share.
    """
    mostly = number(kwargs.get("mostly", 1.0))
    if mostly is None or not 0 <= mostly <= 1:
        raise RuleError("`mostly` is a share from 0 to 1")
    return mostly


def listed(value: object) -> list[object]:
    """A list that an expression gave; empty for none."""
    return cast(list[object], value) if isinstance(value, list) else []


def _shown(value: object) -> Shown:
    if isinstance(value, dict):
        return {key: cell(one) for key, one in cast(dict[str, object], value).items()}
    return cells(cast(list[object], value)) if isinstance(value, list) else cell(value)


def _words(value: Shown) -> Cell:
    if isinstance(value, (dict, list)):
        parts = value.values() if isinstance(value, dict) else value
        return ", ".join("null" if part is None else str(part) for part in parts)
    return value


def one_number(observed: pl.Expr, all_rows: pl.Expr, kwargs: Kwargs, words: str) -> Plan:
    """A plan that holds one observed number against `min_value` and `max_value`, `strict_min` and `strict_max`."""
    low, high = bounds(kwargs)

    def judge(found: Mapping[str, object]) -> Verdict:
        value = found["observed"]
        inside = value is not None and within(number(value), low, high, kwargs)
        reason = "" if inside else f"{words} is {_said(value)}, not {range_words(kwargs)}."
        elements, missing = count(found["elements"]), count(found["missing"])
        return Verdict(inside, reason, elements, missing, observed_value=cell(value))

    return Plan(judge, {"observed": observed, "elements": all_rows.len(), "missing": all_rows.null_count()})


def bounds(kwargs: Kwargs) -> tuple[float | None, float | None]:
    """`min_value` and `max_value` as numbers; at least one must be there.

    Raises:
        RuleError: neither is a number.
    """
    low, high = number(kwargs.get("min_value")), number(kwargs.get("max_value"))
    if low is None and high is None:
        raise RuleError("needs `min_value` or `max_value`, a number")
    return low, high


def within(value: float | None, low: float | None, high: float | None, kwargs: Kwargs) -> bool:
    """Whether `value` lies between the bounds, each one included unless it is strict."""
    if value is None:
        return False
    above = low is None or (value > low if kwargs.get("strict_min") else value >= low)
    return above and (high is None or (value < high if kwargs.get("strict_max") else value <= high))


def range_words(kwargs: Kwargs) -> str:
    """`≥ 0 and < 10`: the range a rule asks for."""
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    parts = [f"{'>' if kwargs.get('strict_min') else '≥'} {low}"] if low is not None else []
    parts += [f"{'<' if kwargs.get('strict_max') else '≤'} {high}"] if high is not None else []
    return " and ".join(parts)


def count(value: object) -> int:
    """A count that an expression gave; 0 for none."""
    return int(value) if isinstance(value, (int, float)) else 0


def _said(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
