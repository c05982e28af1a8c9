"""How well scores order the rows of each query.

nDCG has gains 2^grade - 1 and discounts log2(rank + 1) (Burges et al. 2005); average precision and the reciprocal rank
of the first relevant row count grades above 0 as relevant. Tied scores are broken at random, from a fixed seed, so that
a model that cannot tell rows apart does not profit from the order they came in.
"""

import numpy as np

from ml_engine.metrics import Scores

SHALLOW, DEEP = 5, 10
METRICS = ("ndcg@10", "ndcg@5", "map", "mrr")


def query_scores(grades: np.ndarray, scores: np.ndarray, queries: np.ndarray) -> dict[str, np.ndarray]:
    """Each metric of each query that has at least two rows and a relevant one; arrays of shape (queries,)."""
    ties = np.random.default_rng(0).random(len(scores))
    order = np.lexsort((ties, -scores, queries))
    sorted_grades, sorted_queries = grades[order], queries[order]
    starts = np.flatnonzero(np.r_[True, sorted_queries[1:] != sorted_queries[:-1]])
    found: list[list[float]] = []
    for one in np.split(sorted_grades, starts[1:]):
        if len(one) > 1 and one.max() > 0:
            relevant = one > 0
            ranks = np.flatnonzero(relevant) + 1
            precision = float((np.arange(1, len(ranks) + 1) / ranks).mean())
            found.append([ndcg(one, DEEP), ndcg(one, SHALLOW), precision, 1.0 / ranks[0]])
    table = np.array(found).reshape(-1, len(METRICS))
    return {name: table[:, at] for at, name in enumerate(METRICS)}


def ndcg(shown: np.ndarray, cut: int) -> float:
    """Normalised discounted cumulative gain of grades in the order shown."""
    gains = 2.0**shown - 1.0
    discounts = 1.0 / np.log2(np.arange(2, len(gains) + 2))
    best = np.sort(gains)[::-1]
    return float(gains[:cut] @ discounts[: len(gains[:cut])] / (best[:cut] @ discounts[: len(best[:cut])]))


def mean_scores(each: dict[str, np.ndarray]) -> Scores:
    """Means over queries."""
    return {name: float(values.mean()) for name, values in each.items() if len(values)}


def random_order(grades: np.ndarray, queries: np.ndarray, seed: int, times: int = 20) -> Scores:
    """What orders drawn at random come to, in the mean."""
    draw = np.random.default_rng(seed)
    drawn = [mean_scores(query_scores(grades, draw.random(len(grades)), queries)) for _ in range(times)]
    return {name: float(np.mean([one[name] for one in drawn])) for name in drawn[0]}
