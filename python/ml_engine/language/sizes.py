"""What a training would take, from a model's configuration alone: weights, memory, time. No weight is loaded."""

import time
from dataclasses import dataclass
from typing import Any

import psutil

from ml_engine.language.libraries import library
from ml_engine.language.training import Lora, counted, device

BITS4 = 0.53
"""Bytes of a weight in NF4 with its constants quantized too (Dettmers et al. 2023: 4.127 bits), and some of layout."""
ADAM_BYTES = 8
LOGIT_BYTES = 8
"""Of one logit: TRL computes them in chunks, and its gradient with it."""
STEP_SECONDS = 0.02
"""What a step costs beside its arithmetic."""
BENCH_SIZE = 768


@dataclass(frozen=True)
class Weights:
    """Counts. `whole` has the adapter's in it; `adapted` are those of the linear layers that 4 bits hold."""

    trained: int
    whole: int
    adapted: int


@dataclass(frozen=True)
class Needed:
    """Bytes."""

    weights: int
    training: int
    activations: int

    @property
    def total(self) -> int:
        return self.weights + self.training + self.activations


def weights_of(config: Any, lora: Lora | None) -> Weights:
    """Counts by building the model, and its adapter, without memory (torch's `meta` device)."""
    torch = library("torch")
    with torch.device("meta"):
        model = library("transformers").AutoModelForCausalLM.from_config(config)
        linear = [one for one in model.modules() if isinstance(one, torch.nn.Linear)]
        head = model.get_output_embeddings()
        adapted = sum(one.weight.numel() for one in linear if one is not head)
        if lora is not None:
            model = library("peft").get_peft_model(model, lora.config())
    trained, whole = counted(model)
    return Weights(trained, whole, adapted)


def memory_for(
    config: Any, weights: Weights, *, batch: int, tokens: int, width: int, four_bit: bool, recompute: bool
) -> Needed:
    """An estimate: weights of `width` bytes, gradients and Adam's moments of what learns, and activations after
    Korthikanti et al. (2022), whose 34 · tokens · hidden bytes a layer in 16 bits are 17 values, beside the attention's
    5 · heads · tokens²; recomputed, one layer's and the layers' inputs."""
    frozen = weights.whole - weights.trained
    held = frozen * width
    if four_bit:
        held = int(weights.adapted * BITS4) + (frozen - weights.adapted) * width
    training = weights.trained * (width + width + ADAM_BYTES)
    hidden, layers, heads = (
        getattr(config, name) for name in ("hidden_size", "num_hidden_layers", "num_attention_heads")
    )
    layer = batch * tokens * (17 * hidden * width + 2.5 * heads * tokens * width)
    stored = layer + layers * batch * tokens * hidden * width if recompute else layers * layer
    logits = batch * tokens * config.vocab_size * LOGIT_BYTES
    return Needed(held, training, int(stored + logits))


def available_bytes() -> int:
    """Free memory of the device that would train."""
    if device() == "cuda":
        return int(library("torch").cuda.mem_get_info()[0])
    return int(psutil.virtual_memory().available)


def seconds_for(weights: Weights, tokens: int, steps: int, *, recompute: bool) -> float:
    """An estimate by 6 operations a weight and token (Kaplan et al. 2020), 4 where the weights do not learn, at the
    rate this device multiplies matrices now."""
    each = 6.0 if weights.trained * 2 > weights.whole else 4.0
    each += 2.0 if recompute else 0.0
    return each * weights.whole * tokens / _operations_a_second() + steps * STEP_SECONDS


def _operations_a_second() -> float:
    torch = library("torch")
    where = device()
    one = torch.rand(BENCH_SIZE, BENCH_SIZE, device=where)
    rounds, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < 0.15 or rounds < 2:
        (one @ one).sum().item()
        rounds += 1
    # A training reaches about half of what bare products do.
    return rounds * 2 * BENCH_SIZE**3 / spent / 2
