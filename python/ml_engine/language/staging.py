"""What a language model is registered as: its folder with `model.json` beside the weights."""

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ml_engine.contract.manifest import ModelManifest
from ml_engine.integrity import sealed
from ml_engine.job import Job
from ml_engine.language.libraries import versions
from ml_engine.models import MANIFEST_FILE

Format = Literal["safetensors", "gguf", "adapter"]
FRAMEWORK: dict[Format, str] = {"safetensors": "transformers", "adapter": "transformers", "gguf": "llama.cpp"}


@dataclass(frozen=True)
class Origin:
    """How a language model came about."""

    base: str = ""
    """What it was made from, `name@version` or a path; empty for one trained from nothing."""
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    metrics: Mapping[str, float] = field(default_factory=dict[str, float])
    packages: Sequence[str] = ()
    """Python packages whose versions belong to how it was made."""
    dataset: str = ""
    """`name@version` or file it learnt from; empty where it learnt nothing."""
    dataset_hash: str = ""
    rows: int = 0
    seed: int = 0


def stage_language_model(
    folder: Path,
    job: Job,
    name: str,
    form: Format,
    model_type: str,
    origin: Origin,
    *,
    task: Literal["text_generation", "reward"] = "text_generation",
) -> str:
    """Describes the files in `folder`, under `job.folder`, for the road to register; answers its absolute path."""
    files, whole = sealed(folder)
    manifest: ModelManifest = {
        "name": name,
        "hash": whole,
        "task": task,
        "target": "",
        "classes": [],
        "positive": None,
        "framework": FRAMEWORK[form],
        "model_type": model_type,
        "family": "language",
        "format": form,
        "base": origin.base,
        "files": files,
        "signature": [],
        "example": [],
        "params": dict(origin.params),
        "metrics": dict(origin.metrics),
        "run_id": job.id,
        "dataset": origin.dataset,
        "dataset_hash": origin.dataset_hash,
        "rows": origin.rows,
        "seed": origin.seed,
        "environment": {"python": platform.python_version(), **versions(origin.packages)},
    }
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest, ensure_ascii=False, indent=2), encoding="utf-8")
    return str(folder.resolve())
