"""Great Expectations' `row_condition`s, in each of the forms its suites have had, as SQL over a table's columns."""

import re
from collections.abc import Mapping
from typing import cast

from ml_engine.validation.plans import RuleError
from ml_engine.validation.values import as_list

OPERATORS = {"==": "=", "!=": "<>", "<": "<", ">": ">", "<=": "<=", ">=": ">=", "IN": "IN", "NOT_IN": "NOT IN"}
COLUMN = re.compile(r"col\(\s*([\"'])(.+?)\1\s*\)")
DATE = re.compile(r"date\(\s*([\"'])(.+?)\1\s*\)")
NOT_NULL = re.compile(r"\.\s*not_?[nN]ull\(\s*\)")
NULL = re.compile(r"\.\s*is_?[nN]ull\(\s*\)")
QUOTED = re.compile(r"(==|!=|<=|>=|<>|=|<|>)\s*\"([^\"]*)\"")


def condition_sql(given: object, parser: object) -> str | None:
    """SQL for a `row_condition`: a text in the syntax of its `condition_parser`, or the tree newer suites write.

    Raises:
        RuleError: it is neither.
    """
    if given is None or (isinstance(given, str) and not given.strip()):
        return None
    if isinstance(given, str):
        return _from_text(given, str(parser or ""))
    if isinstance(given, dict):
        return _from_tree(cast(dict[str, object], given))
    raise RuleError("`row_condition` is a text or an object")


def _from_text(text: str, parser: str) -> str:
    quoted = QUOTED.sub(lambda found: f"{found.group(1)} {_literal(found.group(2))}", text)
    if parser == "pandas":
        joined = re.sub(r"`([^`]+)`", lambda found: _name(found.group(1)), quoted)
        return re.sub(r"\s*&&?\s*", " AND ", re.sub(r"\s*\|\|?\s*", " OR ", joined)).replace("==", "=")
    columns = COLUMN.sub(lambda found: _name(found.group(2)), quoted)
    dates = DATE.sub(lambda found: _literal(found.group(2)), columns)
    return NULL.sub(" IS NULL", NOT_NULL.sub(" IS NOT NULL", dates)).replace("==", "=")


def _from_tree(tree: Mapping[str, object]) -> str:
    kind = tree.get("type")
    if kind in ("and", "or"):
        parts = [_from_tree(cast(dict[str, object], one)) for one in as_list(tree.get("conditions"))]
        if not parts:
            raise RuleError("`row_condition` joins no conditions")
        return f" {str(kind).upper()} ".join(f"({part})" for part in parts)
    column = tree.get("column")
    name = cast(dict[str, object], column).get("name") if isinstance(column, dict) else None
    if not isinstance(name, str):
        raise RuleError("`row_condition` names no column")
    if kind == "nullity":
        return f"{_name(name)} IS {'NULL' if tree.get('is_null') else 'NOT NULL'}"
    operator = OPERATORS.get(str(tree.get("operator")).upper().replace(" ", "_"))
    if kind != "comparison" or operator is None:
        raise RuleError(f"`row_condition` has no operator {tree.get('operator')}")
    wanted = tree.get("parameter")
    if operator.endswith("IN"):
        return f"{_name(name)} {operator} ({', '.join(_literal(one) for one in as_list(wanted))})"
    return f"{_name(name)} {operator} {_literal(wanted)}"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(value: object) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return str(value) if isinstance(value, (int, float)) else "'" + str(value).replace("'", "''") + "'"
