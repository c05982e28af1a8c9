"""One decision explained: contributions, counterfactuals, similar rows, words."""

from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_engine.attribution.counterfactuals import applied, search
from ml_engine.attribution.goals import class_goal
from ml_engine.attribution.similarity import Space
from ml_engine.contract.transparency import ExplainParams
from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.ops.transparency.explain import explain
from tests.ops.people import ROWS, data, model, people, trained

FEATURES = ["sex", "age", "school", "income", "debt"]


def asked(**changes: Any) -> ExplainParams:
    params: Any = {
        "model": trained("lightgbm"), "dataset": data(), "row": 3, "values": {}, "immutable": [], "counterfactuals": 3,
        "seed": 0, **changes,
    }  # fmt: skip
    return params


@settings(max_examples=12, deadline=None)
@given(
    row=st.integers(0, ROWS - 1),
    family=st.sampled_from(["lightgbm", "linear"]),
    immutable=st.sets(st.sampled_from(FEATURES), max_size=3),
)
def test_counterfactuals_flip_the_prediction_within_the_data(row: int, family: str, immutable: set[str]) -> None:
    own = model(family)
    features = own.features(people(1))
    one = features.iloc[[row]]
    goal = class_goal(own, one, None)

    for found in search(goal.score, one, features, immutable, 3):
        changed = applied(one, [found.changes])
        assert own.predict(changed)[0] != own.predict(one)[0]
        assert not immutable & found.changes.keys()
        for name, value in found.changes.items():
            assert value in set(features[name])
            assert value != one[name].iloc[0]
        unchanged = [name for name in FEATURES if name not in found.changes]
        assert changed[unchanged].iloc[0].tolist() == one[unchanged].iloc[0].tolist()


def test_no_change_of_a_counterfactual_can_be_left_out() -> None:
    own = model("linear")
    features = own.features(people(1))
    for row in range(20):
        one = features.iloc[[row]]
        goal = class_goal(own, one, None)
        for found in search(goal.score, one, features, (), 3):
            for name in found.changes:
                fewer = {other: value for other, value in found.changes.items() if other != name}
                assert not fewer or goal.score(applied(one, [fewer]))[0] < 0


@settings(max_examples=5, deadline=None)
@given(row=st.integers(0, ROWS - 1))
def test_contributions_add_up(row: int) -> None:
    result = explain(asked(row=row, counterfactuals=0), quiet(Path(mkdtemp())))

    total = sum(one["contribution"] for one in result["contributions"])
    assert total + result["base"] == pytest.approx(result["output"])
    assert abs(result["residual"]) < 1e-9
    # The log-odds are those of the class predicted.
    probability = result["probabilities"][0]["probability"]
    assert result["output"] == pytest.approx(np.log(probability / (1 - probability)), abs=1e-9)


def test_explains_in_words(tmp_path: Path) -> None:
    result = explain(asked(immutable=["sex"]), quiet(tmp_path))

    text = result["text"]
    assert f"predicts `paid` = {result['predicted']} with probability" in text
    assert "Smallest changes found that lead to" in text
    assert "How sure: " in text
    assert "not what causes the outcome" in text
    assert all(change["column"] != "sex" for one in result["counterfactuals"] for change in one["changes"])
    assert all(one["row"] != 3 for one in result["neighbours"])
    assert (tmp_path / "artifacts/explanation.png").exists()


def test_replaced_values_change_the_prediction_and_hide_the_recorded_outcome(tmp_path: Path) -> None:
    poor, rich = (
        explain(asked(values={"income": income}, counterfactuals=0), quiet(tmp_path / str(income)))
        for income in (10, 95.5)
    )

    assert rich["output"] != poor["output"]
    assert poor["truth"] is None
    assert "`income` replaced" in poor["text"]


def test_a_number_is_led_over_a_bound(tmp_path: Path) -> None:
    own = trained("linear", "amount")
    plain = explain(asked(model=own), quiet(tmp_path / "a"))
    bound = float(str(plain["predicted"])) + 2

    led = explain(asked(model=own, want=f">{bound:.3f}"), quiet(tmp_path / "b"))

    assert plain["counterfactuals"] == []
    assert any("want `>200`" in warning for warning in plain["warnings"])
    assert led["counterfactuals"]
    assert all(one["score"] >= bound - 1e-3 for one in led["counterfactuals"])
    assert plain["agreement"] is None


def test_an_unusual_row_is_said_to_be_one(tmp_path: Path) -> None:
    result = explain(asked(values={"income": 400, "debt": -300, "age": 79}, counterfactuals=0), quiet(tmp_path))

    assert result["unusual"] > 0.95
    assert "leaves little to go by" in result["text"]


def test_distances_are_gowers() -> None:
    reference = pd.DataFrame({"x": [0.0, 10.0, np.nan], "c": pd.Series(["a", "b", None], dtype=object)})

    found = Space.of(reference).distances(reference.iloc[[0]], reference)

    assert found.tolist() == [0.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"row": ROWS}, "past the end"),
        ({"values": {"incom": 1}}, "did you mean `income`"),
        ({"values": {"income": "much"}}, "does not fit column `income`"),
        ({"immutable": ["sexx"]}, "did you mean `sex`"),
        ({"want": "yess"}, "did you mean `yes`"),
        ({"model": ("linear", "amount"), "want": "more"}, "not a bound"),
    ],
)
def test_refuses(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    if isinstance(changes.get("model"), tuple):
        changes = {**changes, "model": trained(*changes["model"])}
    with pytest.raises(OpError, match=said):
        explain(asked(**changes), quiet(tmp_path))


def test_refuses_what_holds_already(tmp_path: Path) -> None:
    predicted = explain(asked(counterfactuals=0), quiet(tmp_path / "a"))["predicted"]

    with pytest.raises(OpError, match="predicts already"):
        explain(asked(want=predicted), quiet(tmp_path / "b"))
