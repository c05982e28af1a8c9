"""Columns in the order of what a model relies on, by one method or two, and how far the methods agree."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import kendalltau

from ml_engine.attribution.association import members
from ml_engine.attribution.permutation import Shuffled
from ml_engine.attribution.shapley import Attribution
from ml_engine.contract.interpretability import Agreement, CorrelatedItem, Feature

TOP = 5
MOST_NAMED = 12


@dataclass(frozen=True)
class Ranking:
    """`shuffled.losses` has one line a column of `names`, then one a group of correlated ones."""

    names: list[str]
    groups: list[tuple[list[str], float]]
    shuffled: Shuffled | None
    explained: Attribution | None

    @property
    def loss(self) -> np.ndarray | None:
        """Mean loss of the metric by column."""
        return None if self.shuffled is None else self.shuffled.losses[: len(self.names)].mean(axis=1)

    @property
    def magnitude(self) -> np.ndarray | None:
        """Mean absolute Shapley value by column, over rows and outputs; 0 for columns the model does not read."""
        if self.explained is None:
            return None
        own = dict(zip(self.explained.columns, np.abs(self.explained.values).mean(axis=(0, 2)), strict=True))
        return np.array([own.get(name, 0.0) for name in self.names])

    @property
    def order(self) -> np.ndarray:
        """Positions of the columns, most important first: by permutation where it was done."""
        values = self.loss if self.loss is not None else self.magnitude
        return np.argsort(-values, kind="stable") if values is not None else np.arange(len(self.names))

    def features(self) -> list[Feature]:
        """Each column with both measures, most important first."""
        magnitude = self.magnitude
        found: list[Feature] = []
        for place in self.order:
            permutation, low, high = self._interval(int(place))
            found.append(
                {
                    "column": self.names[place],
                    "permutation": permutation,
                    "low": low,
                    "high": high,
                    "shap": None if magnitude is None else float(magnitude[place]),
                    "group": members(self.groups, self.names[place]),
                }
            )
        return found

    def correlated(self) -> list[CorrelatedItem]:
        """Each group of correlated columns, shuffled together."""
        found: list[CorrelatedItem] = []
        for place, (columns, strongest) in enumerate(self.groups):
            permutation, low, high = self._interval(len(self.names) + place)
            item: CorrelatedItem = {
                "columns": columns,
                "strongest": strongest,
                "permutation": permutation,
                "low": low,
                "high": high,
            }
            found.append(item)
        return found

    def agreement(self) -> Agreement | None:
        """Kendall's tau-b between the methods, and the share of the best columns that both name."""
        loss, magnitude = self.loss, self.magnitude
        if loss is None or magnitude is None or len(loss) < 3:
            return None
        tau = float(kendalltau(loss, magnitude).statistic)
        top = min(TOP, len(loss) - 1)
        first, second = (set(np.argsort(-values, kind="stable")[:top].tolist()) for values in (loss, magnitude))
        return {"kendall_tau": tau if np.isfinite(tau) else 0.0, "top": top, "overlap": len(first & second) / top}

    def notes(self, metric: str) -> list[str]:
        """How to read the numbers."""
        notes: list[str] = []
        if self.groups:
            notes.append(
                "Shuffling one of several correlated features understates it, since the others stand in for it; "
                "read the group's own number."
            )
        unclear = [one["column"] for one in self.features() if one["low"] is not None and one["low"] <= 0]
        if unclear:
            more = " and more" if len(unclear) > MOST_NAMED else ""
            named = ", ".join(unclear[:MOST_NAMED])
            notes.append(f"Not shown to matter for {metric} (interval reaches 0): {named}{more}.")
        return [*notes, "Importance says what the model uses, not what causes the target."]

    def _interval(self, place: int) -> tuple[float | None, float | None, float | None]:
        return (None, None, None) if self.shuffled is None else self.shuffled.interval(place)
