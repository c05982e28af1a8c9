"""An encoder of the BERT family, from its safetensors weights to an ONNX graph that embeds sentences, without torch.

The graph is BERT's (Devlin et al. 2019) with the pooling of Sentence-BERT (Reimers & Gurevych 2019): of the last layer
the mean over the tokens that are no padding, or the first token, of length one. Attention and normalisation are ONNX
Runtime's own.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

from ml_engine.embedding.settings import checked_config, pooling_of

FUSED = "com.microsoft"
OPSET = 17


class _Graph:
    """Nodes and weights as they are added; every node has one output, named after it."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def weight(self, name: str, value: np.ndarray) -> str:
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(self, kind: str, inputs: list[str], output: str, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, domain=domain, **attributes))
        return output


def embedder_graph(folder: Path) -> onnx.ModelProto:
    """The graph of the sentence-transformers model in `folder`.

    Inputs `input_ids` and `attention_mask`, int32, batch x tokens; output `embedding`, float32, batch x hidden size.

    Raises:
        OpError: `invalid_input` where it is no BERT encoder, or pools in a way that is not known.
    """
    config = checked_config(folder)
    pooling = pooling_of(folder)
    tensors = {
        name.removeprefix("bert."): value.astype(np.float32) if value.dtype.kind == "f" else value
        for name, value in load_file(folder / "model.safetensors").items()
    }
    graph = _Graph()
    hidden = _embedded(graph, tensors, config)
    for layer in range(config["num_hidden_layers"]):
        hidden = _layer(graph, tensors, config, layer, hidden)
    _pooled(graph, hidden, pooling)
    made = helper.make_graph(
        graph.nodes,
        "sentence-embedding",
        [helper.make_tensor_value_info(name, TensorProto.INT32, ["batch", "tokens"]) for name in INPUTS],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", config["hidden_size"]])],
        graph.weights,
    )
    versions = [helper.make_opsetid("", OPSET), helper.make_opsetid(FUSED, 1)]
    return helper.make_model(made, opset_imports=versions, ir_version=9, producer_name="ml-engine")


INPUTS = ("input_ids", "attention_mask")


def _embedded(graph: _Graph, tensors: dict[str, np.ndarray], config: dict[str, Any]) -> str:
    """Words and positions, the one segment among these, added up and normalised."""
    words = graph.weight("words", tensors["embeddings.word_embeddings.weight"])
    segment = tensors["embeddings.token_type_embeddings.weight"][0]
    positions = graph.weight("positions", tensors["embeddings.position_embeddings.weight"] + segment)
    norm = _norm(graph, tensors, "embeddings.LayerNorm")
    inputs, outputs = ["input_ids", "", words, positions, "", *norm], ["embedded", "embedded.lengths"]
    graph.nodes.append(
        helper.make_node(
            "EmbedLayerNormalization", inputs, outputs, "embedded", domain=FUSED, epsilon=config["layer_norm_eps"]
        )
    )
    return outputs[0]


def _layer(graph: _Graph, tensors: dict[str, np.ndarray], config: dict[str, Any], layer: int, hidden: str) -> str:
    prefix, name = f"encoder.layer.{layer}.", f"layer{layer}."
    parts = [f"{prefix}attention.self.{part}" for part in ("query", "key", "value")]
    packed = graph.weight(f"{name}qkv", np.concatenate([tensors[f"{part}.weight"].T for part in parts], axis=1))
    bias = graph.weight(f"{name}qkv.bias", np.concatenate([tensors[f"{part}.bias"] for part in parts]))
    attended = graph.add(
        "Attention",
        [hidden, packed, bias, "attention_mask"],
        f"{name}attended",
        FUSED,
        num_heads=config["num_attention_heads"],
    )
    epsilon = config["layer_norm_eps"]
    join = _Join(graph, tensors, epsilon)
    hidden = join(f"{prefix}attention.output", f"{name}attention", attended, hidden)
    wide = graph.add(
        "MatMul", [hidden, graph.weight(f"{name}up", tensors[f"{prefix}intermediate.dense.weight"].T)], f"{name}wide"
    )
    up_bias = graph.weight(f"{name}up.bias", tensors[f"{prefix}intermediate.dense.bias"])
    active = graph.add("BiasGelu", [wide, up_bias], f"{name}active", FUSED)
    return join(f"{prefix}output", f"{name}output", active, hidden)


@dataclass(frozen=True)
class _Join:
    """A dense layer, the way around it added, normalised."""

    graph: _Graph
    tensors: dict[str, np.ndarray]
    epsilon: float

    def __call__(self, source: str, name: str, value: str, skip: str) -> str:
        dense = self.graph.weight(f"{name}.dense", self.tensors[f"{source}.dense.weight"].T)
        bias = self.graph.weight(f"{name}.bias", self.tensors[f"{source}.dense.bias"])
        norm = _norm(self.graph, self.tensors, f"{source}.LayerNorm")
        projected = self.graph.add("MatMul", [value, dense], f"{name}.projected")
        inputs = [projected, skip, *norm, bias]
        return self.graph.add("SkipLayerNormalization", inputs, f"{name}.normed", FUSED, epsilon=self.epsilon)


def _norm(graph: _Graph, tensors: dict[str, np.ndarray], source: str) -> list[str]:
    return [graph.weight(f"{source}.{part}", tensors[f"{source}.{part}"]) for part in ("weight", "bias")]


def _pooled(graph: _Graph, hidden: str, pooling: str) -> None:
    if pooling == "cls":
        first = graph.weight("first", np.array(0, np.int64))
        whole = graph.add("Gather", [hidden, first], "whole", axis=1)
    else:
        mask = graph.add("Cast", ["attention_mask"], "mask", to=TensorProto.FLOAT)
        column = graph.add("Unsqueeze", [mask, graph.weight("last", np.array([2], np.int64))], "mask.column")
        tokens = graph.weight("tokens.axis", np.array([1], np.int64))
        whole = graph.add("ReduceSum", [graph.add("Mul", [hidden, column], "kept"), tokens], "total", keepdims=0)
    # Sentence-BERT divides the sum by the number of tokens first; a direction does not depend on it.
    graph.add("LpNormalization", [whole], "embedding", axis=-1, p=2)
