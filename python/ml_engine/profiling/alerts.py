"""What of a profile a person should look at; kinds are those of ydata-profiling, with a few of our own."""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
from scipy import stats

from ml_engine.contract.data import Alert, Association, ColumnProfile, TargetProfile
from ml_engine.contract.manifest import ColumnSchema
from ml_engine.profiling.columns import bin_counts
from ml_engine.profiling.near import MOST_ROWS, is_nested, near_duplicates
from ml_engine.profiling.times import moving
from ml_engine.reading.dates import parse_dates
from ml_engine.validation.identical import identical_columns

MISSING_SHARE = 0.05
ZEROS_SHARE = 0.5
SKEW_LIMIT = 5.0
CARDINALITY_LIMIT = 50
IMBALANCE_LIMIT = 0.5
CORRELATION_LIMIT = 0.9
OUTLIER_SHARE = 0.05
UNIFORM_P = 0.999
MINORITY_SHARE = 0.1
ORDER = (
    *("LEAKAGE", "EMPTY", "INFINITE", "TARGET_IMBALANCE", "TARGET_MISSING", "PERSONAL", "DUPLICATES", "IDENTICAL"),
    *("CONSTANT", "MISSING", "HIGH_CORRELATION", "IMBALANCE", "SKEWED", "OUTLIERS", "HIGH_CARDINALITY", "TYPE_DATE"),
    *("DIRTY_CATEGORY", "UNIQUE", "ZEROS", "UNIFORM", "CONSTANT_LENGTH", "NEAR_DUPLICATES", "UNSUPPORTED"),
    *("NON_STATIONARY", "SEASONAL", "REJECTED"),
)


REJECTING = ("EMPTY", "CONSTANT", "IDENTICAL", "UNSUPPORTED")


def find_alerts(
    frame: pl.DataFrame,
    columns: Sequence[ColumnSchema],
    profiles: Sequence[ColumnProfile],
    pairs: Sequence[Association],
    target: TargetProfile | None,
    duplicates: int,
) -> list[Alert]:
    """Everything worth a look, the gravest first."""
    found: list[Alert] = [*_of_target(target), *_of_table(frame, profiles, duplicates), *_of_pairs(pairs)]
    for schema, profile in zip(columns, profiles, strict=True):
        found += _of_column(frame[schema["name"]], schema, profile)
    found += [_alert(kind, [name], message) for kind, name, message in moving(frame, columns)]
    near = near_duplicates(frame, columns)
    if near:
        among = f" among the first {MOST_ROWS}" if frame.height > MOST_ROWS else ""
        found.append(_alert("NEAR_DUPLICATES", [], f"{near} rows{among} repeat one but for case, blanks or rounding."))
    useless = list(dict.fromkeys(alert["columns"][-1] for alert in found if alert["kind"] in REJECTING))
    if useless:
        named = ", ".join(f"`{name}`" for name in useless[:10])
        found.append(_alert("REJECTED", useless, f"{len(useless)} columns can tell a model nothing more: {named}."))
    return sorted(found, key=lambda alert: ORDER.index(alert["kind"]))


def _alert(kind: str, columns: Sequence[str], message: str) -> Alert:
    return {"kind": kind, "columns": list(columns), "message": message}


def _of_target(target: TargetProfile | None) -> Iterator[Alert]:
    if target is None:
        return
    for leak in target["leakage"]:
        yield _alert("LEAKAGE", [leak["column"]], f"`{leak['column']}` {leak['reason']}")
    name = target["name"]
    if target["missing"] > 0:
        yield _alert(
            "TARGET_MISSING", [name], f"target `{name}` is missing in {100 * target['missing']:.1f} % of rows."
        )
    classes = target["classes"]
    if target["task"] == "classification" and len(classes) == 1:
        yield _alert(
            "TARGET_IMBALANCE",
            [name],
            f"target `{name}` has one class alone, `{classes[0]['value']}`: there is nothing to predict.",
        )
    elif 1 < len(classes) < 20 and classes[-1]["share"] < MINORITY_SHARE:
        rarest = classes[-1]
        yield _alert(
            "TARGET_IMBALANCE",
            [name],
            f"target class `{rarest['value']}` has {rarest['rows']} rows ({100 * rarest['share']:.1f} %).",
        )


def _of_table(frame: pl.DataFrame, profiles: Sequence[ColumnProfile], duplicates: int) -> Iterator[Alert]:
    if duplicates:
        yield _alert("DUPLICATES", [], f"{duplicates} rows repeat an earlier one.")
    for first, second, how in identical_columns(frame, {one["name"]: one["distinct"] for one in profiles}):
        yield _alert(
            "IDENTICAL",
            [first, second],
            f"`{second}` {'equals' if how == 'equal' else 'is one to one with'} `{first}`.",
        )


def _of_pairs(pairs: Sequence[Association]) -> Iterator[Alert]:
    for pair in pairs:
        if abs(pair["value"]) >= CORRELATION_LIMIT:
            yield _alert(
                "HIGH_CORRELATION",
                [pair["a"], pair["b"]],
                f"`{pair['a']}` and `{pair['b']}`: {pair['method']} {pair['value']:.3f}.",
            )


def _of_column(column: pl.Series, schema: ColumnSchema, profile: ColumnProfile) -> Iterator[Alert]:
    name, rows = column.name, len(column)
    present = rows - column.null_count()
    if schema["personal"] is not None:
        yield _alert("PERSONAL", [name], f"`{name}` looks like personal data ({schema['personal']}).")
    if present == 0:
        yield _alert("EMPTY", [name], f"`{name}` has no value at all.")
        return
    if is_nested(column):
        yield _alert("UNSUPPORTED", [name], f"`{name}` holds nested values: take them apart first.")
    if profile["distinct"] == 1 and rows > 1:
        yield _alert("CONSTANT", [name], f"`{name}` never changes.")
    if profile["missing"] >= MISSING_SHARE:
        yield _alert("MISSING", [name], f"`{name}` is missing in {100 * profile['missing']:.1f} % of rows.")
    if profile["distinct"] == present and present > 20 and not column.dtype.is_float():
        yield _alert("UNIQUE", [name], f"`{name}` is different in every row.")
    if column.dtype.is_numeric():
        yield from _of_numbers(column, profile, present)
    elif column.dtype == pl.String:
        yield from _of_text(column, schema, profile, present)


def _of_numbers(column: pl.Series, profile: ColumnProfile, present: int) -> Iterator[Alert]:
    name, more = column.name, profile.get("more", {})
    infinite, zeros, outliers = int(more.get("infinite") or 0), int(more.get("zeros") or 0), profile.get("outliers", 0)
    if infinite:
        yield _alert("INFINITE", [name], f"`{name}` has {infinite} infinite values.")
    if zeros >= ZEROS_SHARE * present and profile["distinct"] > 2:
        yield _alert("ZEROS", [name], f"`{name}` is 0 in {100 * zeros / present:.1f} % of rows.")
    skewness = profile.get("skewness") or 0.0
    if abs(skewness) > SKEW_LIMIT:
        yield _alert("SKEWED", [name], f"`{name}` is skewed ({skewness:.1f}).")
    if outliers >= OUTLIER_SHARE * present and profile["distinct"] > 10:
        yield _alert(
            "OUTLIERS",
            [name],
            f"`{name}` has {outliers} values ({100 * outliers / present:.1f} %) beyond 1.5 IQR of the quartiles.",
        )
    counts = bin_counts(profile)
    if len(counts) > 1 and present >= 100 and float(stats.chisquare(np.asarray(counts)).pvalue) > UNIFORM_P:
        yield _alert("UNIFORM", [name], f"`{name}` is spread evenly from {profile.get('min')} to {profile.get('max')}.")


def _of_text(column: pl.Series, schema: ColumnSchema, profile: ColumnProfile, present: int) -> Iterator[Alert]:
    name, more = column.name, profile.get("more", {})
    if schema["role"] in ("categorical", "target_candidate"):
        if profile["distinct"] > CARDINALITY_LIMIT:
            yield _alert("HIGH_CARDINALITY", [name], f"`{name}` has {profile['distinct']} levels.")
        imbalance = _imbalance(column)
        if imbalance > IMBALANCE_LIMIT:
            yield _alert("IMBALANCE", [name], f"`{name}` is nearly always the same (imbalance {imbalance:.2f} of 1).")
        levels = column.drop_nulls().unique(maintain_order=True).head(1000)
        folded = levels.str.strip_chars().str.to_lowercase()
        if folded.is_duplicated().any():
            shown = ", ".join(f"`{level}`" for level in levels.filter(folded.is_duplicated()).head(3))
            yield _alert("DIRTY_CATEGORY", [name], f"`{name}` has levels that differ only in case or blanks: {shown}.")
    if more.get("min_length") == more.get("max_length") and profile["distinct"] > 10:
        yield _alert("CONSTANT_LENGTH", [name], f"every value of `{name}` has {more.get('max_length')} characters.")
    parsed, warning = parse_dates(column)
    if parsed is not None or (warning is not None and present > 1):
        yield _alert("TYPE_DATE", [name], f"`{name}` holds dates as text.")


def _imbalance(column: pl.Series) -> float:
    """1 less the entropy of the levels as a share of its greatest possible value (ydata-profiling's measure)."""
    counts = column.drop_nulls().value_counts(name="\x00rows")["\x00rows"].to_numpy()
    if len(counts) < 2:
        return 0.0
    shares = counts / counts.sum()
    return float(1 + (shares * np.log2(shares)).sum() / np.log2(len(counts)))
