"""What is done with models that were made: merged, written elsewhere, taken away."""

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from ml_engine.contract.llm import FinetuneParams, FinetuneResult
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.language.finished import PACKAGES, Names, kept_dtype, names_for, room_named, stage_whole
from ml_engine.language.libraries import library
from ml_engine.language.llamacpp import convert, gguf_of
from ml_engine.language.opening import LanguageModel, open_config, open_language_model
from ml_engine.language.rendering import Renderer
from ml_engine.language.results import empty
from ml_engine.language.sources import LanguageSource, find_language_model
from ml_engine.language.staging import Origin, stage_language_model
from ml_engine.models import MANIFEST_FILE


def merge(params: FinetuneParams, job: Job) -> FinetuneResult:
    """Registers base and adapter as one model.

    Raises:
        OpError: the model is no adapter, its base is gone, or there is no room.
    """
    source = _named(params)
    if source.format != "adapter":
        raise OpError("invalid_input", f"model: `{source.name}` is no adapter", "Action `list` shows which are.")
    job.progress(0.0, 1.0, "merging")
    opened = open_language_model(str(source.folder))
    result = empty(params, _base_name(source))
    names = names_for(params.get("model_name") or _without_suffix(source.name), "", "", "")
    whole = opened.model.merge_and_unload()
    renderer = Renderer(opened.tokenizer, None)
    origin = _origin_of(source)
    result["model"] = stage_whole(whole, renderer, names.model, job, origin, kept_dtype(base_of(source)))
    result["method"] = str(origin.params.get("method", ""))
    result["model_type"] = type(whole).__name__
    return result


def export(params: FinetuneParams, job: Job) -> FinetuneResult:
    """Writes a model elsewhere: its safetensors as they are, a GGUF of it, or its adapter as GGUF.

    Raises:
        OpError: what is asked for does not go with the model, or a file is there already.
    """
    source = _named(params)
    into = params.get("into", "safetensors")
    result = empty(params, source.name)
    job.progress(0.0, 1.0, f"writing {into}")
    to = Path(params["to"]) if "to" in params else None
    if to is not None and to.exists() and (to.is_file() or any(to.iterdir())):
        raise OpError("conflict", f"to: `{to.name}` is there already", "Name a new file or folder.")
    if to is None and into != "gguf":
        raise OpError("invalid_input", f"to: {into} needs it", "Name the file or folder to write.")
    if into == "gguf":
        made = job.folder / "model" / "model.gguf"
        made.parent.mkdir()
        with room_named(made.parent, 0):
            _gguf(source, made)
        if to is not None:
            _copied(made, to)
        names = names_for(params.get("model_name") or _without_suffix(source.name), "", "", "")
        origin = _origin_of(source)
        result["model"] = stage_language_model(made.parent, job, _gguf_name(names), "gguf", "GGUF f16", origin)
    elif to is not None and into == "gguf_adapter":
        _gguf_adapter(source, to)
    elif to is not None:
        if source.format == "gguf":
            raise OpError("invalid_input", f"into: `{source.name}` is a GGUF file", "Take gguf.")
        with room_named(to, sum(path.stat().st_size for path in source.folder.iterdir())):
            shutil.copytree(source.folder, to, dirs_exist_ok=True)
    result["written"] = None if to is None else str(to)
    return result


def delete(params: FinetuneParams, job: Job) -> FinetuneResult:
    """Takes a registered model's files away, all but its manifest."""
    del job
    folder = Path(params.get("model", ""))
    manifest = folder / MANIFEST_FILE
    if not manifest.is_file():
        raise OpError("not_found", "model: it is no longer there", "Action `list` names those there are.")
    freed = 0
    for path in folder.iterdir():
        if path.name != MANIFEST_FILE:
            freed += path.stat().st_size
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    result = empty(params, "")
    result["method"], result["model_type"] = "", "unknown"
    result["notes"] = [f"{freed / 1e6:.1f} MB are free again."]
    return result


def base_of(source: LanguageSource) -> LanguageSource:
    """What an adapter was made for."""
    config = json.loads((source.folder / "adapter_config.json").read_text(encoding="utf-8"))
    return find_language_model(str(config["base_model_name_or_path"]))


def _named(params: FinetuneParams) -> LanguageSource:
    if "model" not in params:
        raise OpError("invalid_input", f"model: action `{params['action']}` needs it", "Action `list` names them.")
    return find_language_model(params["model"])


def _base_name(source: LanguageSource) -> str:
    return str((source.manifest or {}).get("base") or base_of(source).name)


def _without_suffix(name: str) -> str:
    stem = name.partition("@")[0]
    return stem.removesuffix("-adapter") if stem.endswith("-adapter") else stem


def _gguf_name(names: Names) -> str:
    return names.model if names.model.endswith("-gguf") else f"{names.model[:59]}-gguf"


def _origin_of(source: LanguageSource) -> Origin:
    """What is made of a model comes from it, and learnt what it learnt."""
    manifest = source.manifest or {}
    return Origin(
        base=source.name,
        params=cast(dict[str, Any], manifest.get("params", {})),
        metrics=cast(dict[str, float], manifest.get("metrics", {})),
        packages=PACKAGES,
        dataset=str(manifest.get("dataset", "")),
        dataset_hash=str(manifest.get("dataset_hash", "")),
        rows=int(manifest.get("rows", 0)),
        seed=int(manifest.get("seed", 0)),
    )


def _gguf(source: LanguageSource, to: Path) -> None:
    if source.format == "gguf" and source.file is not None:
        shutil.copyfile(source.file, to)
        return
    if source.format == "safetensors":
        gguf_of(source.folder, to, "f16")
        return
    with TemporaryDirectory() as scratch:
        opened: LanguageModel = open_language_model(str(source.folder))
        opened.model.merge_and_unload().to(library("torch").float16).save_pretrained(scratch)
        opened.tokenizer.save_pretrained(scratch)
        gguf_of(Path(scratch), to, "f16")


def _gguf_adapter(source: LanguageSource, to: Path) -> None:
    if source.format != "adapter":
        raise OpError("invalid_input", f"into: `{source.name}` is no adapter", "Take gguf or safetensors.")
    with TemporaryDirectory() as scratch:
        open_config(base_of(source)).save_pretrained(scratch)
        convert(
            "convert_lora_to_gguf.py", [str(source.folder), "--base", scratch, "--outfile", str(to), "--outtype", "f16"]
        )


def _copied(made: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(made, to / made.name if to.is_dir() else to)
