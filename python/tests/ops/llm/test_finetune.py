"""ml_llm_finetune on models small enough to make here: what learns, what is shown, what is kept, what is refused."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ml_engine.checkpoints import read_steps
from ml_engine.errors import OpError
from ml_engine.job import Job, Said, quiet
from ml_engine.language.libraries import library
from ml_engine.language.llamacpp import BUILT
from ml_engine.language.opening import open_for_training, open_language_model
from ml_engine.language.sources import find_language_model
from ml_engine.language.training import keep_gradients
from tests.language.tiny import ARCHITECTURE, CHATML, json_lines, tokenizer
from tests.ops.llm.finetuning import SHORT, run

VOCABULARY = len(tokenizer())


WEIGHTS = VOCABULARY * 32 + 2 * (32 * 32 * 2 + 32 * 16 * 2 + 3 * 32 * 64 + 2 * 32) + 32


class StoppedError(Exception):
    """A training that was killed at some step."""


def loss_of(model: Any, ids: Any) -> float:
    with library("torch").no_grad():
        return float(model(input_ids=ids, labels=ids).loss)


def test_a_dry_run_says_what_it_would_take_and_loads_nothing(base: Path, data: str, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    for path in base.iterdir():
        if path.suffix != ".safetensors":
            (tmp_path / "config" / path.name).write_bytes(path.read_bytes())
    result = run(
        tmp_path, base_model=str(tmp_path / "config"), dataset=data, dry_run=True, settings={"rank": 4, "epochs": 2.0}
    )
    by_formula = 4 * 2 * ((32 + 32) + (32 + 16) + (32 + 16) + (32 + 32) + 3 * (32 + 64))
    assert result["trainable_parameters"] == by_formula
    assert result["parameters"] == by_formula + WEIGHTS
    plan, memory, template = result["plan"], result["memory"], result["template"]
    assert plan is not None
    assert (plan["steps"], plan["effective_batch"]) == (10, 8)
    assert memory is not None
    assert memory["fits"]
    assert template is not None
    assert template["source"] == "model"
    assert [piece["learnt"] for piece in template["pieces"]] == [False, True, False]
    assert template["pieces"][1]["text"] == "it is 1<|im_end|>"
    assert result["examples"] == {"given": 40, "learnt": 36, "held_out": 4, "dropped": {}, "cut": 0}
    assert result["model"] is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config"]


def test_lora_learns_and_base_and_adapter_are_one_model(base: Path, data: str, tmp_path: Path) -> None:
    said: list[Said] = []
    job = Job(id="run", folder=tmp_path, artifacts=tmp_path / "kept", say=said.append)
    result = run(tmp_path, job, base_model=str(base), dataset=data, settings={**SHORT, "exact_match": 4})
    metrics = result["metrics"]
    assert metrics["eval_loss"] < metrics["eval_loss_before"]
    assert metrics["eval_loss_before"] == pytest.approx(math.log(VOCABULARY), abs=0.3)
    steps = [metric["step"] for one in said if one[0] == "metrics" for metric in one[1] if metric["key"] == "loss"]
    assert steps[:6] == [1, 2, 3, 4, 5, 6]
    assert result["adapter"] is not None
    assert result["model"] is not None
    adapter, whole = Path(result["adapter"]), Path(result["model"])
    manifest = json.loads((whole / "model.json").read_text(encoding="utf-8"))
    assert (manifest["base"], manifest["dataset"], manifest["rows"]) == (base.name, "chats.jsonl", 32)
    assert manifest["metrics"]["eval_loss"] == metrics["eval_loss"]
    assert {"torch", "transformers", "trl", "peft"} <= manifest["environment"].keys()
    assert json.loads((adapter / "model.json").read_text(encoding="utf-8"))["format"] == "adapter"
    assert not [path for path in (*adapter.iterdir(), *whole.iterdir()) if path.suffix in (".bin", ".pt", ".pkl")]
    merged, adapted, plain = (open_language_model(str(one)) for one in (whole, adapter, base))
    ids = merged.tokenizer("what is 3 and 4?", return_tensors="pt").input_ids
    assert loss_of(merged.model, ids) == pytest.approx(loss_of(adapted.model, ids), abs=1e-4)
    assert loss_of(merged.model, ids) != pytest.approx(loss_of(plain.model, ids), abs=1e-3)
    assert merged.tokenizer.chat_template == CHATML
    again = run(tmp_path / "again", action="merge", model=str(adapter), model_name="again")
    assert again["model"] is not None
    assert loss_of(open_language_model(again["model"]).model, ids) == pytest.approx(
        loss_of(merged.model, ids), abs=1e-5
    )
    assert (tmp_path / "artifacts" / "loss.png").stat().st_size > 5000


@pytest.mark.skipif(not BUILT.is_dir(), reason="needs `npm run setup -- --with llamacpp`")
def test_an_adapter_is_written_for_llama_cpp(base: Path, data: str, tmp_path: Path) -> None:
    made = run(tmp_path / "made", base_model=str(base), dataset=data, settings={**SHORT, "rank": 4}, merge=False)
    to = tmp_path / "out" / "adapter.gguf"
    result = run(tmp_path / "work", action="export", model=made["adapter"], into="gguf_adapter", to=str(to))
    assert result["written"] == str(to)
    reader = library("gguf").GGUFReader(str(to))
    assert {one.name.rpartition(".")[2] for one in reader.tensors} == {"lora_a", "lora_b"}
    assert len(reader.tensors) == 2 * 2 * 7
    assert float(reader.fields["adapter.lora.alpha"].contents()) == 8.0
    folder = run(tmp_path, action="export", model=made["adapter"], to=str(tmp_path / "folder"))
    assert (tmp_path / "folder" / "adapter_model.safetensors").is_file()
    with pytest.raises(OpError, match="is there already"):
        run(tmp_path, action="export", model=made["adapter"], to=folder["written"])


@pytest.mark.parametrize("method", ["full", "dora", "rslora", "qlora"])
def test_every_method_learns(base: Path, data: str, tmp_path: Path, method: Any) -> None:
    settings = {**SHORT, "eval_every": 6, "packing": method == "full", "gradient_checkpointing": method == "dora"}
    result = run(tmp_path, base_model=str(base), dataset=data, method=method, settings=settings)
    assert result["metrics"]["eval_loss"] < result["metrics"]["eval_loss_before"]
    assert result["model"] is not None
    opened = open_language_model(result["model"])
    assert opened.parameters == WEIGHTS
    assert (result["adapter"] is None) == (method == "full")


def test_gradients_go_through_four_bits_after_an_evaluation(base: Path, tmp_path: Path) -> None:
    torch = library("torch")
    source = find_language_model(str(base))
    model = open_for_training(source, "base_model", quiet(tmp_path), four_bit=True)
    assert keep_gradients(model) == 14
    ids = torch.tensor([[5, 6, 7, 8]])
    model.eval()
    loss_of(model, ids)
    model.train()
    entering = model.get_input_embeddings()(ids).detach().requires_grad_()
    model(inputs_embeds=entering, labels=ids).loss.backward()
    assert float(entering.grad.abs().sum()) > 0


def test_a_killed_training_goes_on_to_the_same_end(base: Path, data: str, tmp_path: Path) -> None:
    settings = {**SHORT, "steps": 10, "checkpoint_every": 2, "patience": 3, "eval_every": 2, "dropout": 0.1}
    given = {"base_model": str(base), "dataset": data, "settings": settings, "merge": False}
    whole = run(
        tmp_path / "whole", replace(quiet(tmp_path / "whole"), checkpoints=tmp_path / "kept" / "whole"), **given
    )

    def killed(said: Said) -> None:
        if said[0] == "metrics" and said[1] and said[1][0]["step"] == 7:
            raise StoppedError

    kept = tmp_path / "kept" / "broken"
    with pytest.raises(StoppedError):
        run(tmp_path, replace(quiet(tmp_path / "broken"), checkpoints=kept, say=killed), **given)
    assert [step.name for step in read_steps(kept)] == ["steps-4", "steps-6"]
    again = run(tmp_path, replace(quiet(tmp_path / "again"), checkpoints=kept, resuming=True), **given)
    assert again["notes"][0] == "Went on from step 6."
    for name in ("loss", "eval_loss"):
        assert again["metrics"][name] == pytest.approx(whole["metrics"][name], abs=1e-3)


def test_stopping_early_takes_the_best_weights(base: Path, data: str, tmp_path: Path) -> None:
    settings = {**SHORT, "steps": 40, "learning_rate": 0.9, "schedule": "constant", "eval_every": 2, "patience": 2}
    result = run(tmp_path, base_model=str(base), dataset=data, settings=settings, merge=False)
    assert any(note.startswith("The weights are those of step") for note in result["notes"])
    assert result["metrics"]["eval_loss"] < result["metrics"]["loss"]


def test_a_model_from_nothing_learns_to_answer(tmp_path: Path) -> None:
    """Copying a letter is learnt in seconds; adding takes longer (`npm run bench -- llm-addition`)."""
    letters = "abcdefgh"
    rows = [{"prompt": f"{one}{other}=", "completion": one} for one in letters for other in letters]
    source = json_lines(tmp_path / "copy.jsonl", rows * 2)
    settings = {"steps": 120, "batch_size": 32, "learning_rate": 1e-2, "exact_match": 12, "eval_share": 0.1}
    shape = {**ARCHITECTURE, "tokenizer": "characters", "context_tokens": 16}
    result = run(tmp_path, base_model="new", dataset=source, architecture=shape, settings=settings)
    metrics = result["metrics"]
    assert metrics["eval_loss_before"] == pytest.approx(math.log(258), abs=0.2)
    assert metrics["exact_match_before"] <= 0.05
    assert metrics["exact_match"] >= 0.95
    assert result["adapter"] is None
    assert result["template"] is not None
    assert result["template"]["pieces"] == [{"text": "ab=", "learnt": False}, {"text": "a<|end|>", "learnt": True}] or (
        [piece["learnt"] for piece in result["template"]["pieces"]] == [False, True]
    )
