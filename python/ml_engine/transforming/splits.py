"""Which part each row belongs to."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from ml_engine.contract.data import Step
from ml_engine.errors import OpError
from ml_engine.names import require_column

DEFAULT_SHARES = {"train": 0.8, "test": 0.2}
DEFAULT_FOLDS = 5
Labels = npt.NDArray[np.intp]


def split_labels(frame: pl.DataFrame, step: Step, seed: int, field: str) -> pl.Series:
    """The part of each row, by name: `train` and the others, or `fold_1` … for k folds.

    Stratified parts have, of each class, their share of rows within one row. A grouped split keeps the rows of one
    group in one part; a time split puts what is later into later parts (train, validation, test), equal times together.

    Raises:
        OpError: `by` is no column, has missing values, or there are too few rows, classes or groups for the parts.
    """
    method = step.get("method", "random")
    by = step.get("by")
    if by is not None:
        require_column(f"{field}.by", by, frame.columns)
        nulls = frame[by].null_count()
        if nulls and method != "kfold":
            raise OpError(
                "invalid_input",
                f"{field}.by: `{by}` is missing in {nulls} rows",
                f"Filter them out first: `{by} IS NOT NULL`.",
            )
    shares = _shares(step, method)
    if frame.height < len(shares):
        raise OpError("invalid_input", f"{field}: {frame.height} rows cannot be split into {len(shares)} parts")
    random = np.random.default_rng(seed)
    if method == "time" and by is not None:
        labels = _by_time(frame[by], list(shares.values()), field)
    elif method == "grouped" and by is not None:
        labels = _by_group(frame[by], list(shares.values()), random, field)
    elif by is not None:
        labels = _by_class(frame[by], list(shares.values()), random, field)
    else:
        labels = _at_random(frame.height, list(shares.values()), random)
    return pl.Series("part", [list(shares)[label] for label in labels.tolist()], dtype=pl.String)


def _shares(step: Step, method: str) -> Mapping[str, float]:
    if method == "kfold":
        folds = int(step.get("size", DEFAULT_FOLDS))
        return {f"fold_{fold}": 1 / folds for fold in range(1, folds + 1)}
    given = step.get("shares", DEFAULT_SHARES)
    return {part: given[part] for part in ("train", "validation", "test") if part in given}


def counts_of(rows: int, shares: Sequence[float]) -> list[int]:
    """`rows` divided by `shares`, each within one row of its exact share, by largest remainder."""
    exact = [rows * share for share in shares]
    counts = [int(np.floor(value + 1e-9)) for value in exact]
    by_remainder = sorted(range(len(shares)), key=lambda part: counts[part] - exact[part])
    for part in by_remainder[: rows - sum(counts)]:
        counts[part] += 1
    return counts


def _at_random(rows: int, shares: Sequence[float], random: np.random.Generator) -> Labels:
    counts = counts_of(rows, shares)
    # A small table must not leave a part empty.
    for part in [part for part, count in enumerate(counts) if count == 0]:
        counts[int(np.argmax(counts))] -= 1
        counts[part] += 1
    return random.permutation(np.repeat(np.arange(len(shares)), counts))


def _by_class(classes: pl.Series, shares: Sequence[float], random: np.random.Generator, field: str) -> Labels:
    codes = classes.cast(pl.String).fill_null("").rank("dense").to_numpy().astype(np.intp)
    labels = np.zeros(len(codes), dtype=np.intp)
    sizes = np.bincount(codes)
    distinct = int(np.sum(sizes > 0))
    if classes.dtype.is_float() or distinct > 0.5 * len(codes):
        raise OpError(
            "invalid_input",
            f"{field}.by: `{classes.name}` is no class column ({distinct} distinct values in {len(codes)} rows)",
            "Bin it first, or split at random.",
        )
    totals = np.zeros(len(shares))
    done = 0
    for code in np.flatnonzero(sizes):
        rows = np.flatnonzero(codes == code)
        done += len(rows)
        counts = _balanced_counts(len(rows), shares, totals, done)
        totals += counts
        labels[rows] = random.permutation(np.repeat(np.arange(len(shares)), counts))
    return labels


def _balanced_counts(rows: int, shares: Sequence[float], totals: npt.NDArray[np.float64], done: int) -> list[int]:
    """Counts of one class, each within one row of its share; odd rows go to the part most behind over all classes."""
    floors = [int(np.floor(rows * share + 1e-9)) for share in shares]
    behind = [done * share - total - floor for share, total, floor in zip(shares, totals.tolist(), floors, strict=True)]
    fractions = [rows * share - floor > 1e-9 for share, floor in zip(shares, floors, strict=True)]
    order = sorted(range(len(shares)), key=lambda part: (not fractions[part], -behind[part]))
    for part in order[: rows - sum(floors)]:
        floors[part] += 1
    return floors


def _by_group(groups: pl.Series, shares: Sequence[float], random: np.random.Generator, field: str) -> Labels:
    codes = groups.cast(pl.String).rank("dense").to_numpy().astype(np.intp) - 1
    sizes = np.bincount(codes)
    if len(sizes) < len(shares):
        raise OpError(
            "invalid_input", f"{field}.by: `{groups.name}` has {len(sizes)} groups, too few for {len(shares)} parts"
        )
    wanted = np.asarray(shares) * len(codes)
    filled = np.zeros(len(shares))
    part_of = np.zeros(len(sizes), dtype=np.intp)
    order = random.permutation(len(sizes))
    # The largest groups first: they are the hardest to place.
    for position, group in enumerate(sorted(order.tolist(), key=lambda group: -int(sizes[group]))):
        empty = np.flatnonzero(filled == 0)
        must_fill = len(sizes) - position <= len(empty)
        part = int(empty[0]) if must_fill else int(np.argmax((wanted - filled) / wanted))
        part_of[group] = part
        filled[part] += sizes[group]
    return part_of[codes]


def _by_time(times: pl.Series, shares: Sequence[float], field: str) -> Labels:
    if not (times.dtype.is_temporal() or times.dtype.is_numeric()):
        raise OpError(
            "invalid_input",
            f"{field}.by: `{times.name}` is {times.dtype}, neither time nor number",
            "Cast it to a date first.",
        )
    ranks = times.rank("max").to_numpy().astype(np.float64)
    cuts = np.cumsum(counts_of(len(times), shares))[:-1]
    labels = np.searchsorted(cuts, ranks, side="left").astype(np.intp)
    if len(np.unique(labels)) < len(shares):
        raise OpError(
            "invalid_input", f"{field}.by: `{times.name}` has too few different times for {len(shares)} parts"
        )
    return labels
