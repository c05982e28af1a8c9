"""Follows columns through the steps that bring in other tables or make other rows."""

from collections.abc import Iterable, Mapping

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node
from sqlglot.lineage import lineage as sql_lineage

from ml_engine.lineage.sources import DIALECT, Source, Subtype, Traced, through
from ml_engine.lineage.trace import Follow, Learnt, Step, Trace

THIS = "this"


def _other(trace: Trace, name: str) -> Traced:
    """The columns of the dataset that a step names, with or without its version."""
    for known, columns in trace.others.items():
        if name in (known, known.partition("@")[0]):
            return columns
    return {}


def _join(trace: Trace, step: Step, learnt: Learnt) -> None:
    del learnt
    other = _other(trace, str(step["with"]))
    keys: Mapping[str, str] = {key: key for key in step.get("on") or []} or step.get("map") or {}
    trace.decide(list(keys), "JOIN", f"join with {step['with']}")
    for theirs in keys.values():
        trace.rows |= {
            Source(one.dataset, one.column, "JOIN", f"join with {step['with']}") for one in other.get(theirs, ())
        }
    if step.get("method") in ("semi", "anti"):
        return
    stem = "".join(one if one.isalnum() else "_" for one in str(step["with"]).partition("@")[0].partition(".")[0])
    for name, sources in other.items():
        if name not in keys.values():
            trace.columns[f"{name}_{stem}" if name in trace.columns else name] = sources


def _union(trace: Trace, step: Step, learnt: Learnt) -> None:
    del learnt
    other = _other(trace, str(step["with"]))
    for name in {*trace.columns, *other}:
        trace.columns[name] = trace.columns.get(name, frozenset()) | other.get(name, frozenset())


def _called(text: object) -> list[str]:
    """Columns in a call such as `sum(amount)`."""
    try:
        return [column.name for column in sqlglot.parse_one(str(text), dialect=DIALECT).find_all(exp.Column)]
    except SqlglotError:
        return []


def _aggregate(trace: Trace, step: Step, learnt: Learnt) -> None:
    del learnt
    group = list(step.get("group") or [])
    trace.decide(group, "GROUP_BY", f"grouped by {', '.join(group)}")
    made = {
        str(name): through(trace.read(_called(text)), "AGGREGATION", str(text)) for name, text in step["map"].items()
    }
    trace.columns = {**{name: trace.columns.get(name, frozenset()) for name in group}, **made}


def _window(trace: Trace, step: Step, learnt: Learnt) -> None:
    del learnt
    beside = [*(step.get("group") or []), *([step["by"]] if step.get("by") else [])]
    for name, text in step["map"].items():
        values = through(trace.read(_called(text)), "AGGREGATION", str(text))
        trace.columns[str(name)] = values | _indirect(trace.read(beside), "WINDOW", str(text))


def _indirect(sources: Iterable[Source], subtype: Subtype, description: str) -> frozenset[Source]:
    return frozenset(Source(one.dataset, one.column, subtype, description) for one in sources)


def _pivot(trace: Trace, step: Step, learnt: Learnt) -> None:
    group, by, method = list(step.get("group") or []), str(step["by"]), str(step.get("method") or "first")
    values = list(step.get("columns") or [name for name in trace.columns if name not in (*group, by)])
    trace.decide(group, "GROUP_BY", f"grouped by {', '.join(group)}")
    levels = [str(level) for found in learnt.values() for level in found.get("levels") or []]
    made: Traced = {}
    for name in values:
        sources = through(trace.read([name]), "AGGREGATION", method)
        whole = sources | _indirect(trace.read([by]), "CONDITIONAL", f"where {by} has the value")
        made |= {(level if len(values) == 1 else f"{name}_{level}"): whole for level in levels}
    trace.columns = {**{name: trace.columns.get(name, frozenset()) for name in group}, **made}


def _unpivot(trace: Trace, step: Step, learnt: Learnt) -> None:
    del learnt
    values = list(step["columns"])
    kept = list(step.get("group") or [name for name in trace.columns if name not in values])
    value = through(trace.read(values), "TRANSFORMATION", "unpivot")
    index = {name: trace.columns.get(name, frozenset()) for name in kept}
    trace.columns = {**index, "variable": frozenset(), "value": value}


def _sql(trace: Trace, step: Step, learnt: Learnt) -> None:
    """Column by column, as sqlglot resolves the query against the tables it may read."""
    del learnt
    text = str(step["expression"])
    tables: dict[str, Traced] = {THIS: dict(trace.columns)}
    for name, columns in trace.others.items():
        tables[_table_name(name)] = columns
    schema = {name: dict.fromkeys(columns, "text") for name, columns in tables.items()}
    parsed = sqlglot.parse_one(text, dialect=DIALECT)
    assert isinstance(parsed, exp.Query)  # noqa: S101 - the step was checked when it was run
    described = " ".join(text.split())[:120]
    found = sql_lineage(None, parsed, schema=schema, dialect=DIALECT)
    made = {name: _leaves(node, tables, described) for name, node in found.items()}
    for condition in [*parsed.find_all(exp.Where), *parsed.find_all(exp.Join), *parsed.find_all(exp.Group)]:
        subtype: Subtype = (
            "FILTER" if isinstance(condition, exp.Where) else "JOIN" if isinstance(condition, exp.Join) else "GROUP_BY"
        )
        for column in condition.find_all(exp.Column):
            for table in tables.values():
                trace.rows |= _indirect(table.get(column.name, ()), subtype, described)
    trace.columns = made


def _leaves(node: Node, tables: Mapping[str, Traced], described: str) -> frozenset[Source]:
    found: set[Source] = set()
    for leaf in node.walk():
        if leaf.downstream or not isinstance(leaf.source, exp.Table):
            continue
        sources = tables.get(leaf.source.name, {}).get(leaf.name.rpartition(".")[2].strip('"'), frozenset())
        plain = isinstance(node.expression.unalias(), exp.Column)
        aggregated = node.expression.find(exp.AggFunc) is not None
        subtype: Subtype = "IDENTITY" if plain else "AGGREGATION" if aggregated else "TRANSFORMATION"
        found |= through(sources, subtype, "" if plain else described)
    return frozenset(found)


def _table_name(name: str) -> str:
    return "".join(one if one.isalnum() else "_" for one in name.partition("@")[0].partition(".")[0])


RESHAPED: dict[str, Follow] = {
    "join": _join,
    "union": _union,
    "aggregate": _aggregate,
    "window": _window,
    "pivot": _pivot,
    "unpivot": _unpivot,
    "sql": _sql,
}
