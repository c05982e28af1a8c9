"""One picture of a search: how the score came about, and what mattered."""

import numpy as np
import optuna

from ml_engine.contract.manifest import Artifact
from ml_engine.job import Job
from ml_engine.plots import BLUE, GREY, ORANGE, panels, save_png


def history(
    job: Job, study: optuna.Study, metric: str, default_score: float | None, importance: dict[str, float]
) -> Artifact:
    """Score of each complete trial with the best so far, and parameter importance where there is one."""
    figure, axes = panels(1, 2 if importance else 1, width=5.0)
    trials = study.get_trials(deepcopy=False, states=[optuna.trial.TrialState.COMPLETE])
    numbers = [trial.number for trial in trials]
    values = np.array([trial.values[0] for trial in trials], dtype=np.float64)
    maximise = study.directions[0] == optuna.study.StudyDirection.MAXIMIZE
    best = np.maximum.accumulate(values) if maximise else np.minimum.accumulate(values)
    axes[0].scatter(numbers, values, s=14, color=BLUE, alpha=0.7, linewidths=0, label="trial")
    axes[0].step(numbers, best, where="post", color=ORANGE, label="best so far")
    if default_score is not None:
        axes[0].axhline(default_score, color=GREY, linestyle="--", linewidth=1, label="default settings")
    axes[0].set(title="Search", xlabel="Trial", ylabel=metric)
    axes[0].legend(fontsize=8)
    if importance:
        names = sorted(importance, key=lambda name: importance[name])
        axes[1].barh(names, [importance[name] for name in names], color=BLUE)
        axes[1].set(title="Importance (fANOVA)", xlabel=f"Share of the variation of {metric}")
    return save_png(job, figure, "sweep.png", f"Search by {metric}: history and importance")
