"""What an evaluation of every task answers: metrics with intervals over its units, and a paired test of two models."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import stats

from ml_engine.contract.manifest import Artifact
from ml_engine.contract.training import Comparison, Difference, EvaluateParams, EvaluateResult
from ml_engine.errors import OpError
from ml_engine.intervals import PairedTest, interval, resample
from ml_engine.job import Job
from ml_engine.metrics import Measure, Scores, better
from ml_engine.models import Model, load_model
from ml_engine.tables import Table

LEAST_UNITS = 5
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Judged:
    """One model's measure over units: rows, queries, or windows of a series."""

    measure: Measure
    units: int
    base: Scores
    deciding: str
    scored: int
    """Rows with a usable value."""
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)


def judgement(
    model: Model,
    table: Table,
    params: EvaluateParams,
    job: Job,
    judged: Judged,
    *,
    plot: Artifact,
    rival: tuple[Model, Measure, PairedTest] | None = None,
) -> EvaluateResult:
    """The result: units are resampled where there are enough of them for an interval to mean something."""
    point = judged.measure(np.ones(judged.units))
    metrics = {name: value for name, value in point.items() if np.isfinite(value)}
    drawn: list[dict[str, np.ndarray]] = [{}, {}]
    if judged.units >= LEAST_UNITS:
        measures = [judged.measure, *([rival[1]] if rival else [])]
        drawn = resample(measures, judged.units, params["resamples"], params["seed"])
    else:
        judged.notes.append(f"{judged.units} units to resample: no intervals.")
    comparison = _compared(model, rival, judged, point, drawn, job) if rival else None
    job.progress(100, 100, "done")
    result: Any = {
        "metrics": metrics,
        "intervals": [_around(name, value, drawn[0].get(name), judged.base) for name, value in metrics.items()],
        "resamples": params["resamples"],
        "task": model.manifest["task"],
        "model": model.name,
        "dataset": table.name,
        "target": model.manifest["target"] or None,
        "positive": model.manifest["positive"],
        "rows": {"given": table.frame.height, "scored": judged.scored, "dropped": table.frame.height - judged.scored},
        "confusion": None,
        "per_class": [],
        "threshold": None,
        "calibration": [],
        "residuals": None,
        "slices": [],
        "slices_tried": 0,
        "comparison": comparison,
        "sizes": {},
        "shift": [],
        "training_rows_seen": 0.0,
        "plot": plot,
        "notes": judged.notes,
        "warnings": judged.warnings,
        **judged.extra,
    }
    if table.hash == model.manifest["dataset_hash"] and model.manifest["task"] != "forecasting":
        result["warnings"].append("This is the data the model was made of: the numbers are too good.")
    return result


def rival_of(model: Model, params: EvaluateParams) -> Model | None:
    """The model to compare with.

    Raises:
        OpError: `invalid_input` where it does not do the same.
    """
    if "compare_to" not in params:
        return None
    task, target = model.manifest["task"], model.manifest["target"]
    other = load_model(params["compare_to"], "compare_to", [task])
    if other.manifest["target"] != target:
        raise OpError("invalid_input", f"compare_to: it predicts `{other.manifest['target']}`, not `{target}`.")
    return other


def diebold_mariano(loss: np.ndarray, other: np.ndarray, steps: int) -> PairedTest:
    """Equal accuracy of two forecasts (Diebold & Mariano 1995), corrected as Harvey, Leybourne & Newbold (1997) do.

    Args:
        loss: Loss at each moment in order, shape (moments,); `other` of the other model.
        steps: How far ahead the forecasts were made: losses up to so far apart are correlated.
    """
    difference = loss - other
    rows, mean = len(difference), float(difference.mean())
    centred = difference - mean
    lags = min(steps - 1, rows // 3)
    spread = float(centred @ centred) / rows
    spread += sum(2 * float(centred[lag:] @ centred[:-lag]) / rows for lag in range(1, lags + 1))
    if spread <= 0:
        lags, spread = 0, float(centred @ centred) / rows
    said = f"mean difference {mean:.4g} over {rows} moments"
    if rows < 3 or spread == 0:
        return PairedTest("Diebold-Mariano", said, 1.0)
    ahead = lags + 1
    factor = max((rows + 1 - 2 * ahead + ahead * (ahead - 1) / rows) / rows, 1e-9)
    statistic = mean / np.sqrt(spread / rows) * np.sqrt(factor)
    return PairedTest("Diebold-Mariano", said, float(2 * stats.t.sf(abs(statistic), rows - 1)))


def bootstrap_test(
    measure: Measure, other: Measure, metric: str, units: int, seed: int, heard: Callable[[int], None] | None = None
) -> PairedTest:
    """Whether two models differ in a metric by more than resampling the units does."""
    mine, theirs = resample([measure, other], units, 1000, seed, heard)
    difference = mine[metric] - theirs[metric]
    finite = difference[np.isfinite(difference)]
    share = min(float((finite <= 0).mean()), float((finite >= 0).mean()))
    return PairedTest("paired bootstrap", f"{metric} over {units} rows", min(1.0, 2 * max(share, 1 / len(finite))))


def _compared(
    model: Model,
    rival: tuple[Model, Measure, PairedTest],
    judged: Judged,
    point: Scores,
    drawn: list[dict[str, np.ndarray]],
    job: Job,
) -> Comparison:
    other, measure, test = rival
    theirs = measure(np.ones(judged.units))
    differences: list[Difference] = []
    for name, values in drawn[0].items():
        ends = interval(point[name] - theirs[name], values - drawn[1][name])
        if ends and np.isfinite(point[name] - theirs[name]):
            differences.append(
                {"metric": name, "difference": point[name] - theirs[name], "low": ends[0], "high": ends[1]}
            )
    name = judged.deciding
    gain = better(name, point[name]) - better(name, theirs[name])
    verdict = "no difference shown" if test.p_value >= SIGNIFICANT or gain == 0 else "better" if gain > 0 else "worse"
    scores = sorted([(model.name, point[name]), (other.name, theirs[name])], key=lambda one: -better(name, one[1]))
    job.decide(
        {
            "type": "EvaluationJudgement",
            "evaluator": test.test,
            "subject": f"{model.name} against {other.name}",
            "verdict": verdict,
            "alternatives": [{"name": label, "score": value} for label, value in scores],
            "rationale": f"{name} on the same rows; {test.statistic}, p {test.p_value:.4g}.",
        }
    )
    return {
        "model": other.name,
        "test": test.test,
        "statistic": test.statistic,
        "p_value": test.p_value,
        "verdict": verdict,
        "differences": differences,
    }


def _around(name: str, value: float, drawn: np.ndarray | None, base: Scores) -> Any:
    ends = None if drawn is None else interval(value, drawn)
    return {
        "metric": name,
        "value": value,
        "low": ends and ends[0],
        "high": ends and ends[1],
        "baseline": base.get(name),
    }
