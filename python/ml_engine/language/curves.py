"""How a training went, as a picture."""

from collections.abc import Mapping, Sequence

from ml_engine.contract.manifest import Artifact
from ml_engine.job import Job
from ml_engine.plots import BLUE, ORANGE, panels, save_png


def loss_curve(job: Job, history: Sequence[Mapping[str, float]], name: str = "loss.png") -> Artifact | None:
    """Loss by step, of training and of held-out examples; None where there is nothing to show.

    Args:
        history: Entries of the trainer's log: `step` with `loss` or `eval_loss`.
    """
    learnt = [(entry["step"], entry["loss"]) for entry in history if "loss" in entry]
    held = [(entry["step"], entry["eval_loss"]) for entry in history if "eval_loss" in entry]
    if not learnt:
        return None
    figure, [axis] = panels(1, 1, width=6.4)
    axis.plot(*zip(*learnt, strict=True), color=BLUE, linewidth=1, label="training")
    if held:
        axis.plot(*zip(*held, strict=True), color=ORANGE, marker="o", markersize=3, label="held out")
        axis.legend()
    axis.set(title="Loss", xlabel="step", ylabel="nats a token")
    return save_png(job, figure, name, "Loss curve")
