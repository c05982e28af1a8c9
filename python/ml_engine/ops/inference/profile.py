"""Time a tabular model's predictions, and draw how fast something answers under each load."""

import time

import numpy as np
import polars as pl
import psutil

from ml_engine.contract.inference import (
    BatchSpeed,
    LatencySpread,
    LoadSpeed,
    PredictionsToTime,
    ProfileParams,
    ProfileResult,
)
from ml_engine.contract.manifest import Artifact
from ml_engine.job import Job
from ml_engine.models import load_model
from ml_engine.plots import BLUE, ORANGE, RED, panels, save_png


def profile(params: ProfileParams, job: Job) -> ProfileResult:
    """Milliseconds a prediction by rows at once, or the picture of a server's loads.

    Raises:
        OpError: the model is not one that predicts row by row.
    """
    if "measure" not in params:
        return {"batches": [], "memory_bytes": None, "plot": draw_loads(params["loads"], job)}
    batches, memory = timed(params["measure"], job)
    return {"batches": batches, "memory_bytes": memory, "plot": draw_batches(batches, job)}


def timed(asked: PredictionsToTime, job: Job) -> tuple[list[BatchSpeed], int]:
    """Each batch size's spread over its predictions, and the resident bytes that loading and warming up added.

    Rows are the model's own examples, repeated; a prediction is from raw values to labels or numbers, as a caller has
    it. Sizes take turns, so that a busy moment of the machine falls on all of them.
    """
    before = psutil.Process().memory_info().rss
    model = load_model(asked["model"])
    rows = pl.DataFrame(model.manifest["example"], infer_schema_length=None)
    frames = {size: pl.concat([rows] * -(-size // rows.height)).head(size) for size in asked["batches"]}
    took: dict[int, list[float]] = {size: [] for size in frames}
    for frame in frames.values():
        for _ in range(max(asked["warmup"], 1)):
            model.predict(frame)
    memory = max(psutil.Process().memory_info().rss - before, 0)
    for _ in job.track(range(asked["requests"]), "predicting"):
        for size, frame in frames.items():
            began = time.perf_counter()
            model.predict(frame)
            took[size].append((time.perf_counter() - began) * 1000)
    return [
        {"rows": size, "ms": spread(times), "rows_per_second": size * len(times) / sum(times) * 1000}
        for size, times in took.items()
    ], memory


def spread(values: list[float]) -> LatencySpread:
    p50, p90, p99 = (float(np.quantile(values, q)) for q in (0.5, 0.9, 0.99))
    return {"mean": float(np.mean(values)), "p50": p50, "p90": p90, "p99": p99}


def draw_batches(batches: list[BatchSpeed], job: Job) -> Artifact:
    """Latency and throughput by rows at once."""
    figure, axes = panels(1, 2)
    sizes = [one["rows"] for one in batches]
    for name, color in (("p50", BLUE), ("p90", ORANGE), ("p99", RED)):
        axes[0].plot(sizes, [one["ms"][name] for one in batches], marker="o", color=color, label=name)
    axes[0].set(title="A prediction", xlabel="Rows at once", ylabel="ms", xscale="log", yscale="log")
    axes[0].legend()
    axes[1].plot(sizes, [one["rows_per_second"] for one in batches], marker="o", color=BLUE)
    axes[1].set(title="Throughput", xlabel="Rows at once", ylabel="Rows a second", xscale="log", yscale="log")
    return save_png(job, figure, "speed.png", "Speed by rows at once")


def draw_loads(loads: list[LoadSpeed], job: Job) -> Artifact:
    """Tokens a second, time to the first token and time a token, by load."""
    names = [one["load"] for one in loads]
    figure, axes = panels(1, 3, width=max(3.2, 0.7 * len(loads)))
    bars = axes[0].bar(names, [one["tokens_per_second"] for one in loads], color=BLUE)
    axes[0].bar_label(bars, fmt="%.3g", fontsize=8)
    axes[0].set(title="Throughput", ylabel="Tokens a second")
    for axis, key, title in (
        (axes[1], "ttft_ms", "To the first token"),
        (axes[2], "tpot_ms", "A token after the first"),
    ):
        for name, color in (("p50", BLUE), ("p90", ORANGE), ("p99", RED)):
            axis.plot(names, [one[key][name] for one in loads], marker="o", color=color, label=name)
        axis.set(title=title, ylabel="ms", ylim=(0, None))
        axis.legend()
    if len(loads) > 4:
        for axis in axes:
            axis.tick_params(axis="x", rotation=45)
    return save_png(job, figure, "speed.png", "Speed by load")
