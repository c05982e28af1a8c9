"""A folder's model pools as its settings say; what is not known is refused by name."""

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from safetensors.numpy import load_file

from ml_engine.embedding.bert import embedder_graph
from ml_engine.embedding.embedder import kept_embedder
from ml_engine.errors import OpError
from tests.embedding.tiny import HEADS, HIDDEN, LAYERS, write

IDS = np.array([[2, 4, 5, 6, 3], [2, 9, 3, 0, 0]], np.int32)
MASK = (IDS != 0).astype(np.int32)


def by_hand(tensors: dict[str, np.ndarray], ids: np.ndarray, pooling: str) -> np.ndarray:
    """BERT in a few lines of numpy, for one text without padding."""
    from math import erf

    def norm(value: np.ndarray, name: str) -> np.ndarray:
        centred = value - value.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return scaled * tensors[f"{name}.LayerNorm.weight"] + tensors[f"{name}.LayerNorm.bias"]

    def dense(value: np.ndarray, name: str) -> np.ndarray:
        return value @ tensors[f"{name}.weight"].T + tensors[f"{name}.bias"]

    parts = [tensors[f"embeddings.{part}_embeddings.weight"] for part in ("word", "position", "token_type")]
    hidden = norm(parts[0][ids] + parts[1][: len(ids)] + parts[2][0], "embeddings")
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        heads = [
            dense(hidden, f"{name}.attention.self.{part}").reshape(len(ids), HEADS, -1).swapaxes(0, 1)
            for part in ("query", "key", "value")
        ]
        scores = heads[0] @ heads[1].swapaxes(1, 2) / np.sqrt(HIDDEN / HEADS)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = (shares / shares.sum(-1, keepdims=True)) @ heads[2]
        joined = mixed.swapaxes(0, 1).reshape(len(ids), HIDDEN)
        hidden = norm(hidden + dense(joined, f"{name}.attention.output.dense"), f"{name}.attention.output")
        wide = dense(hidden, f"{name}.intermediate.dense")
        active = wide * 0.5 * (1 + np.vectorize(erf)(wide / np.sqrt(2)))
        hidden = norm(hidden + dense(active, f"{name}.output.dense"), f"{name}.output")
    whole = hidden[0] if pooling == "cls" else hidden.mean(0)
    return whole / np.linalg.norm(whole)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_the_graph_is_bert_and_pools_as_it_should(tmp_path: Path, pooling: str) -> None:
    write(tmp_path, pooling)
    session = onnxruntime.InferenceSession(embedder_graph(tmp_path).SerializeToString())
    found = np.asarray(session.run(None, {"input_ids": IDS, "attention_mask": MASK})[0])
    tensors = load_file(tmp_path / "model.safetensors")
    for row, ids in zip(found, IDS, strict=True):
        assert row @ by_hand(tensors, ids[ids != 0], pooling) == pytest.approx(1, abs=1e-5)


def test_made_once_and_named_by_content(tmp_path: Path) -> None:
    source, target = tmp_path / "my model", tmp_path / "kept"
    write(source, "mean")
    name = kept_embedder(source, target)
    made = (target / name / "model.onnx").stat().st_mtime_ns
    assert name.startswith("my-model@")
    assert kept_embedder(source, target) == name
    assert (target / name / "model.onnx").stat().st_mtime_ns == made
    prompts = {"prompts": {"query": "ask: ", "document": ""}}
    (source / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    other = kept_embedder(source, target)
    assert other != name
    said = json.loads((target / other / "embedder.json").read_text())
    assert (said["query_prefix"], said["document_prefix"], said["max_tokens"]) == ("ask: ", "", 32)


@pytest.mark.parametrize(
    ("file", "content", "word"),
    [
        ("1_Pooling/config.json", {"pooling_mode_max_tokens": True}, "pooling_mode_max_tokens"),
        ("1_Pooling/config.json", {"pooling_mode": "lasttoken"}, "pools by lasttoken"),
        ("config.json", {"model_type": "mpnet", "hidden_act": "gelu"}, "is a mpnet model"),
        ("modules.json", [{"type": "sentence_transformers.models.Dense"}], "not read: Dense"),
        ("tokenizer.json", None, r"has no tokenizer\.json"),
    ],
)
def test_what_is_not_supported_is_named(tmp_path: Path, file: str, content: object, word: str) -> None:
    write(tmp_path, "mean")
    if content is None:
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_text(json.dumps(content))
    with pytest.raises(OpError, match=word):
        kept_embedder(tmp_path, tmp_path / "kept")
