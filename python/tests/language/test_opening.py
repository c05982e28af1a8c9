"""Opening a real model: what is in memory is what was learnt, and can be trained and saved."""

from pathlib import Path

import pytest

from ml_engine.language.libraries import library
from ml_engine.language.llamacpp import gguf_of
from ml_engine.language.opening import open_language_model
from ml_engine.language.sources import bundled
from tests.language.test_quantizing import needs_llamacpp, needs_llm

SMALL = bundled().get("smollm2-135m-instruct")
needs_small = pytest.mark.skipif(SMALL is None, reason="needs `npm run setup -- --with llamacpp`")


SPELT = "Hello , world's 2024!  naïve 日本語 🎉\n\n  x"


@needs_llm
@needs_llamacpp
@needs_small
def test_a_gguf_is_dequantized_into_a_model_that_answers_and_can_be_saved(tmp_path: Path) -> None:
    opened = open_language_model(str(SMALL))
    # As SmolLM2's card has it: 134.5 M parameters, the embedding tied to the head.
    assert opened.parameters == 134_515_008
    ids = opened.tokenizer("The capital of France is", return_tensors="pt")
    answer = opened.model.generate(**ids, max_new_tokens=2, do_sample=False)[0]
    assert opened.tokenizer.decode(answer).endswith("Paris.")
    # A trainer moves what it is given, buffers too.
    opened.model.to("cpu").save_pretrained(str(tmp_path))
    opened.tokenizer.save_pretrained(str(tmp_path))
    assert opened.tokenizer.decode(opened.tokenizer.encode(SPELT)) == SPELT
    # And comes back as a GGUF whose bytes are spelt as they were.
    gguf_of(tmp_path, tmp_path / "again.gguf", "f16")
    again = open_language_model(str(tmp_path / "again.gguf")).tokenizer
    assert again.encode(SPELT) == opened.tokenizer.encode(SPELT)
    said = library("gguf").GGUFReader(tmp_path / "again.gguf").fields
    assert [said[f"tokenizer.ggml.{key}"].contents() for key in ("model", "pre")] == ["gpt2", "smollm"]
