"""What evening a model out would cost, tried on rows that the mitigation did not learn from. Nothing is registered.

Threshold optimiser: Hardt, Price & Srebro 2016, as Fairlearn does it; its randomised rule is judged by its expectation.
Reweighing: Kamiran & Calders 2012. Exponentiated gradient: Agarwal et al. 2018, as Fairlearn does it.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np
from fairlearn.postprocessing import ThresholdOptimizer
from fairlearn.reductions import DemographicParity, EqualizedOdds, ExponentiatedGradient
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import has_fit_parameter

from ml_engine.errors import OpError
from ml_engine.labelled import Labelled
from ml_engine.models import Model

Constraint = Literal["demographic_parity", "equalized_odds"]
BOUNDS = [0.01, 0.05, 0.1, 0.2]
SHARES = [0.25, 0.5, 0.75]
MOST_ROUNDS = 20
MOST_ROWS = 10_000
"""Rows that the reductions learn from at most."""


@dataclass(frozen=True)
class Judged:
    """A randomised decision rule in expectation."""

    accuracy: float
    selection_rate: float
    parity_difference: float
    parity_ratio: float
    odds_difference: float
    by_group: np.ndarray
    """Selection rate a group."""

    def disparity(self, constraint: Constraint) -> float:
        return self.parity_difference if constraint == "demographic_parity" else self.odds_difference


@dataclass(frozen=True)
class Tried:
    """One mitigation on the tested rows; `chance[i]` is the probability of selecting row i."""

    method: str
    note: str
    chance: np.ndarray
    judged: Judged


@dataclass(frozen=True)
class Point:
    method: str
    setting: float
    accuracy: float
    disparity: float


@dataclass
class Mitigations:
    before: Judged
    tried: list[Tried]
    rules: list[tuple[str, str]]
    curve: list[Point]
    learnt: int
    tested: int
    left_out: int
    baseline: np.ndarray
    groups: list[str]
    notes: list[str] = field(default_factory=list)


class Scored(ClassifierMixin, BaseEstimator):
    """A classifier whose one feature is the score that another classifier gave."""

    def __init__(self) -> None:
        self.classes_ = np.array([0, 1])

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def fit(self, X: Any, y: Any) -> Self:
        del X, y
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Rows × 2."""
        score = np.asarray(X, dtype=np.float64)[:, 0]
        return np.column_stack([1 - score, score])

    def predict(self, X: Any) -> np.ndarray:
        return (self.predict_proba(X)[:, 1] >= 0.5).astype(int)


def judge(truth: np.ndarray, chance: np.ndarray, codes: np.ndarray, groups: int) -> Judged:
    """Expected accuracy and disparities of a rule that selects row i with probability `chance[i]`."""

    def by_group(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        counted = np.bincount(codes[rows], minlength=groups).astype(np.float64)
        total = np.bincount(codes[rows], weights=values[rows], minlength=groups)
        return np.divide(total, counted, out=np.full(groups, np.nan), where=counted > 0)

    everyone = np.ones(len(truth), dtype=bool)
    selection = by_group(chance, everyone)
    odds = [by_group(chance, truth == label) for label in (1, 0)]
    spread = max(float(np.nanmax(rate) - np.nanmin(rate)) for rate in odds)
    top = float(np.nanmax(selection))
    return Judged(
        accuracy=float(np.where(truth == 1, chance, 1 - chance).mean()),
        selection_rate=float(chance.mean()),
        parity_difference=top - float(np.nanmin(selection)),
        parity_ratio=float(np.nanmin(selection)) / top if top > 0 else float("nan"),
        odds_difference=spread,
        by_group=selection,
    )


def mitigate(
    model: Model,
    rows: Labelled,
    truth: np.ndarray,
    selected: np.ndarray,
    score: np.ndarray,
    codes: np.ndarray,
    groups: list[str],
    usable: np.ndarray,
    constraint: Constraint,
    seed: int,
    heard: Callable[[int, int, str], None],
) -> Mitigations:
    """Tries each mitigation: learns on half of the rows, judges on the other half.

    Args:
        truth, selected: 0 or 1 a row. `codes` index `groups`; `usable` says which groups take part.

    Raises:
        OpError: `invalid_input` where fewer than two groups have both outcomes.
    """
    for group in np.flatnonzero(usable):
        usable[group] = min(np.bincount(truth[codes == group], minlength=2)) >= 4
    kept = np.flatnonzero(usable[codes])
    if usable.sum() < 2:
        raise OpError("invalid_input", "sensitive: mitigation needs two groups that each have both outcomes.", "Use more rows or coarser groups.")
    strata = codes[kept] * 2 + truth[kept]
    learn, test = (np.sort(kept[part]) for part in train_test_split(np.arange(len(kept)), test_size=0.5, stratify=strata, random_state=seed))
    names = np.array(groups, dtype=object).astype(str)
    baseline = selected[test].astype(np.float64)

    def judged(chance: np.ndarray) -> Judged:
        return judge(truth[test], chance, codes[test], len(groups))

    found = Mitigations(judged(baseline), [], [], [], len(learn), len(test), len(truth) - len(kept), baseline, groups)

    def add(method: str, note: str, chance: np.ndarray) -> None:
        found.tried.append(Tried(method, note, chance, judged(chance)))

    heard(0, 3, "optimising thresholds")
    chance, rules = _thresholds(constraint, None, score, truth, names[codes], learn, test)
    random = float(((chance > 0.001) & (chance < 0.999)).mean())
    add("threshold optimiser", f"Same scores, thresholds a group; {random:.1%} of decisions are drawn by lot.", chance)
    found.rules = rules
    _threshold_curve(found, constraint, chance, score, truth, names[codes], learn, test, judged)
    heard(1, 3, "reweighing and fitting again")
    again, how = _reweighed(model, rows, truth, codes, learn, test, seed)
    add("reweighing", how, again)
    heard(2, 3, "exponentiated gradient")
    plain, bounded = _reductions(model, rows, truth, names[codes], learn, test, constraint, seed)
    for bound, chosen in bounded:
        point = judged(chosen)
        found.curve.append(Point("exponentiated gradient", bound, point.accuracy, point.disparity(constraint)))
    free = float((plain == truth[test]).mean())
    add("exponentiated gradient", f"Logistic regressions on the model's features, mixed; without the constraint such a one has accuracy {free:.3f}.", bounded[0][1])
    heard(3, 3, "mitigations compared")
    return found


def _threshold_curve(
    found: Mitigations, constraint: Constraint, fair: np.ndarray, score: np.ndarray, truth: np.ndarray,
    names: np.ndarray, learn: np.ndarray, test: np.ndarray, judged: Callable[[np.ndarray], Judged],
) -> None:  # fmt: skip
    """Accuracy against disparity between the model as it is and the constraint held in full.

    Demographic parity is relaxed by tolerance. Fairlearn cannot relax equalised odds, so there the fair rule decides a
    share of the rows, drawn by lot.
    """
    before = found.before
    found.curve.append(Point("model as it is", 0.0, before.accuracy, before.disparity(constraint)))
    if constraint == "demographic_parity":
        for tolerance in BOUNDS[1:]:
            chance, _ = _thresholds(constraint, tolerance, score, truth, names, learn, test)
            point = judged(chance)
            found.curve.append(Point("threshold optimiser", tolerance, point.accuracy, point.disparity(constraint)))
    else:
        for share in SHARES:
            point = judged(share * fair + (1 - share) * found.baseline)
            found.curve.append(Point("threshold optimiser", share, point.accuracy, point.disparity(constraint)))
    point = judged(fair)
    setting = 0.0 if constraint == "demographic_parity" else 1.0
    found.curve.append(Point("threshold optimiser", setting, point.accuracy, point.disparity(constraint)))


def _thresholds(
    constraint: Constraint, tolerance: float | None, score: np.ndarray, truth: np.ndarray,
    names: np.ndarray, learn: np.ndarray, test: np.ndarray,
) -> tuple[np.ndarray, list[tuple[str, str]]]:  # fmt: skip
    optimiser: Any = ThresholdOptimizer(
        estimator=Scored(), constraints=constraint, prefit=True, predict_method="predict_proba", tol=tolerance
    )
    optimiser.fit(score[learn, None], truth[learn], sensitive_features=names[learn])
    chance = np.asarray(optimiser._pmf_predict(score[test, None], sensitive_features=names[test]))[:, 1]  # noqa: SLF001
    found = optimiser.interpolated_thresholder_.interpolation_dict
    return chance, [(str(group), _said(rule)) for group, rule in found.items()]


def _said(rule: Any) -> str:
    """Fairlearn's interpolation of two thresholds in words."""
    parts = [(float(rule["p0"]), rule["operation0"]), (float(rule["p1"]), rule["operation1"])]
    kept = [(share, operation) for share, operation in parts if share > 0.005]
    said = ", or ".join(
        f"score {operation.operator} {operation.threshold:.3g}" + (f" in {share:.1%} of cases" if len(kept) > 1 else "")
        for share, operation in kept
    ).replace("-inf", "anything").replace(" inf", " any score")
    ignored = float(rule["p_ignore"]) if "p_ignore" in rule else 0.0
    if ignored > 0.0005:
        said += f"; {ignored:.1%} are instead selected by lot with chance {float(rule['prediction_constant']):.3g}"
    return f"selected where {said}."


def _reweighed(
    model: Model, rows: Labelled, truth: np.ndarray, codes: np.ndarray, learn: np.ndarray, test: np.ndarray, seed: int
) -> tuple[np.ndarray, str]:
    """The same pipeline fitted on `learn` with weights that make group and outcome independent: decisions on `test`."""
    weights = kamiran_calders(truth[learn], codes[learn])
    pipeline = clone(model.estimator)
    target = rows.truth[learn]
    labels = np.array(model.manifest["classes"])[target]
    features = rows.features.iloc[learn]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        if has_fit_parameter(pipeline[-1], "sample_weight"):
            pipeline.fit(features, labels, model__sample_weight=weights)
            how = "weights"
        else:
            drawn = np.random.default_rng(seed).choice(len(learn), len(learn), p=weights / weights.sum())
            pipeline.fit(features.iloc[drawn], labels[drawn])
            how = "rows drawn by weight"
    decided = np.asarray(pipeline.predict(rows.features.iloc[test])).astype(str)
    positive = np.array(model.manifest["classes"])[rows.truth[learn][truth[learn] == 1][0]]
    return (decided == positive).astype(np.float64), f"The same family fitted again on the {len(learn)} rows with {how}."


def kamiran_calders(truth: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Weight of each row, P(group) P(outcome) / P(group, outcome); shape (rows,), mean 1."""
    joint = codes * 2 + truth
    counts = np.bincount(joint)
    group, outcome = np.bincount(codes), np.bincount(truth)
    return group[codes] * outcome[truth] / (len(truth) * counts[joint])


def _reductions(
    model: Model, rows: Labelled, truth: np.ndarray, names: np.ndarray, learn: np.ndarray, test: np.ndarray,
    constraint: Constraint, seed: int,
) -> tuple[np.ndarray, list[tuple[float, np.ndarray]]]:  # fmt: skip
    if len(learn) > MOST_ROWS:
        learn = np.sort(np.random.default_rng(seed).choice(learn, MOST_ROWS, replace=False))
    prepare = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    fit_on = prepare.fit_transform(model.encoded(rows.features.iloc[learn]).matrix)
    judge_on = prepare.transform(model.encoded(rows.features.iloc[test]).matrix)
    moment = DemographicParity if constraint == "demographic_parity" else EqualizedOdds
    bounded: list[tuple[float, np.ndarray]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = LogisticRegression(max_iter=300).fit(fit_on, truth[learn]).predict(judge_on)
        for bound in BOUNDS:
            reduction: Any = ExponentiatedGradient(
                LogisticRegression(max_iter=300), moment(difference_bound=bound), eps=bound, max_iter=MOST_ROUNDS
            )
            reduction.fit(fit_on, truth[learn], sensitive_features=names[learn])
            bounded.append((bound, np.asarray(reduction._pmf_predict(judge_on))[:, 1]))  # noqa: SLF001
    return plain, bounded
