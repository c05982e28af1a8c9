"""Draw what was compared: quality against speed, with intervals and the Pareto front."""

from ml_engine.contract.inference import Band, CompareParams, CompareResult
from ml_engine.job import Job
from ml_engine.plots import BLUE, GREY, ORANGE, panels, save_png


def compare(params: CompareParams, job: Job) -> CompareResult:
    """Speed across and quality up where it was measured, else time to the first token, where lower is better."""
    targets = params["targets"]
    by_quality = params["quality"] != ""
    figure, (axis,) = panels(1, 1, width=6.4, height=4.2)
    points: list[tuple[float, float]] = []
    for target in targets:
        x, y = target["tokens_per_second"], target["quality"] if by_quality else target["ttft_ms"]
        if y is None:
            continue
        color = ORANGE if target["front"] else BLUE
        axis.errorbar(x["value"], y["value"], xerr=reach(x), yerr=reach(y), fmt="o", color=color, capsize=3)
        axis.annotate(target["name"], (x["value"], y["value"]), xytext=(6, 6), textcoords="offset points", fontsize=8)
        if target["front"]:
            points.append((x["value"], y["value"]))
    points.sort()
    axis.plot(*zip(*points, strict=True), color=GREY, linestyle="--", linewidth=1, zorder=0) if points else None
    ylabel = f"Quality ({params['quality']})" if by_quality else "Time to the first token, ms"
    axis.set(title="Speed and quality" if by_quality else "Speed", xlabel="Tokens a second", ylabel=ylabel)
    axis.margins(x=0.25, y=0.2)
    return {"plot": save_png(job, figure, "comparison.png", "Targets compared; orange: none is better in all")}


def reach(band: Band) -> list[list[float]] | None:
    """How far the interval goes below and above, as matplotlib takes it."""
    low, high = band["low"], band["high"]
    if low is None or high is None:
        return None
    return [[max(band["value"] - low, 0)], [max(high - band["value"], 0)]]
