"""Runs a list of steps over a table, and keeps what it takes to repeat them on another."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import polars as pl

from ml_engine.contract.data import Step, StepReport
from ml_engine.errors import OpError
from ml_engine.expressions import looks_across_rows
from ml_engine.transforming.kept import Kept
from ml_engine.transforming.learnt import Learnt, apply_learnt, columns_for, learn
from ml_engine.transforming.outcome import PART, Named, visible
from ml_engine.transforming.plain import run_plain
from ml_engine.transforming.signs import overlap, torn_groups
from ml_engine.transforming.splits import FOLD, split_labels
from ml_engine.transforming.steps import LEARNING, RESHAPING
from ml_engine.transforming.target_codes import learn_codes
from ml_engine.transforming.wide import WIDE, resolved, run_wide


@dataclass
class Run:
    """A table after its steps, and an account of them."""

    frame: pl.DataFrame
    others: Sequence[Named] = ()
    reports: list[StepReport] = field(default_factory=list[StepReport])
    kept: list[Kept] = field(default_factory=list[Kept])
    warnings: list[str] = field(default_factory=list[str])
    removed: int = 0
    added: int = 0
    folds: bool = False
    timed: bool = False
    """The split puts later rows into later parts."""
    classes: str | None = None
    """The column a split is stratified by: what a model will most likely predict, so left alone unless named."""

    @property
    def is_split(self) -> bool:
        return PART in self.frame.columns

    def account(self, step: Step, learnt: Learnt, before: pl.DataFrame, note: str) -> None:
        """Books a step that made `frame` of `before`."""
        change = self.frame.height - before.height
        self.removed += max(0, -change)
        self.added += max(0, change)
        self.kept.append({"step": step, "learnt": learnt})
        self.reports.append(report(step["op"], before, self.frame, note))


def run_steps(run: Run, steps: list[Step], seed: int, first: int = 0) -> Run:
    """Applies checked `steps` from the place `first` on; a split is moved before the first step that learns.

    Raises:
        OpError: a step does not fit the table; the message names its place.
    """
    order, moved = _split_first(steps)
    if moved:
        run.warnings.append(
            "The split was done before the first step that learns, so that it learns from the train part alone."
        )
    split = next((step for step in steps if step["op"] == "split"), None)
    run.timed = split is not None and split.get("method") == "time"
    for place in order[first:]:
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
    if op in RESHAPING and run.is_split:
        raise OpError("invalid_input", f"{where}: `{op}` makes rows that have no part", "Put it before the split.")
    if op == "split":
        note = _split(run, step, seed, where)
    elif op in LEARNING:
        learnt, note = _learn(run, step, seed, where)
    elif op in WIDE:
        outcome, learnt = run_wide(before, step, where, run.others)
        run.frame, note = outcome.frame, outcome.note
        run.warnings += outcome.warnings
        step = resolved(step, run.others, where)
    else:
        run.frame, note = run_plain(before, step, seed, where)
    run.warnings += _said(run, step, before, where, run.is_split or split_follows)
    run.account(step, learnt, before, note)


def _said(run: Run, step: Step, before: pl.DataFrame, where: str, parts: bool) -> list[str]:
    op, said, name = step["op"], list[str](), step.get("as", "")
    if op == "derive":
        if parts and looks_across_rows(pl.sql_expr(step.get("expression", ""))):
            said.append(f"{where}: `{name}` is computed over all rows, test rows among them.")
        column = run.frame[name]
        if column.dtype.is_float() and (count := int((~column.is_finite()).sum())):
            said.append(f"{where}: `{name}` is infinite or no number in {count} rows; does it divide by zero?")
    if op == "window" and parts and not run.timed:
        said.append(f"{where}: rows before a row can be in another part of the split; only a time split prevents that.")
    if op == "join" and parts and run.frame.height > before.height:
        said.append(f"{where}: the rows made of one row can come to stand in several parts; split first or by group.")
    return said


def _split(run: Run, step: Step, seed: int, where: str) -> str:
    before, kfold = run.frame, step.get("method") == "kfold"
    labels = split_labels(before, step, seed, where)
    if kfold:
        if FOLD in before.columns:
            raise OpError("invalid_input", f"{where}: there is a column `{FOLD}` already", "Rename it first.")
        run.folds = True
        parted = before.with_columns(labels.alias(PART))
        run.frame = before.with_columns(labels.str.strip_prefix("fold_").cast(pl.Int64).alias(FOLD))
    else:
        parted = before.with_columns(labels.alias(PART)).filter(pl.col(PART).is_not_null())
        run.frame = parted
    run.classes = step.get("by") if step.get("method") in ("stratified", "stratified_grouped") else None
    together = step.get("group", []) if step.get("method") != "grouped" else [step.get("by", "")]
    run.warnings += overlap(parted)
    if not run.timed:
        run.warnings += torn_groups(parted, together)
    sizes = ", ".join(f"{part} {rows}" for part, rows in part_sizes(parted).items())
    left = before.height - parted.height
    return f"{sizes}; {left} rows in the gap" if left else sizes


def _learn(run: Run, step: Step, seed: int, where: str) -> tuple[Learnt, str]:
    op, before = step["op"], run.frame
    if run.folds:
        raise OpError(
            "invalid_input",
            f"{where}: `{op}` would learn something else in each fold",
            "Split into train and test, or let ml_training_train prepare the columns.",
        )
    rows = train_rows(before)
    own: pl.DataFrame | None = None
    if step.get("method") == "target":
        columns = [name for name in columns_for(rows, step, where) if name != step.get("by")]
        learnt, own = learn_codes(rows, step, columns, seed, where) if columns else ({}, None)
    else:
        learnt = learn(rows, step, where, run.classes)
    part = before.select(PART) if run.is_split else None
    applied = apply_learnt(before.select(visible(before)), op, learnt, where)
    if own is not None:
        applied = _with_own(applied, own, part)
    run.frame = applied if part is None else applied.hstack(part)
    run.warnings += _still_missing(op, learnt, run.frame)
    return learnt, _learnt_note(step, learnt, run.is_split)


def _with_own(applied: pl.DataFrame, own: pl.DataFrame, part: pl.DataFrame | None) -> pl.DataFrame:
    """`applied` where the rows that were learnt from have the values made for them."""
    if part is None:
        return applied.with_columns(own.get_columns())
    train = part[PART] == "train"
    at = train.arg_true()
    return applied.with_columns([applied[name].scatter(at, own[name]) for name in own.columns])


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


def _learnt_note(step: Step, learnt: Learnt, is_split: bool) -> str:
    if not learnt:
        return "no column that fits"
    where = " (learnt on train)" if is_split else ""
    if step["op"] == "impute":
        values = ", ".join(f"{name} = {_short(found['value'])}" for name, found in list(learnt.items())[:6])
        return f"{values}{' …' if len(learnt) > 6 else ''}{where}"
    codes = "; train rows have out-of-fold codes" if step.get("method") == "target" else ""
    return f"{len(learnt)} columns{where}{codes}"


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
