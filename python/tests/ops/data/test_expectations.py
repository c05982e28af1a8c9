"""Every family of rules against what Great Expectations 1.24.1 itself answered.

`gx/recorded.json` and `gx/suite.json` were written by a real run of it, with `bench/gx-results.py`.
"""

import json
import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ml_engine.ops.data.validate import SHOWN_RULES
from ml_engine.validation.source import Source
from ml_engine.validation.suite import EXPECTATIONS, parse_suite, read_suite, run_rules

GX = Path(__file__).parent / "gx"
RECORDED: dict[str, Any] = json.loads((GX / "recorded.json").read_text(encoding="utf-8"))
OURS = {
    "expect_column_values_to_be_in_other_table",
    "expect_row_values_to_satisfy",
    "expect_column_newest_value_to_be_recent",
    "expect_multicolumn_values_to_be_unique",
}
"""Rules beyond the 59 that Great Expectations 1.24 registers; the last one it has, but does not run any more."""
COMPARED = (
    *("element_count", "missing_count", "missing_percent", "unexpected_count", "unexpected_percent"),
    *("unexpected_percent_total", "partial_unexpected_list", "unexpected_index_list", "observed_value", "details"),
)
SPELT_OTHERWISE = {"observed_value": {"float64": "Float64"}}


def test_every_family_is_there_and_recorded() -> None:
    recorded = {case["type"] for case in RECORDED["cases"]}
    assert len(recorded) == 59
    assert set(EXPECTATIONS) - OURS == recorded
    assert SHOWN_RULES["concise"] <= SHOWN_RULES["full"]


def frames(folder: Path) -> tuple[pl.DataFrame, list[str]]:
    other = folder / "other.parquet"
    pl.DataFrame(RECORDED["other"]).write_parquet(other)
    return pl.DataFrame(RECORDED["frame"]), [str(other)]


def close(ours: object, theirs: object) -> bool:
    if isinstance(theirs, float) and isinstance(ours, (int, float)):
        return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-12)
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return set(ours) == set(theirs) and all(close(ours[key], value) for key, value in theirs.items())  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(ours) == len(theirs) and all(close(a, b) for a, b in zip(ours, theirs, strict=True))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return ours == theirs


@pytest.mark.parametrize("scanned", [False, True])
@pytest.mark.parametrize("case", RECORDED["cases"], ids=lambda case: f"{case['type']}")
def test_equals_great_expectations(case: dict[str, Any], scanned: bool, tmp_path: Path) -> None:
    frame, others = frames(tmp_path)
    path = tmp_path / "data.parquet"
    frame.write_parquet(path)
    source = Source("data", pl.scan_parquet(path) if scanned else frame.lazy(), frame.schema, path if scanned else None)
    found: dict[str, Any] = dict(run_rules(source, parse_suite([case], "suite"), others)[0])
    assert found["success"] == case["success"], found["reason"]
    expected = dict(case["result"])
    if "partial_missing_list" in expected:
        assert found["details"]["partial_missing_list"] == expected["partial_missing_list"]
        expected.pop("observed_value")
    if case["type"] == "expect_column_distinct_values_to_be_in_set":
        expected.pop("observed_value")
    for key in COMPARED:
        if key in expected and not (key == "details" and not expected[key]):
            wanted = SPELT_OTHERWISE.get(key, {}).get(str(expected[key]), expected[key])
            assert close(found[key], wanted), (key, found[key], wanted)
    if "partial_unexpected_counts" in expected:
        theirs = {json.dumps(one["value"]): one["count"] for one in expected["partial_unexpected_counts"]}
        assert {json.dumps(one["value"]): one["count"] for one in found["partial_unexpected_counts"]} == theirs


def test_a_suite_great_expectations_wrote_runs_unchanged() -> None:
    frame = pl.DataFrame(RECORDED["frame"])
    results = run_rules(frame, parse_suite(read_suite(str(GX / "suite.json")), "suite_file"))
    assert {one["type"]: one["success"] for one in results} == RECORDED["suite"]
    assert [one["severity"] for one in results] == ["error", "warn", "error", "error", "error", "error", "error"]
