"""Says whether two runs differ by more than their folds do; writes runs to an MLflow store and reads them from one."""

import math

from scipy import stats

from ml_engine.contract.training import ExperimentParams, ExperimentResult, FoldTest
from ml_engine.job import Job
from ml_engine.mlflow_runs.reading import read
from ml_engine.mlflow_runs.writing import write

SIGNIFICANT = 0.05


def experiment(params: ExperimentParams, job: Job) -> ExperimentResult:
    """Tests each metric that both runs logged on every fold, or takes runs to or from an MLflow store."""
    return {
        "tests": [
            corrected_t_test(pair["metric"], pair["first"], pair["second"])
            for pair in job.track(params["metrics"], "metrics")
        ],
        "written": write(params["write"], job) if "write" in params else None,
        "found": read(params["read"], job) if "read" in params else None,
    }


def corrected_t_test(metric: str, first: list[float], second: list[float]) -> FoldTest:
    """The corrected resampled t-test over k cross-validation folds.

    Folds share most of their training rows, so their differences are not independent; the variance is raised by
    the ratio of test to training rows, 1 / (k - 1) (Nadeau & Bengio, "Inference for the Generalization Error",
    Machine Learning 52, 2003, equation 9).
    """
    differences = [a - b for a, b in zip(first, second, strict=True)]
    folds = len(differences)
    mean = math.fsum(differences) / folds
    variance = math.fsum((difference - mean) ** 2 for difference in differences) / (folds - 1)
    scale = math.sqrt(variance * (1 / folds + 1 / (folds - 1)))
    if scale == 0:
        statistic, p_value = 0.0, 1.0 if mean == 0 else 0.0
    else:
        statistic = mean / scale
        p_value = float(2 * stats.t.sf(abs(statistic), folds - 1))
    verdict = "more than chance" if p_value < SIGNIFICANT else "no more than chance can explain"
    return {
        "metric": metric,
        "folds": folds,
        "difference": mean,
        "statistic": statistic,
        "p_value": p_value,
        "verdict": verdict,
    }
