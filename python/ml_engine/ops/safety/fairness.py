"""Compare a model's outcomes and errors between groups; try what would even them out."""

import numpy as np

from ml_engine.contract.safety import FairnessParams, FairnessResult, Group, Mitigated, Mitigation
from ml_engine.errors import OpError
from ml_engine.fairness import pictures
from ml_engine.fairness.decisions import Decided, decide
from ml_engine.fairness.groups import Attribute, attributes
from ml_engine.fairness.mitigation import Judged, Mitigations, Point, mitigate, split
from ml_engine.fairness.rates import Measured, measure_decisions, measure_numbers
from ml_engine.fairness.verdicts import (
    Assessed,
    bias_within,
    estimate,
    four_fifths,
    impossible_at_once,
    judgement,
    number,
)
from ml_engine.job import Job
from ml_engine.labelled import Labelled, labelled_rows, training_rows_seen
from ml_engine.models import Model, load_model
from ml_engine.plots import save_png
from ml_engine.tables import read_table
from ml_engine.transforming.replay import as_trained

MOST_GROUPS = 60
SEEN = 0.05
"""Above this share of rows that were trained on, the result says so."""


def fairness(params: FairnessParams, job: Job) -> FairnessResult:
    model = load_model(params["model"])
    table = as_trained(read_table(params["dataset"]), model.manifest)
    rows = labelled_rows(model, table)
    found, warnings = attributes(rows.frame, params["sensitive"], params["cuts"], params["min_group"])
    warnings = [*rows.warnings, *warnings]
    seen = training_rows_seen(model, rows.features)
    if seen > SEEN:
        warnings.append(f"{seen:.0%} of these rows were trained on; errors on them are too kind. Use held-out rows.")
    regression = model.manifest["task"] == "regression"
    if regression and params["action"] == "mitigate":
        said = "action: `mitigate` is for classifiers; this model is a regressor."
        raise OpError("invalid_input", said, "Use action `assess`.")
    decided = None if regression else decide(model, rows, params.get("positive"), params.get("threshold"))
    predicted = model.predict(rows.features) if decided is None else None
    assessed = [
        Assessed(attribute, _measure(attribute.codes, len(attribute.groups), rows, decided, predicted, params))
        for attribute in job.track(found, "groups measured")
    ]
    spread = float(np.std(rows.truth)) or 1.0
    tolerance = params["tolerance"]
    gaps = [gap for one in assessed for gap in one.gaps(regression, tolerance * spread if regression else tolerance)]
    verdict = bias_within(gaps, spread, tolerance) if decided is None else four_fifths(assessed, gaps, decided.label)
    job.decide(judgement(verdict, assessed, f"{model.name} on {table.name}", regression))
    drawn = [(one.attribute, one.metrics) for one in assessed[:4]]
    figure = pictures.by_group(drawn, f"{model.name} on {table.name}", regression)
    plot = save_png(job, figure, "fairness.png", "Outcomes and errors by group, with 95 % intervals")
    together = np.zeros(rows.rows, dtype=np.int64)
    overall = _measure(together, 1, rows, decided, predicted, {**params, "resamples": 1})
    wanted = decided is not None and params["action"] == "mitigate"
    return {
        "model": model.name,
        "dataset": table.name,
        "task": model.task,
        "target": model.manifest["target"],
        "selected": decided.label if decided else None,
        "rows": {"given": rows.given, "scored": rows.rows, "dropped": rows.given - rows.rows},
        "overall": {name: number(one.values[0]) for name, one in overall.items()},
        "groups": [_group(one, place) for one in assessed for place in range(len(one.attribute.groups))][:MOST_GROUPS],
        "gaps": gaps,
        "bins": {attribute.name: attribute.cuts for attribute in found if attribute.cuts},
        "verdict": verdict,
        "mitigation": _mitigate(model, rows, decided, found[-1], params, job) if wanted and decided else None,
        "plot": plot,
        "notes": [] if regression else impossible_at_once(assessed),
        "warnings": warnings,
    }


def _measure(
    codes: np.ndarray,
    groups: int,
    rows: Labelled,
    decided: Decided | None,
    predicted: np.ndarray | None,
    params: FairnessParams,
) -> dict[str, Measured]:
    resamples, seed = params["resamples"], params["seed"]
    if decided is not None:
        truth, selected, score = decided.truth, decided.selected, decided.score
        return measure_decisions(codes, groups, truth, selected, score, resamples=resamples, seed=seed)
    numbers = np.asarray(predicted, dtype=np.float64)
    return measure_numbers(codes, groups, rows.truth, numbers, resamples=resamples, seed=seed)


def _group(one: Assessed, place: int) -> Group:
    metrics = one.metrics.items()
    return {
        "attribute": one.attribute.name,
        "group": one.attribute.groups[place],
        "rows": int(one.attribute.rows[place]),
        "compared": bool(one.attribute.compared[place]),
        "metrics": {name: estimate((float(own.values[place]), *own.interval(place))) for name, own in metrics},
    }


def _mitigate(
    model: Model, rows: Labelled, decided: Decided, attribute: Attribute, params: FairnessParams, job: Job
) -> Mitigation:
    constraint = params["constraint"]
    cohort = split(
        rows,
        decided.truth,
        decided.selected,
        decided.score,
        codes=attribute.codes,
        groups=attribute.groups,
        compared=attribute.compared,
        seed=params["seed"],
    )
    found = mitigate(model, cohort, constraint, params["seed"], job.progress)
    again = [
        Point(one.method, 0.0, one.judged.accuracy, one.judged.disparity(constraint))
        for one in found.tried
        if one.method == "reweighing"
    ]
    figure = pictures.trade_off(found.curve, again, constraint)
    plot = save_png(job, figure, "trade-off.png", "Accuracy against disparity")
    before = _mitigated("model as it is", "", found.before, found.baseline, found)
    return {
        "constraint": constraint,
        "attribute": attribute.name,
        "rows": {"learnt": len(cohort.learn), "tested": len(cohort.test), "left_out": found.left_out},
        "methods": [before, *(_mitigated(one.method, one.note, one.judged, one.chance, found) for one in found.tried)],
        "rules": [{"group": group, "rule": rule} for group, rule in found.rules],
        "curve": [
            {"method": one.method, "setting": one.setting, "accuracy": one.accuracy, "disparity": one.disparity}
            for one in found.curve
        ],
        "given_up": _given_up(found, params),
        "plot": plot,
    }


def _mitigated(method: str, note: str, judged: Judged, chance: np.ndarray, found: Mitigations) -> Mitigated:
    return {
        "method": method,
        "note": note,
        "accuracy": judged.accuracy,
        "accuracy_change": judged.accuracy - found.before.accuracy,
        "selection_rate": judged.selection_rate,
        "demographic_parity_difference": judged.parity_difference,
        "demographic_parity_ratio": number(judged.parity_ratio),
        "equalized_odds_difference": number(judged.odds_difference),
        "decisions_changed": float(np.abs(chance - found.baseline).mean()),
    }


def _given_up(found: Mitigations, params: FairnessParams) -> list[str]:
    kind, before = params["constraint"], found.before
    lines = [
        f"{one.method}: {kind.replace('_', ' ')} difference {before.disparity(kind):.3f} -> "
        f"{one.judged.disparity(kind):.3f} for {(one.judged.accuracy - before.accuracy) * 100:+.2f} percentage points "
        "of accuracy."
        for one in found.tried
    ]
    moved = found.tried[0].judged.by_group - before.by_group
    pairs = zip(found.cohort.groups, moved, strict=True)
    said = ", ".join(f"{group} {change:+.3f}" for group, change in pairs if np.isfinite(change))
    law = (
        "Thresholds that differ by group need the attribute at every prediction, treat equal scores differently, and "
        "may not be lawful where you are."
    )
    return [*lines, f"The threshold optimiser changes selection rates by group: {said}.", law]
