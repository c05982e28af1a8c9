"""Rules about each value of one column."""

from collections.abc import Callable, Sequence

import polars as pl

from ml_engine.validation.plans import Kwargs, Plan, RuleError, Scope, Verdict, count, each_value, range_words
from ml_engine.validation.values import (
    as_series,
    column_name,
    literal,
    named_group,
    need,
    need_list,
    need_numbers,
    need_text,
    type_group,
)

Builder = Callable[[Kwargs, Scope], Plan]


def not_null(kwargs: Kwargs, scope: Scope) -> Plan:
    every = scope.column(column_name(kwargs, scope))
    return each_value(every, every.is_null(), every, kwargs, "are missing")


def null(kwargs: Kwargs, scope: Scope) -> Plan:
    every = scope.column(column_name(kwargs, scope))
    return each_value(every, every.is_not_null(), every, kwargs, "are not missing")


def unique(kwargs: Kwargs, scope: Scope) -> Plan:
    every = scope.column(column_name(kwargs, scope))
    values = every.drop_nulls()
    return each_value(values, values.is_duplicated(), every, kwargs, "are not unique")


def in_set(kwargs: Kwargs, scope: Scope) -> Plan:
    name = column_name(kwargs, scope)
    every = scope.column(name)
    values = every.drop_nulls()
    allowed = as_series(need_list(kwargs, "value_set"), scope.schema[name])
    return each_value(values, ~values.cast(allowed.dtype).is_in(allowed.implode()), every, kwargs, "are not in the set")


def not_in_set(kwargs: Kwargs, scope: Scope) -> Plan:
    name = column_name(kwargs, scope)
    every = scope.column(name)
    values = every.drop_nulls()
    banned = as_series(need_list(kwargs, "value_set"), scope.schema[name])
    return each_value(
        values, values.cast(banned.dtype).is_in(banned.implode()), every, kwargs, "are in the set they must not be in"
    )


def between(kwargs: Kwargs, scope: Scope) -> Plan:
    name = column_name(kwargs, scope)
    every = scope.column(name)
    values, dtype = every.drop_nulls(), scope.schema[name]
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    if low is None and high is None:
        raise RuleError("needs `min_value` or `max_value`")
    outside = pl.lit(False)
    if low is not None:
        outside = outside | (
            values <= literal(low, dtype) if kwargs.get("strict_min") else values < literal(low, dtype)
        )
    if high is not None:
        outside = outside | (
            values >= literal(high, dtype) if kwargs.get("strict_max") else values > literal(high, dtype)
        )
    return each_value(values, outside, every, kwargs, f"are not {range_words(kwargs)}")


def of_type(kwargs: Kwargs, scope: Scope) -> Plan:
    return _typed(kwargs, scope, [need(kwargs, "type_")])


def in_type_list(kwargs: Kwargs, scope: Scope) -> Plan:
    return _typed(kwargs, scope, need_list(kwargs, "type_list"))


def _typed(kwargs: Kwargs, scope: Scope, wanted: Sequence[object]) -> Plan:
    name = column_name(kwargs, scope)
    found = type_group(scope.schema[name])
    fits = found in {named_group(one) for one in wanted} or str(scope.schema[name]).lower() in {
        str(one).lower() for one in wanted
    }
    reason = "" if fits else f"is {scope.schema[name]}, not {' or '.join(str(one) for one in wanted)}."

    def judge(values: dict[str, object]) -> Verdict:
        return Verdict(
            fits, reason, count(values["elements"]), count(values["missing"]), observed_value=str(scope.schema[name])
        )

    every = scope.column(name)
    return Plan(lambda values: judge(dict(values)), {"elements": every.len(), "missing": every.null_count()})


def lengths_between(kwargs: Kwargs, scope: Scope) -> Plan:
    name = column_name(kwargs, scope)
    need_text(name, scope.schema[name])
    every = scope.column(name)
    values = every.drop_nulls()
    lengths = values.str.len_chars().cast(pl.Int64)
    if kwargs.get("min_value") is None and kwargs.get("max_value") is None:
        raise RuleError("needs `min_value` or `max_value`")
    outside = pl.lit(False)
    if kwargs.get("min_value") is not None:
        low = literal(kwargs["min_value"], pl.Int64())
        outside = outside | (lengths <= low if kwargs.get("strict_min") else lengths < low)
    if kwargs.get("max_value") is not None:
        high = literal(kwargs["max_value"], pl.Int64())
        outside = outside | (lengths >= high if kwargs.get("strict_max") else lengths > high)
    return each_value(values, outside, every, kwargs, f"have no length {range_words(kwargs)}")


def lengths_equal(kwargs: Kwargs, scope: Scope) -> Plan:
    wanted = need(kwargs, "value")
    return lengths_between({**kwargs, "min_value": wanted, "max_value": wanted}, scope)


def _ordered(kwargs: Kwargs, scope: Scope, sign: int, words: str) -> Plan:
    name = column_name(kwargs, scope)
    every = scope.column(name)
    values = every.drop_nulls()
    before = values.shift(1)
    later, earlier = (values, before) if sign > 0 else (before, values)
    wrong = (later <= earlier) if kwargs.get("strictly") else (later < earlier)
    return each_value(values, wrong, every, kwargs, words)


def increasing(kwargs: Kwargs, scope: Scope) -> Plan:
    return _ordered(kwargs, scope, 1, "do not come after the one before")


def decreasing(kwargs: Kwargs, scope: Scope) -> Plan:
    return _ordered(kwargs, scope, -1, "do not come before the one before")


def z_scores(kwargs: Kwargs, scope: Scope) -> Plan:
    """|z| (z where `double_sided` is false) stays below `threshold`; z = (x - mean) / standard deviation, ddof 1."""
    name = column_name(kwargs, scope)
    need_numbers(name, scope.schema[name])
    limit = literal(need(kwargs, "threshold"), pl.Float64())
    every = scope.column(name)
    values = every.drop_nulls()
    finite = values.cast(pl.Float64)
    spread = finite.std()
    z = pl.when(spread > 0).then((finite - finite.mean()) / spread).otherwise(0.0)
    return each_value(
        values,
        (z.abs() if kwargs.get("double_sided", True) else z) >= limit,
        every,
        kwargs,
        f"lie {kwargs['threshold']} or more standard deviations out",
    )


COLUMN_VALUES: dict[str, Builder] = {
    "expect_column_values_to_not_be_null": not_null,
    "expect_column_values_to_be_null": null,
    "expect_column_values_to_be_unique": unique,
    "expect_column_values_to_be_in_set": in_set,
    "expect_column_values_to_not_be_in_set": not_in_set,
    "expect_column_values_to_be_between": between,
    "expect_column_values_to_be_of_type": of_type,
    "expect_column_values_to_be_in_type_list": in_type_list,
    "expect_column_value_lengths_to_be_between": lengths_between,
    "expect_column_value_lengths_to_equal": lengths_equal,
    "expect_column_values_to_be_increasing": increasing,
    "expect_column_values_to_be_decreasing": decreasing,
    "expect_column_value_z_scores_to_be_less_than": z_scores,
}
