"""Finds an op by its name: `data.profile` is the function `profile` of `ml_engine.ops.data.profile`."""

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, cast

import ml_engine.ops
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.names import nearest

Op = Callable[[Any, Job], Any]
BRINGS_TORCH = "sklearn.externals.array_api_compat.torch"
"""A library that looks through all of scikit-learn comes by this module, which imports torch where it is installed."""


def names() -> Iterator[str]:
    """Every op there is."""
    for module in pkgutil.walk_packages(ml_engine.ops.__path__, "ml_engine.ops."):
        if not module.ispkg and module.name.count(".") == 3:
            yield module.name.removeprefix("ml_engine.ops.")


def load(name: str) -> ModuleType:
    """Imports the module of an op that there is, but not torch on the way: few calls need it, and it costs seconds.

    Raises:
        ImportError: a library is missing or broken.
    """
    hold_off = BRINGS_TORCH not in sys.modules
    if hold_off:
        sys.modules[BRINGS_TORCH] = cast(Any, None)
    try:
        return importlib.import_module(f"ml_engine.ops.{name}")
    finally:
        if hold_off:
            del sys.modules[BRINGS_TORCH]


def find(name: str) -> Op:
    """The op called `name`.

    Raises:
        OpError: `not_found`, with the nearest name; `unavailable` where its libraries cannot be imported.
    """
    known = list(names())
    if name not in known:
        guess = nearest(name, known)
        raise OpError("not_found", f"There is no op `{name}`.", f"Did you mean `{guess}`?" if guess else None)
    try:
        module = load(name)
    except ImportError as error:
        raise OpError(
            "unavailable",
            f"Python cannot load its libraries. {error}",
            "Run `npm run setup` in the folder of ML Engine.",
        ) from error
    return getattr(module, name.rpartition(".")[2])
