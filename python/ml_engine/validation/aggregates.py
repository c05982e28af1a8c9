"""Rules about one number, or the set of values, of a column."""

from collections.abc import Callable, Mapping
from typing import cast

import polars as pl

from ml_engine.cells import cells, number
from ml_engine.validation.plans import SHOWN_VALUES, Kwargs, Plan, RuleError, Scope, Verdict, count, one_number, within
from ml_engine.validation.values import as_series, column_name, literal, need, need_list, need_numbers

Builder = Callable[[Kwargs, Scope], Plan]


def _number_of(words: str, measure: Callable[[pl.Expr], pl.Expr]) -> Builder:
    """A rule about a number computed from a column of numbers, missing values left out."""

    def build(kwargs: Kwargs, scope: Scope) -> Plan:
        name = column_name(kwargs, scope)
        need_numbers(name, scope.schema[name])
        return one_number(measure(scope.column(name).drop_nulls().cast(pl.Float64)), scope.column(name), kwargs, words)

    return build


def _extreme(words: str, measure: Callable[[pl.Expr], pl.Expr]) -> Builder:
    """A rule about the least or greatest value, dates among them."""

    def build(kwargs: Kwargs, scope: Scope) -> Plan:
        name = column_name(kwargs, scope)
        dtype = scope.schema[name]
        if dtype.is_numeric():
            return one_number(measure(scope.column(name).drop_nulls()), scope.column(name), kwargs, words)
        extreme = measure(scope.column(name))
        low, high = kwargs.get("min_value"), kwargs.get("max_value")
        if low is None and high is None:
            raise RuleError("needs `min_value` or `max_value`")
        inside = pl.lit(True)
        if low is not None:
            inside = inside & (
                extreme > literal(low, dtype) if kwargs.get("strict_min") else extreme >= literal(low, dtype)
            )
        if high is not None:
            inside = inside & (
                extreme < literal(high, dtype) if kwargs.get("strict_max") else extreme <= literal(high, dtype)
            )

        def judge(found: Mapping[str, object]) -> Verdict:
            success = bool(found["inside"])
            reason = "" if success else f"{words} is {found['observed']}, outside {low} … {high}."
            return Verdict(
                success,
                reason,
                count(found["elements"]),
                count(found["missing"]),
                observed_value=str(found["observed"]),
            )

        every = scope.column(name)
        return Plan(
            judge, {"inside": inside, "observed": extreme, "elements": every.len(), "missing": every.null_count()}
        )

    return build


def _counted(words: str, measure: Callable[[pl.Expr], pl.Expr]) -> Builder:
    """A rule about a number computed from a column of any type, given with its missing values."""

    def build(kwargs: Kwargs, scope: Scope) -> Plan:
        every = scope.column(column_name(kwargs, scope))
        return one_number(measure(every), every, kwargs, words)

    return build


def quantiles(kwargs: Kwargs, scope: Scope) -> Plan:
    """`quantile_ranges: {quantiles: [0.1, …], value_ranges: [[low, high], …]}`; null is an open end; nearest rank."""
    name = column_name(kwargs, scope)
    need_numbers(name, scope.schema[name])
    ranges = need(kwargs, "quantile_ranges")
    if not isinstance(ranges, dict):
        raise RuleError("`quantile_ranges` is {quantiles, value_ranges}")
    given = cast(dict[str, object], ranges)
    levels = [number(level) for level in need_list(given, "quantiles")]
    limits = [cast(list[object], pair) for pair in need_list(given, "value_ranges")]
    if (
        len(levels) != len(limits)
        or any(level is None or not 0 <= level <= 1 for level in levels)
        or any(len(pair) != 2 for pair in limits)
    ):
        raise RuleError("`quantiles` are shares, each with one [low, high] in `value_ranges`")
    every = scope.column(name)
    values = every.drop_nulls().cast(pl.Float64)

    def judge(found: Mapping[str, object]) -> Verdict:
        observed = [number(found[f"q{i}"]) for i in range(len(levels))]
        held = [
            within(value, number(low), number(high), {}) for value, (low, high) in zip(observed, limits, strict=True)
        ]
        wrong = [
            f"quantile {level} is {value}, outside {low} … {high}"
            for level, value, (low, high), right in zip(levels, observed, limits, held, strict=True)
            if not right
        ]
        reason = "; ".join(wrong) + "." if wrong else ""
        return Verdict(
            not wrong,
            reason,
            count(found["elements"]),
            count(found["missing"]),
            observed_value={"quantiles": levels, "values": observed},
            details={"success_details": held},
        )

    ordered = values.sort()
    # The nearest rank, halves to the even one, as numpy has it.
    last = values.len().cast(pl.Float64) - 1
    ranks = [(last * (level or 0.0)).round(mode="half_to_even").clip(0).cast(pl.UInt32) for level in levels]
    measured = {f"q{i}": ordered.get(rank, null_on_oob=True) for i, rank in enumerate(ranks)}
    return Plan(judge, {**measured, "elements": every.len(), "missing": every.null_count()})


def _distinct(kind: str) -> Builder:
    """A rule about the set of distinct values: all `in` the given set, `equal` to it, or `contain` it.

    As in Great Expectations, `missing_count` of the last two counts entries of the set that never occur.
    """

    def build(kwargs: Kwargs, scope: Scope) -> Plan:
        name = column_name(kwargs, scope)
        wanted = as_series(need_list(kwargs, "value_set"), scope.schema[name]).unique(maintain_order=True)
        every = scope.column(name)
        distinct = every.drop_nulls().unique(maintain_order=True)
        strange = distinct.filter(~distinct.cast(wanted.dtype).is_in(wanted.implode()))
        have = distinct.cast(wanted.dtype).implode()
        given = pl.lit(wanted)
        lacking = given.filter(~given.is_in(have))

        def judge(found: Mapping[str, object]) -> Verdict:
            extra = count(found["extra"]) if kind != "contain" else 0
            absent = count(found["absent"]) if kind != "in" else 0
            extras = _listed(found["extras"]) if extra else []
            absents = _listed(found["absents"]) if absent else []
            examples = [*extras, *absents]
            words = [f"{extra} values outside the set"] * bool(extra) + [
                f"{absent} values of the set that never occur"
            ] * bool(absent)
            reason = f"{' and '.join(words)}: {', '.join(f'`{one}`' for one in examples[:6])}." if words else ""
            return Verdict(
                not words,
                reason,
                count(found["elements"]),
                absent if kind != "in" else count(found["missing"]),
                extra,
                partial_unexpected_list=extras,
                details={} if kind == "in" else {"partial_missing_list": absents},
            )

        return Plan(
            judge,
            {
                "extra": strange.len(),
                "extras": strange.head(SHOWN_VALUES).implode(),
                "absent": lacking.len(),
                "absents": lacking.head(SHOWN_VALUES).implode(),
                "elements": every.len(),
                "missing": every.null_count(),
            },
        )

    return build


def most_common(kwargs: Kwargs, scope: Scope) -> Plan:
    """The most common value is in `value_set`; of several equally common ones only with `ties_okay`."""
    name = column_name(kwargs, scope)
    wanted = as_series(need_list(kwargs, "value_set"), scope.schema[name])
    every = scope.column(name)
    modes = every.drop_nulls().mode().sort()

    def judge(found: Mapping[str, object]) -> Verdict:
        tie = count(found["ties"]) > 1
        success = bool(found["hit"]) and (not tie or bool(kwargs.get("ties_okay")))
        modes_found = _listed(found["modes"])
        named = ", ".join(f"`{one}`" for one in modes_found[:3])
        why = "which is a tie" if found["hit"] else "which is not in the set"
        reason = "" if success else f"the most common value is {named}, {why}."
        return Verdict(success, reason, count(found["elements"]), count(found["missing"]), observed_value=modes_found)

    return Plan(
        judge,
        {
            "hit": modes.cast(wanted.dtype).is_in(wanted.implode()).any(),
            "ties": modes.len(),
            "modes": modes.head(SHOWN_VALUES).implode(),
            "elements": every.len(),
            "missing": every.null_count(),
        },
    )


def _listed(value: object) -> list[str | float | bool | None]:
    return cells(cast(list[object], value)) if isinstance(value, list) else []


AGGREGATES: dict[str, Builder] = {
    "expect_column_mean_to_be_between": _number_of("the mean", lambda values: values.mean()),
    "expect_column_median_to_be_between": _number_of("the median", lambda values: values.median()),
    "expect_column_stdev_to_be_between": _number_of("the standard deviation", lambda values: values.std()),
    "expect_column_sum_to_be_between": _number_of("the sum", lambda values: values.sum()),
    "expect_column_min_to_be_between": _extreme("the least value", lambda values: values.min()),
    "expect_column_max_to_be_between": _extreme("the greatest value", lambda values: values.max()),
    "expect_column_unique_value_count_to_be_between": _counted(
        "the number of distinct values", lambda every: every.drop_nulls().n_unique()
    ),
    "expect_column_proportion_of_unique_values_to_be_between": _counted(
        "the share of distinct values", lambda every: every.drop_nulls().n_unique() / every.count()
    ),
    "expect_column_proportion_of_non_null_values_to_be_between": _counted(
        "the share of values that are not missing", lambda every: every.count() / every.len()
    ),
    "expect_column_quantile_values_to_be_between": quantiles,
    "expect_column_distinct_values_to_be_in_set": _distinct("in"),
    "expect_column_distinct_values_to_equal_set": _distinct("equal"),
    "expect_column_distinct_values_to_contain_set": _distinct("contain"),
    "expect_column_most_common_value_to_be_in_set": most_common,
}
