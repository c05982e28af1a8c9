"""What ml_llm_finetune refuses, and what it leaves where there is no room."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from ml_engine.errors import OpError
from tests.ops.llm.finetuning import SHORT, Given, params, run

FULL_DISK = """
import resource, sys
from pathlib import Path
from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.ops.llm.finetune import finetune
import json, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
try:
    finetune(json.loads(sys.argv[1]), quiet(Path(sys.argv[2])))
except OpError as error:
    print(error.kind, error.message)
"""


def test_a_disk_that_fills_up_in_a_merge_leaves_nothing(base: Path, data: str, tmp_path: Path) -> None:
    made = run(tmp_path / "made", base_model=str(base), dataset=data, settings={**SHORT, "rank": 1}, merge=False)
    given = json.dumps(params(action="merge", model=made["adapter"]))
    (tmp_path / "full").mkdir()
    command = [sys.executable, "-c", FULL_DISK, given, str(tmp_path / "full")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    assert ended.stdout == "failed There is no room on the disk for the model's 0 MB.\n", ended.stderr[-2000:]
    assert not (tmp_path / "full" / "model").exists()
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 20000


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"dataset": "data"}, "base_model: action `train` needs it"),
        ({"base_model": "base"}, "dataset: action `train` needs it"),
        ({"base_model": "new", "dataset": "data"}, "architecture: a `new` model needs it"),
        (
            {"base_model": "base", "dataset": "data", "settings": {"max_tokens": 4096}},
            "settings.max_tokens: 4096 is more than the 128 tokens that the model can see",
        ),
        (
            {"base_model": "base", "dataset": "data", "settings": {"patience": 1, "eval_share": 0.0}},
            "settings.patience: no examples are held out",
        ),
        ({"action": "merge"}, "model: action `merge` needs it"),
        ({"action": "merge", "model": "base"}, "model: `base` is no adapter"),
        ({"action": "export", "model": "base"}, "to: safetensors needs it"),
    ],
)
def test_what_is_refused(base: Path, data: str, tmp_path: Path, given: Given, message: str) -> None:
    places = {"base": str(base), "data": data}
    meant: Given = {
        name: places.get(value, value) if isinstance(value, str) else value for name, value in given.items()
    }
    with pytest.raises(OpError) as refused:
        run(tmp_path, **meant)
    assert refused.value.message == message.replace("`base`", f"`{base.name}`")


def test_memory_that_runs_out_says_what_to_do(
    base: Path, data: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ml_engine.language.planning.available_bytes", lambda: 1000)
    with pytest.raises(OpError, match="The training needs at least") as refused:
        run(tmp_path, base_model=str(base), dataset=data, settings=SHORT)
    assert "settings.batch_size" in (refused.value.hint or "")
