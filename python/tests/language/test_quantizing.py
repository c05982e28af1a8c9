"""Quantizing: sizes are the format's arithmetic, quality falls as bits do, nothing is quantized twice in silence."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from ml_engine.errors import OpError
from ml_engine.job import quiet
from ml_engine.language.converting import splits_as_gpt2
from ml_engine.language.gguf_files import padded, read_fallbacks, read_gguf, read_steps
from ml_engine.language.libraries import NEEDED
from ml_engine.language.llamacpp import BUILT
from ml_engine.language.quality import Quality
from ml_engine.language.quantizing.made import Made, costly
from ml_engine.ops.llm.quantize import quantize
from tests.language.tiny_llama import write_tiny

GIVEN: Any = {
    "method": "gguf",
    "dry_run": False,
    "imatrix": False,
    "samples": 8,
    "context_tokens": 128,
    "chunks": 8,
    "group_size": 128,
    "rounding": "gptq",
    "allow_requantize": False,
    "seed": 0,
    "wait_seconds": 20,
    "cancel": False,
}


def has(extra: Any) -> bool:
    from importlib.util import find_spec

    return all(find_spec(name) is not None for name in NEEDED[extra])


needs_llm = pytest.mark.skipif(not has("llm"), reason="needs `npm run setup -- --with llm`")
needs_quant = pytest.mark.skipif(not has("quant"), reason="needs `npm run setup -- --with quant`")
needs_llamacpp = pytest.mark.skipif(not BUILT.is_dir(), reason="needs `npm run setup -- --with llamacpp`")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def whole(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model as a GGUF of 16 bits."""
    made = run(tiny, tmp_path_factory.mktemp("f16"), type="F16")
    return Path(str(made["model"])) / "tiny-f16.gguf"


def run(model: Path, folder: Path, **params: Any) -> Any:
    given: Any = {**GIVEN, "model": str(model), **params}
    return quantize(given, quiet(folder))


@needs_llm
@needs_llamacpp
def test_size_is_predicted_to_the_byte_and_bits_follow_from_the_blocks(whole: Path, tmp_path: Path) -> None:
    # gguf-py's GGML_QUANT_SIZES: Q8_0 holds 32 weights in 34 bytes, Q4_0 in 18.
    for kind, bits in (("Q8_0", 8.5), ("Q4_0", 4.5)):
        folder = tmp_path / kind
        folder.mkdir()
        made = run(whole, folder, type=kind)
        file = read_gguf(next(Path(made["model"]).glob("*.gguf")))
        assert made["predicted_bytes"] == file.path.stat().st_size
        main = [tensor for tensor in file.tensors if tensor.type == kind]
        assert 8 * sum(one.bytes for one in main) / sum(one.weights for one in main) == bits
        assert file.path.stat().st_size == file.offset + sum(padded(one.bytes, 32) for one in file.tensors)
        assert made["bits_per_weight"] == pytest.approx(8 * sum(one.bytes for one in file.tensors) / file.weights)


@needs_llm
@needs_llamacpp
def test_divergence_grows_as_bits_fall(whole: Path, tmp_path: Path) -> None:
    divergences: list[float] = []
    for kind in ("Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q2_K"):
        folder = tmp_path / kind
        folder.mkdir()
        made = run(whole, folder, type=kind)
        assert made["fallbacks"] == []
        divergences.append(made["kl_divergence"])
    assert divergences == sorted(divergences)
    assert divergences[0] > 0


@needs_llm
@needs_llamacpp
def test_a_type_that_needs_an_importance_matrix_gets_one(whole: Path, tmp_path: Path) -> None:
    made = run(whole, tmp_path, type="iq2_xs")
    assert "needs an importance matrix" in made["warnings"][0]
    assert made["calibrated_on"] is not None
    manifest = json.loads((Path(made["model"]) / "model.json").read_text())
    assert manifest["params"]["imatrix"] is True
    assert manifest["base"] == str(whole)


@needs_llm
@needs_llamacpp
def test_nothing_is_quantized_twice_in_silence(whole: Path, tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(3)]
    for folder in folders:
        folder.mkdir()
    once = next(Path(run(whole, folders[0], type="Q8_0")["model"]).glob("*.gguf"))
    with pytest.raises(OpError, match="is quantized already \\(Q8_0, F32\\)"):
        run(once, folders[1], type="Q4_K_M")
    assert "Requantized" in run(once, folders[2], type="Q4_K_M", allow_requantize=True)["warnings"][0]


@needs_llm
@needs_llamacpp
def test_a_dry_run_of_safetensors_says_the_size_without_their_weights(tiny: Path, whole: Path, tmp_path: Path) -> None:
    said = run(tiny, tmp_path, type="Q4_K_M", dry_run=True)
    assert said["model"] is None
    other = tmp_path / "whole"
    other.mkdir()
    assert said["predicted_bytes"] == run(whole, other, type="Q4_K_M", dry_run=True)["predicted_bytes"]
    with pytest.raises(OpError, match="did you mean `Q4_K_M`"):
        run(whole, other, type="Q4_KM")


@needs_quant
@pytest.mark.parametrize(("method", "rounding"), [("gptq", "gptq"), ("awq", "gptq"), ("awq", "nearest")])
def test_four_bits_reload_and_change_the_loss_by_less_than_two_percent(
    method: str, rounding: str, tmp_path: Path
) -> None:
    # 192 is no multiple of 128: groups of 64 are taken instead, and said.
    model = write_tiny(tmp_path / "tiny", width=192)
    made = run(model, tmp_path, method=method, rounding=rounding)
    before, after = (math.log(made["perplexity"][when]) for when in ("before", "after"))
    assert abs(after / before - 1) < 0.02
    assert made["fallbacks"][0]["taken"] == "groups of 64"
    weights = Path(made["model"]) / "model.safetensors"
    assert 0 < weights.stat().st_size - made["predicted_bytes"] < 16_384
    assert made["tensors"] == {"W4A16" if method == "gptq" else "W4A16_ASYM": 14, "float32": 6}


@needs_quant
@needs_llm
@needs_llamacpp
def test_what_a_file_of_16_bits_keeps_whole_stays_16_bits(whole: Path, tmp_path: Path) -> None:
    made = run(whole, tmp_path, method="gptq", symmetric=False, group_size=32)
    assert made["tensors"] == {"W4A16_ASYM": 14, "float16": 6}
    assert made["fallbacks"] == []
    weights = Path(made["model"]) / "model.safetensors"
    assert 0 < weights.stat().st_size - made["predicted_bytes"] < 16_384
    manifest = json.loads((Path(made["model"]) / "model.json").read_text())
    assert (manifest["params"]["symmetric"], manifest["params"]["group_size"]) == (False, 32)


@pytest.mark.parametrize(
    ("method", "params", "said"),
    [
        ("gguf", {"imatrix": False}, "`imatrix: true`, or a larger type"),
        ("gguf", {"imatrix": True}, "a larger type"),
        ("gptq", {"group_size": 64, "symmetric": True}, "`symmetric: false`, or `group_size: 32`, or `method: gguf`"),
        ("awq", {"group_size": 32, "symmetric": False, "rounding": "nearest"}, "`rounding: gptq`, or `method: gguf`"),
        ("awq", {"group_size": 32, "symmetric": False}, "`method: gguf`, `type: Q8_0`"),
    ],
)
def test_what_costs_much_is_said_with_what_would_cost_less(method: str, params: Any, said: str) -> None:
    def made(after: float) -> Made:
        return Made("", None, "", 0, 0, 0.0, {}, quality=Quality(10.0, after), params=params)

    # ln 11 / ln 10 = 1.041; ln 10.4 / ln 10 = 1.017.
    [warning] = costly(made(11.0), method)
    assert warning.startswith(f"The loss grew by 4.1%. Less is lost with {said}")
    assert costly(made(10.4), method) == []


def test_a_byte_level_tokenizer_is_told_from_others(tmp_path: Path) -> None:
    file = tmp_path / "tokenizer.json"
    plain = {"type": "ByteLevel", "use_regex": True}
    for pre, known in (
        (plain, True),
        ({"type": "Sequence", "pretokenizers": [plain]}, True),
        ({"type": "Sequence", "pretokenizers": [{"type": "Split"}, {**plain, "use_regex": False}]}, False),
        (None, False),
    ):
        file.write_text(json.dumps({"pre_tokenizer": pre}))
        assert splits_as_gpt2(file) is known
    assert splits_as_gpt2(tmp_path / "none.json") is False


def test_what_a_dry_run_prints_is_read() -> None:
    said = (
        "warning: blk.0.attn_k.weight  - ncols    576 not divisible by 256 (required for type    q4_K) "
        "-> falling back to    q5_0\n"
        "[   2/ 272]  blk.0.attn_k.weight  - [  576,   192,     1,     1], type =    f16, "
        "size =     0.21 MiB ->     0.07 MiB (q5_0)\n"
        "[   3/ 272]  output_norm.weight   - [  576,     1,     1,     1], type =    f32, size =    0.002 MiB\n"
    )
    assert read_fallbacks(said) == [("blk.0.attn_k.weight", "Q4_K", "Q5_0", 576, 256)]
    assert read_steps(said) == {"blk.0.attn_k.weight": "Q5_0", "output_norm.weight": "F32"}
