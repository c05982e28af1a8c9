"""What a format has no words for: columns are stored as something it has, and what is lost is said."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from ml_engine.errors import OpError

FORMULA = r"^'*[=+\-@\t\r]"
"""How a cell begins that a spreadsheet runs. Quotes before it count too, so that taking one away again is exact."""
ISO_DATE = "%Y-%m-%d"
ISO_DATETIME = "%Y-%m-%dT%H:%M:%S%.6f"
ISO_ZONED = "%Y-%m-%dT%H:%M:%S%.6f%:z"
EXCEL_ROWS = 1_048_575
EXCEL_COLUMNS = 16_384
EXCEL_CHARACTERS = 32_767
EXACT_INTEGERS = 2**53
EXCEL_FROM = pl.date(1900, 3, 1)
EXCEL_TO = pl.date(9999, 12, 31)
GREATEST = {"excel": 9.99999999999999e307, "jsonl": sys.float_info.max}
"""The largest number of formats that have no infinity."""
GUARDED = frozenset({"csv", "tsv", "excel"})
ALL_AS_TEXT = frozenset({"csv", "tsv", "jsonl", "sqlite"})
ZONELESS = {"duckdb": "DuckDB", "delta": "Delta", "postgresql": "PostgreSQL"}
WIDER: dict[pl.DataType, pl.DataType] = {
    pl.UInt8(): pl.Int16(),
    pl.UInt16(): pl.Int32(),
    pl.UInt32(): pl.Int64(),
}


@dataclass
class Carried:
    """A table as a format can hold it."""

    frame: pl.LazyFrame
    rows: int
    guarded_cells: int = 0
    guarded_columns: list[str] = field(default_factory=list[str])
    warnings: list[str] = field(default_factory=list[str])


def carry(frame: pl.LazyFrame, name: str, *, guard: bool) -> Carried:
    """`frame` with each column as the format `name` can store it, after one pass over its rows.

    Raises:
        OpError: the format cannot hold the table at all.
        polars.exceptions.PolarsError: an expression of `frame` failed on a row.
    """
    schema = dict(frame.collect_schema())
    asked = {"rows": pl.len(), **dict(_questions(schema, name, guard=guard and name in GUARDED))}
    answers = frame.select(**asked).collect(engine="streaming").row(0, named=True)
    carried = Carried(frame, int(answers["rows"]))
    if name == "excel":
        _fits_excel(carried.rows, schema, answers)
    columns: list[pl.Expr] = []
    for position, (column, dtype) in enumerate(schema.items()):
        mine = {key.partition(":")[0]: answers[key] for key in asked if key.endswith(f":{position}")}
        columns.append(_stored(column, dtype, name, mine, carried))
    carried.frame = frame.select(columns)
    carried.warnings.extend(_losses(schema, name))
    return carried


def _questions(schema: dict[str, pl.DataType], name: str, *, guard: bool) -> Iterator[tuple[str, pl.Expr]]:
    for position, (column, dtype) in enumerate(schema.items()):
        values = pl.col(column)
        if dtype == pl.String:
            if guard:
                yield f"formulas:{position}", values.str.contains(FORMULA).sum()
            if name == "excel":
                yield f"empty:{position}", (values == "").sum()
                yield f"characters:{position}", values.str.len_chars().max()
            if name == "postgresql":
                yield f"nul:{position}", values.str.contains("\0", literal=True).sum()
        elif name == "excel" and dtype.is_integer():
            yield f"wide:{position}", (values.cast(pl.Float64).abs() > EXACT_INTEGERS).sum()
        elif name == "excel" and isinstance(dtype, (pl.Date, pl.Datetime)):
            yield f"odd:{position}", _odd_times(values, dtype).sum()
        if dtype.is_float() and name in ("excel", "jsonl"):
            yield f"infinite:{position}", (values.abs() > GREATEST[name]).sum()


def _odd_times(values: pl.Expr, dtype: pl.Date | pl.Datetime) -> pl.Expr:
    outside = (values.cast(pl.Date) < EXCEL_FROM) | (values.cast(pl.Date) > EXCEL_TO)
    return outside | (values.dt.microsecond() % 1000 != 0) if isinstance(dtype, pl.Datetime) else outside


def _fits_excel(rows: int, schema: dict[str, pl.DataType], answers: dict[str, object]) -> None:
    longest = max(
        (int(str(value)) for key, value in answers.items() if key.startswith("characters:") and value), default=0
    )
    for what, has, most in (
        ("rows", rows, EXCEL_ROWS),
        ("columns", len(schema), EXCEL_COLUMNS),
        ("characters in one cell", longest, EXCEL_CHARACTERS),
    ):
        if has > most:
            raise OpError(
                "invalid_input",
                f"format: an Excel sheet holds at most {most} {what}, and this has {has}",
                "Use `filter` or `columns`, or write Parquet.",
            )


def _stored(column: str, dtype: pl.DataType, name: str, answers: dict[str, int], carried: Carried) -> pl.Expr:
    values = pl.col(column)
    if isinstance(dtype, (pl.Date, pl.Datetime)):
        zone = dtype.time_zone if isinstance(dtype, pl.Datetime) else None
        if name in ALL_AS_TEXT or (name == "excel" and (answers.get("odd") or zone)):
            return iso_text(values, dtype)
        return values.dt.convert_time_zone("UTC") if zone and name in ZONELESS else values
    if dtype == pl.String:
        return _stored_text(column, answers, carried)
    if answers.get("wide"):
        return values.cast(pl.String)
    if answers.get("infinite"):
        carried.warnings.append(
            f"`{column}`: {answers['infinite']} values are left empty: infinite, or too large for {name}."
        )
        return pl.when(values.abs() <= GREATEST[name]).then(values).alias(column)
    return values.cast(_number(dtype, name))


def _number(dtype: pl.DataType, name: str) -> pl.DataType:
    if dtype == pl.Boolean and name == "sqlite":
        return pl.Int8()
    if dtype in WIDER and name in ("delta", "postgresql"):
        return WIDER[dtype]
    return pl.Int16() if dtype == pl.Int8 and name == "postgresql" else dtype


def _stored_text(column: str, answers: dict[str, int], carried: Carried) -> pl.Expr:
    values = pl.col(column)
    if answers.get("nul"):
        raise OpError(
            "invalid_input", f"column `{column}`: PostgreSQL holds no text with a NUL character", "Clean it first."
        )
    if answers.get("empty"):
        carried.warnings.append(f"`{column}`: {answers['empty']} empty texts become empty cells, read as missing.")
    if not answers.get("formulas"):
        return values
    carried.guarded_cells += answers["formulas"]
    carried.guarded_columns.append(column)
    return pl.when(values.str.contains(FORMULA)).then(pl.lit("'") + values).otherwise(values).alias(column)


def iso_text(values: pl.Expr, dtype: pl.Date | pl.Datetime) -> pl.Expr:
    """Dates and times as ISO 8601 text; those with a zone in UTC, since offsets of old ones have seconds."""
    if isinstance(dtype, pl.Date):
        return values.dt.to_string(ISO_DATE)
    if dtype.time_zone:
        return values.dt.convert_time_zone("UTC").dt.to_string(ISO_ZONED)
    return values.dt.to_string(ISO_DATETIME)


def _losses(schema: dict[str, pl.DataType], name: str) -> Iterator[str]:
    zones = [
        f"`{column}` {dtype.time_zone}"
        for column, dtype in schema.items()
        if isinstance(dtype, pl.Datetime) and dtype.time_zone
    ]
    if zones and (name in ZONELESS or name in ALL_AS_TEXT or name == "excel"):
        yield f"Times are kept as instants in UTC; their zones stand in the datasheet alone: {_listed(zones)}."
    if name == "delta":
        yield "A Delta table keeps no order of its rows."
    if name == "sqlite":
        typed = [f"`{column}`" for column, dtype in schema.items() if dtype == pl.Boolean or dtype.is_temporal()]
        if typed:
            yield f"SQLite has no dates and no booleans; stored as ISO text and 0/1: {_listed(typed)}."
    narrow = [
        f"`{column}` {dtype}"
        for column, dtype in schema.items()
        if dtype in WIDER or (dtype == pl.Int8 and name == "postgresql")
    ]
    if narrow and name in ("delta", "postgresql"):
        yield f"Stored as the next wider integer: {_listed(narrow)}."
    if name == "sqlite" and any(
        dtype.is_numeric() and str(dtype) not in ("Int64", "Float64") for dtype in schema.values()
    ):
        yield "SQLite has one width of numbers; the widths stand in the datasheet."


def _listed(items: list[str], most: int = 5) -> str:
    return ", ".join(items[:most]) + (f" and {len(items) - most} more" if len(items) > most else "")
