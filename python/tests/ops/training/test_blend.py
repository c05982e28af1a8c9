"""Blends: each member is what it is alone, weights are greedy selection's, and what was saved comes back."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_engine import selection
from ml_engine.blended import blended, greedy
from ml_engine.contestants import Entry, growth
from ml_engine.contract.training import TrainParams
from ml_engine.crossval import final_params, fit, pipeline_for, predict, validate
from ml_engine.errors import OpError
from ml_engine.finals import finalists
from ml_engine.folds import plan
from ml_engine.job import quiet
from ml_engine.models import load_model
from ml_engine.ops.interpretability.importance import importance
from ml_engine.ops.safety.fairness import fairness
from ml_engine.ops.training.evaluate import evaluate
from ml_engine.ops.training.train import described, train
from ml_engine.ops.transparency.explain import explain
from ml_engine.problem import Problem, pose
from ml_engine.registration import stage
from ml_engine.tables import read_table
from tests.ops.people import data

from .tables_for_training import evaluate_params, loans, sklearn_table, train_params

FAMILIES = {"linear": 0.5, "lightgbm": 0.25, "extra_trees": 0.125, "hist_gradient_boosting": 0.125}
SETTINGS: dict[str, dict[str, Any]] = {"extra_trees": {"n_estimators": 20}, "lightgbm": {"num_leaves": 5}}
MEMBERS = {
    "members": [{"family": name, "params": SETTINGS.get(name, {}), "weight": share} for name, share in FAMILIES.items()]
}


def posed(folder: Path, target: str) -> Problem:
    dataset = loans(folder) if target == "default" else sklearn_table("diabetes", folder)
    return pose(read_table(dataset), train_params(dataset, target=target))


def staged(problem: Problem, folder: Path) -> str:
    cross = validate(problem, plan(problem, 3, 0), lambda: pipeline_for(problem, "blend", MEMBERS, 0, False, False))
    chosen = final_params(MEMBERS, cross)
    pipeline = fit(pipeline_for(problem, "blend", chosen, 0, False), problem)
    kept = described(pipeline, "blend", chosen)
    return stage(
        quiet(folder), problem, pipeline, name="b", family="blend", params=kept, metrics={}, seed=0, calibrator=None
    )


@pytest.mark.parametrize("target", ["default", "target"])
def test_a_member_is_what_it_is_alone(target: str, tmp_path: Path) -> None:
    """From codes it makes the same columns as from the raw table: texts, gaps, dates and many categories."""
    problem = posed(tmp_path, target)
    rows = np.arange(0, problem.rows, 2)
    rest = np.arange(1, problem.rows, 2)
    alone = [
        predict(fit(pipeline_for(problem, name, SETTINGS.get(name, {}), 0, False), problem, rows), problem, rest)
        for name in FAMILIES
    ]
    found = predict(fit(pipeline_for(problem, "blend", MEMBERS, 0, False), problem, rows), problem, rest)
    assert found == pytest.approx(blended(alone, list(FAMILIES.values())), abs=1e-9)


@pytest.mark.parametrize("target", ["default", "target"])
def test_what_was_saved_comes_back(target: str, tmp_path: Path) -> None:
    problem = posed(tmp_path, target)
    model, again = (load_model(staged(problem, tmp_path / name)) for name in ("one", "two"))
    assert model.manifest["hash"] == again.manifest["hash"]
    assert model.manifest["format"] == "blend"
    assert {"member-0/model.skops", "member-1/booster.txt", "blend.json"} < set(model.manifest["files"])
    assert "lightgbm" in model.manifest["environment"]
    boosted = model.manifest["params"]["members"][1]
    assert boosted["params"]["n_estimators"] > 0
    fresh = fit(pipeline_for(problem, "blend", model.manifest["params"], 0, False), problem)
    expected = predict(fresh, problem, np.arange(problem.rows))
    assert (model.output(problem.features) == expected).all()


def test_a_touched_member_is_refused(tmp_path: Path) -> None:
    model = Path(staged(posed(tmp_path, "default"), tmp_path / "job"))
    path = model / "member-1" / "booster.txt"
    path.write_text(path.read_text().replace("num_leaves=", "num_leaves= ", 1))
    with pytest.raises(OpError, match=r"member-1/booster\.txt is not the file that was registered"):
        load_model(str(model))


def test_greedy_selection_by_hand() -> None:
    """Errors that cancel make a perfect half and half; a third candidate that is no help is left out."""
    outputs = [np.array([1.0, -1.0]), np.array([-1.0, 1.0]), np.array([2.0, 2.0])]
    found = greedy(3, lambda weights: -float(np.square(blended(outputs, weights)).sum()))
    assert found.weights == [0.5, 0.5, 0.0]
    assert found.score == 0.0


@given(st.integers(1, 5), st.integers(0, 10_000))
@settings(max_examples=50, deadline=None)
def test_a_blend_is_never_worse_than_the_best_alone(candidates: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    truth, outputs = draw.normal(size=30), [draw.normal(size=30) for _ in range(candidates)]

    def score(weights: list[float]) -> float:
        return -float(np.square(truth - blended(outputs, weights)).mean())

    found = greedy(candidates, score)
    assert sum(found.weights) == pytest.approx(1)
    assert found.score >= max(score([float(one == other) for other in range(candidates)]) for one in range(candidates))
    assert found.score == score(found.weights)


def test_growth_is_told_from_two_samples() -> None:
    small, large = (Entry("linear", {}, 0.0, 0.0, 0.0, measured, 0.0) for measured in (1.0, 8.0))
    assert growth(small, large, 16.0) == pytest.approx(0.75)
    assert growth(small, large, 4.0) == 1.0
    assert growth(large, small, 4.0) == 0.5


def test_the_runner_up_of_the_best_family_takes_part_and_what_is_dear_does_not() -> None:
    named = ["svm", "svm", "linear", "random_forest", "svm"]
    ranked = [Entry(name, {"C": number}, -number, 0.0, 1.0, 1.0, 0.0) for number, name in enumerate(named)]
    assert [one.params["C"] for one in finalists(ranked, lambda _: 1.0, 9.0)] == [0, 2, 3, 1]
    assert [one.params["C"] for one in finalists(ranked, lambda one: 9.0 * (one.family != "svm"), 10.0)] == [0, 2, 1]
    assert len(finalists(ranked, lambda _: 9.0, 1.0)) == 2


def auto(folder: Path, name: str) -> Any:
    params: TrainParams = train_params(
        sklearn_table("diabetes", folder), family="auto", folds=3, time_budget_seconds=150, include=["bmi", "s5", "bp"]
    )
    return train(params, quiet(folder / name))


def test_auto_blends_where_that_is_better(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And does so again: where the budget cuts nothing short, the same call gives the same bytes."""
    monkeypatch.setattr(selection, "TRIALS", 1)
    result, again = (auto(tmp_path, name) for name in ("job", "again"))
    assert again["metrics"] == result["metrics"]
    assert load_model(again["model"]).manifest["hash"] == load_model(result["model"]).manifest["hash"]
    assert not any("time_budget_seconds" in note for note in result["notes"])
    scores = {one["family"]: one["score"] or -1.0 for one in result["candidates"]}
    assert result["family"] == "blend"
    assert scores["blend"] == max(scores.values())
    assert any("alone; `family: " in note for note in result["notes"])
    members = result["params"]["members"]
    assert sum(one["weight"] for one in members) == pytest.approx(1)
    dataset = sklearn_table("diabetes", tmp_path)
    evaluated = evaluate(evaluate_params(result["model"], dataset), quiet(tmp_path / "evaluated"))
    assert evaluated["metrics"]


def test_every_tool_takes_a_blend(tmp_path: Path) -> None:
    params = train_params(data("train"), target="paid", exclude=["amount"])
    model = staged(pose(read_table(data("train")), params), tmp_path / "job")
    asked: Any = {"model": model, "dataset": data(), "seed": 0, "wait_seconds": 20, "cancel": False}
    one: Any = {**asked, "row": 3, "values": {}, "immutable": [], "counterfactuals": 2}
    explained = explain(one, quiet(tmp_path / "explained"))
    assert len(explained["contributions"]) == 5
    many: Any = {
        **asked,
        "methods": ["permutation", "shap"],
        "metric": "auto",
        "repeats": 2,
        "curves": 1,
        "max_rows": 60,
    }
    ranks = importance(many, quiet(tmp_path / "ranked"))
    assert ranks["features"][0]["column"] in {"income", "sex", "school", "debt"}
    groups: Any = {**asked, "sensitive": ["sex"], "cuts": {}, "min_group": 30, "tolerance": 0.1, "resamples": 50}
    groups["constraint"] = "demographic_parity"
    assess: Any = {**groups, "action": "assess"}
    assert fairness(assess, quiet(tmp_path / "fair"))["verdict"]["verdict"] == "fail"
    mitigate: Any = {**groups, "action": "mitigate"}
    assert fairness(mitigate, quiet(tmp_path / "fairer"))["mitigation"]


def test_blend_is_not_a_family_to_ask_for(tmp_path: Path) -> None:
    with pytest.raises(OpError, match="family"):
        train(train_params(loans(tmp_path), target="default", family="blend"), quiet(tmp_path / "job"))
