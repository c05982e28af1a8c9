"""Rules about several columns of a row, and about the table as a whole."""

from collections.abc import Callable, Sequence

import polars as pl

from ml_engine.cells import number
from ml_engine.names import nearest
from ml_engine.validation.plans import Kwargs, Plan, RuleError, Scope, Verdict, bounds, each_value, range_words, within
from ml_engine.validation.values import as_list, column_name, need, need_list, need_numbers

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
        return pl.any_horizontal(nulls) | True
    raise RuleError(f"`ignore_row_if` is {words[0]}, {words[1]} or never")


def _joined(values: Sequence[pl.Expr]) -> pl.Expr:
    return pl.concat_str([one.cast(pl.String).fill_null("null") for one in values], separator=", ")


def _pair(
    kwargs: Kwargs, scope: Scope, unexpected: Callable[[pl.Expr, pl.Expr], pl.Expr], words: str, *, ordered: bool = True
) -> Plan:
    a, b = column_name(kwargs, scope, "column_A"), column_name(kwargs, scope, "column_B")
    one, two = scope.schema[a], scope.schema[b]
    if ordered and (one.is_numeric(), one.is_temporal()) != (two.is_numeric(), two.is_temporal()):
        raise RuleError(f"`{a}` ({one}) and `{b}` ({two}) cannot be compared")
    left, right = scope.column(a), scope.column(b)
    keep = _rows_kept(
        kwargs, [left, right], "both_values_are_missing", ("both_values_are_missing", "either_value_is_missing")
    )
    first, second = left.filter(keep), right.filter(keep)
    wrong = unexpected(first, second).fill_null(True)
    return each_value(first, wrong, left, kwargs, words, show=_joined([first, second]))


def greater(kwargs: Kwargs, scope: Scope) -> Plan:
    words = f"have no `{kwargs.get('column_A')}` greater than `{kwargs.get('column_B')}`"
    return _pair(kwargs, scope, lambda a, b: a < b if kwargs.get("or_equal") else a <= b, words)


def equal(kwargs: Kwargs, scope: Scope) -> Plan:
    return _pair(
        kwargs,
        scope,
        lambda a, b: a.ne_missing(b),
        f"differ between `{kwargs.get('column_A')}` and `{kwargs.get('column_B')}`",
    )


def pair_in_set(kwargs: Kwargs, scope: Scope) -> Plan:
    allowed = [
        ", ".join("null" if value is None else str(value) for value in as_list(pair))
        for pair in need_list(kwargs, "value_pairs_set")
    ]
    return _pair(
        kwargs, scope, lambda a, b: ~_joined([a, b]).is_in(allowed), "are pairs that are not in the set", ordered=False
    )


def _several(kwargs: Kwargs, scope: Scope) -> tuple[list[str], list[pl.Expr], pl.Expr]:
    names = [column_name({"column": name}, scope) for name in need_list(kwargs, "column_list")]
    every = [scope.column(name) for name in names]
    keep = _rows_kept(kwargs, every, "all_values_are_missing", ("all_values_are_missing", "any_value_is_missing"))
    return names, [one.filter(keep) for one in every], every[0]


def compound_unique(kwargs: Kwargs, scope: Scope) -> Plan:
    names, values, every = _several(kwargs, scope)
    return each_value(
        values[0],
        pl.struct(values).is_duplicated(),
        every,
        kwargs,
        f"are not unique over {', '.join(names)}",
        show=_joined(values),
    )


def unique_within_record(kwargs: Kwargs, scope: Scope) -> Plan:
    names, values, every = _several(kwargs, scope)
    same = [
        values[i].cast(pl.String).eq_missing(values[j].cast(pl.String)) for i in range(len(values)) for j in range(i)
    ]
    if not same:
        raise RuleError("`column_list` needs two columns or more")
    return each_value(
        values[0],
        pl.any_horizontal(same),
        every,
        kwargs,
        f"repeat a value within {', '.join(names)}",
        show=_joined(values),
    )


def multicolumn_sum(kwargs: Kwargs, scope: Scope) -> Plan:
    names, values, every = _several(kwargs, scope)
    for name in names:
        need_numbers(name, scope.schema[name])
    total = number(need(kwargs, "sum_total"))
    if total is None:
        raise RuleError("`sum_total` is a number")
    sums = pl.sum_horizontal([value.cast(pl.Float64) for value in values])
    return each_value(
        values[0],
        (sums - total).abs() > 1e-9 * max(1.0, abs(total)),
        every,
        kwargs,
        f"do not add up to {total:g}",
        show=sums,
    )


def _rows(kwargs: Kwargs, scope: Scope) -> Plan:
    bounds(kwargs)
    counted = scope.column(scope.names[0]).len()

    def judge(found: object) -> Verdict:
        rows = number(found) or 0.0
        success = within(rows, number(kwargs.get("min_value")), number(kwargs.get("max_value")), kwargs)
        return Verdict(
            success,
            "" if success else f"there are {rows:.0f} rows, not {range_words(kwargs)}.",
            observed_value=int(rows),
        )

    return Plan(lambda found: judge(found["rows"]), {"rows": counted})


def _fixed(verdict: Verdict) -> Plan:
    return Plan(lambda _: verdict)


def row_count_equal(kwargs: Kwargs, scope: Scope) -> Plan:
    wanted = need(kwargs, "value")
    return _rows({"min_value": wanted, "max_value": wanted}, scope)


def column_count(kwargs: Kwargs, scope: Scope) -> Plan:
    low, high = bounds(kwargs)
    success = within(float(len(scope.names)), low, high, kwargs)
    return _fixed(
        Verdict(
            success,
            "" if success else f"there are {len(scope.names)} columns, not {range_words(kwargs)}.",
            observed_value=len(scope.names),
        )
    )


def column_count_equal(kwargs: Kwargs, scope: Scope) -> Plan:
    wanted = need(kwargs, "value")
    return column_count({"min_value": wanted, "max_value": wanted}, scope)


def column_set(kwargs: Kwargs, scope: Scope) -> Plan:
    wanted = [str(name) for name in need_list(kwargs, "column_set")]
    lacking = [name for name in wanted if name not in scope.names]
    extra = [name for name in scope.names if name not in wanted] if kwargs.get("exact_match", True) else []
    words = [f"lacks {', '.join(lacking[:10])}"] * bool(lacking) + [
        f"has {', '.join(extra[:10])} beyond the set"
    ] * bool(extra)
    return _fixed(
        Verdict(not words, f"the table {' and '.join(words)}." if words else "", observed_value=list(scope.names)[:100])
    )


def column_order(kwargs: Kwargs, scope: Scope) -> Plan:
    wanted = [str(name) for name in need_list(kwargs, "column_list")]
    success = wanted == list(scope.names)
    places = [i for i in range(max(len(wanted), len(scope.names))) if wanted[i : i + 1] != list(scope.names[i : i + 1])]
    at = places[0] if places else 0
    reason = "" if success else f"column {at + 1} is {_at(scope.names, at)}, not {_at(wanted, at)}."
    return _fixed(Verdict(success, reason, observed_value=list(scope.names)[:100]))


def _at(names: Sequence[str], place: int) -> str:
    return f"`{names[place]}`" if place < len(names) else "absent"


def column_exists(kwargs: Kwargs, scope: Scope) -> Plan:
    name = str(need(kwargs, "column"))
    place = number(kwargs.get("column_index"))
    if name not in scope.schema:
        guess = nearest(name, scope.names)
        return _fixed(Verdict(False, f"there is no column `{name}`{f'; did you mean `{guess}`?' if guess else '.'}"))
    found = list(scope.names).index(name)
    success = place is None or found == place
    return _fixed(
        Verdict(
            success, "" if success else f"`{name}` is column {found}, not {place:g} (from 0).", observed_value=found
        )
    )


ACROSS: dict[str, Builder] = {
    "expect_column_pair_values_a_to_be_greater_than_b": greater,
    "expect_column_pair_values_to_be_equal": equal,
    "expect_column_pair_values_to_be_in_set": pair_in_set,
    "expect_compound_columns_to_be_unique": compound_unique,
    "expect_select_column_values_to_be_unique_within_record": unique_within_record,
    "expect_multicolumn_sum_to_equal": multicolumn_sum,
    "expect_table_row_count_to_be_between": _rows,
    "expect_table_row_count_to_equal": row_count_equal,
    "expect_table_column_count_to_be_between": column_count,
    "expect_table_column_count_to_equal": column_count_equal,
    "expect_table_columns_to_match_set": column_set,
    "expect_table_columns_to_match_ordered_list": column_order,
    "expect_column_to_exist": column_exists,
}
