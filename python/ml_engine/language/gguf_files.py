"""What a GGUF file holds, tensor by tensor, from its header; sizes by the format's arithmetic."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_engine.errors import OpError
from ml_engine.language.libraries import library

PLAIN = {"F32", "F16", "BF16", "F64"}
"""Types that hold weights as they were computed with."""

STEP = re.compile(r"\[\s*\d+/\s*\d+\]\s+(\S+)\s+- \[[\d, ]+\], type =\s*(\w+), size =[^(\n]*(?:\((\w+)\))?")
FALLBACK = re.compile(r"warning: (\S+)\s+- ncols\s+(\d+) not divisible by\s+(\d+) .*?type\s+(\w+)\).*?back to\s+(\w+)")


@dataclass(frozen=True)
class Tensor:
    """`weights` numbers, held as `type` (`Q4_K`, `F16` …) in `bytes`."""

    name: str
    type: str
    weights: int
    bytes: int


@dataclass(frozen=True)
class GgufFile:
    """`offset` is where the tensors begin; each starts at a multiple of `alignment`."""

    path: Path
    tensors: Sequence[Tensor]
    offset: int
    alignment: int
    architecture: str
    context_tokens: int
    vocabulary: int

    @property
    def weights(self) -> int:
        return sum(tensor.weights for tensor in self.tensors)

    @property
    def bits_per_weight(self) -> float:
        return 8 * sum(tensor.bytes for tensor in self.tensors) / self.weights

    @property
    def is_quantized(self) -> bool:
        return any(tensor.type not in PLAIN for tensor in self.tensors)

    @property
    def types(self) -> dict[str, int]:
        """Type to how many tensors have it, most weights first."""
        weights: dict[str, int] = {}
        for tensor in self.tensors:
            weights[tensor.type] = weights.get(tensor.type, 0) + tensor.weights
        order = sorted(weights, key=lambda name: -weights[name])
        return {name: sum(tensor.type == name for tensor in self.tensors) for name in order}

    def bytes_with(self, types: dict[str, str]) -> int:
        """How large the file would be with these types of tensors, by name; the header is taken to stay as it is."""
        return self.offset + sum(padded(sized(one, types.get(one.name)), self.alignment) for one in self.tensors)


def read_gguf(path: Path, field: str = "model") -> GgufFile:
    """Reads a file's header.

    Raises:
        OpError: naming `field`: it is no whole GGUF file.
    """
    gguf = library("gguf")
    try:
        reader = gguf.GGUFReader(str(path))
    except (ValueError, IndexError, KeyError, OSError) as error:
        raise OpError(
            "invalid_input", f"{field}: `{path.name}` is not a whole GGUF file.", "Bring the file once more."
        ) from error

    def said(key: str) -> Any:
        found = reader.get_field(key)
        return None if found is None else found.contents()

    architecture = str(said("general.architecture"))
    tensors = [Tensor(one.name, one.tensor_type.name, int(one.n_elements), int(one.n_bytes)) for one in reader.tensors]
    words = reader.get_field("tokenizer.ggml.tokens")
    return GgufFile(
        path,
        tensors,
        int(reader.data_offset),
        int(reader.alignment),
        architecture,
        int(said(f"{architecture}.context_length") or 0),
        0 if words is None else len(words.data),
    )


def sized(tensor: Tensor, name: str | None) -> int:
    """Bytes of a tensor held as the type `name`: whole blocks of it (gguf-py's `GGML_QUANT_SIZES`)."""
    if name is None or name == tensor.type:
        return tensor.bytes
    gguf = library("gguf")
    block, size = gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType[name]]
    return tensor.weights // block * size


def padded(size: int, alignment: int) -> int:
    """`size` up to the next multiple of `alignment`."""
    return -(-size // alignment) * alignment


def read_steps(said: str) -> dict[str, str]:
    """Tensor to the type it becomes, from what a dry run of llama-quantize printed."""
    return {name: (became or was).upper() for name, was, became in STEP.findall(said)}


def read_fallbacks(said: str) -> list[tuple[str, str, str, int, int]]:
    """Tensors whose rows do not fill the blocks of their type: name, type wanted, type taken, row length, block."""
    return [
        (name, wanted.upper(), taken.upper(), int(columns), int(block))
        for name, columns, block, wanted, taken in FALLBACK.findall(said)
    ]
