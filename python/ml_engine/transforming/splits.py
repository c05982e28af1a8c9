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
FOLD = "fold"
"""The column that a k-fold split adds: 1 to k."""
Labels = npt.NDArray[np.intp]


def split_labels(frame: pl.DataFrame, step: Step, seed: int, field: str) -> pl.Series:
    """The part of each row, by name: `train` and the others, `fold_1` … for k folds, null in the gap of a time split.

    Stratified parts have, of each class, their share of rows within one row. A grouped split keeps the rows of one
    group in one part; stratified_grouped does that and keeps the classes as even as the groups allow. A time split puts
    what is later into later parts (train, validation, test), equal times together.

    Raises:
        OpError: `by` is no column, has missing values, or there are too few rows, classes or groups for the parts.
    """
    method = step.get("method", "random")
    by, group = step.get("by"), step.get("group", [])
    for name, place in [*([(by, "by")] if by is not None else []), *((one, "group") for one in group)]:
        require_column(f"{field}.{place}", name, frame.columns)
        nulls = frame[name].null_count()
        if nulls and (method != "kfold" or place == "group"):
            raise OpError(
                "invalid_input",
                f"{field}.{place}: `{name}` is missing in {nulls} rows",
                f"Filter them out first: `{name} IS NOT NULL`.",
            )
    shares = _shares(step, method)
    if frame.height < len(shares):
        raise OpError("invalid_input", f"{field}: {frame.height} rows cannot be split into {len(shares)} parts")
    random = np.random.default_rng(seed)
    parts = list(shares.values())
    if method == "time" and by is not None:
        labels = _by_time(frame[by], parts, field)
    elif method == "grouped" and by is not None:
        labels = _by_group(frame[by].cast(pl.String), parts, random, f"{field}.by")
    elif group:
        joined = frame.select(pl.concat_str([pl.col(name).cast(pl.String) for name in group], separator="\x00"))
        together = joined.to_series().alias(", ".join(group))
        classes = None if by is None else frame[by]
        labels = _by_group(together, parts, random, f"{field}.group", classes)
    elif by is not None:
        labels = _by_class(frame[by], parts, random, field)
    else:
        labels = _at_random(frame.height, parts, random)
    named = pl.Series("part", [list(shares)[label] for label in labels.tolist()], dtype=pl.String)
    gap = step.get("gap")
    return named if gap is None or by is None else named.set(_in_gap(frame[by], labels, gap, field), None)


def _in_gap(times: pl.Series, labels: Labels, gap: str | float, field: str) -> pl.Series:
    """Rows of a later part that are less than `gap` after the last row of the part before."""
    in_gap = pl.repeat(False, len(times), eager=True)
    for part in range(1, int(labels.max()) + 1):
        last = pl.select(pl.lit(times.filter(pl.Series(labels == part - 1)).max(), dtype=times.dtype).alias("at"))
        if times.dtype.is_temporal() != isinstance(gap, str):
            raise OpError(
                "invalid_input",
                f"{field}.gap: {gap!r} is no distance in `{times.name}`, which is {times.dtype}",
                "Of dates a duration as `7d` or `12h`, of numbers a number.",
            )
        try:
            end = last.select(
                pl.col("at").dt.offset_by(gap) if isinstance(gap, str) else pl.col("at").cast(pl.Float64) + gap
            ).to_series()
        except pl.exceptions.PolarsError as error:
            raise OpError(
                "invalid_input", f"{field}.gap: `{gap}` is no duration", "e.g. `7d`, `12h`, `1mo`."
            ) from error
        values = times if isinstance(gap, str) else times.cast(pl.Float64)
        too_near = pl.Series(labels == part) & (values <= end[0])
        if too_near.sum() == (labels == part).sum():
            raise OpError("invalid_input", f"{field}.gap: {gap} leaves no row in part {part + 1}", "Make it smaller.")
        in_gap = in_gap | too_near
    return in_gap


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
    codes = _codes(classes.cast(pl.String).fill_null(""))
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


def _by_group(
    groups: pl.Series,
    shares: Sequence[float],
    random: np.random.Generator,
    field: str,
    classes: pl.Series | None = None,
) -> Labels:
    """Whole groups into parts, the largest first, each where most is missing of the rows of its classes."""
    codes = _codes(groups)
    kinds = np.zeros(len(codes), dtype=np.intp) if classes is None else _codes(classes.cast(pl.String).fill_null(""))
    sizes = np.zeros((int(codes.max()) + 1, int(kinds.max()) + 1))
    np.add.at(sizes, (codes, kinds), 1)
    if len(sizes) < len(shares):
        raise OpError(
            "invalid_input", f"{field}: `{groups.name}` has {len(sizes)} groups, too few for {len(shares)} parts"
        )
    if classes is not None and sizes.shape[1] > 0.5 * len(codes):
        raise OpError("invalid_input", f"{field}: `{classes.name}` is no class column", "Bin it first, or use grouped.")
    wanted = np.outer(np.asarray(shares), sizes.sum(axis=0))
    filled = np.zeros_like(wanted)
    part_of = np.zeros(len(sizes), dtype=np.intp)
    rows = sizes.sum(axis=1)
    order = random.permutation(len(sizes))
    # The largest groups first: they are the hardest to place.
    for position, group in enumerate(sorted(order.tolist(), key=lambda group: -float(rows[group]))):
        empty = np.flatnonzero(filled.sum(axis=1) == 0)
        if len(sizes) - position <= len(empty):
            part = int(empty[0])
        else:
            # Each class weighs the same, however rare.
            lacking = (wanted - filled) / wanted
            part = int(np.argmax(lacking @ (sizes[group] / sizes.sum(axis=0))))
        part_of[group] = part
        filled[part] += sizes[group]
    return part_of[codes]


def _codes(column: pl.Series) -> Labels:
    return column.rank("dense").to_numpy().astype(np.intp) - 1


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
