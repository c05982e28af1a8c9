"""Draw what was tried: each way to serve with what it reached, the chosen one first."""

from ml_engine.contract.inference import OptimizeParams, OptimizeResult
from ml_engine.job import Job
from ml_engine.plots import BLUE, GREY, ORANGE, panels, save_png

COLORS = {"chosen": ORANGE, "finalist": BLUE}


def optimize(params: OptimizeParams, job: Job) -> OptimizeResult:
    """One bar a setting, best at the top; intervals where a setting was measured several times."""
    tried = params["tried"][:20]
    figure, (axis,) = panels(1, 1, width=7.2, height=1.2 + 0.32 * len(tried))
    places = range(len(tried), 0, -1)
    axis.barh(places, [one["value"] for one in tried], color=[COLORS.get(one["outcome"], GREY) for one in tried])
    for place, one in zip(places, tried, strict=True):
        if one["low"] is not None and one["high"] is not None:
            axis.plot([one["low"], one["high"]], [place, place], color="black", linewidth=1.2)
    axis.set_yticks(list(places), [f"{one['name']} ({one['outcome']})" for one in tried])
    axis.set(title="Ways to serve", xlabel=params["objective"])
    axis.grid(visible=False, axis="y")
    return {"plot": save_png(job, figure, "settings.png", f"Settings tried by {params['objective']}")}
