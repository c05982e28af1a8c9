"""Runs a list of steps over a table, and keeps what it takes to repeat them on another."""

from dataclasses import dataclass, field
from typing import Literal, TypedDict, cast

import polars as pl

from ml_engine.contract.data import Step, StepReport
from ml_engine.errors import OpError
from ml_engine.expressions import looks_across_rows
from ml_engine.transforming.learnt import Learnt, apply_learnt, learn
from ml_engine.transforming.plain import PART, run_plain, visible
from ml_engine.transforming.splits import split_labels
from ml_engine.transforming.steps import LEARNING, NOT_REPEATED


class Kept(TypedDict):
    """One step of a kept pipeline, with what it learnt."""

    step: Step
    learnt: Learnt


class Pipeline(TypedDict):
    """What a transformed dataset's manifest holds: JSON, repeatable on any table with the same columns."""

    version: Literal[1]
    source: str
    source_hash: str
    learnt_on: str
    seed: int
    steps: list[Kept]


@dataclass
class Run:
    """A table after its steps, and an account of them."""

    frame: pl.DataFrame
    reports: list[StepReport] = field(default_factory=list[StepReport])
    kept: list[Kept] = field(default_factory=list[Kept])
    warnings: list[str] = field(default_factory=list[str])
    removed: int = 0
    added: int = 0
    folds: bool = False
    classes: str | None = None
    """The column a split is stratified by: what a model will most likely predict, so left alone unless named."""

    @property
    def is_split(self) -> bool:
        return PART in self.frame.columns


def run_steps(frame: pl.DataFrame, steps: list[Step], seed: int) -> Run:
    """Applies checked `steps` in order; a split is moved before the first step that learns.

    Raises:
        OpError: a step does not fit the table; the message names its place.
    """
    run = Run(frame)
    order, moved = _split_first(steps)
    if moved:
        run.warnings.append(
            "The split was done before the first step that learns, so that it learns from the train part alone."
        )
    for place in order:
        _run_one(run, steps[place], seed, f"steps[{place}]", split_follows=_split_after(steps, order, place))
        if run.frame.height == 0:
            raise OpError("invalid_input", f"steps[{place}]: no row is left after `{steps[place]['op']}`")
    return run


def _split_first(steps: list[Step]) -> tuple[list[int], bool]:
    split = next((place for place, step in enumerate(steps) if step["op"] == "split"), None)
    learns = next((place for place, step in enumerate(steps) if step["op"] in (*LEARNING, "rebalance")), None)
    order = list(range(len(steps)))
    if split is None or learns is None or split < learns:
        return order, False
    order.remove(split)
    order.insert(learns, split)
    return order, True


def _split_after(steps: list[Step], order: list[int], place: int) -> bool:
    return any(steps[later]["op"] == "split" for later in order[order.index(place) + 1 :])


def _run_one(run: Run, step: Step, seed: int, where: str, *, split_follows: bool) -> None:
    before, op = run.frame, step["op"]
    learnt: Learnt = {}
    note = ""
    if op == "split":
        labels = split_labels(before, step, seed, where)
        run.frame = before.with_columns(labels.alias(PART))
        run.folds = step.get("method") == "kfold"
        run.classes = step.get("by") if step.get("method") == "stratified" else None
        note = ", ".join(f"{part} {rows}" for part, rows in part_sizes(run.frame).items())
        run.warnings += _overlap(run.frame)
    elif op in LEARNING:
        if run.folds:
            raise OpError(
                "invalid_input",
                f"{where}: `{op}` would learn something else in each fold",
                "Split into train and test, or let ml_training_train prepare the columns.",
            )
        learnt = learn(train_rows(run.frame), step, where, run.classes)
        hidden = run.frame.select(PART) if run.is_split else None
        applied = apply_learnt(before.select(visible(before)), op, learnt, where)
        run.frame = applied if hidden is None else applied.hstack(hidden)
        note = _learnt_note(op, learnt, run.is_split)
        run.warnings += _still_missing(op, learnt, run.frame)
    else:
        if (
            op == "derive"
            and (run.is_split or split_follows)
            and looks_across_rows(pl.sql_expr(step.get("expression", "")))
        ):
            run.warnings.append(f"{where}: `{step.get('as', '')}` is computed over all rows, test rows among them.")
        run.frame, note = run_plain(before, step, seed, where)
    change = run.frame.height - before.height
    run.removed += max(0, -change)
    run.added += max(0, change)
    run.kept.append({"step": step, "learnt": learnt})
    run.reports.append(report(op, before, run.frame, note))


def report(op: str, before: pl.DataFrame, after: pl.DataFrame, note: str) -> StepReport:
    """Rows and columns before and after one step."""
    old, new = visible(before), visible(after)
    return {
        "op": op,
        "rows_before": before.height,
        "rows_after": after.height,
        "added": [name for name in new if name not in old][:100],
        "removed": [name for name in old if name not in new][:100],
        "note": note,
    }


def train_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows that may be learnt from: the train part where there is one, else all."""
    rows = frame.filter(pl.col(PART) == "train") if PART in frame.columns else frame
    return rows.select(visible(frame))


def part_sizes(frame: pl.DataFrame) -> dict[str, int]:
    """Rows of each part, in the order train, validation, test or of the folds."""
    counts = {str(part): int(rows) for part, rows in frame.group_by(PART).len().iter_rows()}
    order = ["train", "validation", "test", *sorted(counts, key=lambda part: (len(part), part))]
    return {part: counts[part] for part in dict.fromkeys(order) if part in counts}


def repeat(frame: pl.DataFrame, pipeline: Pipeline) -> Run:
    """Prepares `frame` as the pipeline's own table was: with what was learnt then, nothing learnt anew.

    Raises:
        OpError: a column that a step needs is not there.
    """
    run = Run(frame)
    left_out: list[str] = []
    for place, kept in enumerate(pipeline["steps"]):
        before, step, where = run.frame, kept["step"], f"apply, step {place + 1}"
        if step["op"] in NOT_REPEATED:
            left_out.append(step["op"])
            continue
        note = "as learnt before" if kept["learnt"] else ""
        if step["op"] in LEARNING:
            run.frame = apply_learnt(before, step["op"], kept["learnt"], where)
            run.warnings += _unseen(step["op"], kept["learnt"], before)
        else:
            run.frame, note = run_plain(before, step, pipeline["seed"], where)
        run.removed += before.height - run.frame.height
        run.kept.append(kept)
        run.reports.append(report(step["op"], before, run.frame, note))
    if left_out:
        run.warnings.append(f"Not repeated, as they shape a set of rows and not a row: {', '.join(left_out)}.")
    return run


def _overlap(frame: pl.DataFrame) -> list[str]:
    """Warns of equal rows on both sides of a split: a test row that was trained on measures nothing."""
    names = visible(frame)
    spread = frame.group_by(names).agg(pl.col(PART).n_unique().alias("\x00parts"), pl.len().alias("\x00rows"))
    across = spread.filter(pl.col("\x00parts") > 1)
    if across.height == 0:
        return []
    rows = int(across["\x00rows"].sum())
    return [f"{rows} rows ({across.height} distinct) equal a row in another part. Put `deduplicate` before the split."]


def _learnt_note(op: str, learnt: Learnt, is_split: bool) -> str:
    if not learnt:
        return "no column that fits"
    where = " (learnt on train)" if is_split else ""
    if op == "impute":
        values = ", ".join(f"{name} = {_short(found['value'])}" for name, found in list(learnt.items())[:6])
        return f"{values}{' …' if len(learnt) > 6 else ''}{where}"
    return f"{len(learnt)} columns{where}"


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _still_missing(op: str, learnt: Learnt, frame: pl.DataFrame) -> list[str]:
    if op != "encode" or PART not in frame.columns:
        return []
    return [
        f"`{name}`: {nulls} rows have no code, as their level is missing or not in the train part."
        for name, found in learnt.items()
        if found["method"] == "ordinal" and (nulls := frame[name].null_count())
    ]


def _unseen(op: str, learnt: Learnt, frame: pl.DataFrame) -> list[str]:
    if op != "encode":
        return []
    found: list[str] = []
    for name, known in learnt.items():
        levels = cast(list[str], known["levels"])
        strange = int((~frame[name].cast(pl.String).is_in(levels)).sum())
        if strange:
            found.append(f"`{name}`: {strange} rows have a level that was not there when the encoding was learnt.")
    return found
