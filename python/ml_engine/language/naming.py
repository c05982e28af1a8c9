"""Names for models that are made from others."""

import re
from pathlib import Path

from ml_engine.language.sources import LanguageSource

QUANTIZED_ENDING = re.compile(r"[-.](?:I?Q\d\w*|TQ\d_0|B?F16|F32|gguf)$", re.IGNORECASE)


def derived_name(source: LanguageSource, suffix: str) -> str:
    """`smollm2-135m-instruct-q4_k_m`: what it came from, without what it was quantized as, and `suffix`."""
    stem = source.name.partition("@")[0]
    while (shorter := QUANTIZED_ENDING.sub("", stem)) != stem:
        stem = shorter
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", stem).strip("-.") or "model"
    plain = plain if plain[0].isalpha() else f"m-{plain}"
    return f"{plain[: 63 - len(suffix)]}-{suffix}".lower()


def origin_name(source: LanguageSource) -> str:
    """What a manifest says a model was made from: `name@version` of a registered one, else its path."""
    return source.name if source.manifest is not None else str(source.file or source.folder)


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
