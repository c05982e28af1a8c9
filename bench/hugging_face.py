"""Write a Llama model of a GGUF file as a folder of safetensors in 16 bits, for servers that take no GGUF.

`python hugging_face.py <file.gguf> <folder>`, with gguf, safetensors, torch and transformers.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from gguf import GGUFReader, dequantize
from safetensors.torch import save_file
from transformers import AutoTokenizer

source, target = Path(sys.argv[1]), Path(sys.argv[2])
reader = GGUFReader(source)


def said(key: str) -> float:
    field = reader.fields[f"llama.{key}"]
    return field.parts[field.data[0]][0].item()


heads, kv_heads = int(said("attention.head_count")), int(said("attention.head_count_kv"))
NAMES = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "output": "lm_head",
}


def unpermuted(weights: np.ndarray, count: int) -> np.ndarray:
    """GGUF has the two halves of each rotary head interleaved; Hugging Face has them one after the other."""
    rows, columns = weights.shape
    return weights.reshape(count, rows // count // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


tensors: dict[str, torch.Tensor] = {}
for tensor in reader.tensors:
    parts = tensor.name.removesuffix(".weight").split(".")
    name = NAMES.get(parts[-1])
    if name is None:
        continue
    weights = dequantize(tensor.data, tensor.tensor_type)
    if parts[-1] in ("attn_q", "attn_k"):
        weights = unpermuted(weights, heads if parts[-1] == "attn_q" else kv_heads)
    prefix = f"model.layers.{parts[1]}." if parts[0] == "blk" else ""
    tensors[f"{prefix}{name}.weight"] = torch.from_numpy(np.array(weights)).to(torch.bfloat16)

config = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_size": int(said("embedding_length")),
    "intermediate_size": int(said("feed_forward_length")),
    "num_hidden_layers": int(said("block_count")),
    "num_attention_heads": heads,
    "num_key_value_heads": kv_heads,
    "max_position_embeddings": int(said("context_length")),
    "rms_norm_eps": said("attention.layer_norm_rms_epsilon"),
    "rope_theta": said("rope.freq_base"),
    "vocab_size": tensors["model.embed_tokens.weight"].shape[0],
    "tie_word_embeddings": "lm_head.weight" not in tensors,
    "dtype": "bfloat16",
    "bos_token_id": 1,
    "eos_token_id": 2,
}
target.mkdir(parents=True, exist_ok=True)
(target / "config.json").write_text(json.dumps(config, indent=2))
save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
AutoTokenizer.from_pretrained(str(source.parent), gguf_file=source.name).save_pretrained(target)
