"""What was compared or tried is drawn, with intervals where there are some."""

from pathlib import Path

from ml_engine.job import quiet
from ml_engine.ops.inference.compare import compare, reach
from ml_engine.ops.inference.optimize import optimize


def test_targets_are_drawn_by_quality_or_by_the_first_token(tmp_path: Path) -> None:
    band = {"value": 2.0, "low": 1.5, "high": 3.0}
    target = {"quality": band, "tokens_per_second": band, "ttft_ms": {"value": 1.0, "low": None, "high": None}}
    targets = [{"name": name, "front": name == "a", **target} for name in "ab"]
    for quality in ("contains", ""):
        compare({"quality": quality, "targets": targets}, quiet(tmp_path / f"by-{quality}"))  # pyright: ignore[reportArgumentType]
        assert (tmp_path / f"by-{quality}/artifacts/comparison.png").read_bytes().startswith(b"\x89PNG")
    assert reach({"value": 2.0, "low": 1.5, "high": 3.0}) == [[0.5], [1.0]]
    assert reach({"value": 2.0, "low": None, "high": None}) is None


def test_settings_are_drawn_best_first(tmp_path: Path) -> None:
    tried = [{"name": f"threads {n}", "value": 10.0 - n, "low": 9.0, "high": 9.9, "outcome": "left"} for n in range(25)]
    optimize({"objective": "tokens_per_second", "tried": tried}, quiet(tmp_path))  # pyright: ignore[reportArgumentType]
    assert (tmp_path / "artifacts/settings.png").is_file()
