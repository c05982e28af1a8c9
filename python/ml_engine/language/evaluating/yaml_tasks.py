"""Tasks of lm-evaluation-harness in YAML files of the workspace: read as data, so that opening one runs no code."""

from pathlib import Path
from typing import Any

from ml_engine.errors import OpError
from ml_engine.language.libraries import library

LOCAL_FORMATS = {"json", "csv", "parquet", "text"}
"""What `datasets` reads from files."""


def read_task(file: Path, cache: Path) -> dict[str, Any]:
    """A task's configuration, with what it includes; its data files become absolute paths.

    Raises:
        OpError: it is no task, runs code (`!function`, `unsafe_code`), or reaches outside its folder.
    """
    config = _loaded(file, file.parent.resolve(), seen=())
    if not isinstance(config.get("task"), str):
        raise _wrong(file, "says no `task`", "A task's YAML names it, its data and how a prompt is made.")
    if config.get("unsafe_code"):
        raise _unsafe(file, "unsafe_code")
    path = config.get("dataset_path")
    kwargs = dict(config.get("dataset_kwargs") or {})
    if path in LOCAL_FORMATS:
        files = kwargs.get("data_files")
        if files is None:
            raise _wrong(file, "names no `dataset_kwargs.data_files`", "Name them, relative to the YAML file.")
        kwargs["data_files"] = _inside(files, file)
        kwargs["cache_dir"] = str(cache)
        config["dataset_kwargs"] = kwargs
    elif isinstance(path, str) and (path.startswith((".", "/", "~")) or path.endswith(".py")):
        raise _unsafe(file, f"dataset_path: {path}")
    return config


def _loaded(file: Path, root: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    yaml = library("yaml")
    if file in seen or not file.resolve().is_relative_to(root) or not file.is_file():
        raise _wrong(file, "is included in itself, or lies elsewhere", "Keep what a task includes beside it.")
    try:
        said: object = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.constructor.ConstructorError as error:
        raise _unsafe(file, str(error.problem)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise _wrong(file, "is no YAML", None) from error
    if not isinstance(said, dict):
        raise _wrong(file, "is no task", None)
    config: dict[str, Any] = dict(said)
    included = config.pop("include", [])
    base: dict[str, Any] = {}
    for name in included if isinstance(included, list) else [included]:
        base |= _loaded((file.parent / str(name)), root, (*seen, file))
    return base | config


def _inside(files: Any, file: Path) -> Any:
    if isinstance(files, dict):
        return {str(split): _inside(some, file) for split, some in files.items()}
    if isinstance(files, list):
        return [_inside(one, file) for one in files]
    found = (file.parent / str(files)).resolve()
    if not found.is_relative_to(file.parent.resolve()) or not found.is_file():
        raise _wrong(file, f"names data `{files}`, which is not beside it", "Keep a task's data in the YAML's folder.")
    return str(found)


def _wrong(file: Path, what: str, hint: str | None) -> OpError:
    return OpError("invalid_input", f"task_files: `{file.name}` {what}.", hint)


def _unsafe(file: Path, what: str) -> OpError:
    return OpError(
        "refused",
        f"task_files: `{file.name}` runs code of its own ({what[:80]}).",
        "Say it in the YAML's templates, or as a dataset.",
    )
