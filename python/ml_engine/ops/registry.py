"""Finds an op by its name: `data.profile` is the function `profile` of `ml_engine.ops.data.profile`."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import ml_engine.ops
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.names import nearest

Op = Callable[[Any, Job], Any]


def names() -> Iterator[str]:
    """Every op there is."""
    for module in pkgutil.walk_packages(ml_engine.ops.__path__, "ml_engine.ops."):
        if not module.ispkg and module.name.count(".") == 3:
            yield module.name.removeprefix("ml_engine.ops.")


def find(name: str) -> Op:
    """The op called `name`.

    Raises:
        OpError: `not_found`, with the nearest name.
    """
    known = list(names())
    if name not in known:
        guess = nearest(name, known)
        raise OpError("not_found", f"There is no op `{name}`.", f"Did you mean `{guess}`?" if guess else None)
    module = importlib.import_module(f"ml_engine.ops.{name}")
    return getattr(module, name.rpartition(".")[2])
