"""Suites: read, checked as a whole, and run over a table in one pass."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast

import polars as pl

from ml_engine.contract.data import ExpectationResult, UnexpectedCount
from ml_engine.errors import OpError
from ml_engine.expressions import condition
from ml_engine.names import nearest
from ml_engine.validation.across import ACROSS
from ml_engine.validation.aggregates import AGGREGATES
from ml_engine.validation.column_values import COLUMN_VALUES
from ml_engine.validation.conditions import condition_sql
from ml_engine.validation.divergence import DIVERGENCE
from ml_engine.validation.elsewhere import ELSEWHERE
from ml_engine.validation.frictionless import frictionless_rules
from ml_engine.validation.patterns import PATTERNS
from ml_engine.validation.plans import ROW, Kwargs, Plan, RuleError, Scope, Shown, Tables, Verdict
from ml_engine.validation.source import Beside, Source, source_of
from ml_engine.validation.table import TABLE

EXPECTATIONS: dict[str, Callable[[Kwargs, Scope], Plan]] = {
    **COLUMN_VALUES,
    **PATTERNS,
    **AGGREGATES,
    **DIVERGENCE,
    **ACROSS,
    **TABLE,
    **ELSEWHERE,
}
Severity = Literal["error", "warn"]
SEVERITIES: dict[str, Severity] = {
    "error": "error",
    "critical": "error",
    "warn": "warn",
    "warning": "warn",
    "info": "warn",
}
MOST_RULES = 2000


@dataclass(frozen=True)
class Rule:
    """One expectation of a suite."""

    type: str
    kwargs: Kwargs
    severity: Severity

    @property
    def column(self) -> str | None:
        name = self.kwargs.get("column")
        return name if isinstance(name, str) else None


def read_suite(path: str) -> list[object]:
    """The expectations in a JSON file: an array, Great Expectations' object with `expectations`, a Frictionless schema.

    Raises:
        OpError: the file is no JSON, or has no such array.
    """
    try:
        found: object = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except (json.JSONDecodeError, UnicodeDecodeError, OSError) as error:
        raise OpError(
            "invalid_input", f"suite_file: `{Path(path).name}` is no JSON", "An array of `{type, kwargs}`."
        ) from error
    if isinstance(found, dict):
        document = cast(dict[str, object], found)
        found = document["expectations"] if "expectations" in document else frictionless_rules(document)
    if not isinstance(found, list):
        raise OpError(
            "invalid_input",
            f"suite_file: `{Path(path).name}` has no list of expectations",
            "An array of `{type, kwargs}`.",
        )
    return cast(list[object], found)


def parse_suite(suite: Sequence[object], field: str) -> list[Rule]:
    """The rules of a suite, all of them known; Great Expectations' older `expectation_type` is understood too.

    Raises:
        OpError: the suite is empty or too long, or an entry is no rule that there is.
    """
    if not 0 < len(suite) <= MOST_RULES:
        raise OpError("invalid_input", f"{field}: a suite has 1 to {MOST_RULES} rules, not {len(suite)}")
    return [_rule(entry, f"{field}[{place}]") for place, entry in enumerate(suite)]


def _rule(entry: object, field: str) -> Rule:
    if not isinstance(entry, dict):
        raise OpError("invalid_input", f"{field}: not an object", "{type, kwargs}.")
    given = cast(dict[str, object], entry)
    name = given.get("type", given.get("expectation_type"))
    if not isinstance(name, str) or name not in EXPECTATIONS:
        guess = nearest(str(name), EXPECTATIONS)
        suggestion = f"; did you mean `{guess}`?" if guess else ""
        raise OpError(
            "invalid_input",
            f"{field}: no expectation `{name}`{suggestion}",
            f"Known: {', '.join(sorted(EXPECTATIONS))}.",
        )
    meta = given.get("meta")
    meta_severity = cast(dict[str, object], meta).get("severity") if isinstance(meta, dict) else None
    severity = str(given.get("severity") or meta_severity or "error").lower()
    if severity not in SEVERITIES:
        raise OpError("invalid_input", f"{field}.severity: `{severity}` is neither error nor warn")
    kwargs = given.get(
        "kwargs",
        {
            key: value
            for key, value in given.items()
            if key not in ("type", "expectation_type", "severity", "meta", "id", "notes", "description")
        },
    )
    if not isinstance(kwargs, dict):
        raise OpError("invalid_input", f"{field}.kwargs: not an object")
    return Rule(name, cast(dict[str, object], kwargs), SEVERITIES[severity])


def run_rules(
    table: pl.DataFrame | Source, rules: Sequence[Rule], others: Sequence[str] = ()
) -> list[ExpectationResult]:
    """Every rule's result, in order; all are counted in one pass over `table`, in pieces where it is a scan.

    A second pass finds examples, for the rules that some value breaks.

    Args:
        table: what the rules are about.
        rules: at least one.
        others: paths of the datasets that rules may name.
    """
    source = table if isinstance(table, Source) else source_of("table", table)
    beside = Beside(source, others)
    plans = [_plan(source, rule, beside) for rule in rules]
    built = {place: plan for place, plan in enumerate(plans) if isinstance(plan, Plan)}
    values = _compute(source, {place: plan.expressions for place, plan in built.items()})
    failing = {place: plan.examples for place, plan in built.items() if values.get(f"{place}.unexpected")}
    values |= _compute(source, failing)
    return [
        _result(rule, _judge(plan, place, values)) for place, (rule, plan) in enumerate(zip(rules, plans, strict=True))
    ]


def _plan(source: Source, rule: Rule, tables: Tables) -> Plan | str:
    """The plan, or why there is none."""
    try:
        given = condition_sql(rule.kwargs.get("row_condition"), rule.kwargs.get("condition_parser"))
        empty = pl.DataFrame(schema=dict(source.schema))
        keep = None if given is None else condition(given, empty, "row_condition")
        scope = Scope(
            lambda name: pl.col(name) if keep is None else pl.col(name).filter(keep),
            source.schema,
            source.names,
            tables,
        )
        return EXPECTATIONS[rule.type](rule.kwargs, scope)
    except RuleError as error:
        return _with_guess(str(error), rule, source.names)
    except OpError as error:
        return f"{error.message}."


def _with_guess(reason: str, rule: Rule, names: Sequence[str]) -> str:
    guess = nearest(rule.column, names) if rule.column and rule.column not in names else None
    return f"{reason}; did you mean `{guess}`?" if guess else f"{reason}."


def _compute(source: Source, by_place: Mapping[int, Mapping[str, pl.Expr]]) -> dict[str, object]:
    expressions = {f"{place}.{key}": one for place, plan in by_place.items() for key, one in plan.items()}
    if not expressions:
        return {}
    named = [expression.alias(key) for key, expression in expressions.items()]
    rows = source.lazy.with_row_index(ROW)
    engine: Literal["streaming", "in-memory"] = "in-memory" if source.file is None else "streaming"
    try:
        return rows.select(named).collect(engine=engine).row(0, named=True)
    except pl.exceptions.PolarsError:
        # One rule does not fit its column's type; the others must still be told.
        found: dict[str, object] = {}
        for key, expression in zip(expressions, named, strict=True):
            try:
                found[key] = rows.select(expression).collect(engine=engine).row(0)[0]
            except pl.exceptions.PolarsError:
                continue
        return found


def _judge(plan: Plan | str, place: int, values: Mapping[str, object]) -> Verdict:
    if isinstance(plan, str):
        return Verdict(False, plan)
    keys = [*plan.expressions, *plan.examples]
    own = {key: values[f"{place}.{key}"] for key in keys if f"{place}.{key}" in values}
    if not own.keys() >= plan.expressions.keys():
        return Verdict(False, "cannot be evaluated on a column of this type.")
    verdict = plan.judge(own)
    return verdict if verdict.success else replace(verdict, reason=verdict.reason or "does not hold.")


def _result(rule: Rule, verdict: Verdict) -> ExpectationResult:
    elements = max(verdict.element_count, 1)
    values = list(verdict.partial_unexpected_list)
    return {
        "type": rule.type,
        "column": rule.column,
        "severity": rule.severity,
        "success": verdict.success,
        "element_count": verdict.element_count,
        "missing_count": verdict.missing_count,
        "missing_percent": 100 * verdict.missing_count / elements,
        "unexpected_count": verdict.unexpected_count,
        "unexpected_percent": verdict.unexpected_percent,
        "unexpected_percent_total": 100 * verdict.unexpected_count / elements,
        "partial_unexpected_list": values,
        "partial_unexpected_counts": _counts(values),
        "unexpected_index_list": list(verdict.unexpected_index_list),
        "observed_value": verdict.observed_value,
        "details": dict(verdict.details),
        "reason": verdict.reason,
    }


def _counts(values: Sequence[Shown]) -> list[UnexpectedCount]:
    """How often each value occurs among those listed, the commonest first."""
    by_text: dict[str, UnexpectedCount] = {}
    for value in values:
        plain = list(value.values()) if isinstance(value, dict) else value
        one = by_text.setdefault(json.dumps(plain), {"value": plain, "count": 0})
        one["count"] += 1
    return sorted(by_text.values(), key=lambda one: -one["count"])
