"""Measure a model on a dataset, with intervals, a baseline, slices and a picture."""

import numpy as np

from ml_engine import evaluation_plots
from ml_engine.contract.training import (
    Comparison,
    Difference,
    EvaluateParams,
    EvaluateResult,
    Interval,
    ShiftItem,
    Slice,
)
from ml_engine.diagnostics import cheapest, confusion_matrix, per_class, reliability, residuals
from ml_engine.errors import OpError
from ml_engine.frames import row_prints
from ml_engine.intervals import interval, mcnemar, resample, signed_rank
from ml_engine.job import Job
from ml_engine.metrics import better
from ml_engine.models import SUPERVISED, Model, load_model
from ml_engine.names import require_column
from ml_engine.scored import MOST_RANKED_CLASSES, Scored, score_table
from ml_engine.shift import NOTABLE, stability
from ml_engine.slices import WorseSlice, cut, worst
from ml_engine.tables import Table, read_table
from ml_engine.tasks.table import EVALUATORS
from ml_engine.transforming.replay import as_trained, require_same_preparation

MOST_LABELS = 20
SEEN_BEFORE = 0.05
SIGNIFICANT = 0.05


def evaluate(params: EvaluateParams, job: Job) -> EvaluateResult:
    model = load_model(params["model"], tasks=[*SUPERVISED, *EVALUATORS])
    if model.manifest["task"] in EVALUATORS:
        return EVALUATORS[model.manifest["task"]](model, params, job)
    other = load_model(params["compare_to"], "compare_to") if "compare_to" in params else None
    if other:
        require_comparable(model, other)
        require_same_preparation(model.manifest, other.manifest, "compare_to")
    table = as_trained(read_table(params["dataset"]), model.manifest)
    job.progress(0, 100, "scoring")
    scored = score_table(model, table)
    rows, notes = len(scored.truth), ["The baseline is the best constant for these rows."]
    classes, positive = model.manifest["classes"], model.positive
    ranked = len(classes) <= MOST_RANKED_CLASSES
    point = scored.measure()(np.ones(rows))
    base = scored.measure(constant(scored))(np.ones(rows))
    other_output = other.output(scored.frame) if other else None
    measures = [
        scored.measure(ranked=ranked),
        *([scored.measure(other_output, ranked)] if other_output is not None else []),
    ]
    drawn = resample(
        measures,
        rows,
        params["resamples"],
        params["seed"],
        lambda done: job.progress(10 + 60 * done / params["resamples"], 100, "resampling"),
    )
    if not ranked:
        notes.append(f"{len(classes)} classes: no intervals for the ranking metrics.")
    job.progress(70, 100, "looking for slices")
    found, tried = slices(scored, table, params)
    shifted = stability(model.reference, scored.features)
    seen = float(np.isin(row_prints(scored.features), model.training_rows).mean())
    confusion = confusion_matrix(scored)
    title = f"{model.name} on {table.name}"
    if confusion is None:
        plot = evaluation_plots.regression(job, scored.truth, scored.output, title)
    else:
        plot = evaluation_plots.classification(
            job,
            truth=scored.truth,
            output=scored.output,
            classes=classes,
            positive=positive,
            confusion=confusion,
            title=title,
        )
        if len(classes) > MOST_LABELS:
            notes.append(f"The confusion matrix has the first {MOST_LABELS} of {len(classes)} classes.")
    job.progress(100, 100, "done")
    hit = scored.truth == positive
    shift: list[ShiftItem] = [{"column": name, "psi": value} for name, value in shifted if value > NOTABLE]
    comparison = None if other is None or other_output is None else compare(scored, other, other_output, drawn, job)
    defined = {name: value for name, value in point.items() if np.isfinite(value)}
    return {
        "metrics": defined,
        "intervals": [around(name, value, drawn[0].get(name), base[name]) for name, value in defined.items()],
        "resamples": params["resamples"],
        "task": model.task,
        "model": model.name,
        "dataset": table.name,
        "target": model.manifest["target"],
        "positive": model.manifest["positive"],
        "rows": {"given": table.frame.height, "scored": rows, "dropped": table.frame.height - rows},
        "confusion": None
        if confusion is None
        else {"labels": classes[:MOST_LABELS], "counts": confusion[:MOST_LABELS, :MOST_LABELS].tolist()},
        "per_class": [] if confusion is None else per_class(confusion, classes)[:50],
        "threshold": None
        if positive is None
        else cheapest(hit, scored.output[:, positive], params["cost_fp"], params["cost_fn"]),
        "calibration": [] if positive is None else reliability(hit, scored.output[:, positive]),
        "residuals": None if confusion is not None else residuals(scored.truth - scored.output),
        "slices": [described(one, scored) for one in found],
        "slices_tried": tried,
        "comparison": comparison,
        "sizes": {},
        "shift": shift[:20],
        "training_rows_seen": seen,
        "plot": plot,
        "notes": notes,
        "warnings": [*scored.warnings, *cautions(scored, table, seen, [one["column"] for one in shift])],
    }


def require_comparable(model: Model, other: Model) -> None:
    """Checks that two models predict the same thing.

    Raises:
        OpError: `invalid_input`, saying how they differ.
    """
    mine, theirs = model.manifest, other.manifest
    if (mine["task"], mine["target"], mine["classes"]) != (theirs["task"], theirs["target"], theirs["classes"]):
        raise OpError(
            "invalid_input",
            f"compare_to: {theirs['name']} does {theirs['task']} of `{theirs['target']}`, {mine['name']} "
            f"{mine['task']} of `{mine['target']}`, or their classes differ.",
        )


def constant(scored: Scored) -> np.ndarray:
    """The outputs of the best constant: class shares, or the mean, of these rows."""
    if scored.output.ndim == 1:
        return np.full(len(scored.truth), scored.truth.mean())
    shares = np.bincount(scored.truth, minlength=scored.output.shape[1]) / len(scored.truth)
    return np.tile(shares, (len(scored.truth), 1))


def around(metric: str, value: float, drawn: np.ndarray | None, base: float) -> Interval:
    ends = None if drawn is None else interval(value, drawn)
    return {
        "metric": metric,
        "value": value,
        "low": ends and ends[0],
        "high": ends and ends[1],
        "baseline": base if np.isfinite(base) else None,
    }


def slices(scored: Scored, table: Table, params: EvaluateParams) -> tuple[list[WorseSlice], int]:
    """The worst slices over every column of the dataset, or those asked for."""
    asked = [require_column("slice_by", name, table.frame.columns) for name in params.get("slice_by", [])]
    names = asked or [one["name"] for one in table.columns if one["role"] not in {"identifier", "constant", "text"}]
    columns = [scored.frame.get_column(name) for name in names if name != scored.model.manifest["target"]]
    return worst([one for one in (cut(column) for column in columns) if one], scored.loss)


def described(one: WorseSlice, scored: Scored) -> Slice:
    def metric(mask: np.ndarray) -> float:
        if scored.output.ndim == 2:
            return float((scored.predicted == scored.truth)[mask].mean())
        return float(np.sqrt(scored.loss[mask].mean()))

    return {
        "slice": one.label,
        "rows": int(one.mask.sum()),
        "metric": metric(one.mask),
        "rest": metric(~one.mask),
        "effect": one.effect,
        "p_adjusted": one.p,
    }


def compare(
    scored: Scored, other: Model, other_output: np.ndarray, drawn: list[dict[str, np.ndarray]], job: Job
) -> Comparison:
    """The paired test of the task, and intervals of the differences from common resamples."""
    mine, theirs = drawn
    differences: list[Difference] = []
    ones = np.ones(len(scored.truth))
    point, other_point = scored.measure()(ones), scored.measure(other_output)(ones)
    for name in mine:
        difference = point[name] - other_point[name]
        ends = interval(difference, mine[name] - theirs[name])
        if ends and np.isfinite(difference):
            differences.append({"metric": name, "difference": difference, "low": ends[0], "high": ends[1]})
    if scored.output.ndim == 2:
        deciding = "accuracy"
        test = mcnemar(scored.predicted == scored.truth, other_output.argmax(axis=1) == scored.truth)
    else:
        deciding = "mae"
        test = signed_rank(scored.truth - scored.output, scored.truth - other_output)
    gain = better(deciding, point[deciding]) - better(deciding, other_point[deciding])
    verdict = "no difference shown" if test.p_value >= SIGNIFICANT or gain == 0 else "better" if gain > 0 else "worse"
    scores = [(scored.model.name, point[deciding]), (other.name, other_point[deciding])]
    job.decide(
        {
            "type": "EvaluationJudgement",
            "evaluator": test.test,
            "subject": f"{scored.model.name} against {other.name}",
            "verdict": verdict,
            "alternatives": [{"name": name, "score": value} for name, value in (scores if gain >= 0 else scores[::-1])],
            "rationale": f"{deciding} on the same {len(scored.truth)} rows; {test.statistic}, p {test.p_value:.4g}.",
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


def cautions(scored: Scored, table: Table, seen: float, shifted: list[str]) -> list[str]:
    """What makes these numbers less than they seem."""
    said: list[str] = []
    model = scored.model
    if table.hash == model.manifest["dataset_hash"]:
        said.append("This is the data the model was trained on: the numbers are too good. Evaluate on held-out rows.")
    elif seen > SEEN_BEFORE:
        said.append(f"{seen:.1%} of these rows have the features of a training row: the numbers may be too good.")
    if shifted:
        said.append(f"Unlike the training data (PSI above {NOTABLE}): {', '.join(shifted[:10])}.")
    if len(scored.truth) < 100:
        said.append(f"{len(scored.truth)} rows only: intervals are wide and rough.")
    missing = [label for code, label in enumerate(model.manifest["classes"]) if not (scored.truth == code).any()]
    if missing:
        said.append(f"No row of class {', '.join(missing[:10])}: metrics that need it are left out.")
    return said
