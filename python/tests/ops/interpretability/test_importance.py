"""Importance of features: additive Shapley values, permutation loss, effects, and the op."""

from itertools import combinations
from math import factorial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split

from ml_engine.attribution.association import clusters
from ml_engine.attribution.effects import accumulated_local_effects, partial_dependence
from ml_engine.attribution.permutation import shuffle_losses, stability
from ml_engine.attribution.shapley import sampled, shapley
from ml_engine.contract.interpretability import ImportanceParams
from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.ops.interpretability.importance import importance
from tests.ops.people import ROWS, data, model, people, trained

TREES_AND_LINES = ["lightgbm", "linear", "random_forest", "hist_gradient_boosting"]
EXACT = [(family, target) for family in TREES_AND_LINES for target in ("paid", "amount")]
FEATURES = ["sex", "age", "school", "income", "debt"]


@pytest.mark.parametrize(("family", "target"), [*EXACT, ("xgboost", "paid"), ("knn", "paid"), ("mlp", "amount")])
@settings(max_examples=4, deadline=None)
@given(rows=st.lists(st.integers(0, ROWS - 1), min_size=1, max_size=4, unique=True))
def test_values_add_up_to_the_output(family: str, target: str, rows: list[int]) -> None:
    own = model(family, target)
    features = own.features(people(1))

    found = shapley(own, features, features.iloc[rows], pairs=2)

    # XGBoost works in single precision.
    assert found.residual < (1e-4 if family == "xgboost" else 1e-9)
    assert sorted(found.columns) == sorted(FEATURES)
    assert found.values.shape[:2] == (len(rows), len(FEATURES))


def test_linear_values_use_every_row_of_the_background() -> None:
    """SHAP's maskers keep 100 rows of a background without saying so; the closed form is w (x − mean of all)."""
    own = model("linear", "amount")
    features = own.features(people(1))
    encoded = own.encoded(features)

    found = shapley(own, features, features.iloc[:5])

    place = encoded.names.index("income")
    expected = own.core.coef_.ravel()[place] * (encoded.matrix[:5, place] - encoded.matrix[:, place].mean())
    assert found.values[:, found.columns.index("income"), 0] == pytest.approx(expected)
    assert found.background_rows == ROWS


def test_sampling_agrees_with_brute_force() -> None:
    own = model("knn", "amount")
    features = own.features(people(1)).iloc[:30]
    row = features.iloc[:1]

    found = sampled(own, features.iloc[1:], row, pairs=200, seed=0)

    exact = brute_force(own.predict, features.iloc[1:], row)
    assert found.values[0, :, 0] == pytest.approx(exact, abs=5 * (found.error or 0) + 1e-9)
    assert found.values[0, :, 0].sum() == pytest.approx(exact.sum())


def brute_force(output: Any, background: pd.DataFrame, row: pd.DataFrame) -> np.ndarray:
    """Shapley's formula over all subsets."""
    columns = list(background.columns)
    size = len(columns)

    def worth(chosen: tuple[str, ...]) -> float:
        mixed = background.copy()
        for name in chosen:
            mixed[name] = np.repeat(row[name].to_numpy(), len(background))
        return float(output(mixed).mean())

    values = np.zeros(size)
    for place, name in enumerate(columns):
        others = [other for other in columns if other != name]
        for count in range(size):
            share = factorial(count) * factorial(size - count - 1) / factorial(size)
            for subset in combinations(others, count):
                values[place] += share * (worth((*subset, name)) - worth(subset))
    return values


def test_permutation_importances_of_scikit_learns_guide() -> None:
    """Diabetes, Ridge(0.01), 30 repeats: s5 .204 ± .050, bmi .176 ± .048, bp .088 ± .033, sex .056 ± .023; R² .357."""
    table: Any = load_diabetes(as_frame=True)
    train, held, known, truth = train_test_split(table.data, table.target, random_state=0)
    ridge = Ridge(alpha=1e-2).fit(train, known)

    held_out = pd.DataFrame(held)
    sets = [["s5"], ["bmi"], ["bp"], ["sex"]]

    found = shuffle_losses(lambda frame: float(ridge.score(frame, truth)), held_out, sets, 30, 0)

    assert found.score == pytest.approx(0.3567, abs=5e-4)
    spread = np.array([0.050, 0.048, 0.033, 0.023])
    # Three standard errors of the difference of two means of 30 repeats.
    for place, (expected, one) in enumerate(zip([0.204, 0.176, 0.088, 0.056], spread, strict=True)):
        assert found.interval(place)[0] == pytest.approx(expected, abs=3 * one * np.sqrt(2 / 30))


def test_effects_of_a_plane_are_its_slope() -> None:
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"x": random.normal(size=300), "z": random.normal(size=300)})
    frame["z"] += frame["x"]

    def plane(features: pd.DataFrame) -> np.ndarray:
        return 2 * features["x"].to_numpy() - features["z"].to_numpy()

    for effect in (partial_dependence(plane, frame, "x"), accumulated_local_effects(plane, frame, "x")):
        assert effect is not None
        x, y = np.array([float(value) for value in effect.x]), np.array(effect.y)
        assert np.diff(y) / np.diff(x) == pytest.approx(2)
        assert effect.shape.startswith("rises from")


def test_columns_that_go_together_are_grouped() -> None:
    features = model("linear").features(people(1))

    assert [columns for columns, _ in clusters(features)] == [["income", "debt"]]


def test_stability_is_one_where_every_repeat_ranks_alike() -> None:
    assert stability(np.array([[3.0, 3.1], [2.0, 2.2], [1.0, 0.9]])) == pytest.approx(1)


def asked(**changes: Any) -> ImportanceParams:
    params: Any = {
        "model": trained("lightgbm"), "dataset": data(), "methods": ["permutation", "shap"], "metric": "auto",
        "repeats": 4, "curves": 2, "max_rows": 300, "seed": 0, "wait_seconds": 20, "cancel": False, **changes,
    }  # fmt: skip
    return params


def test_ranks_what_the_outcome_was_made_of(tmp_path: Path) -> None:
    result = importance(asked(), quiet(tmp_path))

    names = [feature["column"] for feature in result["features"]]
    assert names[0] in ("income", "sex")
    assert sorted(names) == sorted(FEATURES)
    assert result["correlated"][0]["columns"] == ["income", "debt"]
    assert result["shap"] is not None
    assert result["shap"]["exact"]
    assert result["rows"] == {"given": ROWS, "used": 300, "dropped": 0}
    assert result["training_rows_seen"] == 0
    assert [curve["column"] for curve in result["curves"]][:1] == names[:1]
    assert len(result["plots"]) == 2


def test_one_method_alone(tmp_path: Path) -> None:
    result = importance(asked(methods=["shap"], curves=0), quiet(tmp_path))

    assert result["agreement"] is None
    assert result["stability"] is None
    assert all(feature["permutation"] is None for feature in result["features"])
    assert len(result["plots"]) == 1


def test_warns_where_the_data_is_the_training_data(tmp_path: Path) -> None:
    result = importance(asked(dataset=data("train"), curves=0), quiet(tmp_path))

    assert result["training_rows_seen"] == 1
    assert any("trained on" in warning for warning in result["warnings"])


def test_refuses_a_metric_of_the_other_task(tmp_path: Path) -> None:
    with pytest.raises(OpError, match="r2 is not a metric of classification"):
        importance(asked(metric="r2"), quiet(tmp_path))
