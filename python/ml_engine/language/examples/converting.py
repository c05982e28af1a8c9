"""Examples from one format into another, and into tables."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from ml_engine.errors import OpError
from ml_engine.language.examples.example import Example, InexpressibleError, Turns
from ml_engine.language.examples.formats import FORMATS, KEPT, Format, Kind

Render = Callable[[Example], str]
"""An example as one text, by a model's template."""
REACHES: dict[Kind, tuple[Kind, ...]] = {
    "answers": ("answers", "text"),
    "pairs": ("pairs", "judged", "answers", "text"),
    "judged": ("judged", "pairs", "answers", "text"),
    "text": ("text",),
}
"""Which kinds can be made of which."""


@dataclass(frozen=True)
class Written:
    """Rows of a format. `of[i]` is the example, from 0, that `rows[i]` came from; `left_out` are (example, reason)."""

    rows: list[dict[str, Any]]
    of: list[int]
    left_out: list[tuple[int, str]]


def require_reach(kind: Kind, to: Format, field: str = "to") -> None:
    """Refuses a format that the examples do not hold enough for.

    Raises:
        OpError: naming `field`.
    """
    wanted = FORMATS[to].kind
    if wanted not in REACHES[kind]:
        able = [name for name, spec in FORMATS.items() if spec.kind in REACHES[kind]]
        raise OpError(
            "invalid_input",
            f"{field}: {to} holds {wanted}; the dataset holds {kind}",
            f"It can become {', '.join(able)}.",
        )


def written(examples: Sequence[Example], to: Format, render: Render | None = None) -> Written:
    """Every example as rows of `to`; a pair is two judged answers, and two judged answers of one prompt are a pair.

    Args:
        render: Needed where turns become text.
    """
    rows: list[dict[str, Any]] = []
    of: list[int] = []
    left_out: list[tuple[int, str]] = []
    spec = FORMATS[to]
    for at, found in _of_kind(examples, spec.kind):
        if isinstance(found, str):
            left_out.append((at, found))
            continue
        ready = found
        if spec.kind == "text" and ready.text is None and render is not None:
            ready = Example(text=render(ready), columns=ready.columns)
        try:
            rows.append(spec.write(ready))
        except InexpressibleError as error:
            left_out.append((at, str(error)))
        else:
            of.append(at)
    return Written(rows, of, left_out)


def table_of(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Rows as a table: nested cells as JSON text, and `kept` where any row has it."""
    names: dict[str, None] = {}
    for row in rows:
        names.update(dict.fromkeys(name for name in row if name != KEPT))
    columns = {name: [_cell(row.get(name)) for row in rows] for name in names}
    if any(row.get(KEPT) for row in rows):
        columns[KEPT] = [_cell(row.get(KEPT) or None) for row in rows]
    return pl.DataFrame([_column(name, cells) for name, cells in columns.items()])


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (list, dict)) else value


def _column(name: str, cells: list[Any]) -> pl.Series:
    if len({type(cell) for cell in cells if cell is not None}) > 1:
        cells = [cell if cell is None or isinstance(cell, str) else str(cell) for cell in cells]
    return pl.Series(name, cells, strict=False)


def _of_kind(examples: Sequence[Example], kind: Kind) -> list[tuple[int, Example | str]]:
    if kind == "judged":
        return [one for at, example in enumerate(examples) for one in _judged(at, example)]
    if kind == "pairs":
        return _paired(examples)
    if kind == "answers":
        return [
            (at, "an answer that is not wanted" if example.label is False else example)
            for at, example in enumerate(examples)
        ]
    return list(enumerate(examples))


def _judged(at: int, example: Example) -> list[tuple[int, Example | str]]:
    if example.rejected is None:
        return [(at, example)]
    better = replace(example, rejected=None, label=True, kept={**example.kept, "pair": at})
    return [(at, better), (at, replace(better, answer=example.rejected, label=False))]


def _paired(examples: Sequence[Example]) -> list[tuple[int, Example | str]]:
    """Pairs as they are; of judged answers, the wanted and the unwanted ones of one prompt, in order."""
    found: list[tuple[int, Example | str]] = []
    waiting: dict[tuple[Turns | int, bool], list[int]] = {}
    for at, example in enumerate(examples):
        if example.label is None:
            found.append((at, example))
            continue
        key: Any = example.kept.get("pair", tuple((turn.role, turn.content) for turn in example.prompt))
        others = waiting.get((key, not example.label), [])
        if not others:
            waiting.setdefault((key, example.label), []).append(at)
            continue
        other = others.pop(0)
        better, worse = (example, examples[other]) if example.label else (examples[other], example)
        kept = {name: value for name, value in better.kept.items() if name != "pair"}
        found.append((other, replace(better, rejected=worse.answer, label=None, kept=kept)))
    found += [(at, "no other answer to its prompt") for left in waiting.values() for at in left]
    return sorted(found, key=lambda one: one[0])
