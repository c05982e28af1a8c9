"""The libraries of the extras `llm` and `quant`, imported when a call needs them and never before."""

import os
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any, Literal

from ml_engine.errors import OpError
from ml_engine.job import Job

Extra = Literal["llm", "quant"]
NEEDED: dict[Extra, Sequence[str]] = {
    "llm": ("torch", "transformers", "trl", "peft", "accelerate", "datasets"),
    "quant": ("torch", "transformers", "llmcompressor", "compressed_tensors"),
}


def require_extra(extra: Extra, job: Job) -> None:
    """Readies this process for the libraries of `extra`: no hub is asked, and what they cache stays with the call.

    Raises:
        OpError: `unavailable` where one is not installed.
    """
    missing = [name for name in NEEDED[extra] if find_spec(name) is None]
    if missing:
        raise OpError("unavailable", f"{missing[0]} is not installed.", f"Run `npm run setup -- --with {extra}`.")
    os.environ.update(
        HF_HUB_OFFLINE="1",
        TRANSFORMERS_OFFLINE="1",
        HF_DATASETS_OFFLINE="1",
        HF_HUB_DISABLE_TELEMETRY="1",
        HF_HOME=str(job.folder / "huggingface"),
        TOKENIZERS_PARALLELISM="false",
        DISABLE_TELEMETRY="1",
        WANDB_DISABLED="true",
    )


def library(name: str) -> Any:
    """A library of an extra. Untyped, so that the types are checked alike where it is not installed."""
    return import_module(name)


def versions(names: Sequence[str]) -> dict[str, str]:
    """Installed versions of packages, for a manifest."""
    return {name: version(name) for name in names}
