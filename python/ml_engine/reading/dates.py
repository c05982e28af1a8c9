"""Recognises dates and times written as text, one format a column."""

from itertools import combinations, product

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
FRACTION = "%.f"
ZONE = r"(Z|[+-]\d{2}:?\d{2})$"
SHOWN_ZONES = 5


def parse_dates(column: pl.Series) -> tuple[pl.Series | None, str | None]:
    """`column` (text, nulls for missing) as dates or datetimes where one format fits every value, and a warning.

    Where several formats are mixed, or some values are no dates, there is no parsed column and the warning names
    examples. None and None where it does not look like dates at all.
    """
    present = column.drop_nulls()
    evidence = DateEvidence(possible_formats(present))
    evidence.add(present)
    fmt = evidence.format
    return None if fmt is None else parse_with(column, fmt), evidence.warning(column.name)


def possible_formats(present: pl.Series) -> list[str]:
    """The formats that fit some of the first distinct values of `present`; none where they do not look like dates."""
    sample = present.unique(maintain_order=True).head(SAMPLE_VALUES)
    looks = int((sample.str.contains(SHAPE) & sample.str.contains(YEAR)).sum())
    if len(sample) == 0 or looks < MOSTLY * len(sample):
        return []
    return [fmt for fmt in (*DATE_FORMATS, *DATETIME_FORMATS) if parse_with(sample, fmt).null_count() < len(sample)]


class DateEvidence:
    """How well each of some formats fits a column whose values arrive part by part."""

    def __init__(self, formats: list[str]) -> None:
        self.fits = dict.fromkeys(formats, 0)
        """How many values each format fits."""
        self._values = 0
        self._example: dict[str, str] = {}
        self._strays = 0
        self._stray = ""
        self._differ: set[tuple[str, str]] = set()
        self._zones: set[str] = set()

    def add(self, present: pl.Series) -> None:
        """The next values, none of them null."""
        if not self.fits or len(present) == 0:
            return
        parsed = {fmt: parse_with(present, fmt) for fmt in self.fits}
        matched = pl.Series([False]).new_from_index(0, len(present))
        for fmt, dates in parsed.items():
            fitting = dates.is_not_null()
            self.fits[fmt] += int(fitting.sum())
            fresh = fitting & ~matched
            if fmt not in self._example and fresh.any():
                self._example[fmt] = str(present.filter(fresh)[0])
            matched = matched | fitting
        self._values += len(present)
        whole = self._whole
        for first, second in combinations(whole, 2):
            if (first, second) not in self._differ and not parsed[first].equals(parsed[second]):
                self._differ.add((first, second))
        if not whole and not matched.all():
            self._stray = self._stray or str(present.filter(~matched)[0])
            self._strays += int((~matched).sum())
        if whole and "z" in whole[0] and len(self._zones) < SHOWN_ZONES:
            self._zones.update(present.str.strip_chars().str.extract(ZONE).drop_nulls().unique().to_list())

    def only(self, fmt: str) -> bool:
        """Whether `fmt` is the one format there can be, and says no zone."""
        return list(self.fits) == [fmt] and self.fits[fmt] == self._values and "z" not in fmt

    def add_fitting(self, count: int) -> None:
        """`count` values more, known to fit the one format there can be."""
        for fmt in self.fits:
            self.fits[fmt] += count
        self._values += count

    @property
    def _whole(self) -> list[str]:
        return [fmt for fmt, count in self.fits.items() if count == self._values]

    @property
    def format(self) -> str | None:
        """The first format that fits every value so far."""
        return next(iter(self._whole), None) if self._values else None

    def warning(self, name: str) -> str | None:
        """What a person should know about the dates of the column `name`."""
        fmt = self.format
        if fmt is None:
            return self._mixed(name)
        other = next((second for first, second in sorted(self._differ, key=self._order) if first == fmt), None)
        if other in self._whole:
            kind = "datetime" if "%H" in fmt else "date"
            otherwise = f'types: {{"{name}": "{kind}:{_plain(other)}"}}'
            return f"`{name}` fits {_plain(fmt)} and {_plain(other)}; read as {_plain(fmt)}. If wrong, set {otherwise}."
        if len(self._zones) > 1:
            return f"`{name}` mixes time zones ({', '.join(sorted(self._zones)[:SHOWN_ZONES])}); stored in UTC."
        return None

    def _order(self, pair: tuple[str, str]) -> tuple[int, int]:
        order = list(self.fits)
        return order.index(pair[0]), order.index(pair[1])

    def _mixed(self, name: str) -> str | None:
        examples = [f"`{self._example[fmt][:40]}` ({_plain(fmt)})" for fmt in self.fits if fmt in self._example]
        if len(examples) > 1:
            return f"`{name}` mixes date formats and stays text: {', '.join(examples[:4])}."
        if examples and self._strays:
            return f"`{name}` stays text: {self._strays} of its values are no dates, e.g. `{self._stray[:40]}`."
        return None


def parse_with(column: pl.Series, fmt: str) -> pl.Series:
    """`column` by one strptime format: Date, or Datetime where the format has hours; null where it does not fit."""
    text = column.str.strip_chars()
    if "%H" not in fmt and "%I" not in fmt:
        return text.str.to_date(fmt, strict=False)
    if FRACTION in fmt:
        # Seconds without a fraction are read several times faster by a format that has none, and to the same instants.
        whole = _moments(text, fmt.replace(FRACTION, ""))
        if whole.null_count() == text.null_count():
            return whole
    return _moments(text, fmt)


def _moments(text: pl.Series, fmt: str) -> pl.Series:
    return text.str.to_datetime(fmt, strict=False, time_unit="us", time_zone="UTC" if "z" in fmt else None)


def _plain(fmt: str) -> str:
    return fmt.replace(FRACTION, "").replace("%#z", "%z")
