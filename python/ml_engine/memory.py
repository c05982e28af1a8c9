"""How much memory a fit is likely to need, said before it is begun."""

from typing import Any

import psutil

from ml_engine.errors import OpError
from ml_engine.pipelines import DATE_PARTS, MOST_CATEGORIES
from ml_engine.posed import Posed
from ml_engine.sklearn_families import KERNEL_ROWS

COPIES = {
    "linear": 4,
    "lasso": 4,
    "elastic_net": 4,
    "knn": 4,
    "naive_bayes": 4,
    "mlp": 5,
    "svm": 4,
    "decision_tree": 4,
    "random_forest": 5,
    "extra_trees": 5,
    "gradient_boosting": 5,
}
"""How many times the encoded matrix is held at once, by what the libraries' fits do; 3 for the others."""
SCALED = {"linear", "lasso", "elastic_net", "knn", "naive_bayes", "mlp", "svm", "torch_mlp", "torch_cnn", "torch_rnn"}
NODE_BYTES = 80
MEBIBYTE = 2**20


def estimated_mb(posed: Posed, family: str, params: dict[str, Any]) -> float:
    """Mebibytes beside what is loaded already: copies of the encoded matrix, and trees or kernels."""
    few = [distinct for distinct in posed.categories.values() if distinct <= MOST_CATEGORIES]
    columns = len(posed.named("numeric")) + len(DATE_PARTS) * len(posed.named("date"))
    columns += len(posed.categories) - len(few) + (sum(few) if family in SCALED else len(few))
    matrix = 8 * posed.rows * max(columns, 1)
    extra = 0
    if family in {"random_forest", "extra_trees"}:
        trees = int(params.get("n_estimators") or 200)
        leaf = params.get("min_samples_leaf", 1 if posed.rows < 2000 else 3 if posed.rows < 20_000 else 5)
        extra = NODE_BYTES * trees * 2 * posed.rows // max(int(leaf) if leaf >= 1 else int(leaf * posed.rows), 1)
    elif family == "svm":
        extra = 8 * min(posed.rows, KERNEL_ROWS) ** 2
    return (COPIES.get(family, 3) * matrix + extra) / MEBIBYTE


def require_memory(posed: Posed, family: str, params: dict[str, Any], budget_mb: float | None) -> None:
    """Refuses a fit over the budget; without one warns where the machine has not that much free.

    Raises:
        OpError: `refused`, with both numbers.
    """
    needed = estimated_mb(posed, family, params)
    if budget_mb is not None and needed > budget_mb:
        raise OpError(
            "refused",
            f"memory_budget_mb: {family} on {posed.rows} rows is estimated to need {needed:.0f} MiB; the budget is "
            f"{budget_mb:.0f}.",
            "Raise the budget, name fewer columns in include, or use lightgbm, which holds least.",
        )
    free = psutil.virtual_memory().available / MEBIBYTE
    if needed > free:
        posed.warnings.append(f"{family} is estimated to need {needed:.0f} MiB; this machine has {free:.0f} MiB free.")
