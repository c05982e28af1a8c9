# Generated from the tool definitions; change those and run `npm run gen`.

from typing import Literal, NotRequired
from typing_extensions import TypedDict


class QuantizeParams(TypedDict, closed=True):
    model: str
    """
    Name, GGUF file or folder.
    """
    method: Literal["gguf", "gptq", "awq", "int8", "fp8"]
    """
    How.
    """
    type: NotRequired[str]
    """
    gguf: Q8_0, Q4_K_M (usual), IQ3_M, F16 …
    """
    dry_run: bool
    """
    Only the size.
    """
    imatrix: bool
    """
    gguf: weigh by what calibration texts activate.
    """
    calibration: NotRequired[str]
    """
    Texts to calibrate on; else a built-in one.
    """
    evaluation: NotRequired[str]
    """
    Texts to measure on; else a built-in one.
    """
    samples: int
    """
    Calibration texts of `context_tokens`.
    """
    context_tokens: int
    """
    Of a text, calibrating and measuring.
    """
    chunks: int
    """
    Texts measured on.
    """
    group_size: int
    """
    gptq, awq: weights that share a scale.
    """
    allow_requantize: bool
    """
    From weights that are quantized already.
    """
    model_name: NotRequired[str]
    """
    Its name.
    """
    seed: int
    """
    Random seed; the same call gives the same numbers.
    """
    wait_seconds: float
    """
    How long to wait before answering with a `job_id`.
    """
    job_id: NotRequired[str]
    """
    Wait on.
    """
    cancel: bool
    """
    With `job_id`: stop it.
    """


class QuantizationFallback(TypedDict, closed=True):
    wanted: str
    taken: str
    tensors: int
    why: str


class Perplexity(TypedDict, closed=True):
    before: float | None
    after: float | None
    ratio: float | None
    """
    after / before.
    """
    ratio_standard_error: float | None
    tokens: int
    """
    Scored.
    """


class QuantizeResult(TypedDict, closed=True):
    model: str | None
    """
    Null for a dry run.
    """
    source: str
    method: Literal["gguf", "gptq", "awq", "int8", "fp8"]
    type: str
    predicted_bytes: int
    size_bytes: int | None
    source_bytes: int
    bits_per_weight: float
    tensors: dict[str, int]
    """
    Type to how many.
    """
    fallbacks: list[QuantizationFallback]
    """
    Tensors whose shape the type does not take.
    """
    perplexity: Perplexity
    kl_divergence: float | None
    """
    Mean, nats, from before to after.
    """
    kl_standard_error: float | None
    top_token_agreement: float | None
    """
    Share of tokens whose likeliest stays.
    """
    calibrated_on: str | None
    measured_on: str | None
    seconds: float
    warnings: list[str]
