"""Where a language model's files are, and what kind they are, before anything is loaded."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from ml_engine.errors import OpError
from ml_engine.integrity import require_unchanged
from ml_engine.models import MANIFEST_FILE
from ml_engine.names import nearest

ROOT = Path(__file__).parents[3]
BUNDLED = ROOT / ".cache" / "models"
PICKLES = {".bin", ".pt", ".pth", ".pkl", ".ckpt"}


@dataclass(frozen=True)
class LanguageSource:
    """A model's files. `folder` holds them; of a GGUF model `file` is the one file."""

    name: str
    """`name@version` of a registered model, else the file's or folder's name."""
    format: Literal["safetensors", "gguf", "adapter"]
    folder: Path
    file: Path | None
    manifest: dict[str, Any] | None
    """Of a registered model."""


def find_language_model(model: str, field: str = "model", *, weights: bool = True) -> LanguageSource:
    """The files of a registered model's folder, a folder of safetensors, a GGUF file, or a model that set-up brings.

    Args:
        weights: Whether they have to be there; without, a folder with a configuration will do.

    Raises:
        OpError: naming `field`: there is nothing, it is pickled, or a registered file was changed.
    """
    path = Path(model) if Path(model).is_absolute() else bundled().get(model.lower())
    if path is None or not path.exists():
        known = sorted(bundled())
        guess = nearest(model, known)
        raise OpError(
            "not_found",
            f"{field}: there is no language model `{model}`" + (f"; did you mean `{guess}`?" if guess else "."),
            "Give a registered model, a GGUF file, a folder of safetensors"
            + (f", or {', '.join(known)}." if known else "; `npm run setup -- --with llamacpp` brings a small one."),
        )
    if path.is_file():
        if path.suffix.lower() != ".gguf":
            raise OpError("invalid_input", f"{field}: `{path.name}` is no model.", "Name its folder, or a GGUF file.")
        return LanguageSource(path.name, "gguf", path.parent, path, None)
    manifest = _manifest_of(path, field)
    name = path.name if manifest is None else f"{manifest['name']}@{path.name}"
    if (path / "adapter_config.json").is_file():
        return LanguageSource(name, "adapter", path, None, manifest)
    if any(path.glob("*.safetensors")) or (not weights and (path / "config.json").is_file()):
        return LanguageSource(name, "safetensors", path, None, manifest)
    files = sorted(path.glob("*.gguf"))
    if len(files) == 1:
        return LanguageSource(name, "gguf", path, files[0], manifest)
    if any(one.suffix in PICKLES for one in path.iterdir()):
        raise OpError(
            "refused",
            f"{field}: `{path.name}` holds pickled weights, which run code when they are loaded.",
            "Convert them to safetensors where they come from.",
        )
    raise OpError("invalid_input", f"{field}: `{path.name}` holds no *.safetensors and no single *.gguf.", None)


def base_of(source: LanguageSource, field: str = "model") -> LanguageSource:
    """What an adapter was made for.

    Raises:
        OpError: naming `field`: it is not where it was.
    """
    config = json.loads((source.folder / "adapter_config.json").read_text(encoding="utf-8"))
    base = str(config.get("base_model_name_or_path"))
    if not Path(base).exists():
        raise OpError(
            "not_found",
            f"{field}: the model that `{source.name}` adapts is not at `{base}` any more.",
            "Bring it back there, or fine-tune again.",
        )
    return find_language_model(base, field)


def bundled() -> dict[str, Path]:
    """Models that set-up brings, by name: `smollm2-135m-instruct`."""
    return {path.name.split(".")[0].lower(): path for path in BUNDLED.glob("*.gguf")} if BUNDLED.is_dir() else {}


def _manifest_of(folder: Path, field: str) -> dict[str, Any] | None:
    path = folder / MANIFEST_FILE
    if not path.is_file():
        return None
    manifest = cast(dict[str, Any], json.loads(path.read_text(encoding="utf-8")))
    if manifest["family"] != "language":
        raise OpError(
            "invalid_input",
            f"{field}: `{manifest['name']}` is a model for {manifest['task']}, not a language model.",
            "ml_training_evaluate takes it.",
        )
    require_unchanged(folder, manifest["files"])
    return manifest
