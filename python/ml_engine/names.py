"""Names that somebody may have misspelt."""

from collections.abc import Iterable
from difflib import get_close_matches

from ml_engine.errors import OpError


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, ignoring case; None where none is alike."""
    by_folded = {candidate.casefold(): candidate for candidate in known}
    matches = get_close_matches(name.casefold(), list(by_folded), n=1, cutoff=0.6)
    return by_folded[matches[0]] if matches else None


def require_column(field: str, name: str, columns: list[str]) -> str:
    """`name` where it is one of `columns`.

    Raises:
        OpError: `not_found`, naming the field, the column and the nearest one there is.
    """
    if name in columns:
        return name
    guess = nearest(name, columns)
    listed = ", ".join(columns[:20]) + (f" and {len(columns) - 20} more" if len(columns) > 20 else "")
    suggestion = f"; did you mean `{guess}`?" if guess else ""
    raise OpError("not_found", f"{field}: no column `{name}`{suggestion}", f"Columns: {listed}.")
