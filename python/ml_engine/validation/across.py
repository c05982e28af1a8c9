"""Rules about several columns of a row."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import polars as pl

from ml_engine.cells import number
from ml_engine.validation.plans import Kwargs, Plan, RuleError, Scope, Verdict, each_value
from ml_engine.validation.values import as_list, column_name, literal, need, need_list, need_numbers

Builder = Callable[[Kwargs, Scope], Plan]


def _rows_kept(kwargs: Kwargs, columns: Sequence[pl.Expr], default: str, words: tuple[str, str]) -> pl.Expr:
    """Which rows `ignore_row_if` leaves to be judged; `words` are its values for all and for any missing."""
    ignore = str(kwargs.get("ignore_row_if", default))
    nulls = [column.is_null() for column in columns]
    if ignore == words[0]:
        return ~pl.all_horizontal(nulls)
    if ignore == words[1]:
        return ~pl.any_horizontal(nulls)
    if ignore in ("neither", "never"):
        return pl.any_horizontal(nulls).is_not_null()
    raise RuleError(f"`ignore_row_if` is {words[0]}, {words[1]} or never")


def _pair(
    kwargs: Kwargs, scope: Scope, unexpected: Callable[[pl.Expr, pl.Expr], pl.Expr], words: str, *, ordered: bool = True
) -> Plan:
    a, b = column_name(kwargs, scope, "column_A"), column_name(kwargs, scope, "column_B")
    one, two = scope.schema[a], scope.schema[b]
    if ordered and (one.is_numeric(), one.is_temporal()) != (two.is_numeric(), two.is_temporal()):
        raise RuleError(f"`{a}` ({one}) and `{b}` ({two}) cannot be compared")
    left, right = scope.column(a), scope.column(b)
    default = "both_values_are_missing"
    keep = _rows_kept(kwargs, [left, right], default, (default, "either_value_is_missing"))
    wrong = unexpected(left, right).fill_null(True)
    plan = each_value(left, wrong, scope, kwargs, words, judged=keep, show=pl.struct(left.alias("a"), right.alias("b")))
    return Plan(lambda found: _as_pairs(plan.judge(found)), plan.expressions, plan.examples)


def _as_pairs(verdict: Verdict) -> Verdict:
    pairs = [list(one.values()) if isinstance(one, dict) else one for one in verdict.partial_unexpected_list]
    return replace(verdict, partial_unexpected_list=pairs)


def greater(kwargs: Kwargs, scope: Scope) -> Plan:
    words = f"have no `{kwargs.get('column_A')}` greater than `{kwargs.get('column_B')}`"
    return _pair(kwargs, scope, lambda a, b: a < b if kwargs.get("or_equal") else a <= b, words)


def equal(kwargs: Kwargs, scope: Scope) -> Plan:
    words = f"differ between `{kwargs.get('column_A')}` and `{kwargs.get('column_B')}`"
    return _pair(kwargs, scope, lambda a, b: a.ne_missing(b), words)


def pair_in_set(kwargs: Kwargs, scope: Scope) -> Plan:
    given = [as_list(pair) for pair in need_list(kwargs, "value_pairs_set")]
    if any(len(pair) != 2 for pair in given):
        raise RuleError("`value_pairs_set` is a list of pairs")
    types = [scope.schema[column_name(kwargs, scope, key)] for key in ("column_A", "column_B")]

    def unexpected(a: pl.Expr, b: pl.Expr) -> pl.Expr:
        inside = [_is(a, one, types[0]) & _is(b, two, types[1]) for one, two in given]
        return ~pl.any_horizontal(inside)

    return _pair(kwargs, scope, unexpected, "are pairs that are not in the set", ordered=False)


def _is(values: pl.Expr, wanted: object, dtype: pl.DataType) -> pl.Expr:
    return values.is_null() if wanted is None else values.eq_missing(literal(wanted, dtype))


def _several(kwargs: Kwargs, scope: Scope) -> tuple[list[str], list[pl.Expr], pl.Expr]:
    """The columns of `column_list`: their names, their values, and which rows are judged."""
    names = [column_name({"column": name}, scope) for name in need_list(kwargs, "column_list")]
    every = [scope.column(name) for name in names]
    keep = _rows_kept(kwargs, every, "all_values_are_missing", ("all_values_are_missing", "any_value_is_missing"))
    return names, every, keep


def _records(kwargs: Kwargs, scope: Scope, wrong: Callable[[list[pl.Expr], pl.Expr], pl.Expr], words: str) -> Plan:
    names, values, keep = _several(kwargs, scope)
    shown = pl.struct(value.alias(name) for name, value in zip(names, values, strict=True))
    return each_value(
        values[0], wrong(values, keep), scope, kwargs, f"{words} {', '.join(names)}", judged=keep, show=shown
    )


def compound_unique(kwargs: Kwargs, scope: Scope) -> Plan:
    return _records(kwargs, scope, lambda values, _: pl.struct(values).is_duplicated(), "are not unique over")


def unique_within_record(kwargs: Kwargs, scope: Scope) -> Plan:
    """The values of each row differ from each other; two that are missing are equal."""

    def wrong(values: list[pl.Expr], _: pl.Expr) -> pl.Expr:
        texts = [value.cast(pl.String) for value in values]
        same = [texts[i].eq_missing(texts[j]) for i in range(len(texts)) for j in range(i)]
        if not same:
            raise RuleError("`column_list` needs two columns or more")
        return pl.any_horizontal(same)

    return _records(kwargs, scope, wrong, "repeat a value within")


def multicolumn_equal(kwargs: Kwargs, scope: Scope) -> Plan:
    """The values of each row are all the same; numbers are compared as numbers."""

    def wrong(values: list[pl.Expr], _: pl.Expr) -> pl.Expr:
        if len(values) < 2:
            raise RuleError("`column_list` needs two columns or more")
        types = [scope.schema[str(name)] for name in need_list(kwargs, "column_list")]
        alike = all(dtype.is_numeric() for dtype in types) or len({str(dtype) for dtype in types}) == 1
        compared = values if alike else [value.cast(pl.String) for value in values]
        return pl.any_horizontal([one.ne_missing(compared[0]) for one in compared[1:]])

    return _records(kwargs, scope, wrong, "differ over")


def multicolumn_sum(kwargs: Kwargs, scope: Scope) -> Plan:
    names, values, keep = _several(kwargs, scope)
    for name in names:
        need_numbers(name, scope.schema[name])
    total = number(need(kwargs, "sum_total"))
    if total is None:
        raise RuleError("`sum_total` is a number")
    sums = pl.sum_horizontal([value.cast(pl.Float64) for value in values])
    wrong = (sums - total).abs() > 1e-9 * max(1.0, abs(total))
    shown = pl.struct(value.alias(name) for name, value in zip(names, values, strict=True))
    return each_value(values[0], wrong, scope, kwargs, f"do not add up to {total:g}", judged=keep, show=shown)


ACROSS: dict[str, Builder] = {
    "expect_column_pair_values_a_to_be_greater_than_b": greater,
    "expect_column_pair_values_to_be_equal": equal,
    "expect_column_pair_values_to_be_in_set": pair_in_set,
    "expect_compound_columns_to_be_unique": compound_unique,
    "expect_select_column_values_to_be_unique_within_record": unique_within_record,
    "expect_multicolumn_values_to_be_unique": unique_within_record,
    "expect_multicolumn_values_to_be_equal": multicolumn_equal,
    "expect_multicolumn_sum_to_equal": multicolumn_sum,
}
