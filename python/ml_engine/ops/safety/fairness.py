"""Compare a model's outcomes and errors between groups; try what would even them out."""

import numpy as np

from ml_engine.contract.safety import Estimate, FairnessParams, FairnessResult, Gap, Group, Mitigation, Verdict
from ml_engine.errors import OpError
from ml_engine.fairness import pictures
from ml_engine.fairness.groups import Attribute, attributes
from ml_engine.fairness.mitigation import Mitigations, Point, mitigate
from ml_engine.fairness.rates import CRITERIA, REGRESSION_CRITERIA, Measured, gaps, measure_decisions, measure_numbers
from ml_engine.fairness.rates import Estimate as Interval
from ml_engine.job import Job
from ml_engine.labelled import Labelled, labelled_rows, training_rows_seen
from ml_engine.models import Model, load_model
from ml_engine.names import nearest
from ml_engine.plots import save_png
from ml_engine.tables import read_table

FOUR_FIFTHS = 0.8
NOTHING: Estimate = {"value": None, "low": None, "high": None}


def fairness(params: FairnessParams, job: Job) -> FairnessResult:
    model, table = load_model(params["model"]), read_table(params["dataset"])
    rows = labelled_rows(model, table)
    found, warnings = attributes(rows.frame, params["sensitive"], params["cuts"], params["min_group"])
    warnings = [*rows.warnings, *warnings]
    seen = training_rows_seen(model, rows.features)
    if seen > 0.05:
        warnings.append(f"{seen:.0%} of these rows were trained on; errors on them are too kind. Use held-out rows.")
    regression = model.manifest["task"] == "regression"
    if regression and params["action"] == "mitigate":
        raise OpError("invalid_input", "action: `mitigate` is for classifiers; this model is a regressor.", "Use action `assess`.")
    decided = None if regression else _decide(model, rows, params)
    measured: list[tuple[Attribute, dict[str, Measured]]] = []
    for attribute in job.track(found, "groups measured"):
        codes, size = attribute.codes, len(attribute.groups)
        if decided is None:
            metrics = measure_numbers(codes, size, rows.truth, model.predict(rows.features), params["resamples"], params["seed"])
        else:
            metrics = measure_decisions(codes, size, decided.truth, decided.selected, decided.score, params["resamples"], params["seed"])
        measured.append((attribute, metrics))
    spread = float(np.std(rows.truth)) if regression else 1.0
    all_gaps = [gap for attribute, metrics in measured for gap in _gaps(attribute, metrics, regression, params["tolerance"] * (spread or 1.0))]
    verdict = _regression_verdict(all_gaps, spread, params["tolerance"]) if regression else _four_fifths(measured, all_gaps, decided)
    _record(job, verdict, measured, model, table.name, regression)
    figure = pictures.by_group(measured[:4], f"{model.name} on {table.name}", regression)
    plot = save_png(job, figure, "fairness.png", "Outcomes and errors by group, with 95 % intervals")
    mitigation = _mitigate(model, rows, decided, found[-1], params, job) if decided and params["action"] == "mitigate" else None
    return {
        "model": model.name,
        "dataset": table.name,
        "task": model.manifest["task"],
        "target": model.manifest["target"],
        "selected": decided.label if decided else None,
        "rows": {"given": rows.given, "scored": rows.rows, "dropped": rows.given - rows.rows},
        "overall": _overall(rows, decided, model),
        "groups": [_group(attribute, metrics, place) for attribute, metrics in measured for place in range(len(attribute.groups))][:60],
        "gaps": all_gaps,
        "bins": {attribute.name: attribute.cuts for attribute in found if attribute.cuts},
        "verdict": verdict,
        "mitigation": mitigation,
        "plot": plot,
        "notes": _notes(measured, regression),
        "warnings": warnings,
    }


class Decided:
    """Decisions on rows: truth and selection as 0 or 1, the score behind them, and what was selected in words."""

    def __init__(self, truth: np.ndarray, selected: np.ndarray, score: np.ndarray, label: str) -> None:
        self.truth, self.selected, self.score, self.label = truth, selected, score, label


def _decide(model: Model, rows: Labelled, params: FairnessParams) -> Decided:
    classes = model.manifest["classes"]
    positive = params.get("positive", model.manifest["positive"])
    if positive is None:
        raise OpError("invalid_input", f"positive: {model.name} has {len(classes)} classes; say which one counts as selected.", f"Classes: {', '.join(classes[:20])}.")
    if positive not in classes:
        guess = nearest(positive, classes)
        suggestion = f"; did you mean `{guess}`?" if guess else ""
        raise OpError("invalid_input", f"positive: the model has no class `{positive}`{suggestion}", f"Classes: {', '.join(classes[:20])}.")
    code = classes.index(positive)
    probabilities = model.probabilities(rows.features)
    score = probabilities[:, code]
    if "threshold" in params:
        selected, label = score >= params["threshold"], f"score of `{positive}` ≥ {params['threshold']:g}"
    else:
        selected, label = probabilities.argmax(axis=1) == code, f"predicted `{positive}`"
    return Decided((rows.truth == code).astype(np.int64), selected.astype(np.int64), score, label)


def _gaps(attribute: Attribute, metrics: dict[str, Measured], regression: bool, tolerance: float) -> list[Gap]:
    return [
        {
            "attribute": attribute.name,
            "criterion": gap.criterion,
            "metric": gap.metric,
            "difference": _estimate(gap.difference),
            "ratio": _estimate(gap.ratio),
            "lowest": attribute.groups[gap.lowest],
            "highest": attribute.groups[gap.highest],
            "within_tolerance": gap.difference[0] <= tolerance,
        }
        for gap in gaps(metrics, attribute.compared, REGRESSION_CRITERIA if regression else CRITERIA)
    ]


def _four_fifths(measured: list[tuple[Attribute, dict[str, Measured]]], found: list[Gap], decided: Decided | None) -> Verdict:
    parity = [gap for gap in found if gap["criterion"] == "demographic parity"]
    usable = [gap for gap in parity if gap["ratio"]["value"] is not None]
    what = decided.label if decided else ""
    if not usable:
        attribute = parity[0]["attribute"] if parity else measured[0][0].name
        said = f"Nobody is selected ({what}) in any group, so the four-fifths rule has nothing to compare."
        return {"rule": "four-fifths rule", "verdict": "pass", "certain": False, "attribute": attribute, "ratio": NOTHING, "said": said}
    worst = min(usable, key=lambda gap: gap["ratio"]["value"] or 0.0)
    ratio = worst["ratio"]["value"] or 0.0
    low, high = worst["ratio"]["low"], worst["ratio"]["high"]
    attribute, metrics = next((one, metrics) for one, metrics in measured if one.name == worst["attribute"])
    rate = dict(zip(attribute.groups, metrics["selection_rate"].values, strict=True))
    interval = "" if low is None or high is None else f" [{low:.3f}, {high:.3f}]"
    said = (
        f"By `{worst['attribute']}`, {worst['lowest']} is selected ({what}) at {rate[worst['lowest']]:.3f} and {worst['highest']} at "
        f"{rate[worst['highest']]:.3f}: a ratio of {ratio:.3f}{interval}, {'at least' if ratio >= FOUR_FIFTHS else 'below'} the 0.8 of the "
        "four-fifths rule. The rule is meant for a benefit: read it the other way round where being selected is a harm."
    )
    certain = low is not None and high is not None and (low >= FOUR_FIFTHS or high < FOUR_FIFTHS)
    return {"rule": "four-fifths rule", "verdict": "pass" if ratio >= FOUR_FIFTHS else "fail", "certain": certain, "attribute": worst["attribute"], "ratio": worst["ratio"], "said": said}


def _regression_verdict(found: list[Gap], spread: float, tolerance: float) -> Verdict:
    worst = max((gap for gap in found if gap["criterion"] == "equal bias"), key=lambda gap: gap["difference"]["value"] or 0.0)
    value, low, high = (worst["difference"][key] or 0.0 for key in ("value", "low", "high"))
    limit = tolerance * spread
    said = (
        f"By `{worst['attribute']}`, mean error differs by {value:.4g} [{low:.4g}, {high:.4g}] between {worst['lowest']} and {worst['highest']}, "
        f"{'within' if value <= limit else 'beyond'} {tolerance:g} standard deviations of the target ({limit:.4g}). No law sets a rule for numbers; this tolerance is the caller's."
    )
    rule = "bias within tolerance standard deviations"
    return {"rule": rule, "verdict": "pass" if value <= limit else "fail", "certain": high <= limit or low > limit, "attribute": worst["attribute"], "ratio": NOTHING, "said": said}


def _record(job: Job, verdict: Verdict, measured: list[tuple[Attribute, dict[str, Measured]]], model: Model, dataset: str, regression: bool) -> None:
    attribute, metrics = next((one, metrics) for one, metrics in measured if one.name == verdict["attribute"])
    name = "bias" if regression else "selection_rate"
    scored = sorted(zip(attribute.groups, metrics[name].values, attribute.compared, strict=True), key=lambda one: -one[1] if np.isfinite(one[1]) else 0)
    job.decide({
        "type": "EvaluationJudgement",
        "evaluator": verdict["rule"],
        "subject": f"{model.name} on {dataset} by {verdict['attribute']}",
        "verdict": verdict["verdict"] if verdict["certain"] else f"{verdict['verdict']} (uncertain)",
        "alternatives": [{"name": group, "score": _number(value)} for group, value, compared in scored if compared][:20],
        "rationale": f"{verdict['said']} Scores are each group's {name.replace('_', ' ')}.",
    })  # fmt: skip


def _mitigate(model: Model, rows: Labelled, decided: Decided, attribute: Attribute, params: FairnessParams, job: Job) -> Mitigation:
    constraint = params["constraint"]
    found = mitigate(
        model, rows, decided.truth, decided.selected, decided.score, attribute.codes, attribute.groups,
        attribute.compared.copy(), constraint, params["seed"], job.progress,
    )  # fmt: skip
    others = [Point(one.method, 0.0, one.judged.accuracy, one.judged.disparity(constraint)) for one in found.tried if one.method == "reweighing"]
    plot = save_png(job, pictures.trade_off(found.curve, others, constraint), "trade-off.png", "Accuracy against disparity")
    before = found.before
    return {
        "constraint": constraint,
        "attribute": attribute.name,
        "rows": {"learnt": found.learnt, "tested": found.tested, "left_out": found.left_out},
        "methods": [
            {
                "method": name,
                "note": note,
                "accuracy": judged.accuracy,
                "accuracy_change": judged.accuracy - before.accuracy,
                "selection_rate": judged.selection_rate,
                "demographic_parity_difference": judged.parity_difference,
                "demographic_parity_ratio": _number(judged.parity_ratio),
                "equalized_odds_difference": _number(judged.odds_difference),
                "decisions_changed": float(np.abs(chance - found.baseline).mean()),
            }
            for name, note, judged, chance in [
                ("model as it is", "", before, found.baseline),
                *((one.method, one.note, one.judged, one.chance) for one in found.tried),
            ]
        ],
        "rules": [{"group": group, "rule": rule} for group, rule in found.rules],
        "curve": [{"method": one.method, "setting": one.setting, "accuracy": one.accuracy, "disparity": one.disparity} for one in found.curve],
        "given_up": _given_up(found, constraint),
        "plot": plot,
    }


def _given_up(found: Mitigations, constraint: str) -> list[str]:
    kind = "demographic_parity" if constraint == "demographic_parity" else "equalized_odds"
    lines = [
        f"{one.method}: {kind.replace('_', ' ')} difference {found.before.disparity(kind):.3f} -> {one.judged.disparity(kind):.3f} "
        f"for {(one.judged.accuracy - found.before.accuracy) * 100:+.2f} percentage points of accuracy."
        for one in found.tried
    ]
    moved = found.tried[0].judged.by_group - found.before.by_group
    said = ", ".join(f"{group} {change:+.3f}" for group, change in zip(found.groups, moved, strict=True) if np.isfinite(change))
    return [
        *lines,
        f"The threshold optimiser changes selection rates by group: {said}.",
        "Thresholds that differ by group need the attribute at every prediction, treat equal scores differently, and may not be lawful where you are.",
    ]


def _group(attribute: Attribute, metrics: dict[str, Measured], place: int) -> Group:
    return {
        "attribute": attribute.name,
        "group": attribute.groups[place],
        "rows": int(attribute.rows[place]),
        "compared": bool(attribute.compared[place]),
        "metrics": {name: _estimate((float(one.values[place]), *one.interval(place))) for name, one in metrics.items()},
    }


def _overall(rows: Labelled, decided: Decided | None, model: Model) -> dict[str, float | None]:
    together = np.zeros(rows.rows, dtype=np.int64)
    if decided is None:
        metrics = measure_numbers(together, 1, rows.truth, model.predict(rows.features), 1, 0)
    else:
        metrics = measure_decisions(together, 1, decided.truth, decided.selected, decided.score, 1, 0)
    return {name: _number(one.values[0]) for name, one in metrics.items()}


def _notes(measured: list[tuple[Attribute, dict[str, Measured]]], regression: bool) -> list[str]:
    if regression:
        return []
    apart = [
        attribute.name
        for attribute, metrics in measured
        if np.ptp(metrics["base_rate"].values[attribute.compared]) > 0.05
    ]
    if not apart:
        return []
    said = ", ".join(f"`{name}`" for name in apart)
    return [f"Base rates differ by {said}: calibration, equalised odds and predictive parity cannot all hold at once (Kleinberg et al. 2016; Chouldechova 2017). Choose which matters here."]


def _estimate(interval: Interval) -> Estimate:
    value, low, high = (_number(one) for one in interval)
    return {"value": value, "low": low, "high": high}


def _number(value: float) -> float | None:
    """Six significant digits, None where it is undefined."""
    return float(f"{value:.6g}") if np.isfinite(value) else None
