"""Settings of estimators as callers name them."""

from collections.abc import Iterable

from ml_engine.errors import OpError
from ml_engine.families import FAMILIES, RESERVED, Task
from ml_engine.names import nearest


def require_settings(field: str, family: str, task: Task, rows: int, names: Iterable[str]) -> None:
    """Checks that the family's estimator has every setting named.

    Raises:
        OpError: `invalid_input`, naming the field, the setting and the nearest one there is.
    """
    known = FAMILIES[family].known(task, rows)
    for name in names:
        if name in known:
            continue
        if name in RESERVED:
            raise OpError("invalid_input", f"{field}: `{name}` is not yours to set; `seed` and `balanced` do.")
        guess = nearest(name, known)
        suggestion = f"; did you mean `{guess}`?" if guess else ""
        raise OpError(
            "invalid_input",
            f"{field}: {family} has no setting `{name}`{suggestion}",
            f"Settings: {', '.join(sorted(known))}.",
        )
