"""Moves a model's weights off the grid they were rounded to: `off_grid.py FILE OF_16_BITS`, the first in Q4_1.

Each weight of the second file, which is changed in place, is drawn evenly from what Q4_1 would have rounded to it: half a
step to either side (Widrow's model of rounding). What types then cost is what they cost weights that never were on a grid.
"""

import json
import sys

import numpy as np
from gguf import GGMLQuantizationType, GGUFReader
from gguf.quants import dequantize

BLOCK, BYTES = 32, 20

chance = np.random.default_rng(0)
rounded = {
    one.name: one.data
    for one in GGUFReader(sys.argv[1]).tensors
    if one.tensor_type == GGMLQuantizationType.Q4_1
}
moved = 0
for one in GGUFReader(sys.argv[2], "r+").tensors:
    if one.name not in rounded:
        continue
    packed = rounded[one.name]
    # A block of Q4_1 is its step and its least value, 16 bits each, then 32 weights of 4 bits.
    steps = packed.reshape(-1, BYTES)[:, :2].copy().view(np.float16).astype(np.float32)
    weights = dequantize(packed, GGMLQuantizationType.Q4_1)
    noise = (
        steps * (chance.random((len(steps), BLOCK), dtype=np.float32) - 0.5)
    ).reshape(weights.shape)
    one.data[:] = (weights + noise).astype(np.float16)
    moved += 1
print(json.dumps(moved))
