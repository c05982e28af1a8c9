"""Frictionless table schemas (and the data packages that hold them) as rules."""

from collections.abc import Iterator, Mapping
from typing import cast

from ml_engine.validation.values import as_list

TYPES: dict[str, list[str]] = {
    "integer": ["INTEGER"],
    "year": ["INTEGER"],
    "number": ["FLOAT", "INTEGER"],
    "string": ["STRING"],
    "boolean": ["BOOLEAN"],
    "date": ["DATE"],
    "datetime": ["DATETIME"],
}
Rules = list[object]


def frictionless_rules(document: Mapping[str, object]) -> Rules | None:
    """The rules of a table schema, or of a package's first resource that has one; None where there is none.

    Types that a stored dataset does not have (time, duration, array, object, geopoint, any) are not checked.
    """
    schema: Mapping[str, object] | None = document
    if "fields" not in document:
        resources = [cast(Mapping[str, object], one) for one in as_list(document.get("resources")) if _is_object(one)]
        found = [one.get("schema") for one in resources or [document] if _is_object(one.get("schema"))]
        schema = cast(Mapping[str, object], found[0]) if found else None
    if schema is None or not isinstance(schema.get("fields"), list):
        return None
    fields = [cast(Mapping[str, object], one) for one in as_list(schema["fields"]) if _is_object(one)]
    names = [str(one.get("name")) for one in fields]
    rules: Rules = [_rule("expect_table_columns_to_match_set", column_set=names, exact_match=True)] if names else []
    for one in fields:
        rules += _of_field(str(one.get("name")), one)
    return [*rules, *_of_keys(schema)]


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _rule(name: str, **kwargs: object) -> dict[str, object]:
    return {"type": name, "kwargs": kwargs}


def _of_field(name: str, given: Mapping[str, object]) -> Iterator[object]:
    kind = str(given.get("type", "any"))
    if kind in TYPES:
        yield _rule("expect_column_values_to_be_in_type_list", column=name, type_list=TYPES[kind])
    found = given.get("constraints")
    limits = cast(Mapping[str, object], found) if isinstance(found, dict) else {}
    if limits.get("required"):
        yield _rule("expect_column_values_to_not_be_null", column=name)
    if limits.get("unique"):
        yield _rule("expect_column_values_to_be_unique", column=name)
    if "enum" in limits:
        yield _rule("expect_column_values_to_be_in_set", column=name, value_set=limits["enum"])
    if "pattern" in limits:
        yield _rule("expect_column_values_to_match_regex", column=name, regex=f"^(?:{limits['pattern']})$")
    least, most = limits.get("minimum"), limits.get("maximum")
    if least is not None or most is not None:
        yield _rule("expect_column_values_to_be_between", column=name, min_value=least, max_value=most)
    for key, strict in (("exclusiveMinimum", "min"), ("exclusiveMaximum", "max")):
        if key in limits:
            limit = {f"{strict}_value": limits[key], f"strict_{strict}": True}
            yield _rule("expect_column_values_to_be_between", column=name, **limit)
    short, long = limits.get("minLength"), limits.get("maxLength")
    if short is not None or long is not None:
        yield _rule("expect_column_value_lengths_to_be_between", column=name, min_value=short, max_value=long)


def _columns(value: object) -> list[object]:
    return [value] if isinstance(value, str) else as_list(value)


def _of_keys(schema: Mapping[str, object]) -> Iterator[object]:
    key = _columns(schema.get("primaryKey"))
    if key:
        yield from (_rule("expect_column_values_to_not_be_null", column=name) for name in key)
        yield (
            _rule("expect_column_values_to_be_unique", column=key[0])
            if len(key) == 1
            else _rule("expect_compound_columns_to_be_unique", column_list=key)
        )
    for one in as_list(schema.get("foreignKeys")):
        if not isinstance(one, dict):
            continue
        given = cast(Mapping[str, object], one)
        reference = given.get("reference")
        target = cast(Mapping[str, object], reference) if isinstance(reference, dict) else {}
        if target.get("resource"):
            yield _rule(
                "expect_column_values_to_be_in_other_table",
                column_list=_columns(given.get("fields")),
                other_table_name=target["resource"],
                other_column_list=_columns(target.get("fields")),
            )
