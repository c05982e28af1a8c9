"""Root mean square error of a GGUF type against the weights' own size: `quantize_error.py FILE`, of a file in Q4_1.

K-quants need rows that are a multiple of 256 wide; on narrower ones llama.cpp takes Q5_0 for Q4_K and Q5_1 for Q5_K. Beside
the file's weights stand Gaussian ones of the same spread: what the types do to weights that were never on a grid.
"""

import json
import sys

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader
from gguf.quants import dequantize, quantize

TYPES = (
    GGMLQuantizationType.Q8_0,
    GGMLQuantizationType.Q5_1,
    GGMLQuantizationType.Q5_0,
)
EVERY = 10

chance = np.random.default_rng(0)
tensors = [
    one
    for one in GGUFReader(sys.argv[1]).tensors
    if one.tensor_type == GGMLQuantizationType.Q4_1
][::EVERY]
found: dict[str, dict[str, list[float]]] = {"its_weights": {}, "gaussian_weights": {}}
for one in tensors:
    weights = dequantize(one.data, one.tensor_type)
    gaussian = (weights.std() * chance.standard_normal(weights.shape)).astype(
        np.float32
    )
    for name, values in (("its_weights", weights), ("gaussian_weights", gaussian)):
        for kind in TYPES:
            error = dequantize(quantize(values, kind), kind) - values
            found[name].setdefault(kind.name, []).append(
                float(np.sqrt((error**2).mean() / (values**2).mean()))
            )
print(
    json.dumps(
        {
            name: {kind: float(np.mean(all)) for kind, all in of.items()}
            for name, of in found.items()
        }
    )
)
