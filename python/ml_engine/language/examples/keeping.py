"""What a format has no words for, kept in a column of its own so that the way back loses nothing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from ml_engine.language.examples.example import Example, MalformedError, parted
from ml_engine.language.examples.messages import read_turns

Row = Mapping[str, Any]
KEPT = "kept"


def kept_in(row: Row) -> dict[str, Any]:
    """What a conversion wrote into the row for the way back."""
    kept: Any = row.get(KEPT) or {}
    if not isinstance(kept, dict):
        raise MalformedError("`kept` is not what a conversion wrote")
    return dict(cast(dict[str, Any], kept))


def recalled(example: Example, row: Row) -> Example:
    """With what an earlier conversion kept."""
    kept = kept_in(row)
    kept.pop("answer_at", None)
    rejected: Any = kept.pop("rejected", None)
    label: Any = kept.pop("label", None)
    bare: Any = kept.pop("bare", example.bare)
    return replace(
        example,
        rejected=example.rejected if rejected is None else read_turns(rejected),
        label=example.label if label is None else bool(label),
        bare=bool(bare),
        kept=kept,
    )


def left(example: Example, *, says_parts: bool = False, says_rejected: bool = False) -> dict[str, Any]:
    """What the format has no column for: the example's other columns, and `kept`."""
    kept = dict(example.kept)
    if not says_parts and example.text is None:
        if example.bare:
            kept["bare"] = True
        if len(example.prompt) != parted(example.turns):
            kept["answer_at"] = len(example.prompt)
    if example.rejected is not None and not says_rejected:
        kept["rejected"] = [turn.plain() for turn in example.rejected]
    if example.label is not None:
        kept["label"] = example.label
    return with_kept(example.columns, kept)


def with_kept(columns: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """The columns, and `kept` where there is something in it."""
    others = {name: value for name, value in columns.items() if name != KEPT}
    return {**others, **({KEPT: dict(kept)} if kept else {})}
