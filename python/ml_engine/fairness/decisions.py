"""What a classifier decides: whom it selects, and on what score."""

from dataclasses import dataclass

import numpy as np

from ml_engine.errors import OpError
from ml_engine.labelled import Labelled
from ml_engine.models import Model
from ml_engine.names import nearest


@dataclass(frozen=True)
class Decided:
    """Decisions on rows: truth and selection as 0 or 1, the score behind them, each of shape (rows,)."""

    truth: np.ndarray
    selected: np.ndarray
    score: np.ndarray
    label: str
    """What counts as selected, in words."""


def decide(model: Model, rows: Labelled, positive: str | None, threshold: float | None) -> Decided:
    """Selects by the model's own decision, or at `threshold`.

    Raises:
        OpError: naming `positive`, where the model has no such class or several and none was named.
    """
    classes = model.manifest["classes"]
    label = positive if positive is not None else model.manifest["positive"]
    listed = f"Classes: {', '.join(classes[:20])}."
    if label is None:
        said = f"positive: {model.name} has {len(classes)} classes; say which one counts as selected."
        raise OpError("invalid_input", said, listed)
    if label not in classes:
        guess = nearest(label, classes)
        suggestion = f"; did you mean `{guess}`?" if guess else ""
        raise OpError("invalid_input", f"positive: the model has no class `{label}`{suggestion}", listed)
    code = classes.index(label)
    probabilities = model.probabilities(rows.features)
    score = probabilities[:, code]
    if threshold is None:
        selected, said = probabilities.argmax(axis=1) == code, f"predicted `{label}`"
    else:
        selected, said = score >= threshold, f"score of `{label}` ≥ {threshold:g}"
    return Decided((rows.truth == code).astype(np.int64), selected.astype(np.int64), score, said)
