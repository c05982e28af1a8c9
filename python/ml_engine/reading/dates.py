"""Recognises dates and times written as text, one format a column."""

from collections.abc import Iterable
from itertools import product

import polars as pl

SAMPLE_VALUES = 200
MOSTLY = 0.9
"""Share of values that must look like dates before a column that stays text is worth a warning."""

DATE_FORMATS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%m/%d/%Y",
    "%d/%m/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d %b %Y",
    "%b %d, %Y",
    "%d %B %Y",
    "%B %d, %Y",
    "%d-%b-%Y",
)
TIME_FORMATS = ("%H:%M:%S%.f", "%H:%M:%S%.f%#z", "%H:%M")
DATETIME_FORMATS = tuple(
    f"{date}{gap}{time}" for date, gap, time in product(DATE_FORMATS[:6], ("T", " "), TIME_FORMATS)
)
SHAPE = r"^\s*(\d{1,4}[-/. ]\w{1,9}[-/. ]\d{1,4}|[A-Za-z]{3,9} \d{1,2}, \d{4})([T ].*)?$"
YEAR = r"\d{4}"


def parse_dates(column: pl.Series) -> tuple[pl.Series | None, str | None]:
    """`column` (text, nulls for missing) as dates or datetimes where one format fits every value, and a warning.

    Where several formats are mixed, or some values are no dates, there is no parsed column and the warning names
    examples. None and None where it does not look like dates at all.
    """
    present = column.drop_nulls()
    sample = present.unique(maintain_order=True).head(SAMPLE_VALUES)
    looks = int((sample.str.contains(SHAPE) & sample.str.contains(YEAR)).sum())
    if len(sample) == 0 or looks < MOSTLY * len(sample):
        return None, None
    hits = [fmt for fmt in (*DATE_FORMATS, *DATETIME_FORMATS) if parse_with(sample, fmt).null_count() < len(sample)]
    parsed = {fmt: parse_with(column, fmt) for fmt in hits}
    whole = [fmt for fmt, dates in parsed.items() if dates.null_count() == column.null_count()]
    if not whole:
        return None, _mixed(column, parsed)
    chosen = whole[0]
    return parsed[chosen], _ambiguous(
        column.name, chosen, [fmt for fmt in whole[1:] if not parsed[fmt].equals(parsed[chosen])]
    )


def parse_with(column: pl.Series, fmt: str) -> pl.Series:
    """`column` by one strptime format: Date, or Datetime where the format has hours; null where it does not fit."""
    text = column.str.strip_chars()
    if "%H" not in fmt and "%I" not in fmt:
        return text.str.to_date(fmt, strict=False)
    return text.str.to_datetime(fmt, strict=False, time_unit="us", time_zone="UTC" if "z" in fmt else None)


def _ambiguous(name: str, chosen: str, others: Iterable[str]) -> str | None:
    other = next(iter(others), None)
    if other is None:
        return None
    kind = "datetime" if "%H" in chosen else "date"
    otherwise = f'types: {{"{name}": "{kind}:{_plain(other)}"}}'
    return f"`{name}` fits {_plain(chosen)} and {_plain(other)}; read as {_plain(chosen)}. If wrong, set {otherwise}."


def _mixed(column: pl.Series, parsed: dict[str, pl.Series]) -> str | None:
    matched = pl.Series([False] * len(column))
    examples: list[str] = []
    counts: list[int] = []
    for fmt, dates in parsed.items():
        fresh = dates.is_not_null() & ~matched
        if fresh.any():
            counts.append(int(fresh.sum()))
            examples.append(f"`{column.filter(fresh)[0]}` ({_plain(fmt)})")
            matched = matched | fresh
    if not examples:
        return None
    stray = column.filter(~matched & column.is_not_null())
    if len(examples) > 1:
        return f"`{column.name}` mixes date formats and stays text: {', '.join(examples[:4])}."
    return (
        f"`{column.name}` stays text: {len(stray)} of its values are no dates, e.g. `{str(stray[0])[:40]}`."
        if len(stray)
        else None
    )


def _plain(fmt: str) -> str:
    return fmt.replace("%.f", "").replace("%#z", "%z")
