"""Which function trains, and which evaluates, each task beside classification and regression."""

from collections.abc import Callable

from ml_engine.contract.training import EvaluateParams, EvaluateResult, TrainParams, TrainResult
from ml_engine.job import Job
from ml_engine.models import Model
from ml_engine.tasks.anomalies import train_detector
from ml_engine.tasks.clustering import train_clusters
from ml_engine.tasks.evaluations import evaluate_clusters, evaluate_detector, evaluate_ranker
from ml_engine.tasks.forecast_evaluation import evaluate_forecaster
from ml_engine.tasks.forecasting import train_forecaster
from ml_engine.tasks.ranking import train_ranker

TRAINERS: dict[str, Callable[[TrainParams, Job], TrainResult]] = {
    "clustering": train_clusters,
    "anomaly_detection": train_detector,
    "forecasting": train_forecaster,
    "ranking": train_ranker,
}

EVALUATORS: dict[str, Callable[[Model, EvaluateParams, Job], EvaluateResult]] = {
    "clustering": evaluate_clusters,
    "anomaly_detection": evaluate_detector,
    "forecasting": evaluate_forecaster,
    "ranking": evaluate_ranker,
}
