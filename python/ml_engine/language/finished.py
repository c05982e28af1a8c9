"""Tuned models on disk: adapters, merged and whole models, each staged for the registry."""

import json
import re
import shutil
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.language.libraries import library
from ml_engine.language.opening import open_config, open_language_model
from ml_engine.language.rendering import Renderer, kept_template
from ml_engine.language.sources import LanguageSource
from ml_engine.language.staging import Origin, stage_language_model

PACKAGES = ("torch", "transformers", "trl", "peft", "accelerate")


@dataclass(frozen=True)
class Names:
    """What is registered under which name."""

    model: str
    adapter: str


def names_for(wanted: str | None, base: str, dataset: str, method: str) -> Names:
    """`support-lora` and `support-lora-adapter`: as said, else made of base, data and method."""
    stems = [base.partition("@")[0].partition(".gguf")[0], dataset.partition("@")[0].partition(".")[0], method]
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", "-".join(stems)).strip("-.")
    name = wanted or (plain if plain[:1].isalpha() else f"m-{plain}")[:56].rstrip("-.")
    return Names(name, f"{name[:56]}-adapter")


def stage_adapter(model: Any, renderer: Renderer, source: LanguageSource, name: str, job: Job, origin: Origin) -> str:
    """Writes a PEFT model's adapter, with the tokenizer and template it learnt by; answers the staged folder."""
    folder = job.folder / "adapter"
    model.save_pretrained(str(folder))
    _save_tokenizer(renderer, folder)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = str(source.file or source.folder)
    path.write_text(json.dumps(config, indent=2, sort_keys=True), encoding="utf-8")
    return stage_language_model(folder, job, name, "adapter", f"{_architecture(model)} adapter", origin)


def stage_whole(model: Any, renderer: Renderer, name: str, job: Job, origin: Origin, dtype: Any) -> str:
    """Writes a model as safetensors in `dtype`; answers the staged folder.

    Raises:
        OpError: there is no room; then nothing is left of it.
    """
    folder = job.folder / "model"
    size = sum(one.numel() for one in model.parameters()) * dtype.itemsize
    with room_named(folder, size):
        model.to(dtype).save_pretrained(str(folder))
        _save_tokenizer(renderer, folder)
        return stage_language_model(folder, job, name, "safetensors", _architecture(model), origin)


def merged(adapted: Any, base: LanguageSource, adapter: Path, *, four_bit: bool) -> Any:
    """Base and adapter as one model of full precision: a base held in 4 bits is opened anew."""
    if four_bit:
        whole = open_language_model(str(base.file or base.folder), "base_model").model
        adapted = library("peft").PeftModel.from_pretrained(whole, str(adapter))
    return adapted.merge_and_unload()


def kept_dtype(source: LanguageSource) -> Any:
    """The type a base's weights have on disk; 16 bits for a GGUF file, whose weights had fewer."""
    torch = library("torch")
    if source.format == "gguf":
        return torch.float16
    found = getattr(open_config(source), "dtype", None)
    return found if isinstance(found, torch.dtype) else torch.float32


@contextmanager
def room_named(folder: Path, size: int) -> Generator[None]:
    """Sees to it that a disk that fills up is said so, and that nothing half-written stays.

    Raises:
        OpError: `failed`, with the bytes needed.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder.parent).free
    try:
        if size > free:
            raise OSError(28, "No space left on device")
        yield
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OpError) or not re.search(r"(?i)no space left|file too large|os error 2[78]", str(error)):
            raise
        raise OpError(
            "failed",
            f"There is no room on the disk for the model's {size / 1e6:.0f} MB.",
            "Make room, then call again; nothing was left behind.",
        ) from error


def _save_tokenizer(renderer: Renderer, folder: Path) -> None:
    """With the template that was trained by, without the marks that only training reads."""
    tokenizer = renderer.tokenizer
    before = tokenizer.chat_template
    if renderer.template is not None:
        tokenizer.chat_template = kept_template(renderer.template)
    tokenizer.save_pretrained(str(folder))
    tokenizer.chat_template = before


def _architecture(model: Any) -> str:
    found: Sequence[str] = getattr(model.config, "architectures", None) or ()
    return found[0] if found else type(model).__name__
