"""How much worse a model gets when columns are shuffled (Breiman 2001; Fisher, Rudin & Dominici 2019)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import spearmanr, t

Scorer = Callable[[pd.DataFrame], float]
"""From features to a metric, larger is better."""


@dataclass(frozen=True)
class Shuffled:
    """Loss of the metric in each repeat, shape (sets of columns, repeats)."""

    losses: np.ndarray
    score: float

    def interval(self, place: int) -> tuple[float, float, float]:
        """Mean over repeats and its 95 % t-interval: the shuffle's chance, not the sample's."""
        own = self.losses[place]
        mean = float(own.mean())
        half = float(t.ppf(0.975, len(own) - 1) * own.std(ddof=1) / np.sqrt(len(own)))
        return mean, mean - half, mean + half


def shuffle_losses(
    score: Scorer,
    features: pd.DataFrame,
    sets: Sequence[Sequence[str]],
    repeats: int,
    seed: int,
    heard: Callable[[int, int], None] | None = None,
) -> Shuffled:
    """Shuffles each set of columns together, `repeats` times, and scores."""
    generator = np.random.default_rng(seed)
    whole = score(features)
    losses = np.zeros((len(sets), repeats))
    for repeat in range(repeats):
        for place, names in enumerate(sets):
            order = generator.permutation(len(features))
            shuffled = features.copy()
            for name in names:
                shuffled[name] = features[name].to_numpy()[order]
            losses[place, repeat] = whole - score(shuffled)
            if heard:
                heard(repeat * len(sets) + place + 1, repeats * len(sets))
    return Shuffled(losses, whole)


def stability(losses: np.ndarray) -> float | None:
    """Mean Spearman correlation of the rankings of every two repeats; None for fewer than three columns."""
    if losses.shape[0] < 3 or losses.shape[1] < 2:
        return None
    ranked = np.asarray(spearmanr(losses).statistic)
    if ranked.ndim == 0:
        return float(ranked) if np.isfinite(ranked) else None
    above = ranked[np.triu_indices(losses.shape[1], 1)]
    return float(np.nanmean(above)) if np.isfinite(above).any() else None
