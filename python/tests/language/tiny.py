"""A language model small enough to make in a test, and its examples; without the extra `llm` the importer skips."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("trl", reason="needs `npm run setup -- --with llm`")

from ml_engine.contract.llm import NewArchitecture
from ml_engine.job import quiet
from ml_engine.language.libraries import require_extra
from ml_engine.language.newborn import new_config, new_model, new_tokenizer

TEXTS = ["the quick brown fox jumps over the lazy dog", "what is two and two?", "four, I should think"] * 20
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
ARCHITECTURE: NewArchitecture = {
    "hidden_size": 32,
    "layers": 2,
    "heads": 4,
    "kv_heads": 2,
    "intermediate_size": 64,
    "context_tokens": 128,
    "tokenizer": "bpe",
    "vocabulary": 400,
}


def tokenizer(template: str | None = None) -> Any:
    """A byte-level BPE tokenizer of some 300 tokens."""
    made = new_tokenizer(TEXTS, "bpe", 400, 128)
    made.chat_template = template
    return made


def model_folder(folder: Path, template: str | None = None) -> Path:
    """A folder of safetensors with random weights."""
    require_extra("llm", quiet(folder))
    made = tokenizer(template)
    new_model(new_config(ARCHITECTURE, made), 0).save_pretrained(str(folder))
    made.save_pretrained(str(folder))
    return folder


def json_lines(path: Path, rows: Sequence[dict[str, Any]]) -> str:
    """Rows as a file of JSON Lines; answers its path."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def chats(count: int) -> list[dict[str, Any]]:
    """Conversations that all say the same kind of thing."""
    return [
        {
            "messages": [
                {"role": "user", "content": f"what is {at} and {at + 1}?"},
                {"role": "assistant", "content": f"it is {2 * at + 1}"},
            ]
        }
        for at in range(count)
    ]
