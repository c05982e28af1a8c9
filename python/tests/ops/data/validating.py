"""What the tests of data.validate call."""

import math
from pathlib import Path

import polars as pl
import pytest
from hypothesis import strategies as st

from ml_engine.contract.data import ExpectationResult, ValidateParams, ValidateResult
from ml_engine.job import quiet
from ml_engine.ops.data.validate import validate
from ml_engine.tables import stage_dataset
from ml_engine.validation.suite import parse_suite, run_rules


def rule(name: str, **kwargs: object) -> dict[str, object]:
    return {"type": f"expect_{name}", "kwargs": kwargs}


def run(frame: pl.DataFrame, name: str, **kwargs: object) -> ExpectationResult:
    return run_rules(frame, parse_suite([rule(name, **kwargs)], "suite"))[0]


numbers = st.lists(
    st.one_of(st.none(), st.integers(-50, 50).map(float), st.sampled_from([math.inf, -math.inf, 0.1])), max_size=25
)


texts = st.lists(
    st.one_of(st.none(), st.text(max_size=6), st.sampled_from(["", "a", "Åse", "a b", "ab%"])), max_size=25
)


def counted(result: ExpectationResult, values: list[object], wrong: list[object]) -> None:
    present = [value for value in values if value is not None]
    assert result["element_count"] == len(values)
    assert result["missing_count"] == len(values) - len(present)
    assert result["unexpected_count"] == len(wrong)
    assert result["unexpected_percent"] == pytest.approx(100 * len(wrong) / len(present) if present else 0, abs=1e-4)
    assert result["success"] == (not wrong)
    shown = [value if not isinstance(value, float) or math.isfinite(value) else str(value) for value in wrong[:20]]
    assert result["partial_unexpected_list"] == shown


def params(dataset: str | Path, **changes: object) -> ValidateParams:
    given_params: ValidateParams = {
        "action": "check",
        "dataset": str(dataset),
        "detail": "concise",
        "wait_seconds": 20,
        "cancel": False,
    }
    return {**given_params, **changes}  # pyright: ignore[reportReturnType]


def stored(folder: Path, frame: pl.DataFrame, name: str = "t.parquet") -> Path:
    frame.write_parquet(folder / name)
    return folder / name


def checked(folder: Path, frame: pl.DataFrame) -> ValidateResult:
    return validate(params(stored(folder, frame)), quiet(folder))


def registered(folder: Path, frame: pl.DataFrame, name: str) -> Path:
    """A dataset folder as the road keeps it: <name>/<version>."""
    staged = Path(stage_dataset(quiet(folder), frame, name=name, source="made", slot=f"{name}-staged"))
    (folder / name).mkdir()
    return staged.rename(folder / name / "1")
