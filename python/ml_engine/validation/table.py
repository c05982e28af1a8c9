"""Rules about the table as a whole: its size and its columns."""

from collections.abc import Callable, Mapping, Sequence

from ml_engine.cells import number
from ml_engine.names import nearest
from ml_engine.validation.plans import ROW, Kwargs, Plan, Scope, Verdict, bounds, range_words, within
from ml_engine.validation.values import need, need_list

Builder = Callable[[Kwargs, Scope], Plan]


def _rows(kwargs: Kwargs, scope: Scope) -> Plan:
    bounds(kwargs)

    def judge(found: Mapping[str, object]) -> Verdict:
        rows = number(found["rows"]) or 0.0
        success = within(rows, number(kwargs.get("min_value")), number(kwargs.get("max_value")), kwargs)
        return Verdict(
            success,
            "" if success else f"there are {rows:.0f} rows, not {range_words(kwargs)}.",
            observed_value=int(rows),
        )

    return Plan(judge, {"rows": scope.column(ROW).len()})


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
    mismatched = {"unexpected": sorted(extra), "missing": sorted(lacking)}
    words = [f"lacks {', '.join(lacking[:10])}"] * bool(lacking) + [
        f"has {', '.join(extra[:10])} beyond the set"
    ] * bool(extra)
    return _fixed(
        Verdict(
            not words,
            f"the table {' and '.join(words)}." if words else "",
            observed_value=sorted(scope.names)[:100],
            details={"mismatched": mismatched} if words else {},
        )
    )


def column_order(kwargs: Kwargs, scope: Scope) -> Plan:
    wanted = [str(name) for name in need_list(kwargs, "column_list")]
    success = wanted == list(scope.names)
    places = [i for i in range(max(len(wanted), len(scope.names))) if wanted[i : i + 1] != list(scope.names[i : i + 1])]
    at = places[0] if places else 0
    reason = "" if success else f"column {at + 1} is {_at(scope.names, at)}, not {_at(wanted, at)}."
    mismatched = [
        {"Expected Column Position": one, "Expected": _or_none(wanted, one), "Found": _or_none(scope.names, one)}
        for one in places[:20]
    ]
    details = {} if success else {"mismatched": mismatched}
    return _fixed(Verdict(success, reason, observed_value=list(scope.names)[:100], details=details))


def _or_none(names: Sequence[str], place: int) -> str | None:
    return names[place] if place < len(names) else None


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


TABLE: dict[str, Builder] = {
    "expect_table_row_count_to_be_between": _rows,
    "expect_table_row_count_to_equal": row_count_equal,
    "expect_table_column_count_to_be_between": column_count,
    "expect_table_column_count_to_equal": column_count_equal,
    "expect_table_columns_to_match_set": column_set,
    "expect_table_columns_to_match_ordered_list": column_order,
    "expect_column_to_exist": column_exists,
}
