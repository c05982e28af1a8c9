"""The rows that failed, as a table a person can open and mend."""

from collections.abc import Sequence

import polars as pl

from ml_engine.contract.data import ExpectationResult
from ml_engine.validation.plans import ROW
from ml_engine.validation.source import Source

MOST_LINES = 10_000
FORMULA = r"^([=@\t\r]|[+\-][^0-9.])"
"""Texts that a spreadsheet would run as a formula; they get an apostrophe in front."""


def failing_rows(source: Source, results: Sequence[ExpectationResult]) -> pl.DataFrame | None:
    """A line for each failing row of each failed rule: the rule, its column, the row's place from 0, the whole row.

    At most KEPT_ROWS of a rule and MOST_LINES in all; None where no rule names rows.
    """
    lines = [
        (result["type"], result["column"], place)
        for result in results
        if not result["success"]
        for place in result["unexpected_index_list"]
    ][:MOST_LINES]
    if not lines:
        return None
    rule, column, row = (_free(name, source.names) for name in ("rule", "rule_column", "row"))
    told = pl.DataFrame(lines, schema={rule: pl.String, column: pl.String, ROW: pl.UInt32}, orient="row")
    wanted = told[ROW].unique()
    table = source.lazy.with_row_index(ROW).filter(pl.col(ROW).is_in(wanted.implode())).collect()
    joined = told.join(table.with_columns(pl.col(ROW).cast(pl.UInt32)), on=ROW, how="left", maintain_order="left")
    texts = pl.col(pl.String)
    guarded = pl.when(texts.str.contains(FORMULA)).then(pl.lit("'") + texts).otherwise(texts).name.keep()
    return joined.rename({ROW: row}).with_columns(guarded)


def _free(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name += "_"
    return name
