"""Rules about what the text of a column looks like."""

import re
from collections.abc import Callable, Sequence

import polars as pl

from ml_engine.reading.dates import parse_with
from ml_engine.validation.plans import Kwargs, Plan, RuleError, Scope, each_value
from ml_engine.validation.values import column_name, need, need_list, need_text

Builder = Callable[[Kwargs, Scope], Plan]


def _pattern(
    kwargs: Kwargs, scope: Scope, patterns: Sequence[str], words: str, *, wanted: bool, every_one: bool = False
) -> Plan:
    name = column_name(kwargs, scope)
    need_text(name, scope.schema[name])
    every = scope.column(name)
    values = every.drop_nulls()
    for pattern in patterns:
        try:
            pl.Series([""]).str.contains(pattern, strict=True)
        except pl.exceptions.PolarsError as error:
            raise RuleError(f"`{pattern}` is no regular expression (no look-around or back-references)") from error
    matches = [values.str.contains(pattern) for pattern in patterns]
    hit = pl.all_horizontal(matches) if every_one else pl.any_horizontal(matches)
    return each_value(values, ~hit if wanted else hit, every, kwargs, words)


def regex(kwargs: Kwargs, scope: Scope) -> Plan:
    return _pattern(
        kwargs,
        scope,
        [str(need(kwargs, "regex"))],
        f"do not match `{kwargs['regex']}`" if "regex" in kwargs else "",
        wanted=True,
    )


def not_regex(kwargs: Kwargs, scope: Scope) -> Plan:
    return _pattern(kwargs, scope, [str(need(kwargs, "regex"))], "match what they must not", wanted=False)


def regex_list(kwargs: Kwargs, scope: Scope) -> Plan:
    patterns = [str(one) for one in need_list(kwargs, "regex_list")]
    every_one = kwargs.get("match_on", "any") == "all"
    return _pattern(
        kwargs,
        scope,
        patterns,
        "match none of the patterns" if not every_one else "do not match every pattern",
        wanted=True,
        every_one=every_one,
    )


def not_regex_list(kwargs: Kwargs, scope: Scope) -> Plan:
    return _pattern(
        kwargs, scope, [str(one) for one in need_list(kwargs, "regex_list")], "match what they must not", wanted=False
    )


def _from_like(pattern: object) -> str:
    parts = (
        ".*" if character == "%" else "." if character == "_" else re.escape(character) for character in str(pattern)
    )
    return f"(?s)^{''.join(parts)}$"


def like(kwargs: Kwargs, scope: Scope) -> Plan:
    return _pattern(
        kwargs,
        scope,
        [_from_like(need(kwargs, "like_pattern"))],
        f"are not like `{kwargs.get('like_pattern')}`",
        wanted=True,
    )


def not_like(kwargs: Kwargs, scope: Scope) -> Plan:
    return _pattern(
        kwargs,
        scope,
        [_from_like(need(kwargs, "like_pattern"))],
        f"are like `{kwargs.get('like_pattern')}`",
        wanted=False,
    )


def strftime(kwargs: Kwargs, scope: Scope) -> Plan:
    name = column_name(kwargs, scope)
    need_text(name, scope.schema[name])
    fmt = str(need(kwargs, "strftime_format"))
    every = scope.column(name)
    values = every.drop_nulls()
    parsed = values.map_batches(lambda column: parse_with(column, fmt).is_null(), return_dtype=pl.Boolean)
    return each_value(values, parsed, every, kwargs, f"do not fit {fmt}")


PATTERNS: dict[str, Builder] = {
    "expect_column_values_to_match_regex": regex,
    "expect_column_values_to_not_match_regex": not_regex,
    "expect_column_values_to_match_regex_list": regex_list,
    "expect_column_values_to_not_match_regex_list": not_regex_list,
    "expect_column_values_to_match_like_pattern": like,
    "expect_column_values_to_not_match_like_pattern": not_like,
    "expect_column_values_to_match_strftime_format": strftime,
}
