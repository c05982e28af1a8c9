"""An explanation in plain words, made of its numbers and nothing else."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ml_engine.contract.transparency import Contribution, Counterfactual, Neighbour
from ml_engine.models import Model

MOST_NAMED = 8
CLOSE = 0.1
"""Two classes closer than this in probability are a close call."""
RARE = 0.95
CAUSE = (
    "This says how the model decides, not what causes the outcome; a change made in the world may not do what it does "
    "in the model."
)
Cell = str | float | bool | None


@dataclass(frozen=True)
class Told:
    """What there is to tell of one prediction."""

    model: Model
    dataset: str
    row: int
    replaced: Sequence[str]
    predicted: str | float
    truth: Cell
    probabilities: Sequence[tuple[str, float]]
    explains: str
    base: float
    output: float
    method: str
    exact: bool
    error: float | None
    residual: float
    contributions: Sequence[Contribution]
    counterfactuals: Sequence[Counterfactual]
    wanted: str | None
    neighbours: Sequence[Neighbour]
    agreement: float | None
    unusual: float
    warnings: Sequence[str]


def tell(told: Told) -> str:
    """Lines: the prediction, what made it, what would change it, what is like it, and how sure all this is."""
    parts = (_prediction, _reasons, _changes, _likes, _doubts)
    lines = [line for part in parts for line in part(told)]
    return "\n".join([*lines, *(f"Warning: {warning}" for warning in told.warnings), CAUSE])


def _prediction(told: Told) -> Iterator[str]:
    replaced = f" with {', '.join(f'`{name}`' for name in told.replaced)} replaced" if told.replaced else ""
    said = f"`{told.model.manifest['target']}` = {value(told.predicted)}"
    recorded = "" if told.truth is None else f"; recorded: {value(told.truth)}"
    chance = f" with probability {told.probabilities[0][1]:.3f}" if told.probabilities else ""
    yield f"{told.model.name} predicts {said}{chance} for row {told.row} of {told.dataset}{replaced}{recorded}."
    if len(told.probabilities) > 2:
        yield "Probabilities: " + ", ".join(f"{label} {chance:.3f}" for label, chance in told.probabilities) + "."


def _reasons(told: Told) -> Iterator[str]:
    named, rest = told.contributions[:MOST_NAMED], told.contributions[MOST_NAMED:]
    what = f"{told.explains[:1].upper()}{told.explains[1:]}"
    yield f"{what}: {told.base:.4g} on average, {told.output:.4g} here. What the row's values add, largest first:"
    for one in named:
        yield f"  {one['column']} = {value(one['value'])}: {one['contribution']:+.4g}"
    if rest:
        yield f"  {len(rest)} others together: {sum(one['contribution'] for one in rest):+.4g}"
    kind = "exact" if told.exact else f"sampled, standard error of a value about {told.error or 0:.2g}"
    within = max(abs(told.residual), 1e-15)
    yield f"SHAP values by {told.method} ({kind}); they add up to the output within {within:.0e}."


def _changes(told: Told) -> Iterator[str]:
    if not told.counterfactuals:
        return
    yield f"Smallest changes found that lead to {told.wanted}, each checked with the model:"
    for number, one in enumerate(told.counterfactuals, start=1):
        changes = ", ".join(f"{cell['column']} {value(cell['from'])} -> {value(cell['to'])}" for cell in one["changes"])
        score = f"probability {one['score']:.3f}" if told.probabilities else f"{one['score']:.4g}"
        far = f"distance {one['distance']:.3f}, nearest real row {one['nearest_row_distance']:.3f}"
        yield f"  {number}. {changes} ({score}; {far})"


def _likes(told: Told) -> Iterator[str]:
    if told.neighbours:
        yield f"Most similar rows, with their prediction: {', '.join(_like(one) for one in told.neighbours)}."


def _like(one: Neighbour) -> str:
    recorded = "" if one["truth"] is None else f", recorded {value(one['truth'])}"
    return f"{one['row']} ({value(one['predicted'])}{recorded})"


def _doubts(told: Told) -> Iterator[str]:
    doubts: list[str] = []
    if len(told.probabilities) > 1:
        (first, top), (second, next_best) = told.probabilities[:2]
        gap = top - next_best
        doubts.append(f"{'a close call: ' if gap < CLOSE else ''}`{first}` is {gap:.3f} more probable than `{second}`")
    error = told.model.manifest["metrics"].get("rmse")
    if not told.probabilities and error is not None:
        doubts.append(f"the model's typical error in cross-validation is {error:.4g} (RMSE)")
    if told.agreement is not None:
        doubts.append(f"{told.agreement:.0%} of the {len(told.neighbours)} most similar rows are predicted alike")
    known = [one for one in told.neighbours if one["truth"] is not None]
    if known and told.probabilities:
        right = np.mean([one["truth"] == one["predicted"] for one in known])
        doubts.append(f"the model is right on {right:.0%} of them")
    if told.unusual > RARE:
        doubts.append(
            f"the row is farther from any other than {told.unusual:.0%} of rows are, which leaves little to go by"
        )
    if doubts:
        yield f"How sure: {'; '.join(doubts)}."


def value(cell: Cell) -> str:
    """A cell as a person would read it."""
    return "missing" if cell is None else f"{cell:.6g}" if isinstance(cell, float) else str(cell)


def as_cell(cell: Any) -> Cell:
    """A cell as JSON has it."""
    if cell is None or (not isinstance(cell, str) and bool(pd.isna(cell))):
        return None
    if isinstance(cell, str):
        return str(cell)
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, int | float | np.integer | np.floating):
        number = float(cell)
        return number if np.isfinite(number) else None
    return str(cell)
