"""Text made plain."""

import html
from collections.abc import Callable

import polars as pl

from ml_engine.contract.data import Step
from ml_engine.errors import OpError
from ml_engine.transforming.steps import default_method

TAGS = r"(?is)<!--.*?-->|<(?:script|style)\b.*?</(?:script|style)\s*>|</?[a-z][^<>]*>"


def _squeezed(text: pl.Expr) -> pl.Expr:
    return text.str.strip_chars().str.replace_all(r"\s+", " ").str.strip_chars()


def _plain(text: pl.Expr) -> pl.Expr:
    """Without accents: decomposed, marks taken away, composed again."""
    return text.str.normalize("NFKD").str.replace_all(r"\p{Mn}", "").str.normalize("NFC")


CLEANED: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "trim": _squeezed,
    "whitespace": lambda text: _squeezed(text.str.replace_all(r"[\x{200B}-\x{200D}\x{2060}\x{FEFF}]", "")),
    "lower": lambda text: _squeezed(text).str.to_lowercase(),
    "upper": lambda text: _squeezed(text).str.to_uppercase(),
    "accents": _plain,
    "punctuation": lambda text: _squeezed(text.str.replace_all(r"[\p{P}\p{S}]+", " ")),
    "html": lambda text: _squeezed(
        text.str.replace_all(TAGS, " ").map_elements(html.unescape, return_dtype=pl.String, skip_nulls=True)
    ),
}
"""`trim` cuts the ends and makes each run of spaces one; `whitespace` also takes away what has no width."""


def cleaned(step: Step, columns: list[str], frame: pl.DataFrame, field: str) -> pl.DataFrame:
    """`frame` with the texts of `columns` cleaned.

    Raises:
        OpError: the regular expression to replace is none.
    """
    method = step.get("method", default_method("clean_text"))
    text = pl.col(columns)
    if method != "replace":
        return frame.with_columns(CLEANED[method](text))
    pattern = step.get("expression", "")
    try:
        return frame.with_columns(text.str.replace_all(pattern, str(step.get("value", ""))))
    except pl.exceptions.PolarsError as error:
        reason = " ".join(str(error).split())[:160]
        raise OpError(
            "invalid_input",
            f"{field}.expression: `{pattern[:80]}` is no regular expression ({reason})",
            "Rust's regex syntax: no look-around, no backreferences.",
        ) from error


def normalised(column: pl.Series) -> pl.Series:
    """Texts without case, accents, punctuation and superfluous spaces, for comparing them; null is empty."""
    plain = _plain(pl.col("text")).str.to_lowercase().str.replace_all(r"[\p{P}\p{S}]+", " ")
    return column.alias("text").to_frame().select(_squeezed(plain).fill_null("")).to_series()
