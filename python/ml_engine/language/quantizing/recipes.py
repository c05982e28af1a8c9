"""What llm-compressor is told, and that it is run.

GPTQ: Frantar et al. 2022. AWQ: Lin et al. 2023; what it scales can be rounded as GPTQ does, which loses less than the
paper's rounding to the nearest. int8: weights by channel, rounded by GPTQ, activations by token as they come (W8A8).
fp8: E4M3, weights by channel, activations by token.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_engine.language.libraries import library

EIGHT_BITS = {"int8": "W8A8", "fp8": "FP8_DYNAMIC"}
KEPT_OUT = "lm_head"
"""Stays as it is, as every recipe of these methods has it: its error goes straight into the logits."""


@dataclass(frozen=True)
class Scheme:
    """How weights are written. `group` is how many of a row share a scale, 0 where a whole row does.

    `symmetric` is for groups: their integers lie around zero, else each group has a zero point of its own. `rounding`
    is AWQ's: by `gptq` or to the `nearest`.
    """

    method: str
    group: int = 0
    symmetric: bool = True
    rounding: str = "gptq"

    @property
    def name(self) -> str:
        """As llm-compressor calls it."""
        return EIGHT_BITS.get(self.method) or ("W4A16" if self.symmetric else "W4A16_ASYM")

    @property
    def settings(self) -> dict[str, Any]:
        """For a manifest."""
        return {
            "group_size": self.group,
            **({"symmetric": self.symmetric} if self.group else {}),
            **({"rounding": self.rounding} if self.method == "awq" else {}),
            "ignored": KEPT_OUT,
        }


def oneshot(model: Any, tokenizer: Any, samples: Any, scheme: Scheme, work: Path) -> None:
    """Quantizes the model's linear layers in place."""
    compressor = library("llmcompressor")
    data = None
    if samples is not None:
        rows = samples.tolist()
        data = library("datasets").Dataset.from_dict(
            {"input_ids": rows, "attention_mask": [[1] * len(r) for r in rows]}
        )
    # It reads the configuration once more from where the model was opened; a GGUF file has none beside it.
    model.config.save_pretrained(work)
    opened_from, model.config.name_or_path = model.config.name_or_path, str(work)
    compressor.oneshot(
        model=model,
        tokenizer=tokenizer,
        dataset=data,
        recipe=_recipe(scheme),
        max_seq_length=None if samples is None else samples.shape[1],
        num_calibration_samples=0 if samples is None else len(samples),
        shuffle_calibration_samples=False,
        log_dir=str(work),
    )
    model.config.name_or_path = opened_from


def _recipe(scheme: Scheme) -> list[Any]:
    quantization = library("llmcompressor.modifiers.quantization")
    gptq = library("llmcompressor.modifiers.gptq")
    plain = {"targets": "Linear", "ignore": [KEPT_OUT]}
    if scheme.method == "fp8":
        return [quantization.QuantizationModifier(scheme=scheme.name, **plain)]
    if scheme.method == "int8":
        return [gptq.GPTQModifier(scheme=scheme.name, **plain)]
    tensors = library("compressed_tensors.quantization")
    weights = tensors.QuantizationArgs(
        num_bits=4, type="int", strategy="group", group_size=scheme.group, symmetric=scheme.symmetric, dynamic=False
    )
    groups = {"group_0": tensors.QuantizationScheme(targets=["Linear"], weights=weights)}
    nearest = scheme.method == "awq" and scheme.rounding == "nearest"
    rounding = quantization.QuantizationModifier if nearest else gptq.GPTQModifier
    recipe = [rounding(config_groups=groups, ignore=[KEPT_OUT])]
    if scheme.method == "awq":
        _leave_memory_unpinned()
        recipe.insert(0, library("llmcompressor.modifiers.transform.awq").AWQModifier())
    return recipe


def _leave_memory_unpinned() -> None:
    """AWQ pins what it keeps for the way to an accelerator, which without one raises RuntimeError."""
    if not library("torch").cuda.is_available():
        library("llmcompressor.pipelines.cache").IntermediatesCache.pin_memory = _leave


def _leave(*_args: Any, **_kwargs: Any) -> None:
    """Does nothing."""
