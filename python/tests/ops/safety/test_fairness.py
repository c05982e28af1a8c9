"""The whole op on a model trained on people whose outcome depends on sex."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ml_engine.contract.safety import FairnessParams
from ml_engine.errors import OpError
from ml_engine.job import Job, Said, quiet
from ml_engine.ops.safety.fairness import fairness
from tests.ops.people import data, people, trained


def asked(**changes: Any) -> FairnessParams:
    params: Any = {
        "action": "assess", "model": trained("lightgbm"), "dataset": data(), "sensitive": ["sex"], "cuts": {},
        "min_group": 30, "tolerance": 0.1, "constraint": "demographic_parity", "resamples": 200, "seed": 0,
        "wait_seconds": 20, "cancel": False, **changes,
    }  # fmt: skip
    return params


def test_finds_whom_the_model_selects_less(tmp_path: Path) -> None:
    said: list[Said] = []
    job = Job(id="x", folder=tmp_path, artifacts=tmp_path / "kept", say=said.append)

    result = fairness(asked(sensitive=["sex", "age"], cuts={"age": [30, 50]}), job)

    assert result["verdict"]["verdict"] == "fail"
    parity = result["gaps"][0]
    assert (parity["attribute"], parity["criterion"]) == ("sex", "demographic parity")
    assert (parity["lowest"], parity["highest"]) == ("Female", "Male")
    assert result["bins"] == {"age": [30.0, 50.0]}
    by_age = [group["group"] for group in result["groups"] if group["attribute"] == "age"]
    assert by_age == ["≤ 30", "> 30 to 50", "> 50"]
    crossed = sum(group["rows"] for group in result["groups"] if group["attribute"] == "sex × age")
    assert crossed == result["rows"]["scored"]
    decisions = [one[1] for one in said if one[0] == "decision"]
    assert [one["type"] for one in decisions] == ["EvaluationJudgement"]
    assert (tmp_path / "artifacts/fairness.png").stat().st_size > 5000


def test_the_same_call_gives_the_same_numbers(tmp_path: Path) -> None:
    first, second = (fairness(asked(), quiet(tmp_path / name)) for name in ("a", "b"))

    assert first["gaps"] == second["gaps"]
    assert first["groups"] == second["groups"]


def test_mitigation_evens_out_and_says_what_it_costs(tmp_path: Path) -> None:
    result = fairness(asked(action="mitigate"), quiet(tmp_path))

    mitigation = result["mitigation"]
    assert mitigation is not None
    by_name = {one["method"]: one for one in mitigation["methods"]}
    assert list(by_name) == ["model as it is", "threshold optimiser", "reweighing", "exponentiated gradient"]
    before = by_name["model as it is"]["demographic_parity_difference"]
    assert by_name["threshold optimiser"]["demographic_parity_difference"] < before / 2
    assert by_name["exponentiated gradient"]["demographic_parity_difference"] < before / 2
    assert {one["group"] for one in mitigation["rules"]} == {"Female", "Male"}
    rows = mitigation["rows"]
    assert rows["learnt"] + rows["tested"] + rows["left_out"] == result["rows"]["scored"]
    assert any("need the attribute at every prediction" in line for line in mitigation["given_up"])


def test_regression_compares_errors(tmp_path: Path) -> None:
    result = fairness(asked(model=trained("linear", "amount")), quiet(tmp_path))

    assert set(result["groups"][0]["metrics"]) == {"mean_prediction", "mean_truth", "mae", "bias"}
    assert result["verdict"]["rule"].startswith("bias within")
    assert result["mitigation"] is None


def test_says_that_rows_were_trained_on(tmp_path: Path) -> None:
    result = fairness(asked(dataset=data("train")), quiet(tmp_path))

    assert any("100% of these rows were trained on" in warning for warning in result["warnings"])


def test_a_sensitive_column_need_not_be_a_feature(tmp_path: Path) -> None:
    table = people(1).with_columns(region=pl.Series(["north", "south"] * 300))
    table.write_csv(tmp_path / "more.csv")

    result = fairness(asked(dataset=str(tmp_path / "more.csv"), sensitive=["region"]), quiet(tmp_path / "job"))

    assert {group["group"] for group in result["groups"]} == {"north", "south"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sensitive": ["sexx"]}, "did you mean `sex`"),
        ({"sensitive": ["sex", "sex"]}, "named twice"),
        ({"sensitive": ["income"], "cuts": {"income": [9999]}}, "one group only"),
        ({"cuts": {"age": [30]}}, "not one of the sensitive columns"),
        ({"cuts": {"sex": [1]}}, "cannot be cut"),
        ({"min_group": 500}, "fewer than two groups"),
        ({"positive": "yess"}, "did you mean `yes`"),
        ({"action": "mitigate", "model": ("linear", "amount")}, "`mitigate` is for classifiers"),
    ],
)
def test_refuses(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    if isinstance(changes.get("model"), tuple):
        changes = {**changes, "model": trained(*changes["model"])}
    with pytest.raises(OpError, match=said):
        fairness(asked(**changes), quiet(tmp_path))


def test_refuses_data_without_what_the_model_needs(tmp_path: Path) -> None:
    people(1).drop("income").write_csv(tmp_path / "less.csv")
    people(1).with_columns(paid=pl.lit("maybe")).write_csv(tmp_path / "other.csv")

    with pytest.raises(OpError, match="no column `income`"):
        fairness(asked(dataset=str(tmp_path / "less.csv")), quiet(tmp_path / "a"))
    with pytest.raises(OpError, match="can be judged by; its labels are no, yes"):
        fairness(asked(dataset=str(tmp_path / "other.csv")), quiet(tmp_path / "b"))
