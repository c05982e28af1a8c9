"""What is kept of a transformation: JSON in the dataset's manifest, and what it takes to repeat it elsewhere."""

import json
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from ml_engine.contract.data import Step
from ml_engine.transforming.learnt import Learnt
from ml_engine.transforming.steps import NOT_REPEATED


class Kept(TypedDict):
    """One step of a kept pipeline, with what it learnt."""

    step: Step
    learnt: Learnt


class Pipeline(TypedDict):
    """What a transformed dataset's manifest holds, repeatable on any table with the same columns."""

    version: Literal[1]
    source: str
    source_hash: str
    learnt_on: str
    seed: int
    steps: list[Kept]
    others: NotRequired[dict[str, str]]
    """Hash of each further dataset that the steps read, by name and version."""
    before: NotRequired["Pipeline | None"]
    """The pipeline of the dataset that these steps were applied to, where that was transformed too."""


def chain(pipeline: Pipeline | None) -> list[Kept]:
    """Every step that prepares a row, from the first dataset that nothing had been done to."""
    if pipeline is None:
        return []
    own = [kept for kept in pipeline["steps"] if kept["step"]["op"] not in NOT_REPEATED]
    return [*chain(pipeline.get("before")), *own]


def remaining(wanted: list[Kept], done: list[Kept]) -> list[Kept] | None:
    """What of `wanted` is still to do where `done` was its beginning; None where it was something else.

    Filters choose rows and change none, so they are not compared; those of a beginning are taken as done.
    """
    rest = _values(done)
    for place, kept in enumerate(wanted):
        if not rest:
            return wanted[place:] if done else wanted
        if kept["step"]["op"] == "filter":
            continue
        if _print(kept) != rest.pop(0):
            return None
    return None if rest else []


def extends(done: list[Kept], wanted: list[Kept]) -> bool:
    """Whether `done` has all that `wanted` asks for, in its order, and perhaps more after it."""
    own = _values(wanted)
    return _values(done)[: len(own)] == own


def _values(steps: list[Kept]) -> list[str]:
    return [_print(kept) for kept in steps if kept["step"]["op"] != "filter"]


def _print(kept: Kept) -> str:
    return json.dumps([kept["step"], kept["learnt"]], sort_keys=True)
