"""Checks of a table that nobody wrote rules for: what commonly makes data untrustworthy."""

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import polars as pl

from ml_engine.cells import cells
from ml_engine.contract.data import ExpectationResult
from ml_engine.contract.manifest import ColumnSchema
from ml_engine.reading.dates import parse_dates
from ml_engine.validation.identical import identical_columns

MUCH_MISSING = 0.5
NUMBERS_SHARE = 0.5
CHECKS_A_TABLE = 2
"""Checks of the table as a whole: duplicate rows, identical columns."""
PLACEHOLDERS = (
    "-",
    "--",
    ".",
    "unknown",
    "missing",
    "none",
    "null",
    "n/a",
    "na",
    "tbd",
    "xxx",
    "#ref!",
    "#value!",
    "#div/0!",
    "undefined",
)
SENTINELS = (-999.0, -9999.0, 9999.0, 99999.0, 999999.0, -99.0, 999.0)


def check_soundness(frame: pl.DataFrame, columns: Sequence[ColumnSchema]) -> tuple[int, list[ExpectationResult]]:
    """How many checks were made, and a result for each one that failed, errors first.

    Errors are what makes numbers wrong (infinite values, a column without any value); warnings are what a person should
    look at (duplicates, constant, mostly missing, mixed types, placeholders, identical columns, odd case and blanks).
    """
    found = [*_whole(frame, columns)]
    for schema in columns:
        column = frame[schema["name"]]
        for check in CHECKS:
            result = check(column, schema)
            if result is not None:
                found.append(result)
    return CHECKS_A_TABLE + len(CHECKS) * len(columns), sorted(found, key=lambda result: result["severity"] != "error")


def _finding(
    kind: str,
    column: pl.Series | None,
    bad: int,
    reason: str,
    rows: int,
    *,
    severity: Literal["error", "warn"] = "warn",
    examples: Sequence[object] = (),
) -> ExpectationResult:
    missing = 0 if column is None else column.null_count()
    judged = rows - missing
    return {
        "type": kind,
        "column": None if column is None else column.name,
        "severity": severity,
        "success": False,
        "element_count": rows,
        "missing_count": missing,
        "missing_percent": 100 * missing / max(rows, 1),
        "unexpected_count": bad,
        "unexpected_percent": 100 * bad / judged if judged else 0.0,
        "unexpected_percent_total": 100 * bad / max(rows, 1),
        "partial_unexpected_list": [*cells(examples)],
        "partial_unexpected_counts": [],
        "unexpected_index_list": [],
        "observed_value": None,
        "details": {},
        "reason": reason,
    }


def _whole(frame: pl.DataFrame, columns: Sequence[ColumnSchema]) -> Iterator[ExpectationResult]:
    features = [column["name"] for column in columns if column["role"] != "identifier"] or frame.columns
    repeated = frame.height - frame.select(features).n_unique()
    if repeated:
        without = "" if len(features) == frame.width else " (identifiers aside)"
        yield _finding(
            "duplicate_rows",
            None,
            repeated,
            f"{repeated} of {frame.height} rows repeat an earlier one{without}.",
            frame.height,
        )
    for first, second, how in identical_columns(frame):
        words = "equals" if how == "equal" else "is one to one with"
        reason = f"{words} `{first}`; where one is the target, the other gives it away."
        yield _finding(
            "identical_columns", frame[second], frame.height - frame[second].null_count(), reason, frame.height
        )


def _no_value(column: pl.Series, schema: ColumnSchema) -> ExpectationResult | None:
    del schema
    if column.null_count() < len(column):
        return None
    return _finding("no_value", column, len(column), "has no value at all.", len(column), severity="error")


def _missing(column: pl.Series, schema: ColumnSchema) -> ExpectationResult | None:
    del schema
    nulls = column.null_count()
    if nulls == 0 or nulls == len(column):
        return None
    share = 100 * nulls / len(column)
    much = " More than half: a model learns little from it." if nulls > MUCH_MISSING * len(column) else ""
    return _finding(
        "missing_values",
        column,
        nulls,
        f"{nulls} of {len(column)} values ({share:.1f} %) are missing.{much}",
        len(column),
    )


def _constant(column: pl.Series, schema: ColumnSchema) -> ExpectationResult | None:
    del schema
    present = column.drop_nulls()
    if len(present) == 0 or present.n_unique() > 1 or len(column) < 2:
        return None
    return _finding("constant_column", column, len(present), f"always is `{cells([present[0]])[0]}`.", len(column))


def _infinite(column: pl.Series, schema: ColumnSchema) -> ExpectationResult | None:
    del schema
    if not column.dtype.is_float():
        return None
    infinite = int(column.is_infinite().sum())
    if infinite == 0:
        return None
    return _finding(
        "infinite_values", column, infinite, f"{infinite} values are infinite.", len(column), severity="error"
    )


def _mixed(column: pl.Series, schema: ColumnSchema) -> ExpectationResult | None:
    if column.dtype != pl.String or schema["role"] == "identifier":
        return None
    present = column.drop_nulls()
    numbers = present.str.strip_chars().cast(pl.Float64, strict=False)
    share = 1 - numbers.null_count() / max(len(present), 1)
    if NUMBERS_SHARE <= share < 1:
        strays = present.filter(numbers.is_null())
        reason = f"mixes numbers with text: {len(strays)} values are none, e.g. `{str(strays[0])[:40]}`."
        return _finding(
            "mixed_types", column, len(strays), reason, len(column), severity="error", examples=strays.head(5).to_list()
        )
    dates, warning = parse_dates(column)
    if dates is None and warning is not None:
        reason = warning.removeprefix(f"`{column.name}` ")
        return _finding(
            "mixed_dates",
            column,
            len(present),
            reason,
            len(column),
            severity="error",
            examples=present.head(5).to_list(),
        )
    return None


def _placeholder(column: pl.Series, schema: ColumnSchema) -> ExpectationResult | None:
    if column.dtype == pl.String:
        hits = column.filter(column.str.strip_chars().str.to_lowercase().is_in(PLACEHOLDERS))
    elif column.dtype.is_numeric() and schema["role"] not in ("identifier", "constant"):
        hits = column.filter(column.cast(pl.Float64).is_in(SENTINELS))
        rest = column.filter(~column.cast(pl.Float64).is_in(SENTINELS)).cast(pl.Float64)
        extreme = _far_out(hits.cast(pl.Float64), rest)
        hits = hits if extreme else hits.clear()
    else:
        return None
    if len(hits) == 0:
        return None
    reason = f"{len(hits)} values look like stand-ins for missing ones, e.g. `{hits[0]}`."
    return _finding(
        "placeholder_values", column, len(hits), reason, len(column), examples=hits.unique().head(5).to_list()
    )


def _far_out(hits: pl.Series, rest: pl.Series) -> bool:
    low, high = rest.min(), rest.max()
    if len(hits) == 0 or not isinstance(low, float) or not isinstance(high, float):
        return False
    span = max(high - low, 1.0)
    return any(value < low - span or value > high + span for value in hits.to_list())


def _spelling(column: pl.Series, schema: ColumnSchema) -> ExpectationResult | None:
    if column.dtype != pl.String or schema["role"] not in ("categorical", "ordinal", "target_candidate", "boolean"):
        return None
    levels = column.drop_nulls().unique(maintain_order=True).head(1000)
    folded = levels.str.strip_chars().str.to_lowercase().str.replace_all(r"\s+", " ")
    twice = levels.filter(folded.is_duplicated())
    if len(twice) == 0:
        return None
    bad = int(column.is_in(twice.implode()).sum())
    shown = ", ".join(f"`{value}`" for value in twice.head(4))
    return _finding(
        "inconsistent_spelling",
        column,
        bad,
        f"has categories that differ only in case or blanks: {shown}.",
        len(column),
        examples=twice.head(10).to_list(),
    )


CHECKS: tuple[Callable[[pl.Series, ColumnSchema], ExpectationResult | None], ...] = (
    _no_value,
    _missing,
    _constant,
    _infinite,
    _mixed,
    _placeholder,
    _spelling,
)
