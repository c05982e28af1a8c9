"""How many weights learn, from a configuration alone: published models, and the formula Σ rank · (in + out)."""

from typing import Any

import pytest

from ml_engine.language.libraries import library
from ml_engine.language.sizes import memory_for, weights_of
from ml_engine.language.training import Lora
from tests.language.tiny import ARCHITECTURE, tokenizer

LLAMA_7B = {"vocab_size": 32000, "hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32}
LLAMA_3_8B = {**LLAMA_7B, "vocab_size": 128256, "intermediate_size": 14336, "num_key_value_heads": 8}
SMOLLM2 = {
    "vocab_size": 49152,
    "hidden_size": 576,
    "intermediate_size": 1536,
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "tie_word_embeddings": True,
}


def config(**given: Any) -> Any:
    return library("transformers").LlamaConfig(**{"num_attention_heads": 32, **given})


def by_formula(rank: int, layers: int, hidden: int, inner: int, kv: int) -> int:
    """Σ rank · (in + out) over the seven linear maps of a layer of Llama's."""
    attention = [(hidden, hidden), (hidden, kv), (hidden, kv), (hidden, hidden)]
    mlp = [(hidden, inner), (hidden, inner), (inner, hidden)]
    return rank * layers * sum(a + b for a, b in [*attention, *mlp])


def test_llama_7b_query_and_value() -> None:
    """Hu et al.'s usual setting, as PEFT prints it: 4,194,304 of 6,742,609,920 weights are trained, 0.0622 %."""
    found = weights_of(config(**LLAMA_7B), Lora(rank=8, targets=["q_proj", "v_proj"]))
    assert (found.trained, found.whole) == (4_194_304, 6_742_609_920)
    assert round(100 * found.trained / found.whole, 4) == 0.0622


@pytest.mark.parametrize(
    ("given", "kv", "published"),
    [(LLAMA_7B, 4096, 39_976_960), (LLAMA_3_8B, 1024, 41_943_040), (SMOLLM2, 192, 4_884_480)],
    ids=["Llama-2-7B", "Llama-3-8B", "SmolLM2-135M"],
)
def test_all_linear_layers_of_rank_16(given: dict[str, Any], kv: int, published: int) -> None:
    found = weights_of(config(**given), Lora(rank=16))
    layers, hidden, inner = (given[name] for name in ("num_hidden_layers", "hidden_size", "intermediate_size"))
    assert found.trained == published == by_formula(16, layers, hidden, inner, kv)


def test_smollm2_has_as_many_weights_as_it_says() -> None:
    assert weights_of(config(**SMOLLM2), None).whole == 134_515_008


def test_dora_learns_a_magnitude_for_each_output() -> None:
    plain = weights_of(config(**SMOLLM2), Lora(rank=4))
    dora = weights_of(config(**SMOLLM2), Lora(method="dora", rank=4))
    outputs = 30 * (576 + 192 + 192 + 576 + 1536 + 1536 + 576)
    assert dora.trained - plain.trained == outputs


def test_memory_of_four_bits_and_of_recomputing_is_less() -> None:
    eight = config(**LLAMA_3_8B)
    weights = weights_of(eight, Lora(rank=16))
    room = {"batch": 1, "tokens": 2048, "width": 2}
    plain = memory_for(eight, weights, **room, four_bit=False, recompute=False)
    small = memory_for(eight, weights, **room, four_bit=True, recompute=True)
    assert 15.5e9 < plain.weights < 16.5e9
    assert 5e9 < small.weights < 6.5e9
    assert small.activations < plain.activations / 3


def test_weights_are_counted_as_they_are_made() -> None:
    from ml_engine.language.newborn import new_config, new_model

    made = tokenizer()
    small = new_config(ARCHITECTURE, made)
    assert weights_of(small, None).whole == sum(one.numel() for one in new_model(small, 0).parameters())
