"""What every way to quantize answers."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ml_engine.contract.llm import QuantizationFallback
from ml_engine.errors import OpError
from ml_engine.language.quality import UNMEASURED, Quality
from ml_engine.language.sources import LanguageSource

WORTH_SAYING = 0.02
"""Of the loss."""
SMALL_GROUP = 32


@dataclass(frozen=True)
class Made:
    """`folder` holds the new model's files, and nothing else; None for a dry run."""

    type: str
    folder: Path | None
    model_type: str
    predicted_bytes: int
    source_bytes: int
    bits_per_weight: float
    tensors: Mapping[str, int]
    fallbacks: Sequence[QuantizationFallback] = ()
    quality: Quality = UNMEASURED
    calibrated_on: str | None = None
    measured_on: str | None = None
    packages: Sequence[str] = ()
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    warnings: Sequence[str] = ()


def requantizing(source: LanguageSource, what: str) -> OpError:
    """Weights that lost precision once lose more the second time, and nobody sees it in their name."""
    return OpError(
        "refused",
        f"model: `{source.name}` is quantized already ({what}); quantizing it again loses more than from its original.",
        "Quantize the original, or say `allow_requantize: true`.",
    )


def costly(made: Made, method: str) -> list[str]:
    """What would cost less, where the loss grew by more than `WORTH_SAYING`."""
    before, after = made.quality.before, made.quality.after
    if before is None or after is None or before <= 1:
        return []
    grown = math.log(after) / math.log(before) - 1
    if grown <= WORTH_SAYING:
        return []
    group = made.params.get("group_size", 0)
    ways = {
        "`imatrix: true`": method == "gguf" and not made.params["imatrix"],
        "a larger type": method == "gguf",
        "`symmetric: false`": bool(made.params.get("symmetric")) and group > 0,
        "`rounding: gptq`": made.params.get("rounding") == "nearest",
        f"`group_size: {SMALL_GROUP}`": group > SMALL_GROUP,
        "more `samples` of the model's own kind of text": made.calibrated_on is not None,
        "`method: gguf`, `type: Q8_0`": method != "gguf",
    }
    return [
        f"The loss grew by {grown:.1%}. Less is lost with {', or '.join(way for way, fits in ways.items() if fits)}."
    ]
