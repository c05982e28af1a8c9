"""Pictures of results: PNG, readable on a light background, written without a display."""

from typing import TYPE_CHECKING, Any

import matplotlib

matplotlib.use("Agg")

from matplotlib import pyplot  # the backend must be chosen before

from ml_engine.contract.manifest import Artifact
from ml_engine.job import Job

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, RED, GREY = "#3366aa", "#dd7722", "#338855", "#bb3344", "#999999"
STYLE: Any = {
    "figure.facecolor": "white",
    "axes.facecolor": "white",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.titlesize": 11,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.8,
    "axes.axisbelow": True,
    "font.size": 9,
    "legend.frameon": False,
}
DOTS_PER_INCH = 100


def panels(rows: int, columns: int, width: float = 4.2, height: float = 3.6) -> tuple["Figure", list[Any]]:
    """A figure of `rows` × `columns` empty axes, listed row by row; sizes are inches a panel."""
    with pyplot.rc_context(STYLE):
        figure, axes = pyplot.subplots(
            rows, columns, figsize=(width * columns, height * rows), squeeze=False, layout="constrained"
        )
    return figure, [axis for row in axes for axis in row]


def save_png(job: Job, figure: "Figure", name: str, title: str) -> Artifact:
    """Writes the figure as the artifact `name` and closes it."""
    path, artifact = job.artifact(name, title)
    figure.savefig(path, dpi=DOTS_PER_INCH, format="png", metadata={"Software": None}, pil_kwargs={"optimize": True})
    pyplot.close(figure)
    return artifact
