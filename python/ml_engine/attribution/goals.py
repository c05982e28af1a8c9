"""What a counterfactual must reach."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ml_engine.errors import OpError
from ml_engine.models import Model
from ml_engine.names import nearest

BOUND = re.compile(r"\s*([<>])=?\s*(-?[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?)\s*", re.IGNORECASE)


@dataclass(frozen=True)
class Goal:
    """Another class, or a bound on the number predicted."""

    wanted: str
    score: Callable[[pd.DataFrame], np.ndarray]
    """How far each row is on the wanted side; at or above 0 is there."""
    shown: Callable[[pd.DataFrame], np.ndarray]
    """Probability of the class wanted, or the predicted number."""


def class_goal(model: Model, row: pd.DataFrame, want: str | None) -> Goal:
    """Leads to the class `want`, or to the next most probable one.

    Raises:
        OpError: `invalid_input` where there is no such class or it is predicted already.
    """
    classes = model.manifest["classes"]
    ranked = np.argsort(-model.probabilities(row)[0], kind="stable")
    code = int(ranked[0])
    if want is None:
        wanted = int(ranked[1])
    elif want not in classes:
        guess = nearest(want, classes)
        suggestion = f"; did you mean `{guess}`?" if guess else ""
        said = f"want: the model has no class `{want}`{suggestion}"
        raise OpError("invalid_input", said, f"Classes: {', '.join(classes[:20])}.")
    else:
        wanted = classes.index(want)
    if wanted == code:
        said = f"want: `{want}` is what the model predicts already."
        raise OpError("invalid_input", said, "Want another class, or leave it out.")

    def score(frame: pd.DataFrame) -> np.ndarray:
        chances = model.probabilities(frame)
        ahead = chances[:, wanted] - np.delete(chances, wanted, axis=1).max(axis=1)
        # A tie goes to the first class, as argmax has it.
        return np.where(chances.argmax(axis=1) == wanted, ahead, np.minimum(ahead, -1e-12))

    return Goal(f"`{classes[wanted]}`", score, lambda frame: model.probabilities(frame)[:, wanted])


def number_goal(model: Model, row: pd.DataFrame, want: str) -> Goal:
    """Reads `>200` or `<150`.

    Raises:
        OpError: `invalid_input` where it is neither or holds already.
    """
    said = BOUND.fullmatch(want)
    if said is None:
        raise OpError("invalid_input", f"want: `{want}` is not a bound on a number.", "Write `>200` or `<150`.")
    sign, bound = (1.0 if said[1] == ">" else -1.0), float(said[2])
    now = float(model.predict(row)[0])
    if sign * (now - bound) >= 0:
        told = f"want: the prediction, {now:.6g}, is there already."
        raise OpError("invalid_input", told, "Want a bound that it does not meet.")
    name = f"{'at least' if sign > 0 else 'at most'} {bound:g}"
    return Goal(name, lambda frame: sign * (model.predict(frame) - bound), model.predict)
