"""GPTQ, AWQ, int8 and fp8 by llm-compressor: safetensors that transformers and vLLM open.

What each method is stands in `recipes`; here is what it makes of a model, how large that is, and what it cost.
"""

import math
import shutil
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ml_engine.contract.llm import QuantizationFallback, QuantizeParams
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.language.gguf_files import read_gguf
from ml_engine.language.libraries import library, require_extra
from ml_engine.language.naming import size_of
from ml_engine.language.opening import open_config, open_language_model
from ml_engine.language.quality import compare_after, keep_before, windows
from ml_engine.language.quantizing.made import Made, requantizing
from ml_engine.language.quantizing.recipes import EIGHT_BITS, KEPT_OUT, Scheme, oneshot
from ml_engine.language.sources import LanguageSource
from ml_engine.language.texts import texts_for
from ml_engine.language.training import device

SMALLEST_GROUP = 8
PACKAGES = ("torch", "transformers", "llmcompressor", "compressed-tensors")


def quantize_compressed(source: LanguageSource, params: QuantizeParams, job: Job, _name: str) -> Made:
    """See `ml_llm_quantize`.

    Raises:
        OpError: the extra is missing, the model is quantized already, or `type` is another one.
    """
    method = params["method"]
    wanted = Scheme(method, params["group_size"], params.get("symmetric", method == "gptq"), params["rounding"])
    if "type" in params and params["type"].upper() != wanted.name:
        raise OpError(
            "invalid_input",
            f"type: {method} makes {wanted.name} with these settings, not `{params['type']}`.",
            "Leave it out. `symmetric` chooses W4A16 or W4A16_ASYM; GGUF's types are made by method gguf.",
        )
    require_extra("quant", job)
    _refuse_quantized(source, params)
    shapes, dtype = _shapes(source)
    scheme, fallbacks = _filling(shapes, wanted)
    predicted, bits = _predicted(shapes, dtype, scheme)
    source_bytes = size_of(source.folder) if source.file is None else source.file.stat().st_size
    counts = _counts(shapes, dtype, scheme)
    architecture = str((open_config(source).architectures or ["unknown"])[0])
    if params["dry_run"]:
        return Made(scheme.name, None, architecture, predicted, source_bytes, bits, counts, fallbacks)
    folder, work = job.folder / "model", job.folder / "work"
    work.mkdir()
    # Few processors calculate in float16; what is written has it all the same.
    working = "float32" if dtype == "float16" and device() == "cpu" else dtype
    opened = open_language_model(params["model"], dtype=working)
    measured = texts_for("evaluation", params.get("evaluation"))
    context = min(params["context_tokens"], getattr(opened.model.config, "max_position_embeddings", 1 << 30))
    rows = windows(opened.tokenizer, measured.whole, context, params["chunks"])
    keep_before(opened.model, rows, work, lambda done: job.progress(10 + 10 * done / len(rows), 100, "measuring"))
    calibrated = None if method == "fp8" else texts_for("calibration", params.get("calibration"))
    job.progress(20, 100, f"quantizing by {method}")
    samples = None
    if calibrated is not None:
        samples = windows(opened.tokenizer, calibrated.whole, context, params["samples"])
    oneshot(opened.model, opened.tokenizer, samples, scheme, work)
    torch, transformers = library("torch"), library("transformers")
    opened.model.to(getattr(torch, dtype)).save_pretrained(folder, save_compressed=True)
    opened.tokenizer.save_pretrained(folder)
    del opened
    job.progress(80, 100, "reloading what was made")
    again = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=getattr(torch, working)).eval()
    quality = compare_after(again, rows, work, lambda done: job.progress(85 + 15 * done / len(rows), 100, "measuring"))
    shutil.rmtree(work)
    return Made(
        scheme.name,
        folder,
        architecture,
        predicted,
        source_bytes,
        bits,
        counts,
        fallbacks,
        quality,
        None if calibrated is None else calibrated.name,
        measured.name,
        PACKAGES,
        scheme.settings,
    )


def _refuse_quantized(source: LanguageSource, params: QuantizeParams) -> None:
    if params["allow_requantize"]:
        return
    if source.file is not None:
        header = read_gguf(source.file)
        if header.is_quantized:
            raise requantizing(source, ", ".join(header.types))
    elif (said := getattr(open_config(source), "quantization_config", None)) is not None:
        known: Any = said if isinstance(said, Mapping) else vars(said)
        raise requantizing(source, str(known.get("quant_method", "quantized")))


def _shapes(source: LanguageSource) -> tuple[dict[str, tuple[tuple[int, ...], bool]], str]:
    """Each weight's shape and whether it is a linear layer's to quantize, without loading any; and their type."""
    torch, transformers = library("torch"), library("transformers")
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(open_config(source))
    linear = {
        f"{name}.weight"
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and name != KEPT_OUT
    }
    shapes = {name: (tuple(weight.shape), name in linear) for name, weight in model.named_parameters()}
    return shapes, _width(source)


def _width(source: LanguageSource) -> str:
    """The type that weights have, and those that are not quantized keep."""
    if source.file is not None:
        # Transformers opens a GGUF file in 32 bits; the type that most of its weights have says how many they need.
        kind = next(iter(read_gguf(source.file).types))
        return {"F32": "float32", "BF16": "bfloat16"}.get(kind, "float16")
    dtype = str(getattr(open_config(source), "dtype", None)).removeprefix("torch.")
    return dtype if dtype in ("float16", "bfloat16") else "float32"


Shapes = dict[str, tuple[tuple[int, ...], bool]]


def _filling(shapes: Shapes, wanted: Scheme) -> tuple[Scheme, list[QuantizationFallback]]:
    """The largest size of a group that fills every row; what was asked for is halved until it does."""
    if wanted.method in EIGHT_BITS:
        return Scheme(wanted.method), []
    asked = wanted.group
    columns = [shape[1] for shape, linear in shapes.values() if linear]
    group = asked
    while any(column % group for column in columns):
        if group <= SMALLEST_GROUP:
            raise OpError(
                "invalid_input", f"group_size: no size up to {asked} divides rows of {min(columns)} weights.", None
            )
        group = max(group // 2, SMALLEST_GROUP)
    scheme = replace(wanted, group=group)
    odd = sorted({column for column in columns if column % asked})
    if group == asked:
        return scheme, []
    why = f"rows of {', '.join(map(str, odd))} weights do not fill groups of {asked}"
    return scheme, [
        {"wanted": f"groups of {asked}", "taken": f"groups of {group}", "tensors": len(columns), "why": why}
    ]


def _predicted(shapes: Shapes, dtype: str, scheme: Scheme) -> tuple[int, float]:
    """Bytes of the weights' file without its header, and bits a weight: the format's arithmetic."""
    wide = 4 if dtype == "float32" else 2
    total, weights = 0, 0
    for shape, linear in shapes.values():
        count = math.prod(shape)
        weights += count
        if not linear:
            total += count * wide
            continue
        rows, columns = shape
        if scheme.group == 0:
            total += count + rows * wide
        else:
            groups = columns // scheme.group
            # Packed eight to a 32-bit word, zero points too; a scale a group, the shape as two 64-bit numbers.
            zeros = 0 if scheme.symmetric else 4 * math.ceil(rows / 8) * groups
            total += 4 * rows * math.ceil(columns / 8) + rows * groups * wide + 16 + zeros
    return total, 8 * total / weights


def _counts(shapes: Shapes, dtype: str, scheme: Scheme) -> dict[str, int]:
    linear = sum(1 for _, is_linear in shapes.values() if is_linear)
    return {scheme.name: linear, dtype: len(shapes) - linear}
