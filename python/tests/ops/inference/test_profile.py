"""Predictions are timed for the sizes that were asked, and pictures are drawn."""

from pathlib import Path

import numpy as np
import pytest

from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.ops.inference.profile import profile, spread
from tests.ops.people import trained


def test_times_each_size(tmp_path: Path) -> None:
    model = trained("linear")
    asked = {"model": model, "batches": [1, 300], "requests": 5, "warmup": 1}
    found = profile({"measure": asked, "loads": []}, quiet(tmp_path))  # pyright: ignore[reportArgumentType]
    one, many = found["batches"]
    assert (one["rows"], many["rows"]) == (1, 300)
    for each in (one, many):
        assert 0 < each["ms"]["p50"] <= each["ms"]["p90"] <= each["ms"]["p99"]
    assert many["rows_per_second"] > one["rows_per_second"]
    assert (tmp_path / "artifacts/speed.png").read_bytes().startswith(b"\x89PNG")


def test_draws_loads(tmp_path: Path) -> None:
    figures = spread([1.0, 2.0, 3.0])
    loads = [
        {"load": f"{n} at once", "tokens_per_second": 10.0 * n, "ttft_ms": figures, "tpot_ms": figures} for n in (1, 2)
    ]
    assert profile({"loads": loads}, quiet(tmp_path))["batches"] == []  # pyright: ignore[reportArgumentType]
    assert (tmp_path / "artifacts/speed.png").is_file()


def test_a_spread_is_that_of_numpy() -> None:
    values = [4.0, 1.0, 3.0]
    assert spread(values) == {
        "mean": np.mean(values),
        "p50": 3.0,
        "p90": pytest.approx(3.8),
        "p99": pytest.approx(3.98),
    }


def test_what_does_not_predict_rows_is_refused(tmp_path: Path) -> None:
    asked = {"model": str(tmp_path), "batches": [1], "requests": 1, "warmup": 0}
    with pytest.raises(OpError, match="there is no model"):
        profile({"measure": asked, "loads": []}, quiet(tmp_path))  # pyright: ignore[reportArgumentType]
