"""Which group each row belongs to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl

from ml_engine.errors import OpError
from ml_engine.frames import labels_of
from ml_engine.names import nearest, require_column

MISSING = "(missing)"
MOST_GROUPS = 50
FEW_VALUES = 10
"""Numeric columns with at most this many values are taken as they are; others are cut."""


@dataclass(frozen=True)
class Attribute:
    """One way to group the rows. `codes[i]` is the index into `groups` of row i."""

    name: str
    groups: list[str]
    codes: np.ndarray
    rows: np.ndarray
    """Rows a group, shape (groups,)."""
    compared: np.ndarray
    """Whether a group has enough rows to compare, shape (groups,)."""
    cuts: list[float] | None = None


def attributes(
    frame: pl.DataFrame, sensitive: Sequence[str], cuts: Mapping[str, Sequence[float]], least: int
) -> tuple[list[Attribute], list[str]]:
    """One attribute a sensitive column, then their intersection where there are several; and warnings.

    Raises:
        OpError: naming the column: it is not there, has one group only, or too many values.
    """
    for name in cuts:
        if name not in sensitive:
            guess = nearest(name, sensitive)
            suggestion = f"; did you mean `{guess}`?" if guess else ""
            raise OpError("invalid_input", f"cuts: `{name}` is not one of the sensitive columns{suggestion}")
    if doubled := sorted({name for name in sensitive if list(sensitive).count(name) > 1}):
        raise OpError("invalid_input", f"sensitive: `{doubled[0]}` is named twice.")
    single: list[Attribute] = []
    for name in sensitive:
        require_column("sensitive", name, frame.columns)
        labels, used = _labels(frame.get_column(name), cuts.get(name))
        single.append(_attribute(name, labels, least, used, _bins(used) if used else None))
    warnings: list[str] = []
    for attribute in single:
        _require_two(attribute, least)
        if small := [group for group, kept in zip(attribute.groups, attribute.compared, strict=True) if not kept]:
            warnings.append(f"`{attribute.name}`: too few rows to compare {', '.join(small[:8])} (fewer than {least}).")
    if len(single) == 1:
        return single, warnings
    joint = np.array(
        [", ".join(parts) for parts in zip(*(np.array(one.groups)[one.codes] for one in single), strict=True)]
    )
    crossed = _attribute(" × ".join(sensitive), joint.tolist(), least)
    if crossed.compared.sum() < 2:
        warnings.append(f"`{crossed.name}`: no two intersections have {least} rows, so none are compared.")
    return [*single, crossed], warnings


def _labels(column: pl.Series, cuts: Sequence[float] | None) -> tuple[list[str], list[float] | None]:
    numeric = column.dtype.is_numeric()
    if cuts is not None and not numeric:
        raise OpError("invalid_input", f"cuts: `{column.name}` is {column.dtype}, which cannot be cut at numbers.")
    if numeric and (cuts is not None or column.n_unique() > FEW_VALUES):
        return _cut(column.cast(pl.Float64), cuts)
    if not (numeric or isinstance(column.dtype, pl.String | pl.Boolean | pl.Categorical | pl.Enum)):
        said = f"sensitive: `{column.name}` is {column.dtype}; groups are texts, booleans or numbers."
        raise OpError("invalid_input", said)
    if column.n_unique() > MOST_GROUPS:
        raise OpError(
            "invalid_input",
            f"sensitive: `{column.name}` has {column.n_unique()} values; at most {MOST_GROUPS} groups are compared.",
            "Bring them into fewer groups with ml_data_transform first.",
        )
    return labels_of(column).fill_null(MISSING).to_list(), None


def _cut(column: pl.Series, cuts: Sequence[float] | None) -> tuple[list[str], list[float]]:
    values = column.fill_nan(None)
    present = values.drop_nulls().to_numpy()
    edges = sorted({float(cut) for cut in (cuts if cuts is not None else np.quantile(present, [0.25, 0.5, 0.75]))})
    if cuts is None:
        edges = [edge for edge in edges if edge < float(present.max())]
    names = _bins(edges) if edges else ["all"]
    places = np.searchsorted(edges, values.fill_null(0.0).to_numpy(), side="left")
    missing = values.is_null().to_numpy()
    return [MISSING if gone else names[place] for place, gone in zip(places, missing, strict=True)], edges


def _bins(edges: list[float]) -> list[str]:
    named = [f"{edge:g}" for edge in edges]
    return [f"≤ {named[0]}", *(f"> {low} to {high}" for low, high in pairwise(named)), f"> {named[-1]}"]


def _attribute(
    name: str, labels: list[str], least: int, cuts: list[float] | None = None, in_order: list[str] | None = None
) -> Attribute:
    """Largest group first, or in the order given."""
    found = np.array(labels, dtype=object).astype(str)
    groups, codes, rows = np.unique(found, return_inverse=True, return_counts=True)
    if in_order is None:
        order = np.argsort(-rows, kind="stable")
    else:
        order = np.array(sorted(range(len(groups)), key=lambda place: [*in_order, MISSING].index(str(groups[place]))))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return Attribute(
        name, [str(group) for group in groups[order]], place[codes], rows[order], rows[order] >= least, cuts
    )


def _require_two(attribute: Attribute, least: int) -> None:
    counts = ", ".join(f"{group} {rows}" for group, rows in zip(attribute.groups[:8], attribute.rows, strict=False))
    if len(attribute.groups) < 2:
        raise OpError(
            "invalid_input",
            f"sensitive: `{attribute.name}` has one group only ({counts} rows); there is nothing to compare.",
            "Name a column with at least two groups, or a dataset that has both.",
        )
    if attribute.compared.sum() < 2:
        raise OpError(
            "invalid_input",
            f"sensitive: fewer than two groups of `{attribute.name}` have {least} rows ({counts}).",
            "Lower min_group, use more rows, or join groups with ml_data_transform.",
        )
