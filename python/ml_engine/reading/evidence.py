"""What the values of a column of text say about its type, gathered part by part."""

import polars as pl

from ml_engine.reading.dates import DateEvidence, parse_with, possible_formats
from ml_engine.reading.inference import TEXT, Plan

PROBE_VALUES = 1000
"""The first values of a column, which decide what kinds of values are looked for in all of them."""
STRAYS_SHARE = 0.05
"""Share of values that are no numbers up to which a column is called numbers with strays, not text."""
LEADING_ZERO = r"^[+-]?0\d"
DECIMAL_COMMA = r"^[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?([eE][+-]?\d+)?$"
CENTS = r",(\d{1,2}|\d{4,})$"
THOUSANDS = r"^[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?$"
DIGITS_ONLY = r"^[+-]?\d+$"
WORDS = ["true", "false"]


class Numbers:
    """Whether the values are numbers, and which."""

    def __init__(self) -> None:
        self.looks_for: tuple[str, ...] = ("numbers",)
        self.values = 0
        self.whole = True
        self.digits_only = True
        self.leading_zero = False
        self.point = False
        self.strays = 0
        self.stray = ""

    def add(self, present: pl.Series) -> None:
        """The next values, stripped, none of them null."""
        self.values += len(present)
        if not self.point:
            self.point = bool(present.str.contains(".", literal=True).any())
        if not self.leading_zero and not self.point:
            self.leading_zero = bool(present.str.contains(LEADING_ZERO).any())
        if self.whole:
            self.whole = present.cast(pl.Int64, strict=False).null_count() == 0
        if not self.whole:
            if self.digits_only:
                self.digits_only = bool(present.str.contains(DIGITS_ONLY).all())
            stray = present.filter(present.cast(pl.Float64, strict=False).is_null())
            self.strays += len(stray)
            self.stray = self.stray or (str(stray[0]) if len(stray) else "")

    def more(self, part: pl.Series, plan: Plan) -> pl.Series | None:
        """The next values, as they came, read by `plan`, where they say nothing new; None where they may."""
        if plan == Plan("int") and self.whole:
            typed = _plain_integers(part)
        elif plan == Plan("float") and self.point and not self.digits_only and self.strays == 0:
            typed = part.cast(pl.Float64, strict=False)
            if typed.null_count() > part.null_count() or typed.is_nan().any():
                return None
        else:
            return None
        if typed is not None:
            self.values += len(part) - part.null_count()
        return typed

    def conclude(self, name: str) -> tuple[Plan, str | None]:
        """How to read the column, and a warning where that is not what it looks like."""
        if self.leading_zero and not self.point:
            return TEXT, f"`{name}` stays text: its numbers have leading zeros."
        if self.whole:
            return Plan("int"), None
        if self.strays == 0:
            if self.digits_only:
                return TEXT, f"`{name}` stays text: its whole numbers are too long for 64 bits."
            return Plan("float"), None
        if self.strays <= STRAYS_SHARE * self.values:
            return TEXT, (
                f"`{name}` stays text: {self.strays} of {self.values} values are no numbers, "
                f'e.g. `{self.stray[:40]}`. Set types: {{"{name}": "float"}} to put those rows aside.'
            )
        return TEXT, None


def _plain_integers(part: pl.Series) -> pl.Series | None:
    """Text as whole numbers, where each is one and is written without zeros before it."""
    whole = part.cast(pl.Int64, strict=False)
    if whole.null_count() > part.null_count():
        return None
    zeros = part.filter(whole.is_between(-9, 9) | part.str.starts_with("0") | part.str.starts_with("-0"))
    return None if len(zeros) and (zeros.str.len_bytes() > 1).any() else whole


class Words:
    """Whether the values are true and false, in words."""

    def __init__(self) -> None:
        self.looks_for: tuple[str, ...] = ("words",)
        self._only = True

    def add(self, present: pl.Series) -> None:
        """The next values, stripped, none of them null."""
        self._only = self._only and bool(present.str.to_lowercase().is_in(WORDS).all())

    def conclude(self, name: str) -> tuple[Plan, str | None]:
        """How to read the column `name`."""
        del name
        return (Plan("bool") if self._only else TEXT), None


class Punctuated:
    """Whether the values are numbers with commas, decimal or between thousands; dates where they are not."""

    def __init__(self, decimal: str | None, delimiter: str, formats: list[str]) -> None:
        self.looks_for: tuple[str, ...] = ("punctuated", *formats)
        self._decimal = decimal
        self._delimiter = delimiter
        self._commas = decimal == "," or (decimal is None and delimiter != ",")
        self._thousands = True
        self._any_comma = False
        self._cents = False
        self._plain = Numbers()
        self._dates = DateEvidence(formats)

    def add(self, present: pl.Series) -> None:
        """The next values, stripped, none of them null."""
        self._commas = self._commas and bool(present.str.contains(DECIMAL_COMMA).all())
        if self._commas:
            self._any_comma = self._any_comma or bool(present.str.contains(",", literal=True).any())
            self._cents = self._cents or bool(present.str.contains(CENTS).any())
        self._thousands = self._thousands and bool(present.str.contains(THOUSANDS).all())
        if self._thousands:
            self._plain.add(present.str.replace_all(",", "", literal=True))
        self._dates.add(present)

    def more_dates(self, part: pl.Series, fmt: str) -> pl.Series | None:
        """The next values, as they came, as dates, where they can be nothing else and are all of one format."""
        if self._commas or self._thousands or not self._dates.only(fmt):
            return None
        typed = parse_with(part, fmt)
        if typed.null_count() > part.null_count():
            return None
        self._dates.add_fitting(len(part) - part.null_count())
        return typed

    def conclude(self, name: str) -> tuple[Plan, str | None]:
        """How to read the column `name`, and what a person should know of that."""
        if self._commas and self._any_comma and (self._decimal == "," or self._delimiter == ";" or self._cents):
            return Plan("comma"), None
        if self._thousands:
            plan, _ = self._plain.conclude(name)
            if plan.kind in ("int", "float"):
                return Plan(f"thousands_{plan.kind}"), f"`{name}`: commas read as thousands separators."
            return TEXT, None
        fmt = self._dates.format
        return (TEXT if fmt is None else Plan("date", fmt)), self._dates.warning(name)


Facts = Numbers | Words | Punctuated


def facts_for(probe: pl.Series, decimal: str | None, delimiter: str, *, dates_only: bool) -> Facts | None:
    """What to look for in a column whose first values are `probe`, stripped and none of them null.

    None where there is nothing to look for: no value, or with `dates_only` (a column whose form says that it is text)
    numbers.
    """
    if len(probe) == 0:
        return None
    strays = probe.cast(pl.Float64, strict=False).null_count()
    if dates_only:
        return Punctuated(".", ",", possible_formats(probe)) if strays == len(probe) else None
    if strays <= STRAYS_SHARE * len(probe):
        return Numbers()
    if strays == len(probe) and probe.str.to_lowercase().is_in(WORDS).all():
        return Words()
    return Punctuated(decimal, delimiter, possible_formats(probe))
