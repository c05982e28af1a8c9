"""Folders that the server embeds with: an ONNX graph, its tokenizer, and what it is called."""

import hashlib
import json
import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
from onnxruntime.quantization import QuantType, quantize_dynamic

from ml_engine.embedding.bert import embedder_graph
from ml_engine.embedding.settings import checked_config, max_tokens, pooling_of, prefixes

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


def kept_embedder(source: Path, target: Path) -> str:
    """The folder in `target` with the model in `source` as ONNX, made where it is not there: `name@hash`.

    The hash is of all that its vectors depend on.
    """
    config, pooling = checked_config(source), pooling_of(source)
    digest = hashlib.sha256()
    for part in (source / "model.safetensors", source / "tokenizer.json"):
        with part.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    said = [config, pooling, max_tokens(source), prefixes(source)]
    digest.update(json.dumps(said, sort_keys=True).encode())
    name = f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', source.name) or 'model'}@{digest.hexdigest()[:12]}"
    if not (target / name / "model.onnx").is_file():
        with TemporaryDirectory(dir=_made(target)) as scratch:
            whole = _made(Path(scratch) / "whole") / "model.onnx"
            onnx.save(embedder_graph(source), whole)
            _finished(source, whole.parent, target / name)
    return name


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _finished(source: Path, folder: Path, target: Path) -> None:
    """Adds tokenizer and description, and moves the folder to its place."""
    for name in TOKENIZER_FILES:
        shutil.copyfile(source / name, folder / name)
    description = {
        "name": target.name,
        "dimensions": checked_config(source)["hidden_size"],
        "max_tokens": max_tokens(source),
        **prefixes(source),
    }
    (folder / "embedder.json").write_text(json.dumps(description), encoding="utf-8")
    shutil.rmtree(target, ignore_errors=True)
    folder.rename(target)
