"""Personal data inside running text: found by form and checksum, taken out where asked."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from ml_engine.language.examples.example import Example, Message
from ml_engine.personal import CARD, DATE, EMAIL, IBAN, IPV4, IPV6, LOOKS_LIKE, PHONE, SSN

WITHIN: Mapping[str, re.Pattern[str]] = {
    kind: re.compile(rf"(?<![\w@.+-])(?:{pattern.pattern})(?![\w@-])")
    for kind, pattern in (
        ("email", EMAIL),
        ("ssn", SSN),
        ("iban", IBAN),
        ("card", CARD),
        ("ip", re.compile(f"{IPV4.pattern}|{IPV6.pattern}")),
        ("phone", PHONE),
    )
}
PHONE_SIGNS = re.compile(r"[+(]|\d[\s./-]\d{3}")
LEAST_PHONE_DIGITS = 9


def kinds_in(text: str) -> set[str]:
    """The kinds of personal data that a text holds."""
    found: set[str] = set()
    without(text, found)
    return found


def without(text: str, found: set[str] | None = None) -> str:
    """The text with each piece of personal data replaced by its kind in brackets."""
    for kind, pattern in WITHIN.items():
        text = pattern.sub(_masking(kind, found), text)
    return text


def masked(example: Example) -> Example:
    """The example without personal data in anything that is said."""

    def clean(turns: tuple[Message, ...]) -> tuple[Message, ...]:
        return tuple(replace(turn, content=without(turn.content)) for turn in turns)

    return replace(
        example,
        prompt=clean(example.prompt),
        answer=clean(example.answer),
        rejected=None if example.rejected is None else clean(example.rejected),
        text=None if example.text is None else without(example.text),
        kept={name: value for name, value in example.kept.items() if name != "input_at"},
    )


def _masking(kind: str, found: set[str] | None) -> Callable[[re.Match[str]], str]:
    def mask(match: re.Match[str]) -> str:
        text = match[0]
        if not LOOKS_LIKE[kind](text) or (kind == "phone" and not _is_phone(text)):
            return text
        if found is not None:
            found.add(kind)
        return f"[{kind}]"

    return mask


def _is_phone(text: str) -> bool:
    """Numbers are common in running text: a phone number has a sign of one, and digits enough."""
    enough = sum(letter.isdigit() for letter in text) >= LEAST_PHONE_DIGITS
    return enough and PHONE_SIGNS.search(text) is not None and not DATE.match(text)
