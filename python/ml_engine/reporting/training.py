"""A training as one HTML page: what was learnt, how well, beside what knows nothing."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ml_engine.crossval import Validation
from ml_engine.metrics import Scores
from ml_engine.problem import Problem
from ml_engine.reporting.charts import dots, lines, matrix, scatter
from ml_engine.reporting.page import bullets, cards, facts, page, section, table, verdict
from ml_engine.target import direction

MOST_CLASSES = 12
BINS = 10


def render_training(  # noqa: PLR0913 - each by name
    problem: Problem,
    cross: Validation,
    *,
    name: str,
    family: str,
    model_type: str,
    metrics: Scores,
    spread: Scores,
    baseline: Scores,
    settings: dict[str, Any],
    candidates: Sequence[Any],
) -> str:
    """The page; scores and pictures are of predictions for rows that each fold's model had not seen."""
    rows = [(key, value, spread.get(key, 0.0), baseline.get(key)) for key, value in metrics.items()]
    shares = [row for row in rows if 0 <= row[1] <= 1 and 0 <= (row[3] or 0) <= 1]
    names = ", ".join(f"`{one['name']}`" for one in problem.signature[:300])
    body = [
        _verdict(problem, metrics, spread, baseline, len(cross.scores)),
        facts(
            {
                "task": problem.task,
                "target": problem.target,
                "model": model_type,
                "data": problem.table.name,
                "rows": f"{problem.rows:,}",
                "features": len(problem.signature),
            }
        ),
        section("Warnings", bullets(problem.warnings)),
        section(
            "Scores",
            cards(
                [
                    dots("Mean and spread over folds, bar at the baseline", shares, "0 to 1")
                    if len(shares) > 1
                    else "",
                    table(("metric", "mean", "sd", "baseline"), rows),
                ]
            ),
        ),
        section("Predictions of rows not seen", cards(_pictures(problem, cross))),
        section(
            "Folds",
            table(
                ("fold", *metrics),
                ([at, *(scores.get(key) for key in metrics)] for at, scores in enumerate(cross.scores, start=1)),
            ),
        ),
        section(
            "Families compared",
            table(
                ("family", problem.metric, "sd", "seconds", "note"),
                ((one["family"], one["score"], one["sd"], one["seconds"], one["note"]) for one in candidates),
            ),
        ),
        section("Settings", table(("setting", "value"), ((key, str(value)) for key, value in settings.items()))),
        section("Features", bullets([names])),
        section("Left out", table(("column", "why"), ((one["column"], one["reason"]) for one in problem.left_out))),
        section("Notes", bullets(problem.notes)),
    ]
    return page(f"{name}: training", body, f"{name}: {family} for {problem.target}")


def _verdict(problem: Problem, metrics: Scores, spread: Scores, baseline: Scores, folds: int) -> str:
    metric = problem.metric
    value, base = metrics.get(metric, float("nan")), baseline.get(metric)
    good = base is None or (value < base if direction(metric) == "minimize" else value > base)
    beside = "" if base is None else f"; a model that ignores the features: {base:.4g}"
    return verdict(f"{metric} {value:.4g} ± {spread.get(metric, 0.0):.2g} over {folds} folds{beside}.", good=good)


def _pictures(problem: Problem, cross: Validation) -> list[str]:
    if not cross.tested:
        return []
    seen = np.concatenate(cross.tested)
    truth, output = problem.truth[seen], cross.output[seen]
    if problem.task != "classification":
        left = truth - output
        return [
            scatter("Predicted against true", truth.tolist(), output.tolist(), "true", "predicted", diagonal=True),
            scatter("What is left over", output.tolist(), left.tolist(), "predicted", "true − predicted"),
        ]
    drawn: list[str] = []
    if len(problem.classes) <= MOST_CLASSES:
        counts = np.zeros((len(problem.classes), len(problem.classes)), dtype=np.int64)
        np.add.at(counts, (truth, output.argmax(axis=1)), 1)
        drawn.append(matrix("Confusion", problem.classes, counts))
    if problem.positive is not None:
        positive = (truth == problem.positive).astype(np.float64)
        drawn += [_reliability(positive, output[:, problem.positive]), _roc(positive, output[:, problem.positive])]
    return drawn


def _reliability(positive: np.ndarray, predicted: np.ndarray) -> str:
    bins = np.minimum((predicted * BINS).astype(int), BINS - 1)
    filled = [one for one in range(BINS) if (bins == one).any()]
    said = [float(predicted[bins == one].mean()) for one in filled]
    came = [float(positive[bins == one].mean()) for one in filled]
    curves = [("as predicted", [0.0, 1.0], [0.0, 1.0]), ("as it came", said, came)]
    return lines("Are probabilities true?", curves, "predicted probability", "share that came true")


def _roc(positive: np.ndarray, predicted: np.ndarray) -> str:
    from sklearn.metrics import roc_curve

    false, true, _ = roc_curve(positive, predicted)
    return lines("ROC", [("ROC", false.tolist(), true.tolist())], "false positive rate", "true positive rate")
