"""Clusterings that can be applied to rows they were not made of."""

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin
from sklearn.cluster import DBSCAN, HDBSCAN, AgglomerativeClustering, KMeans, MiniBatchKMeans
from sklearn.metrics import silhouette_score
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors

from ml_engine.errors import OpError
from ml_engine.family import settings_of_kind

KINDS: dict[str, Any] = {
    "kmeans": KMeans,
    "mini_batch_kmeans": MiniBatchKMeans,
    "gaussian_mixture": GaussianMixture,
    "agglomerative": AgglomerativeClustering,
    "dbscan": DBSCAN,
    "hdbscan": HDBSCAN,
}
COUNTS = {
    "kmeans": "n_clusters",
    "mini_batch_kmeans": "n_clusters",
    "gaussian_mixture": "n_components",
    "agglomerative": "n_clusters",
}
"""The setting that says how many clusters, where a family takes one."""
MOST_TRIED = 10
SILHOUETTE_ROWS = 2000
MOST_PAIRED_ROWS = 10_000
"""Above this a matrix of all distances is too large."""


class Clusterer(ClusterMixin, BaseEstimator):
    """One of the families; `labels_` and `predict` are cluster numbers from 0, -1 for noise.

    K-means and mixtures assign a new row as they are defined to. The others have no such rule: a new row goes to the
    cluster of the nearest row it was made of (for DBSCAN the nearest core row), and is noise where that is further away
    than `eps`, or for HDBSCAN than any row of that cluster is from its nearest neighbour.
    """

    def __init__(self, family: str = "kmeans", settings: dict[str, Any] | None = None, seed: int = 0) -> None:
        self.family = family
        self.settings = settings
        self.seed = seed

    def fit(self, X: Any, y: Any = None) -> Self:
        del y
        matrix = np.asarray(X, dtype=np.float64)
        self.n_features_in_ = matrix.shape[1]
        self.tried_: dict[str, float] = {}
        settings = dict(self.settings or {})
        count = COUNTS.get(self.family)
        if count and settings.get(count) is None and settings.get("distance_threshold") is None:
            settings[count] = self._count(matrix, settings, count)
        if self.family == "dbscan" and "eps" not in settings:
            settings["eps"] = self._reach(matrix, settings)
        self.settings_ = settings
        made = self._made(settings)
        if self.family in {"kmeans", "mini_batch_kmeans", "gaussian_mixture"}:
            self.inner_: Any = made.fit(matrix)
        else:
            self._keep_members(matrix, made.fit_predict(matrix), made)
        self.labels_ = self.predict(matrix)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Cluster of each row."""
        matrix = np.asarray(X, dtype=np.float64)
        if hasattr(self, "inner_"):
            return np.asarray(self.inner_.predict(matrix), dtype=np.int64)
        if len(self.members_) == 0:
            return np.full(len(matrix), -1, dtype=np.int64)
        distance, nearest = NearestNeighbors(n_neighbors=1).fit(self.members_).kneighbors(matrix)
        found = self.member_labels_[nearest[:, 0]]
        return np.where(distance[:, 0] <= self.reach_[found] * (1 + 1e-9), found, -1)

    def _made(self, settings: dict[str, Any]) -> Any:
        kind = KINDS[self.family]
        fixed = {"random_state": self.seed, "n_init": 10, "copy": True}
        own = kind().get_params(deep=False)
        if self.family == "gaussian_mixture":
            fixed |= {"n_init": 3, "reg_covar": 1e-4}
        return kind(**{**{name: value for name, value in fixed.items() if name in own}, **settings})

    def _keep_members(self, matrix: np.ndarray, labels: np.ndarray, made: Any) -> None:
        kept = labels >= 0
        if self.family == "dbscan":
            core = np.zeros(len(matrix), dtype=bool)
            core[made.core_sample_indices_] = True
            kept &= core
        self.members_, self.member_labels_ = matrix[kept], np.asarray(labels[kept], dtype=np.int64)
        clusters = int(labels.max()) + 1
        self.reach_ = np.full(max(clusters, 1), np.inf)
        if self.family == "dbscan":
            self.reach_[:] = made.eps
        elif self.family == "hdbscan":
            for number in range(clusters):
                own = matrix[labels == number]
                distance = NearestNeighbors(n_neighbors=min(2, len(own))).fit(own).kneighbors(own)[0]
                self.reach_[number] = distance[:, -1].max()

    def _count(self, matrix: np.ndarray, settings: dict[str, Any], count: str) -> int:
        """The number of clusters of the best silhouette."""
        most = max(2, min(MOST_TRIED, int(np.sqrt(len(matrix)))))
        for number in range(2, most + 1):
            labels = self._made({**settings, count: number}).fit_predict(matrix)
            self.tried_[str(number)] = silhouette(matrix, labels, self.seed)
        return int(max(self.tried_, key=lambda number: self.tried_[number]))

    def _reach(self, matrix: np.ndarray, settings: dict[str, Any]) -> float:
        """The `eps` of the best silhouette, weighed by the share of rows that are no noise."""
        neighbours = min(settings.get("min_samples", 5), len(matrix))
        distance = NearestNeighbors(n_neighbors=neighbours).fit(matrix).kneighbors(matrix)[0][:, -1]
        best, chosen = -np.inf, float(np.quantile(distance, 0.9))
        for reach in np.unique(np.quantile(distance, [0.5, 0.7, 0.8, 0.9, 0.95, 0.99])):
            if reach <= 0:
                continue
            labels = self._made({**settings, "eps": float(reach)}).fit_predict(matrix)
            worth = silhouette(matrix, labels, self.seed) * float((labels >= 0).mean())
            self.tried_[f"{reach:.4g}"] = worth
            if worth > best:
                best, chosen = worth, float(reach)
        return chosen if chosen > 0 else 0.5


def silhouette(matrix: np.ndarray, labels: np.ndarray, seed: int) -> float:
    """Mean silhouette of the rows in a cluster (Rousseeuw 1987), of a sample of many; -1 where undefined."""
    kept = np.flatnonzero(labels >= 0)
    if len(kept) > SILHOUETTE_ROWS:
        kept = np.sort(np.random.default_rng(seed).choice(kept, SILHOUETTE_ROWS, replace=False))
    clusters = len(np.unique(labels[kept]))
    if not 2 <= clusters < len(kept):
        return -1.0
    return float(silhouette_score(matrix[kept], labels[kept]))


def require_clustering(family: str, settings: dict[str, Any], rows: int) -> None:
    """Checks what only the number of rows can tell.

    Raises:
        OpError: `invalid_input`, naming the setting.
    """
    wanted = settings.get(COUNTS.get(family, ""))
    if isinstance(wanted, int) and not 2 <= wanted < rows:
        raise OpError(
            "invalid_input", f"params: {COUNTS[family]} is {wanted}; with {rows} rows it can be 2 to {rows - 1}."
        )
    if family == "agglomerative" and rows > MOST_PAIRED_ROWS:
        raise OpError(
            "invalid_input",
            f"family: agglomerative compares every pair of rows; {rows} are more than {MOST_PAIRED_ROWS}.",
            "Use kmeans, mini_batch_kmeans, gaussian_mixture or hdbscan.",
        )


def known_settings(family: str) -> dict[str, Any]:
    """The settings of a clustering family that a caller may give."""
    return settings_of_kind(KINDS[family])
