"""What a sentence-transformers folder says of its model, as far as it is read."""

import json
from pathlib import Path
from typing import Any

from ml_engine.errors import OpError

_ELSE = "Serve it by Ollama or an OpenAI endpoint: ollama:MODEL, openai:MODEL."
_NEEDED = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")
_MODULES = {"Transformer", "Pooling", "Normalize"}
_POOLINGS = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}


def read_json(path: Path) -> Any:
    """A file's JSON; None where there is no file."""
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None


def checked_config(folder: Path) -> dict[str, Any]:
    """The model's `config.json`.

    Raises:
        OpError: a file is missing, or it is no BERT encoder followed by pooling and normalisation alone.
    """
    missing = [name for name in _NEEDED if not (folder / name).is_file()]
    if missing:
        raise _unfit(folder, f"has no {', '.join(missing)}")
    config = read_json(folder / "config.json")
    kind, act = config.get("model_type"), config.get("hidden_act")
    positions = config.get("position_embedding_type", "absolute")
    if kind != "bert" or act != "gelu" or positions != "absolute":
        raise _unfit(folder, f"is a {kind} model with {act} and {positions} positions, not BERT with gelu and absolute")
    modules = [str(module["type"]).rsplit(".", 1)[-1] for module in read_json(folder / "modules.json") or []]
    others = [module for module in modules if module not in _MODULES]
    if others:
        raise _unfit(folder, f"has a module that is not read: {', '.join(others)}")
    return config


def pooling_of(folder: Path) -> str:
    """`mean` or `cls`; a folder that does not say pools by the mean.

    Raises:
        OpError: it pools in another way.
    """
    settings = read_json(folder / "1_Pooling" / "config.json") or {"pooling_mode": "mean"}
    # The newest format names one mode, those before had a switch for each.
    named = settings.get("pooling_mode")
    switched = [name for name, value in settings.items() if name.startswith("pooling_mode_") and value is True]
    modes = [str(named)] if named else [_POOLINGS.get(name, name) for name in switched]
    if modes not in (["mean"], ["cls"]):
        raise _unfit(folder, f"pools by {', '.join(modes) or 'nothing known'}, not by mean or cls alone")
    return modes[0]


def max_tokens(folder: Path) -> int:
    """How many tokens it reads, those that it adds itself among them."""
    limits = read_json(folder / "sentence_bert_config.json") or {}
    return int(limits.get("max_seq_length") or read_json(folder / "config.json")["max_position_embeddings"])


def prefixes(folder: Path) -> dict[str, str]:
    """What it is told before a question and before a passage, where its prompts say so."""
    prompts = (read_json(folder / "config_sentence_transformers.json") or {}).get("prompts") or {}
    found = {
        "query_prefix": prompts.get("query"),
        "document_prefix": prompts.get("document", prompts.get("passage")),
    }
    return {name: str(value) for name, value in found.items() if value is not None} if any(found.values()) else {}


def _unfit(folder: Path, why: str) -> OpError:
    return OpError("invalid_input", f"embedding: the model in `{folder.name}` {why}.", _ELSE)
