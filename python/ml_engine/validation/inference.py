"""Writes a suite that a table fulfils: a start for a person to edit, and a guard for the next delivery."""

from collections.abc import Iterator, Sequence

import polars as pl

from ml_engine.cells import cell, number
from ml_engine.contract.manifest import ColumnSchema
from ml_engine.validation.values import type_group

MOST_LEVELS = 30
TYPE_NAMES = {
    "integer": ["INTEGER"],
    "float": ["FLOAT", "INTEGER"],
    "text": ["STRING"],
    "boolean": ["BOOLEAN"],
    "date": ["DATE"],
    "datetime": ["DATETIME"],
}
Expectation = dict[str, object]


def infer_suite(frame: pl.DataFrame, columns: Sequence[ColumnSchema]) -> list[Expectation]:
    """Rules that hold for `frame`: its columns, types, missing share, keys, categories, ranges, lengths."""
    suite = [_rule("expect_table_columns_to_match_set", column_set=frame.columns, exact_match=True)]
    suite.append(_rule("expect_table_row_count_to_be_between", min_value=1))
    for schema in columns:
        suite.extend(_of_column(frame[schema["name"]], schema))
    return suite


def _rule(name: str, severity: str = "error", **kwargs: object) -> Expectation:
    return {"type": name, "kwargs": kwargs, "severity": severity}


def _of_column(column: pl.Series, schema: ColumnSchema) -> Iterator[Expectation]:
    name, rows = column.name, len(column)
    present = column.drop_nulls()
    yield _rule(
        "expect_column_values_to_be_in_type_list",
        column=name,
        type_list=TYPE_NAMES.get(type_group(column.dtype), [str(column.dtype)]),
    )
    if column.null_count() == 0:
        yield _rule("expect_column_values_to_not_be_null", column=name)
    elif len(present):
        # Twice the share seen is let through: the next delivery is never quite like this one.
        mostly = round(max(0.0, 1 - 2 * column.null_count() / rows), 3)
        yield _rule("expect_column_values_to_not_be_null", "warn", column=name, mostly=mostly)
    if len(present) == 0:
        return
    if schema["role"] == "identifier" and present.n_unique() == len(present):
        yield _rule("expect_column_values_to_be_unique", column=name)
        return
    if schema["personal"] is not None and schema["role"] == "personal":
        return
    if (
        schema["role"] in ("categorical", "ordinal", "target_candidate", "boolean", "constant")
        and present.n_unique() <= MOST_LEVELS
    ):
        yield _rule(
            "expect_column_values_to_be_in_set",
            column=name,
            value_set=[cell(value) for value in present.unique().sort()],
        )
        return
    if column.dtype.is_numeric():
        finite = present.filter(present.cast(pl.Float64).is_finite())
        low, high = number(finite.min()), number(finite.max())
        if low is not None and high is not None:
            yield _rule(
                "expect_column_values_to_be_between",
                "warn",
                column=name,
                min_value=_whole(low, column),
                max_value=_whole(high, column),
            )
    elif column.dtype.is_temporal():
        yield _rule("expect_column_values_to_be_between", "warn", column=name, min_value=cell(present.min()))
    elif column.dtype == pl.String:
        lengths = present.str.len_chars()
        yield _rule(
            "expect_column_value_lengths_to_be_between",
            "warn",
            column=name,
            min_value=lengths.min(),
            max_value=lengths.max(),
        )


def _whole(value: float, column: pl.Series) -> float:
    return int(value) if column.dtype.is_integer() else value
