"""What every way to quantize answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ml_engine.contract.llm import QuantizationFallback
from ml_engine.errors import OpError
from ml_engine.language.quality import UNMEASURED, Quality
from ml_engine.language.sources import LanguageSource


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
