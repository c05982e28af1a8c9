"""What a rule computes and how it judges what came out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ml_engine.cells import Cell, cell, cells, number

SHOWN_VALUES = 20
Kwargs = Mapping[str, object]
Column = Callable[[str], pl.Expr]
"""A column by name, only of the rows that a rule's `row_condition` lets through."""


class RuleError(Exception):
    """A rule cannot be evaluated on this table: its message becomes the reason of the failure."""


@dataclass(frozen=True)
class Verdict:
    """How one rule ended, in Great Expectations' own result fields; `unexpected_percent` is 0 to 100."""

    success: bool
    reason: str = ""
    element_count: int = 0
    missing_count: int = 0
    unexpected_count: int = 0
    unexpected_percent: float = 0.0
    partial_unexpected_list: Sequence[Cell] = ()
    observed_value: Any = None


@dataclass(frozen=True)
class Plan:
    """Expressions of one value each, and the judgement on their values under the same keys."""

    judge: Callable[[Mapping[str, object]], Verdict]
    expressions: Mapping[str, pl.Expr] = field(default_factory=dict[str, pl.Expr])


@dataclass(frozen=True)
class Scope:
    """The table a rule is about: `column` filters by the rule's `row_condition`; `schema` is of the whole table."""

    column: Column
    schema: Mapping[str, pl.DataType]
    names: Sequence[str]


def each_value(
    values: pl.Expr, unexpected: pl.Expr, all_rows: pl.Expr, kwargs: Kwargs, words: str, *, show: pl.Expr | None = None
) -> Plan:
    """A plan that counts values.

    Args:
        values: the values judged, missing ones left out.
        unexpected: a flag for each of `values`, in their order.
        all_rows: the values with the missing ones, for `element_count`.
        words: what the values should be, for the reason.
        show: what to list instead of `values`.
    """
    flags = unexpected.fill_null(False)
    mostly = number(kwargs.get("mostly", 1.0))
    if mostly is None or not 0 <= mostly <= 1:
        raise RuleError("`mostly` is a share from 0 to 1")

    def judge(found: Mapping[str, object]) -> Verdict:
        elements, judged, bad = (count(found[key]) for key in ("elements", "judged", "unexpected"))
        listed = found["list"]
        shown = cells(listed) if isinstance(listed, list) else []  # pyright: ignore[reportUnknownArgumentType]
        share = bad / judged if judged else 0.0
        success = judged == 0 or 1 - share >= mostly - 1e-12
        needed = f" (at most {1 - mostly:.4g} allowed)" if mostly < 1 else ""
        sample = ", ".join(f"`{value}`" for value in list(dict.fromkeys(shown))[:3] if value is not None)
        example = f", e.g. {sample}" if sample else ""
        counted = f"{bad} of {judged} values ({100 * share:.2f} %)"
        reason = "" if success else f"{counted} {words}{needed}{example}."
        return Verdict(success, reason, elements, elements - judged, bad, round(100 * share, 4), shown)

    return Plan(
        judge,
        {
            "elements": all_rows.len(),
            "judged": values.len(),
            "unexpected": flags.sum(),
            "list": (values if show is None else show).filter(flags).head(SHOWN_VALUES).implode(),
        },
    )


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
