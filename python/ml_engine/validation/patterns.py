"""Rules about what the text of a column looks like."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import jsonschema
import polars as pl
from dateutil.parser import parse as parse_freely
from jsonschema.validators import validator_for
from referencing import Registry
from referencing.exceptions import Unresolvable

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
    for pattern in patterns:
        try:
            pl.Series([""]).str.contains(pattern, strict=True)
        except pl.exceptions.PolarsError as error:
            raise RuleError(f"`{pattern}` is no regular expression (no look-around or back-references)") from error
    matches = [every.str.contains(pattern) for pattern in patterns]
    hit = pl.all_horizontal(matches) if every_one else pl.any_horizontal(matches)
    return each_value(every, ~hit if wanted else hit, scope, kwargs, words)


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


def _from_like(pattern: object, escape: object) -> str:
    """A LIKE pattern as a regular expression; the character after `escape` stands for itself."""
    parts: list[str] = []
    literal = False
    for character in str(pattern):
        if not literal and escape is not None and character == str(escape):
            literal = True
            continue
        plain = literal or character not in "%_"
        parts.append(re.escape(character) if plain else ".*" if character == "%" else ".")
        literal = False
    return f"(?s)^{''.join(parts)}$"


def _like(kwargs: Kwargs, scope: Scope, *, wanted: bool, several: bool) -> Plan:
    given = need_list(kwargs, "like_pattern_list") if several else [need(kwargs, "like_pattern")]
    patterns = [_from_like(one, kwargs.get("escape")) for one in given]
    named = " or ".join(f"`{one}`" for one in given[:3])
    every_one = wanted and kwargs.get("match_on", "any") == "all"
    words = f"are {'not ' if wanted else ''}like {named}"
    return _pattern(kwargs, scope, patterns, words, wanted=wanted, every_one=every_one)


def like(kwargs: Kwargs, scope: Scope) -> Plan:
    return _like(kwargs, scope, wanted=True, several=False)


def not_like(kwargs: Kwargs, scope: Scope) -> Plan:
    return _like(kwargs, scope, wanted=False, several=False)


def like_list(kwargs: Kwargs, scope: Scope) -> Plan:
    return _like(kwargs, scope, wanted=True, several=True)


def not_like_list(kwargs: Kwargs, scope: Scope) -> Plan:
    return _like(kwargs, scope, wanted=False, several=True)


def _each_text(kwargs: Kwargs, scope: Scope, wrong: Callable[[str], bool], words: str) -> Plan:
    """A rule that only Python can judge: once for each different text."""
    name = column_name(kwargs, scope)
    need_text(name, scope.schema[name])
    every = scope.column(name)

    def flags(column: pl.Series) -> pl.Series:
        different = column.drop_nulls().unique()
        bad = pl.Series([text for text in different.to_list() if wrong(text)], dtype=pl.String)
        return column.is_in(bad.implode())

    return each_value(every, every.map_batches(flags, return_dtype=pl.Boolean), scope, kwargs, words)


def strftime(kwargs: Kwargs, scope: Scope) -> Plan:
    name = column_name(kwargs, scope)
    need_text(name, scope.schema[name])
    fmt = str(need(kwargs, "strftime_format"))
    every = scope.column(name)
    wrong = every.map_batches(lambda column: parse_with(column, fmt).is_null(), return_dtype=pl.Boolean)
    return each_value(every, wrong, scope, kwargs, f"do not fit {fmt}")


def dateutil_parseable(kwargs: Kwargs, scope: Scope) -> Plan:
    """Texts that dateutil's free parser takes for a date."""

    def wrong(text: str) -> bool:
        try:
            parse_freely(text)
        except (ValueError, OverflowError):
            return True
        return False

    return _each_text(kwargs, scope, wrong, "are no dates")


def json_parseable(kwargs: Kwargs, scope: Scope) -> Plan:
    return _each_text(kwargs, scope, lambda text: _json(text) is NOT_JSON, "are no JSON")


def json_schema(kwargs: Kwargs, scope: Scope) -> Plan:
    """JSON texts valid against `json_schema`, in the draft it names; references to elsewhere are not followed."""
    schema = need(kwargs, "json_schema")
    if not isinstance(schema, dict):
        raise RuleError("`json_schema` is an object")
    kind = validator_for(schema)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType, reportUnknownVariableType]
    try:
        kind.check_schema(schema)  # pyright: ignore[reportUnknownMemberType]
    except jsonschema.SchemaError as error:
        raise RuleError(f"`json_schema` is no JSON schema ({error.message[:120]})") from error
    validator = kind(schema, registry=Registry())  # pyright: ignore[reportUnknownVariableType]

    def wrong(text: str) -> bool:
        value = _json(text)
        try:
            return value is NOT_JSON or not validator.is_valid(value)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        except Unresolvable:
            return True

    return _each_text(kwargs, scope, wrong, "do not fit the JSON schema")


NOT_JSON = object()


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return NOT_JSON


PATTERNS: dict[str, Builder] = {
    "expect_column_values_to_match_regex": regex,
    "expect_column_values_to_not_match_regex": not_regex,
    "expect_column_values_to_match_regex_list": regex_list,
    "expect_column_values_to_not_match_regex_list": not_regex_list,
    "expect_column_values_to_match_like_pattern": like,
    "expect_column_values_to_not_match_like_pattern": not_like,
    "expect_column_values_to_match_like_pattern_list": like_list,
    "expect_column_values_to_not_match_like_pattern_list": not_like_list,
    "expect_column_values_to_match_strftime_format": strftime,
    "expect_column_values_to_be_dateutil_parseable": dateutil_parseable,
    "expect_column_values_to_be_json_parseable": json_parseable,
    "expect_column_values_to_match_json_schema": json_schema,
}
