"""`python -m tests.embedding.tiny FOLDER POOLING`: a sentence-transformers folder, its BERT of a few random weights."""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

HIDDEN, LAYERS, HEADS, WIDE, POSITIONS = 16, 2, 2, 32, 32
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "dogs", "may", "come", "on", "fridays", "trains", ".", "?"]


def write(folder: Path, pooling: str) -> None:
    """`pooling` is mean, cls or max."""
    (folder / "1_Pooling").mkdir(parents=True, exist_ok=True)
    save_file(_tensors(), folder / "model.safetensors")
    tokenizer = Tokenizer(models.WordPiece({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))  # noqa: S106
    tokenizer.normalizer = normalizers.BertNormalizer()  # pyright: ignore[reportAttributeAccessIssue]
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()  # pyright: ignore[reportAttributeAccessIssue]
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))  # pyright: ignore[reportAttributeAccessIssue]
    tokenizer.save(str(folder / "tokenizer.json"))
    names = {"mean": "pooling_mode_mean_tokens", "cls": "pooling_mode_cls_token", "max": "pooling_mode_max_tokens"}
    _json(folder / "1_Pooling/config.json", {name: pooling == key for key, name in names.items()})
    _json(folder / "tokenizer_config.json", {"tokenizer_class": "BertTokenizer", "do_lower_case": True})
    _json(folder / "sentence_bert_config.json", {"max_seq_length": POSITIONS})
    modules = ["Transformer", "Pooling", "Normalize"]
    _json(folder / "modules.json", [{"type": f"sentence_transformers.models.{name}"} for name in modules])
    _json(
        folder / "config.json",
        {
            "model_type": "bert",
            "hidden_act": "gelu",
            "hidden_size": HIDDEN,
            "num_hidden_layers": LAYERS,
            "num_attention_heads": HEADS,
            "layer_norm_eps": 1e-12,
            "max_position_embeddings": POSITIONS,
        },
    )


def _json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value), encoding="utf-8")


def _tensors() -> dict[str, np.ndarray]:
    random = np.random.default_rng(7)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(WORDS), HIDDEN),
        "embeddings.position_embeddings.weight": (POSITIONS, HIDDEN),
        "embeddings.token_type_embeddings.weight": (2, HIDDEN),
    }
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}."
        for part in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            shapes |= {f"{prefix}{part}.weight": (HIDDEN, HIDDEN), f"{prefix}{part}.bias": (HIDDEN,)}
        shapes |= {f"{prefix}intermediate.dense.weight": (WIDE, HIDDEN), f"{prefix}intermediate.dense.bias": (WIDE,)}
        shapes |= {f"{prefix}output.dense.weight": (HIDDEN, WIDE), f"{prefix}output.dense.bias": (HIDDEN,)}
    tensors = {name: random.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    norms = ["embeddings"] + [
        f"encoder.layer.{layer}.{part}" for layer in range(LAYERS) for part in ("attention.output", "output")
    ]
    for norm in norms:
        tensors[f"{norm}.LayerNorm.weight"] = np.ones(HIDDEN, np.float32)
        tensors[f"{norm}.LayerNorm.bias"] = np.zeros(HIDDEN, np.float32)
    return tensors


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2])
