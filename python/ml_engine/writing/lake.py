"""Lance and Delta tables, by their own libraries, which are an extra."""

import importlib
from typing import Any

from ml_engine.errors import OpError
from ml_engine.writing.output import Output


def write_lance(output: Output) -> list[str]:
    """A Lance dataset of one version."""
    _library("lance", "Lance").write_dataset(output.reader(), str(output.at))
    return []


def write_delta(output: Output) -> list[str]:
    """A Delta table of one version, partitioned where asked."""
    library = _library("deltalake", "Delta")
    library.write_deltalake(str(output.at), output.reader(), partition_by=output.partition_by or None)
    return []


def _library(module: str, title: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise OpError(
            "unavailable", f"format: {title} is not installed here", "Install it with `npm run setup -- --with lake`."
        ) from error
