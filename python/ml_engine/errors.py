"""The one exception whose words reach the person who asked."""

from typing import Literal

ErrorKind = Literal[
    "invalid_input", "not_found", "refused", "unavailable", "conflict", "cancelled", "timeout", "failed"
]


class OpError(Exception):
    """An op cannot do what it was asked; `message` says what is wrong, `hint` what to do next."""

    def __init__(self, kind: ErrorKind, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.kind: ErrorKind = kind
        self.message = message
        self.hint = hint
