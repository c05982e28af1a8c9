"""The calibration of a cross-validated model, and what it did to the calibration error."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ml_engine.calibration import Calibrator, cross_calibrated
from ml_engine.crossval import Validation
from ml_engine.metrics import Scores, score
from ml_engine.problem import Problem


@dataclass(frozen=True)
class Calibrated:
    scores: list[Scores]
    calibrator: Calibrator | None
    report: Any


def calibrate(problem: Problem, cross: Validation, method: str) -> Calibrated:
    """Learns the calibration on out-of-fold predictions; the scores become those of calibrated predictions."""
    if method == "none":
        return Calibrated(cross.scores, None, None)
    if len(cross.tested) < 2:
        problem.warnings.append("Not calibrated: it needs two finished folds.")
        return Calibrated(cross.scores, None, None)
    chosen = "isotonic" if method == "isotonic" else "sigmoid"
    seen = np.concatenate(cross.tested)
    if method == "isotonic" and len(seen) < 1000:
        problem.warnings.append("Isotonic calibration overfits below 1000 rows; sigmoid is safer.")
    output = cross_calibrated(chosen, cross.output, problem.truth, cross.tested)
    scores = [score(problem.task, problem.truth[test], output[test], problem.positive) for test in cross.tested]
    calibrator = Calibrator.fit(chosen, cross.output[seen], problem.truth[seen])
    before = score(problem.task, problem.truth[seen], cross.output[seen], problem.positive)["ece"]
    after = score(problem.task, problem.truth[seen], output[seen], problem.positive)["ece"]
    return Calibrated(scores, calibrator, {"method": method, "ece_before": before, "ece_after": after})
