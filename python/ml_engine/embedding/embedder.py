"""Folders that the server embeds with: an ONNX graph, its tokenizer, and what it is called."""

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

from ml_engine.embedding.bert import embedder_graph

TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")


def write_embedders(source: Path, target: Path) -> None:
    """Writes the sentence-transformers model in `source` as ONNX to `target`, and with 8-bit weights to `target`-int8.

    Each folder is moved into place whole. Weights are quantized a column at a time, activations as they come.
    """
    with TemporaryDirectory(dir=_made(target.parent)) as scratch:
        whole = _made(Path(scratch) / "whole") / "model.onnx"
        onnx.save(embedder_graph(source), whole)
        _finished(source, whole.parent, target)
        small = _made(Path(scratch) / "small") / "model.onnx"
        quantize_dynamic(
            target / "model.onnx",
            small,
            weight_type=QuantType.QInt8,
            per_channel=True,
            extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
        )
        _finished(source, small.parent, target.with_name(f"{target.name}-int8"))


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _finished(source: Path, folder: Path, target: Path) -> None:
    """Adds tokenizer and description, and moves the folder to its place."""
    for name in TOKENIZER_FILES:
        shutil.copyfile(source / name, folder / name)
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    limits = source / "sentence_bert_config.json"
    most = json.loads(limits.read_text(encoding="utf-8"))["max_seq_length"] if limits.is_file() else None
    description = {
        "name": target.name,
        "dimensions": config["hidden_size"],
        "max_tokens": most or config["max_position_embeddings"],
    }
    (folder / "embedder.json").write_text(json.dumps(description), encoding="utf-8")
    shutil.rmtree(target, ignore_errors=True)
    folder.rename(target)
