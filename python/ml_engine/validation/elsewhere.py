"""Rules that look beyond the table's own columns: SQL, other tables, the clock."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import cast

import polars as pl

from ml_engine.cells import cell, number
from ml_engine.expressions import condition
from ml_engine.validation.plans import (
    ROW,
    SHOWN_VALUES,
    Kwargs,
    Plan,
    RuleError,
    Scope,
    Verdict,
    count,
    each_value,
    share_allowed,
)
from ml_engine.validation.values import as_list, column_name, need

COMPARED_ROWS = 1_000_000
Builder = Callable[[Kwargs, Scope], Plan]


def unexpected_rows(kwargs: Kwargs, scope: Scope) -> Plan:
    """`unexpected_rows_query`, one SELECT over `{batch}`, finds no row."""
    rows, found = scope.tables.query(str(need(kwargs, "unexpected_rows_query")), SHOWN_VALUES)
    reason = f"the query finds {rows} rows." if rows else ""
    details: dict[str, object] = {"unexpected_rows": _rows(found)} if rows else {}
    verdict = Verdict(rows == 0, reason, observed_value=rows, details=details)
    return Plan(lambda _: verdict)


def _rows(frame: pl.DataFrame) -> list[dict[str, object]]:
    return [{name: cell(one) for name, one in row.items()} for row in frame.head(SHOWN_VALUES).iter_rows(named=True)]


def query_comparison(kwargs: Kwargs, scope: Scope) -> Plan:
    """`base_query` and `comparison_query` give the same rows, in any order; `mostly` is of the base's."""
    (_, base), (_, other) = (
        scope.tables.query(str(need(kwargs, key)), COMPARED_ROWS + 1) for key in ("base_query", "comparison_query")
    )
    if max(base.height, other.height) > COMPARED_ROWS:
        raise RuleError(f"the queries give more than {COMPARED_ROWS} rows")
    if base.width != other.width:
        raise RuleError(f"the queries give {base.width} and {other.width} columns")
    ours, theirs = Counter(base.rows()), Counter(other.rows())
    extra, lacking = list((ours - theirs).elements()), list((theirs - ours).elements())
    share = max(len(extra), len(lacking)) / max(base.height, other.height, 1)
    success = 1 - share >= share_allowed(kwargs) - 1e-12
    reason = f"{len(extra)} rows are only in the base query, {len(lacking)} only in the comparison."
    verdict = Verdict(
        success,
        "" if success else reason,
        base.height,
        unexpected_count=len(extra),
        unexpected_percent=100 * share,
        details={"missing_rows": _named(base, lacking), "unexpected_rows": _named(base, extra)},
    )
    return Plan(lambda _: verdict)


def _named(frame: pl.DataFrame, rows: list[tuple[object, ...]]) -> list[dict[str, object]]:
    ordered = sorted(rows, key=lambda row: [(one is None, str(type(one)), one) for one in row])[:SHOWN_VALUES]
    return [dict(zip(frame.columns, map(cell, row), strict=True)) for row in ordered]


def row_count_equal_other(kwargs: Kwargs, scope: Scope) -> Plan:
    """As many rows as the dataset `other_table_name`."""
    theirs = count(scope.tables.other(str(need(kwargs, "other_table_name"))).select(pl.len()).collect().item())

    def judge(found: Mapping[str, object]) -> Verdict:
        ours = count(found["rows"])
        reason = "" if ours == theirs else f"there are {ours} rows, and {theirs} in the other table."
        return Verdict(ours == theirs, reason, observed_value={"self": ours, "other": theirs})

    return Plan(judge, {"rows": scope.column(ROW).len()})


def in_other_table(kwargs: Kwargs, scope: Scope) -> Plan:
    """A foreign key: each value of `column` (rows of `column_list`) is one of `other_column` in `other_table_name`."""
    names = [str(name) for name in as_list(kwargs.get("column_list"))] or [column_name(kwargs, scope)]
    for name in names:
        column_name({"column": name}, scope)
    table = scope.tables.other(str(need(kwargs, "other_table_name")))
    targets = [str(name) for name in as_list(kwargs.get("other_column_list"))] or [
        str(kwargs.get("other_column") or names[0])
    ]
    schema = table.collect_schema()
    lacking = [name for name in targets if name not in schema]
    if lacking or len(targets) != len(names):
        raise RuleError(f"`{kwargs['other_table_name']}` has no column `{', '.join(lacking) or 'for each of them'}`")
    known = table.select(pl.struct(targets).alias("key") if len(names) > 1 else pl.col(targets[0]).alias("key"))
    keys = known.drop_nulls().unique().collect()["key"]
    values = [scope.column(name) for name in names]
    if len(names) == 1:
        every = values[0]
        if every_type_differs(scope.schema[names[0]], keys.dtype):
            raise RuleError(f"`{names[0]}` is {scope.schema[names[0]]}, `{targets[0]}` is {keys.dtype}")
        inside = every.is_in(keys.implode())
    else:
        every = pl.struct(value.alias(target) for value, target in zip(values, targets, strict=True))
        inside = every.is_in(keys.implode())
    complete = ~pl.any_horizontal([value.is_null() for value in values])
    words = f"are not in `{kwargs['other_table_name']}`"
    return each_value(every, ~inside, scope, kwargs, words, judged=complete)


def every_type_differs(one: pl.DataType, two: pl.DataType) -> bool:
    """Whether values of two types can never be equal."""
    return one != two and not (one.is_numeric() and two.is_numeric())


def satisfying(kwargs: Kwargs, scope: Scope) -> Plan:
    """The SQL expression `condition` is true in each row; a row where it is neither true nor false is not judged."""
    text = str(need(kwargs, "condition"))
    held = condition(text, pl.DataFrame(schema=dict(scope.schema)), "condition")
    shown = pl.struct([scope.column(name).alias(name) for name in dict.fromkeys(held.meta.root_names())] or [held])
    # The condition is written over bare columns; row conditions filter each of them before.
    for name in dict.fromkeys(held.meta.root_names()):
        if str(scope.column(name)) != str(pl.col(name)):
            raise RuleError("`condition` and `row_condition` do not go together: join them with OR NOT (…)")
    return each_value(held, ~held, scope, kwargs, f"do not satisfy {text[:80]}", show=shown)


def fresh(kwargs: Kwargs, scope: Scope) -> Plan:
    """The newest moment in `column` is at most `max_age_hours` before `now` (this moment unless given, UTC)."""
    name = column_name(kwargs, scope)
    dtype = scope.schema[name]
    if not dtype.is_temporal():
        raise RuleError(f"`{name}` is {dtype}, not a date")
    limit = number(need(kwargs, "max_age_hours"))
    if limit is None or limit < 0:
        raise RuleError("`max_age_hours` is a number of 0 or more")
    given = kwargs.get("now")
    try:
        now = datetime.now(UTC) if given is None else datetime.fromisoformat(str(given))
    except ValueError as error:
        raise RuleError("`now` is a moment in ISO 8601") from error
    at = now if now.tzinfo else now.replace(tzinfo=UTC)
    every = scope.column(name)
    newest = every.max().cast(pl.Datetime("us", getattr(dtype, "time_zone", None)))

    def judge(found: Mapping[str, object]) -> Verdict:
        moment = cast(datetime | None, found["newest"])
        counts = count(found["elements"]), count(found["missing"])
        if moment is None:
            return Verdict(False, "there is no moment at all.", *counts)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        age = (at - aware).total_seconds() / 3600
        reason = "" if age <= limit else f"the newest is {cell(moment)}, {age:.4g} hours old, not ≤ {limit:g}."
        return Verdict(age <= limit, reason, *counts, observed_value=cell(moment))

    return Plan(judge, {"newest": newest, "elements": every.len(), "missing": every.null_count()})


ELSEWHERE: dict[str, Builder] = {
    "unexpected_rows_expectation": unexpected_rows,
    "expect_query_results_to_match_comparison": query_comparison,
    "expect_table_row_count_to_equal_other_table": row_count_equal_other,
    "expect_column_values_to_be_in_other_table": in_other_table,
    "expect_row_values_to_satisfy": satisfying,
    "expect_column_newest_value_to_be_recent": fresh,
}
