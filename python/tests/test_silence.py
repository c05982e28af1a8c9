"""No library reports to its maker."""

import subprocess
import sys
from pathlib import Path

MODEL = Path(__file__).parents[2] / ".cache/models/all-MiniLM-L6-v2/model.onnx"
OPENED = "import sys, ml_engine, onnxruntime; onnxruntime.InferenceSession(sys.argv[1])"


def test_onnx_runtime_leaves_nothing_in_the_home_folder(tmp_path: Path) -> None:
    # Without `CI`, under which it is silent anyhow.
    env = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[1])}
    subprocess.run([sys.executable, "-c", OPENED, str(MODEL)], env=env, check=True, timeout=120)  # noqa: S603 - our own words
    assert list(tmp_path.iterdir()) == []
