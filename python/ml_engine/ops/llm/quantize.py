"""Makes a language model smaller, measures what that cost, and stages it for the registry."""

import time

from ml_engine.contract.llm import QuantizeParams, QuantizeResult
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.language.naming import derived_name, origin_name, size_of
from ml_engine.language.quantizing.compressed import quantize_compressed
from ml_engine.language.quantizing.gguf import quantize_gguf
from ml_engine.language.quantizing.made import costly
from ml_engine.language.sources import find_language_model
from ml_engine.language.staging import Origin, stage_language_model


def quantize(params: QuantizeParams, job: Job) -> QuantizeResult:
    """See the tool; a dry run says the size and writes nothing.

    Raises:
        OpError: the model cannot be quantized so, is quantized already, or what is needed is not installed.
    """
    started = time.monotonic()
    source = find_language_model(params["model"])
    if source.format == "adapter":
        raise OpError(
            "invalid_input",
            f"model: `{source.name}` is an adapter, which has no weights of its own to quantize.",
            "Merge it with ml_llm_finetune first.",
        )
    kind = params["method"]
    name = params.get("model_name") or derived_name(source, (params.get("type") or kind) if kind == "gguf" else kind)
    way = quantize_gguf if kind == "gguf" else quantize_compressed
    made = way(source, params, job, name)
    quality = made.quality
    staged, size = None, None
    if made.folder is not None:
        size = size_of(made.folder)
        origin = Origin(
            base=origin_name(source),
            params={
                "method": kind,
                "type": made.type,
                **made.params,
                "calibrated_on": made.calibrated_on,
                "measured_on": made.measured_on,
            },
            metrics={**quality.metrics, "bits_per_weight": made.bits_per_weight},
            packages=made.packages,
            seed=params["seed"],
        )
        form = "gguf" if kind == "gguf" else "safetensors"
        staged = stage_language_model(made.folder, job, name, form, made.model_type, origin)
    return {
        "model": staged,
        "source": source.name,
        "method": kind,
        "type": made.type,
        "predicted_bytes": made.predicted_bytes,
        "size_bytes": size,
        "source_bytes": made.source_bytes,
        "bits_per_weight": made.bits_per_weight,
        "tensors": dict(made.tensors),
        "fallbacks": list(made.fallbacks),
        "perplexity": {
            "before": quality.before,
            "after": quality.after,
            "ratio": quality.ratio,
            "ratio_standard_error": quality.ratio_error,
            "tokens": quality.tokens,
        },
        "kl_divergence": quality.kl,
        "kl_standard_error": quality.kl_error,
        "top_token_agreement": quality.agreement,
        "calibrated_on": made.calibrated_on,
        "measured_on": made.measured_on,
        "seconds": time.monotonic() - started,
        "warnings": [*made.warnings, *costly(made, kind)],
    }
