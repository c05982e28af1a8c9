"""GGUF by llama.cpp: converted, weighed by an importance matrix where asked, quantized, measured against before."""

import shutil
from pathlib import Path

from ml_engine.contract.llm import QuantizationFallback, QuantizeParams
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.language.gguf_files import PLAIN, GgufFile, read_fallbacks, read_gguf, read_steps, sized
from ml_engine.language.libraries import require_extra
from ml_engine.language.llamacpp import gguf_of, run_program
from ml_engine.language.naming import size_of
from ml_engine.language.quality import LEAST_SCORED, LlamaMeasure, Quality
from ml_engine.language.quantizing.made import Made, requantizing
from ml_engine.language.sources import LanguageSource
from ml_engine.language.texts import Texts, texts_for
from ml_engine.names import nearest

USUAL = "Q4_K_M"
TYPES = (
    *("F32", "F16", "BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q5_K_S", "Q5_1", "Q5_0", "Q4_K_M", "Q4_K_S", "Q4_1", "Q4_0"),
    *("Q3_K_L", "Q3_K_M", "Q3_K_S", "Q2_K", "Q2_K_S", "IQ4_NL", "IQ4_XS", "IQ3_M", "IQ3_S", "IQ3_XS", "IQ3_XXS"),
    *("IQ2_M", "IQ2_S", "IQ2_XS", "IQ2_XXS", "IQ1_M", "IQ1_S", "TQ2_0", "TQ1_0", "Q2_0", "Q1_0", "MXFP4_MOE"),
)
LEAST_CONTEXT = 16


def quantize_gguf(source: LanguageSource, params: QuantizeParams, job: Job, name: str) -> Made:
    """See `ml_llm_quantize`; the file is `name`.gguf.

    Raises:
        OpError: the type is unknown, the model is quantized already, or the disk is too full.
    """
    wanted, dry = _type(params), params["dry_run"]
    work = job.folder / "work"
    work.mkdir()
    base, warnings = _base(source, params, job, work, wanted)
    flags = ["--allow-requantize"] if base.is_quantized else []
    said = run_program("quantize", [*flags, "--dry-run", str(base.path), wanted, "1"])
    types = read_steps(said)
    predicted = base.bytes_with(types)
    needs_matrix = "will require an imatrix" in said
    planned = _planned(base, types)
    fallbacks = _fallbacks(said)
    if needs_matrix and not params["imatrix"]:
        warnings.append(f"{wanted} needs an importance matrix: the calibration texts are run through the model first.")
    source_bytes = size_of(source.folder) if source.file is None else source.file.stat().st_size
    if dry:
        bits = 8 * sum(size for _, size in planned.values()) / base.weights
        counts = {kind: count for kind, (count, _) in planned.items()}
        return Made(
            wanted, None, base.architecture, predicted, source_bytes, bits, counts, fallbacks, warnings=warnings
        )
    measure, measured_on = _measure(base, params, work)
    _require_room(job.folder, predicted + base.vocabulary * measure.chunks * measure.context)
    matrix: list[str] = []
    calibrated: Texts | None = None
    if params["imatrix"] or needs_matrix:
        calibrated = texts_for("calibration", params.get("calibration"))
        matrix = ["--imatrix", str(_importance(base, calibrated, params, job, work))]
    folder = job.folder / "model"
    folder.mkdir()
    made = folder / f"{name}.gguf"
    job.progress(55, 100, f"quantizing to {wanted}")
    if base.path.is_relative_to(work) and wanted == "F16":
        base.path.rename(made)
        base = read_gguf(made)
    else:
        run_program("quantize", [*matrix, *flags, str(base.path), str(made), wanted, "1"])
    result = read_gguf(made)
    quality = _measured(base, result, measure, job)
    shutil.rmtree(work)
    return Made(
        wanted,
        folder,
        result.architecture,
        predicted,
        source_bytes,
        result.bits_per_weight,
        result.types,
        fallbacks,
        quality,
        None if calibrated is None else calibrated.name,
        measured_on,
        ("gguf",),
        {"imatrix": bool(matrix)},
        warnings,
    )


def _type(params: QuantizeParams) -> str:
    wanted = params.get("type", USUAL).upper()
    alias = {"Q3_K": "Q3_K_M", "Q4_K": "Q4_K_M", "Q5_K": "Q5_K_M"}.get(wanted, wanted)
    if alias not in TYPES:
        guess = nearest(alias, TYPES)
        suggestion = f"; did you mean `{guess}`?" if guess else "."
        raise OpError(
            "invalid_input", f"type: llama.cpp has no type `{wanted}`{suggestion}", f"One of {', '.join(TYPES)}."
        )
    return alias


def _base(
    source: LanguageSource, params: QuantizeParams, job: Job, work: Path, wanted: str
) -> tuple[GgufFile, list[str]]:
    """The GGUF file to start from; of safetensors, one of 16 bits that is made now (its header alone for a dry run)."""
    if source.file is None:
        require_extra("llm", job)
        job.progress(2, 100, "converting to GGUF")
        path = work / "base.gguf"
        if not params["dry_run"]:
            _require_room(work, size_of(source.folder))
        gguf_of(source.folder, path, "f16", outline=params["dry_run"])
        return read_gguf(path), []
    require_extra("llm", job)
    base = read_gguf(source.file)
    if base.is_quantized and wanted in PLAIN:
        kind = next(iter(base.types))
        return base, [f"Dequantized: {wanted} weights that know no more than the {kind} they were."]
    if base.is_quantized and not params["allow_requantize"]:
        raise requantizing(source, ", ".join(base.types))
    return base, (["Requantized from weights that were quantized already."] if base.is_quantized else [])


def _planned(base: GgufFile, types: dict[str, str]) -> dict[str, tuple[int, int]]:
    """Type to how many tensors and bytes it would have."""
    planned: dict[str, tuple[int, int]] = {}
    for tensor in base.tensors:
        kind = types.get(tensor.name, tensor.type)
        count, size = planned.get(kind, (0, 0))
        planned[kind] = (count + 1, size + sized(tensor, kind))
    return planned


def _fallbacks(said: str) -> list[QuantizationFallback]:
    found: dict[tuple[str, str, int, int], int] = {}
    for _, wanted, taken, columns, block in read_fallbacks(said):
        key = (wanted, taken, columns, block)
        found[key] = found.get(key, 0) + 1
    return [
        {
            "wanted": wanted,
            "taken": taken,
            "tensors": count,
            "why": f"rows of {columns} weights do not fill blocks of {block}",
        }
        for (wanted, taken, columns, block), count in found.items()
    ]


def _measure(base: GgufFile, params: QuantizeParams, work: Path) -> tuple[LlamaMeasure, str]:
    texts = texts_for("evaluation", params.get("evaluation"))
    text = work / "evaluation.txt"
    text.write_text(texts.whole, encoding="utf-8")
    context, chunks = _context(base, params), params["chunks"]
    if chunks * (context // 2 - 1) < LEAST_SCORED:
        raise OpError(
            "invalid_input",
            f"chunks: {chunks} windows of {context} tokens are too few for statistics.",
            f"Score at least {LEAST_SCORED} tokens, half of each window: more chunks, or more context_tokens.",
        )
    return LlamaMeasure(text, context, chunks, work / "logits"), texts.name


def _context(base: GgufFile, params: QuantizeParams) -> int:
    return max(LEAST_CONTEXT, min(params["context_tokens"], base.context_tokens or params["context_tokens"]))


def _measured(base: GgufFile, made: GgufFile, measure: LlamaMeasure, job: Job) -> Quality:
    if made.path == base.path:
        job.progress(75, 100, "measuring what was made")
        return measure.alone(made.path)
    job.progress(60, 100, "measuring what it was made from")
    measure.before(base.path)
    job.progress(80, 100, "measuring what was made")
    return measure.after(made.path)


def _importance(base: GgufFile, texts: Texts, params: QuantizeParams, job: Job, work: Path) -> Path:
    """llama.cpp's importance matrix: mean squared activations by column, over the calibration texts."""
    job.progress(20, 100, f"running {texts.name} through the model")
    text, matrix = work / "calibration.txt", work / "imatrix.gguf"
    text.write_text(texts.whole, encoding="utf-8")
    size = str(_context(base, params))
    args = ["-m", str(base.path), "-f", str(text), "-o", str(matrix), "-c", size, "-b", size, "-ub", size]
    run_program("imatrix", [*args, "--chunks", str(params["samples"]), "-t", "1", "--no-ppl"])
    if not matrix.is_file():
        raise OpError(
            "invalid_input", "calibration: the text is too short for an importance matrix.", "Give a longer text."
        )
    return matrix


def _require_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise OpError(
            "failed",
            f"There is no room on the disk: it takes about {needed / 1e9:.2f} GB, and {free / 1e9:.2f} GB are free.",
            "Make room, then try again.",
        )
