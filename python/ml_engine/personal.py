"""Suspects personal data in a column, by its name and by what its values look like."""

import re
from collections.abc import Callable

import polars as pl

SAMPLE_ROWS = 1000
SHARE_NEEDED = 0.6
"""Share of a column's values that must look like one kind before the column is suspected of it."""

EMAIL = re.compile(r"[^@\s,;]+@[\w-]+(\.[\w-]+)+")
PHONE = re.compile(r"(\+\d{1,3}[\s./-]?)?(\(\d{1,5}\)[\s./-]?)?\d{2,5}([\s./-]\d{2,5}){1,4}|\+\d{8,15}")
DATE = re.compile(r"\d{4}[-/. ]\d{1,2}[-/. ]\d{1,2}|\d{1,2}[-/. ]\d{1,2}[-/. ]\d{2,4}")
IPV4 = re.compile(r"((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d)")
IPV6 = re.compile(r"[0-9a-fA-F]{0,4}(:[0-9a-fA-F]{0,4}){4,7}")
SSN = re.compile(r"(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}")
IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
CARD = re.compile(r"\d(?:[ -]?\d){12,18}")

NAME_WORDS = {
    "name": re.compile(
        r"(first|last|full|family|given|middle|maiden|sur|fore|user|customer|patient|person|employee|client)[ _-]?name"
        r"|surname|^names?$"
    ),
    "email": re.compile(r"e[ _-]?mail"),
    "phone": re.compile(r"phone|mobile[ _-]?(no|number)|^(tel|mobile|fax)$"),
    "address": re.compile(
        r"street|(home|postal|mailing|billing|email)?[ _-]?address|post[ _-]?code|postal[ _-]?code|zip[ _-]?code|^zip$"
    ),
    "ssn": re.compile(r"^ssn$|social[ _-]?security"),
    "national_id": re.compile(r"passport|national[ _-]?id|driver'?s?[ _-]?licen[cs]e|tax[ _-]?id"),
    "card": re.compile(r"credit[ _-]?card[ _-]?(no|number)|^card[ _-]?(no|number)$"),
    "iban": re.compile(r"^iban$"),
    "ip": re.compile(r"^ip$|ip[ _-]?addr"),
    "birth_date": re.compile(r"birth[ _-]?(date|day)|date[ _-]?of[ _-]?birth|^dob$"),
}
TEXT_KINDS = frozenset({"name", "address", "email"})
"""Kinds that a column of numbers cannot hold, whatever its name says."""


def luhn(text: str) -> bool:
    """Whether the digits of `text` pass the Luhn checksum (ISO/IEC 7812-1 annex B)."""
    digits = [int(character) for character in text if character.isdigit()]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return len(digits) >= 13 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def iban(text: str) -> bool:
    """Whether `text` is an IBAN by form and checksum (ISO 13616, modulo 97)."""
    compact = text.replace(" ", "").upper()
    if not IBAN.fullmatch(compact):
        return False
    return int("".join(str(int(character, 36)) for character in compact[4:] + compact[:4])) % 97 == 1


def _matches(pattern: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda text: pattern.fullmatch(text) is not None


LOOKS_LIKE: dict[str, Callable[[str], bool]] = {
    "email": _matches(EMAIL),
    "ssn": _matches(SSN),
    "iban": iban,
    "card": lambda text: CARD.fullmatch(text) is not None and luhn(text),
    "ip": lambda text: IPV4.fullmatch(text) is not None or IPV6.fullmatch(text) is not None,
    "phone": lambda text: (
        PHONE.fullmatch(text) is not None and not DATE.fullmatch(text) and 7 <= sum(map(str.isdigit, text)) <= 15
    ),
}


def personal_kind(column: pl.Series) -> str | None:
    """The kind of personal data `column` seems to hold (`email`, `name`, …); None where nothing points to any.

    Values decide before the name does; at most SAMPLE_ROWS distinct values are looked at.
    """
    by_name = next((kind for kind, words in NAME_WORDS.items() if words.search(column.name.casefold().strip())), None)
    dtype = column.dtype
    if dtype == pl.String:
        return _by_values(column) or (by_name if column.null_count() < len(column) else None)
    if dtype.is_integer():
        return "card" if _card_numbers(column) else (by_name if by_name not in TEXT_KINDS else None)
    if dtype.is_temporal():
        return by_name if by_name == "birth_date" else None
    return None


def _by_values(column: pl.Series) -> str | None:
    values = [str(value).strip() for value in column.drop_nulls().unique(maintain_order=True).head(SAMPLE_ROWS)]
    if not values or max(map(len, values[:20])) > 200:
        return None
    for kind, looks in LOOKS_LIKE.items():
        if sum(map(looks, values)) >= SHARE_NEEDED * len(values):
            return kind
    return None


def _card_numbers(column: pl.Series) -> bool:
    values = [str(value) for value in column.drop_nulls().head(SAMPLE_ROWS)]
    return len(values) > 0 and all(CARD.fullmatch(value) is not None and luhn(value) for value in values)
