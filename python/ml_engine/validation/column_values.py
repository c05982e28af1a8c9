"""Rules about each value of one column."""

from collections.abc import Callable, Mapping, Sequence

import polars as pl

from ml_engine.cells import number
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
    return each_value(every, every.is_null(), scope, kwargs, "are missing", judged=every.is_null().is_not_null())


def null(kwargs: Kwargs, scope: Scope) -> Plan:
    every = scope.column(column_name(kwargs, scope))
    return each_value(
        every, every.is_not_null(), scope, kwargs, "are not missing", judged=every.is_null().is_not_null()
    )


def unique(kwargs: Kwargs, scope: Scope) -> Plan:
    every = scope.column(column_name(kwargs, scope))
    return each_value(every, every.is_duplicated(), scope, kwargs, "are not unique")


def in_set(kwargs: Kwargs, scope: Scope) -> Plan:
    name = column_name(kwargs, scope)
    every = scope.column(name)
    allowed = as_series(need_list(kwargs, "value_set"), scope.schema[name])
    return each_value(every, ~every.cast(allowed.dtype).is_in(allowed.implode()), scope, kwargs, "are not in the set")


def not_in_set(kwargs: Kwargs, scope: Scope) -> Plan:
    name = column_name(kwargs, scope)
    every = scope.column(name)
    banned = as_series(need_list(kwargs, "value_set"), scope.schema[name])
    inside = every.cast(banned.dtype).is_in(banned.implode())
    return each_value(every, inside, scope, kwargs, "are in the set they must not be in")


def between(kwargs: Kwargs, scope: Scope) -> Plan:
    name = column_name(kwargs, scope)
    every, dtype = scope.column(name), scope.schema[name]
    return each_value(every, _outside(every, dtype, kwargs), scope, kwargs, f"are not {range_words(kwargs)}")


def _outside(values: pl.Expr, dtype: pl.DataType, kwargs: Kwargs) -> pl.Expr:
    """Which of `values` lie beyond `min_value` and `max_value`, those included unless strict."""
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    if low is None and high is None:
        raise RuleError("needs `min_value` or `max_value`")
    outside = pl.lit(False)
    if low is not None:
        least = literal(low, dtype)
        outside = outside | (values <= least if kwargs.get("strict_min") else values < least)
    if high is not None:
        most = literal(high, dtype)
        outside = outside | (values >= most if kwargs.get("strict_max") else values > most)
    return outside


def of_type(kwargs: Kwargs, scope: Scope) -> Plan:
    return _typed(kwargs, scope, [need(kwargs, "type_")])


def in_type_list(kwargs: Kwargs, scope: Scope) -> Plan:
    return _typed(kwargs, scope, need_list(kwargs, "type_list"))


def _typed(kwargs: Kwargs, scope: Scope, wanted: Sequence[object]) -> Plan:
    name = column_name(kwargs, scope)
    dtype = str(scope.schema[name])
    fits = type_group(scope.schema[name]) in {named_group(one) for one in wanted} or dtype.lower() in {
        str(one).lower() for one in wanted
    }
    reason = "" if fits else f"is {dtype}, not {' or '.join(str(one) for one in wanted)}."

    def judge(found: Mapping[str, object]) -> Verdict:
        return Verdict(fits, reason, count(found["elements"]), count(found["missing"]), observed_value=dtype)

    every = scope.column(name)
    return Plan(judge, {"elements": every.len(), "missing": every.null_count()})


def lengths_between(kwargs: Kwargs, scope: Scope) -> Plan:
    name = column_name(kwargs, scope)
    need_text(name, scope.schema[name])
    every = scope.column(name)
    outside = _outside(every.str.len_chars().cast(pl.Int64), pl.Int64(), kwargs)
    return each_value(every, outside, scope, kwargs, f"have no length {range_words(kwargs)}")


def lengths_equal(kwargs: Kwargs, scope: Scope) -> Plan:
    wanted = need(kwargs, "value")
    return lengths_between({**kwargs, "min_value": wanted, "max_value": wanted}, scope)


def _ordered(kwargs: Kwargs, scope: Scope, sign: int, words: str) -> Plan:
    every = scope.column(column_name(kwargs, scope))
    before = every.forward_fill().shift(1)
    later, earlier = (every, before) if sign > 0 else (before, every)
    wrong = (later <= earlier) if kwargs.get("strictly") else (later < earlier)
    return each_value(every, wrong, scope, kwargs, words)


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
    values = every.cast(pl.Float64)
    spread = values.std()
    z = pl.when(spread > 0).then((values - values.mean()) / spread).otherwise(0.0)
    wrong = (z.abs() if kwargs.get("double_sided", True) else z) >= limit
    return each_value(every, wrong, scope, kwargs, f"lie {kwargs['threshold']} or more standard deviations out")


def outliers(kwargs: Kwargs, scope: Scope) -> Plan:
    """Values lie within `multiplier` interquartile ranges of the quartiles (`iqr`) or deviations of the mean."""
    name = column_name(kwargs, scope)
    need_numbers(name, scope.schema[name])
    every = scope.column(name)
    values = every.cast(pl.Float64)
    method = kwargs.get("method", "iqr")
    if method not in ("iqr", "std"):
        raise RuleError("`method` is iqr or std")
    reach = number(kwargs.get("multiplier", 1.5 if method == "iqr" else 3.0))
    if reach is None or reach <= 0:
        raise RuleError("`multiplier` is a number above 0")
    if method == "iqr":
        low, high = values.quantile(0.25, "linear"), values.quantile(0.75, "linear")
        margin = reach * (high - low)
    else:
        low = high = values.mean()
        margin = reach * values.std()
    wrong = (values < low - margin) | (values > high + margin)
    return each_value(every, wrong, scope, kwargs, f"are outliers ({method}, {reach:g})")


COLUMN_VALUES: dict[str, Builder] = {
    "expect_column_values_to_not_be_null": not_null,
    "expect_column_values_to_be_null": null,
    "expect_column_values_to_be_unique": unique,
    "expect_column_values_to_be_in_set": in_set,
    "expect_column_values_to_not_be_in_set": not_in_set,
    "expect_column_values_to_be_between": between,
    "expect_column_values_to_be_of_type": of_type,
    "expect_column_type_to_be": of_type,
    "expect_column_values_to_be_in_type_list": in_type_list,
    "expect_column_value_lengths_to_be_between": lengths_between,
    "expect_column_value_lengths_to_equal": lengths_equal,
    "expect_column_values_to_be_increasing": increasing,
    "expect_column_values_to_be_decreasing": decreasing,
    "expect_column_value_z_scores_to_be_less_than": z_scores,
    "expect_column_values_to_not_be_outliers": outliers,
}
