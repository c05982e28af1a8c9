"""Columns as they come from a file, part by part, and as they are stored."""

from dataclasses import dataclass
from typing import Protocol

import polars as pl

from ml_engine.content import Canonical
from ml_engine.reading.dates import parse_with
from ml_engine.reading.evidence import PROBE_VALUES, Facts, Numbers, Punctuated, facts_for
from ml_engine.reading.inference import TEXT, Plan, as_type, best_format, read_as

LONG_VALUE_BYTES = 1_000_000


@dataclass(frozen=True)
class TextRules:
    """How cells of text are read: which are missing, how numbers are written, whether text stays text but for dates."""

    null_tokens: tuple[str, ...]
    decimal: str | None = None
    delimiter: str = ","
    dates_only: bool = False


class Column(Protocol):
    """One column on its way from a file to a dataset.

    Every pass over the file is `begin`, then `read` for each part. Where the column is not `settled` after the last
    part, what was read is not right and another pass, which knows more, has to be made.
    """

    def begin(self) -> None: ...
    def read(self, part: pl.Series) -> tuple[pl.Series, pl.Series | None]:
        """The part as it is stored, and which of its values cannot be read as the type that was asked for."""
        ...

    @property
    def settled(self) -> bool: ...
    def warnings(self) -> list[str]: ...


class TypedColumn:
    """A column whose file says its type."""

    def __init__(self, name: str, wanted: str | None, decimal: str | None) -> None:
        self._name = name
        self._wanted = wanted
        self._decimal = decimal
        self._canonical = Canonical()
        self._longest = 0

    def begin(self) -> None:
        self._canonical.begin()

    def read(self, part: pl.Series) -> tuple[pl.Series, pl.Series | None]:
        bad = None
        stored = self._canonical.apply(part)
        if self._wanted is not None:
            typed = as_type(stored, self._wanted, self._decimal)
            bad = typed.is_null() & stored.is_not_null()
            stored = typed
        if stored.dtype == pl.String:
            self._longest = max(self._longest, longest(stored))
        return stored, bad

    @property
    def settled(self) -> bool:
        return self._canonical.settled

    def warnings(self) -> list[str]:
        return [*long_value(self._name, self._longest), *self._canonical.warnings(self._name)]


class TextColumn:
    """A column of text whose type is found over all of its values, or was said.

    The first part decides how values are read in the first pass; what all parts say decides whether that was right.
    """

    def __init__(self, name: str, rules: TextRules, wanted: str | None = None) -> None:
        self._name = name
        self._rules = rules
        self._wanted = wanted
        self._plan: Plan | None = None
        self._probe = pl.Series(name, [], dtype=pl.String)
        self._probing = True
        self._numeric_tokens = [token for token in rules.null_tokens if _is_number(token)]
        self._dated_tokens: dict[str, bool] = {}
        self.begin()

    def begin(self) -> None:
        self._facts: Facts | None = None
        self._facts_whole = True
        self._met: dict[str, int] = {}
        self._spaced = True
        self._longest = 0
        self._nans = 0

    def read(self, part: pl.Series) -> tuple[pl.Series, pl.Series | None]:
        quick = self._read_as_before(part)
        if quick is not None:
            return quick, None
        if self._spaced:
            self._spaced = bool(part.drop_nulls().str.starts_with(" ").all())
        text = self._without_tokens(part)
        present = text.drop_nulls().str.strip_chars()
        if self._wanted is None:
            self._gather(present)
            if self._plan is None:
                self._plan = self._conclude()[0]
            return self._finished(read_as(text, self._plan)), None
        self._look_at(present)
        if self._plan is None:
            self._plan = self._conclude()[0]
        typed = as_type(text, self._wanted, self._rules.decimal, self._plan.fmt)
        return self._finished(typed), typed.is_null() & text.is_not_null()

    def _read_as_before(self, part: pl.Series) -> pl.Series | None:
        """The part as what the plan says, where every value is that beyond doubt: the short way that most parts take.

        None where a value is not, is a token or shows something new: then all is looked at the long way.
        """
        plan, facts = self._plan, self._facts
        probing = self._probing and len(self._probe) < PROBE_VALUES
        if plan is None or facts is None or self._wanted is not None or self._spaced or probing:
            return None
        if isinstance(facts, Numbers) and not self._numeric_tokens:
            return facts.more(part, plan)
        if isinstance(facts, Punctuated) and plan.kind == "date" and not self._is_dated_token(plan.fmt or ""):
            return facts.more_dates(part, plan.fmt or "")
        return None

    def _is_dated_token(self, fmt: str) -> bool:
        """Whether a cell that means nothing could be read as a date."""
        if fmt not in self._dated_tokens:
            tokens = pl.Series(self._rules.null_tokens, dtype=pl.String)
            self._dated_tokens[fmt] = parse_with(tokens, fmt).null_count() < len(tokens)
        return self._dated_tokens[fmt]

    def _without_tokens(self, part: pl.Series) -> pl.Series:
        stripped = part.str.strip_chars()
        missing = stripped.is_in(list(self._rules.null_tokens)).fill_null(value=False)
        if not missing.any():
            return part
        for token, count in stripped.filter(missing).value_counts(name="\0count").iter_rows():
            self._met[token] = self._met.get(token, 0) + int(count)
        return pl.select(pl.when(~missing).then(part)).to_series().alias(part.name)

    def _look_at(self, present: pl.Series) -> bool:
        """Adds to the first values, in the first pass; whether there were any to add."""
        lacking = PROBE_VALUES - len(self._probe)
        if not self._probing or lacking <= 0 or len(present) == 0:
            return False
        self._probe = self._probe.append(present.head(lacking))
        return True

    def _gather(self, present: pl.Series) -> None:
        if self._look_at(present) or self._facts is None:
            rules = self._rules
            facts = facts_for(self._probe, rules.decimal, rules.delimiter, dates_only=rules.dates_only)
            if self._facts is None or facts is None or facts.looks_for != self._facts.looks_for:
                # What was gathered before looked for other things; the next pass will look for the right ones.
                self._facts_whole = self._facts_whole and self._facts is None
                self._facts = facts
        if self._facts is not None:
            self._facts.add(present)

    def _finished(self, typed: pl.Series) -> pl.Series:
        if typed.dtype == pl.String:
            self._longest = max(self._longest, longest(typed))
        elif typed.dtype.is_float() and typed.is_nan().any():
            self._nans += int(typed.is_nan().sum())
            return typed.fill_nan(None)
        return typed

    def _conclude(self) -> tuple[Plan, str | None]:
        if self._wanted is not None:
            base, _, given = self._wanted.partition(":")
            looks_for = base in ("date", "datetime") and not given
            return Plan("wanted", best_format(self._probe) if looks_for else None), None
        plan, warning = (TEXT, None) if self._facts is None else self._facts.conclude(self._name)
        return (plan._replace(strip=self._spaced) if plan.kind == "text" else plan), warning

    @property
    def settled(self) -> bool:
        concluded = self._conclude()[0]
        right = self._facts_whole and concluded == self._plan
        self._probing = False
        if not right:
            self._plan = concluded
        return right

    @property
    def decimal_comma(self) -> bool:
        return self._plan is not None and self._plan.kind == "comma"

    @property
    def spaced(self) -> bool:
        """Whether every value began with a blank."""
        return self._spaced and len(self._probe) > 0

    @property
    def met(self) -> dict[str, int]:
        """How many cells were read as missing, by what they said."""
        return {token: count for token, count in self._met.items() if token}

    def warnings(self) -> list[str]:
        said = self._conclude()[1]
        nans = [f"`{self._name}`: {self._nans} NaN read as missing."] if self._nans else []
        return [*long_value(self._name, self._longest), *([said] if said else []), *nans]


def longest(column: pl.Series) -> int:
    """Bytes of the longest text in `column`."""
    most = column.str.len_bytes().max()
    return most if isinstance(most, int) else 0


def long_value(name: str, size: int) -> list[str]:
    """A sentence where the longest value is long."""
    return [f"`{name}` holds a value of {size / 1e6:.1f} MB."] if size > LONG_VALUE_BYTES else []


def _is_number(token: str) -> bool:
    value = pl.Series([token], dtype=pl.String).cast(pl.Float64, strict=False)
    return value.null_count() == 0 and not bool(value.is_nan().any())
