"""What the gaps between groups amount to, and the record of that judgement."""

from dataclasses import dataclass

import numpy as np

from ml_engine.contract.safety import Estimate, Gap, Verdict
from ml_engine.fairness.groups import Attribute
from ml_engine.fairness.rates import CRITERIA, REGRESSION_CRITERIA, Measured, gaps
from ml_engine.fairness.rates import Estimate as Interval
from ml_engine.job import EvaluationJudgement

FOUR_FIFTHS = 0.8
NOTHING: Estimate = {"value": None, "low": None, "high": None}


@dataclass(frozen=True)
class Assessed:
    """One way of grouping the rows, and every metric by group."""

    attribute: Attribute
    metrics: dict[str, Measured]

    def gaps(self, regression: bool, tolerance: float) -> list[Gap]:
        """The widest gap of each criterion between groups that are large enough to compare."""
        groups = self.attribute.groups
        criteria = REGRESSION_CRITERIA if regression else CRITERIA
        return [
            {
                "attribute": self.attribute.name,
                "criterion": gap.criterion,
                "metric": gap.metric,
                "difference": estimate(gap.difference),
                "ratio": estimate(gap.ratio),
                "lowest": groups[gap.lowest],
                "highest": groups[gap.highest],
                "within_tolerance": bool(gap.difference[0] <= tolerance),
            }
            for gap in gaps(self.metrics, self.attribute.compared, criteria)
        ]

    def rate(self, metric: str, group: str) -> float:
        """One group's value."""
        return float(self.metrics[metric].values[self.attribute.groups.index(group)])


def four_fifths(assessed: list[Assessed], found: list[Gap], selected: str) -> Verdict:
    """The lowest ratio of selection rates against 0.8 (US Uniform Guidelines, 1978)."""
    parity = [gap for gap in found if gap["criterion"] == "demographic parity"]
    usable = [(gap["ratio"]["value"], gap) for gap in parity if gap["ratio"]["value"] is not None]
    if not usable:
        return {
            "rule": "four-fifths rule",
            "verdict": "pass",
            "certain": False,
            "attribute": parity[0]["attribute"] if parity else assessed[0].attribute.name,
            "ratio": NOTHING,
            "said": f"Nobody is selected ({selected}) in any group, so the four-fifths rule has nothing to compare.",
        }
    ratio, worst = min(usable, key=lambda one: one[0])
    low, high = worst["ratio"]["low"], worst["ratio"]["high"]
    own = next(one for one in assessed if one.attribute.name == worst["attribute"])
    rates = [own.rate("selection_rate", group) for group in (worst["lowest"], worst["highest"])]
    interval = "" if low is None or high is None else f" [{low:.3f}, {high:.3f}]"
    return {
        "rule": "four-fifths rule",
        "verdict": "pass" if ratio >= FOUR_FIFTHS else "fail",
        "certain": low is not None and high is not None and (low >= FOUR_FIFTHS or high < FOUR_FIFTHS),
        "attribute": worst["attribute"],
        "ratio": worst["ratio"],
        "said": f"By `{worst['attribute']}`, {worst['lowest']} is selected ({selected}) at {rates[0]:.3f} and "
        f"{worst['highest']} at {rates[1]:.3f}: a ratio of {ratio:.3f}{interval}, "
        f"{'at least' if ratio >= FOUR_FIFTHS else 'below'} the 0.8 of the four-fifths rule. "
        "The rule is meant for a benefit: read it the other way round where being selected is a harm.",
    }


def bias_within(found: list[Gap], spread: float, tolerance: float) -> Verdict:
    """The widest difference of mean error against `tolerance` standard deviations of the target."""
    worst = max(
        (gap for gap in found if gap["criterion"] == "equal bias"), key=lambda gap: gap["difference"]["value"] or 0.0
    )
    value, low, high = (worst["difference"][key] or 0.0 for key in ("value", "low", "high"))
    limit = tolerance * spread
    return {
        "rule": "bias within tolerance standard deviations",
        "verdict": "pass" if value <= limit else "fail",
        "certain": high <= limit or low > limit,
        "attribute": worst["attribute"],
        "ratio": NOTHING,
        "said": f"By `{worst['attribute']}`, mean error differs by {value:.4g} [{low:.4g}, {high:.4g}] between "
        f"{worst['lowest']} and {worst['highest']}, {'within' if value <= limit else 'beyond'} {tolerance:g} standard "
        f"deviations of the target ({limit:.4g}). No law sets a rule for numbers; this tolerance is the caller's.",
    }


def judgement(verdict: Verdict, assessed: list[Assessed], subject: str, regression: bool) -> EvaluationJudgement:
    """The verdict as the record keeps it, with the groups and what they scored."""
    own = next(one for one in assessed if one.attribute.name == verdict["attribute"])
    metric = "bias" if regression else "selection_rate"
    values = [number(value) for value in own.metrics[metric].values]
    scored = zip(own.attribute.groups, values, own.attribute.compared, strict=True)
    ranked = sorted(((group, value) for group, value, compared in scored if compared), key=lambda one: -(one[1] or 0.0))
    return {
        "type": "EvaluationJudgement",
        "evaluator": verdict["rule"],
        "subject": f"{subject} by {verdict['attribute']}",
        "verdict": verdict["verdict"] if verdict["certain"] else f"{verdict['verdict']} (uncertain)",
        "alternatives": [{"name": group, "score": value} for group, value in ranked[:20]],
        "rationale": f"{verdict['said']} Scores are each group's {metric.replace('_', ' ')}.",
    }


def impossible_at_once(assessed: list[Assessed]) -> list[str]:
    """A note where groups differ in how often the outcome truly occurs."""
    apart = [
        f"`{one.attribute.name}`"
        for one in assessed
        if one.attribute.compared.any() and np.ptp(one.metrics["base_rate"].values[one.attribute.compared]) > 0.05
    ]
    if not apart:
        return []
    note = (
        f"Base rates differ by {', '.join(apart)}: calibration, equalised odds and predictive parity cannot all hold "
        "at once (Kleinberg et al. 2016; Chouldechova 2017). Choose which matters here."
    )
    return [note]


def estimate(interval: Interval) -> Estimate:
    """As the result carries it."""
    value, low, high = (number(one) for one in interval)
    return {"value": value, "low": low, "high": high}


def number(value: float) -> float | None:
    """Six significant digits, None where it is undefined."""
    return float(f"{value:.6g}") if np.isfinite(value) else None
