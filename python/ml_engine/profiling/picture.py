"""One picture of a whole table: how each of its first columns is spread, and how much of it is missing."""

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from ml_engine.contract.data import ColumnProfile
from ml_engine.contract.manifest import Artifact
from ml_engine.job import Job
from ml_engine.plots import BLUE, DOTS_PER_INCH, GREY, ORANGE
from ml_engine.profiling.columns import bin_counts

SHOWN_COLUMNS = 24
ACROSS = 4
LABEL_CHARACTERS = 24


def draw_overview(job: Job, profiles: Sequence[ColumnProfile], title: str) -> Artifact:
    """Writes `overview.png`: a small histogram or bars of the top values a column, a strip for what is missing."""
    shown = [profile for profile in profiles if bin_counts(profile) or profile.get("top")][:SHOWN_COLUMNS]
    down = max(1, math.ceil(len(shown) / ACROSS))
    figure: Any = Figure(figsize=(2.6 * ACROSS, 1.5 * down + 0.5), facecolor="white")
    axes = figure.add_axes((0.01, 0.01, 0.98, 0.98))
    axes.set_xlim(0, ACROSS)
    axes.set_ylim(-down, 0.35)
    axes.set_axis_off()
    axes.text(0.05, 0.12, title, fontsize=11, fontweight="bold", parse_math=False)
    bars: list[Rectangle] = []
    gaps: list[Rectangle] = []
    tops: list[Rectangle] = []
    for place, profile in enumerate(shown):
        left, bottom = place % ACROSS + 0.05, -(place // ACROSS) - 0.92
        counts = bin_counts(profile)
        heights = counts or [one["rows"] for one in profile.get("top", [])]
        width = 0.9 / len(heights)
        tallest = max(heights)
        drawn = [
            Rectangle((left + i * width, bottom), 0.9 * width, 0.58 * height / tallest)
            for i, height in enumerate(heights)
        ]
        (bars if counts else tops).extend(drawn)
        if profile["missing"] > 0:
            gaps.append(Rectangle((left, bottom - 0.06), 0.9 * profile["missing"], 0.04))
        axes.text(left, bottom + 0.68, _label(profile), fontsize=7.5, color="#222222", parse_math=False)
    for rectangles, colour in ((bars, BLUE), (tops, ORANGE), (gaps, GREY)):
        axes.add_collection(PatchCollection(rectangles, facecolor=colour, edgecolor="none"))
    path, artifact = job.artifact(
        "overview.png", f"Overview of {title}: histograms blue, commonest values orange, missing share grey"
    )
    figure.savefig(path, dpi=DOTS_PER_INCH, format="png", metadata={"Software": None})
    return artifact


def _label(profile: ColumnProfile) -> str:
    name = "".join(character if character.isprintable() else " " for character in profile["name"])
    short = name if len(name) <= LABEL_CHARACTERS else f"{name[: LABEL_CHARACTERS - 1]}…"
    return f"{short}  ({100 * profile['missing']:.0f} % missing)" if profile["missing"] > 0 else short
