"""How a view's features moved since it was registered."""

import json
from pathlib import Path
from typing import cast

from ml_engine.contract.features import FeatureDrift, FeatureStatistics
from ml_engine.features.definition import MANIFEST_FILE
from ml_engine.features.describing import statistics
from ml_engine.features.joining import view_rows
from ml_engine.features.rows import column_names

SHIFT_LIMIT = 0.2
"""Standardised difference of means from which a shift is called small rather than negligible (Cohen 1988)."""
MISSING_LIMIT = 0.05


def drift_since(view: str, source: str, warnings: list[str]) -> list[FeatureDrift]:
    """Statistics now against those kept with the view, worst first."""
    manifest = json.loads((Path(view) / MANIFEST_FILE).read_text(encoding="utf-8"))
    before = {one["feature"]: one for one in cast(list[FeatureStatistics], manifest["statistics"])}
    _, definition, rows = view_rows(view, source, warnings)
    found = [_one(before[now["feature"]], now) for now in statistics(rows, column_names(definition))]
    return sorted(found, key=lambda one: (not one["drifted"], -abs(one["shift_sd"] or 0.0)))


def _one(before: FeatureStatistics, now: FeatureStatistics) -> FeatureDrift:
    shift = None
    if before["mean"] is not None and now["mean"] is not None and before["std"]:
        shift = (now["mean"] - before["mean"]) / before["std"]
    moved = shift is not None and abs(shift) >= SHIFT_LIMIT
    return {
        "feature": now["feature"],
        "missing_then": before["missing"],
        "missing_now": now["missing"],
        "mean_then": before["mean"],
        "mean_now": now["mean"],
        "shift_sd": shift,
        "drifted": moved or abs(now["missing"] - before["missing"]) >= MISSING_LIMIT,
    }
