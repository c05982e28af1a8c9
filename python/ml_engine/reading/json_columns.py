"""Columns whose cells are JSON: their type is what the cells are, not what they look like."""

import json

import polars as pl

from ml_engine.reading.columns import TextColumn, TextRules

KIND_OF = {'"': "string", "t": "bool", "f": "bool", "{": "nested", "[": "nested", "n": "null"}


class JsonColumn:
    """A column of JSON texts.

    Strings stay text but for dates, numbers and booleans are such, objects and arrays stay JSON text. Where kinds are
    mixed, all are text.
    """

    def __init__(self, name: str, null_tokens: tuple[str, ...], wanted: str | None, decimal: str | None) -> None:
        self._name = name
        self._tokens = null_tokens
        self._wanted = wanted
        self._decimal = decimal
        self._kinds: set[str] = set()
        self._form: str | None = None
        self._inner = self._column()

    def begin(self) -> None:
        """Before each pass."""
        self._inner.begin()

    def read(self, part: pl.Series) -> tuple[pl.Series, pl.Series | None]:
        """The part's values in the form that fits all kinds met so far."""
        first = part.str.slice(0, 1)
        part = pl.select(pl.when(first != "n").then(part)).to_series().alias(part.name)
        heads = {str(head) for head in first.drop_nulls().unique()}
        self._kinds |= {KIND_OF.get(head, "number") for head in heads} - {"null"}
        if self._form is None and self._kinds:
            self._form = self._form_of_kinds()
            self._inner = self._column()
        return self._inner.read(self._decoded(part, first))

    @property
    def settled(self) -> bool:
        """Whether no kind was met later that asks for another form."""
        form = self._form_of_kinds()
        inner = self._inner.settled
        if form != self._form:
            self._form = form
            self._inner = self._column()
            return False
        return inner

    def warnings(self) -> list[str]:
        """What a person should know about the column."""
        nested = [f"`{self._name}`: nested values stored as JSON text."] if "nested" in self._kinds else []
        return [*self._inner.warnings(), *nested]

    @property
    def met(self) -> dict[str, int]:
        """How many strings were read as missing, by what they said."""
        return self._inner.met

    def _form_of_kinds(self) -> str | None:
        if len(self._kinds) <= 1:
            return next(iter(self._kinds), None)
        return "mixed"

    def _column(self) -> TextColumn:
        if self._wanted is not None:
            return TextColumn(self._name, TextRules(self._tokens, self._decimal), self._wanted)
        if self._form == "string":
            return TextColumn(self._name, TextRules(self._tokens, dates_only=True))
        if self._form in ("number", "bool"):
            return TextColumn(self._name, TextRules(()))
        return TextColumn(self._name, TextRules(self._tokens), "text")

    def _decoded(self, part: pl.Series, first: pl.Series) -> pl.Series:
        if self._form in ("number", "bool"):
            return part
        quoted = first == '"'
        plain = part.str.slice(1, part.str.len_chars().fill_null(2) - 2) if quoted.any() else part
        escaped = quoted & part.str.contains("\\", literal=True)
        nested = first.is_in(["{", "["])
        text = pl.select(pl.when(quoted).then(plain).otherwise(part)).to_series()
        odd = (escaped | nested).fill_null(value=False)
        if odd.any():
            values = [_text(cell) for cell in part.filter(odd)]
            text = text.scatter(odd.arg_true(), values)
        return text.alias(part.name)


def _text(cell: str) -> str:
    value = json.loads(cell)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
