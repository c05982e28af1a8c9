# Generated from the tool definitions; change those and run `npm run gen`.

from typing import Any, Literal, NotRequired, TypeAlias
from typing_extensions import TypedDict


class StopOnPlateau(TypedDict, closed=True):
    patience: int
    """
    Rounds or epochs without gain.
    """
    min_delta: float
    """
    Least gain that counts.
    """
    metric: NotRequired[str]
    """
    One of the task's metrics; else the loss.
    """


class LearningRate(TypedDict, closed=True):
    schedule: Literal["constant", "exponential", "cosine", "step"]
    decay: float
    """
    Factor a round, or a step.
    """
    every: int
    """
    Rounds a step.
    """


class Callbacks(TypedDict, closed=True):
    stop_on_plateau: NotRequired[StopOnPlateau]
    learning_rate: NotRequired[LearningRate]


IncludeItem: TypeAlias = str


ExcludeItem: TypeAlias = str


class TrainParams(TypedDict, closed=True):
    dataset: str
    """
    Name or file.
    """
    target: NotRequired[str]
    """
    To predict.
    """
    task: Literal[
        "auto",
        "classification",
        "regression",
        "clustering",
        "anomaly_detection",
        "forecasting",
        "ranking",
    ]
    """
    What for.
    """
    positive: NotRequired[str]
    """
    Positive class.
    """
    include: NotRequired[list[IncludeItem]]
    """
    Only these features.
    """
    exclude: NotRequired[list[ExcludeItem]]
    """
    Not these.
    """
    folds: int
    """
    Of cross-validation.
    """
    group: NotRequired[str]
    """
    Its rows stay in one fold.
    """
    time: NotRequired[str]
    """
    Score on later rows only.
    """
    balanced: bool
    """
    Weigh rare classes up.
    """
    metric: str
    """
    Decides: roc_auc, log_loss, f1, rmse, r2, …
    """
    model_name: NotRequired[str]
    """
    Its name.
    """
    family: str
    """
    auto, linear, lightgbm, kmeans, isolation_forest, ets, …
    """
    params: dict[str, Any]
    """
    Settings, by the estimator's names.
    """
    horizon: NotRequired[int]
    """
    Steps to forecast.
    """
    callbacks: NotRequired[Callbacks]
    """
    What a booster or network does as it goes.
    """
    memory_budget_mb: NotRequired[float]
    """
    No fit that is estimated to need more.
    """
    onnx: bool
    """
    Also as ONNX, checked to predict the same.
    """
    calibration: Literal["none", "sigmoid", "isotonic"]
    """
    Of probabilities.
    """
    time_budget_seconds: NotRequired[float]
    """
    Ends about then; 15 for `auto`.
    """
    checkpoint_every: NotRequired[int]
    """
    Rounds; kept for ml_training_checkpoint.
    """
    seed: int
    """
    Random seed; the same call gives the same numbers.
    """
    wait_seconds: float
    """
    How long to wait before answering with a `job_id`.
    """
    job_id: NotRequired[str]
    """
    A job to wait for; its handle says when.
    """
    cancel: bool
    """
    With `job_id`: stop it.
    """


class Candidate(TypedDict, closed=True):
    family: str
    score: float | None
    """
    Cross-validated metric; null where it was not finished.
    """
    sd: float | None
    seconds: float
    note: str | None


class Rows(TypedDict, closed=True):
    given: int
    used: int
    dropped: int


class LeftOut(TypedDict, closed=True):
    column: str
    reason: str


class Artifact(TypedDict, closed=True):
    path: str
    """
    Absolute path.
    """
    uri: str
    """
    ml://artifacts/… resource.
    """
    title: str


class Folds(TypedDict, closed=True):
    scheme: str
    planned: int
    done: int


class Calibration(TypedDict, closed=True):
    method: str
    ece_before: float
    ece_after: float


class ForecastItem(TypedDict, closed=True):
    series: str
    time: str
    value: float
    low: float
    high: float


class Onnx(TypedDict, closed=True):
    rows: int
    mismatches: int
    largest_difference: float
    size_bytes: int


class TrainResult(TypedDict, closed=True):
    run_id: str
    model: str
    """
    Name and version it was registered under.
    """
    task: Literal[
        "classification",
        "regression",
        "clustering",
        "anomaly_detection",
        "forecasting",
        "ranking",
    ]
    target: str | None
    family: str
    framework: str
    model_type: str
    metric: str
    """
    The one that decided.
    """
    metrics: dict[str, float]
    """
    Metric to value.
    """
    metrics_sd: dict[str, float]
    """
    Standard deviation over folds; empty where there are none.
    """
    baseline: dict[str, float]
    """
    The same metrics of a model that ignores the features.
    """
    folds: Folds
    candidates: list[Candidate]
    """
    What `auto` compared, best first.
    """
    classes: list[str]
    positive: str | None
    rows: Rows
    features: list[str]
    left_out: list[LeftOut]
    params: dict[str, Any]
    calibration: Calibration | None
    sizes: dict[str, int]
    """
    Rows in each cluster (`noise` in none), or flagged as anomalies and not.
    """
    forecast: list[ForecastItem]
    """
    What comes next, with 80 % intervals; up to 60 points, the rest in `rows_file`.
    """
    onnx: Onnx | None
    """
    Of `model.onnx`: rows compared, labels that differ, largest difference of an output.
    """
    report: Artifact | None
    """
    For a person.
    """
    rows_file: Artifact | None
    """
    Every row's cluster, anomaly score or forecast, as Parquet.
    """
    seconds: float
    notes: list[str]
    warnings: list[str]


SliceByItem: TypeAlias = str


class EvaluateParams(TypedDict, closed=True):
    model: str
    """
    Its name.
    """
    dataset: str
    """
    Name or file.
    """
    compare_to: NotRequired[str]
    """
    Another model.
    """
    cost_fp: float
    """
    Cost of a false positive.
    """
    cost_fn: float
    """
    Cost of a false negative.
    """
    slice_by: NotRequired[list[SliceByItem]]
    """
    Only look for slices in these.
    """
    resamples: int
    """
    Bootstrap resamples.
    """
    seed: int
    """
    Random seed; the same call gives the same numbers.
    """
    wait_seconds: float
    """
    How long to wait before answering with a `job_id`.
    """
    job_id: NotRequired[str]
    """
    A job to wait for; its handle says when.
    """
    cancel: bool
    """
    With `job_id`: stop it.
    """


class Interval(TypedDict, closed=True):
    metric: str
    value: float
    low: float | None
    high: float | None
    baseline: float | None


class ClassScore(TypedDict, closed=True):
    label: str
    precision: float
    recall: float
    f1: float
    rows: int


class Operating(TypedDict, closed=True):
    threshold: float
    cost: float
    """
    Mean cost a row.
    """
    precision: float
    recall: float


class Slice(TypedDict, closed=True):
    slice: str
    rows: int
    metric: float
    """
    Accuracy, or RMSE, in the slice.
    """
    rest: float
    """
    The same outside it.
    """
    effect: float
    """
    Standardised difference of loss (Cohen's d).
    """
    p_adjusted: float
    """
    Welch's t-test, Holm-corrected over all slices tried.
    """


class Rows1(TypedDict, closed=True):
    given: int
    scored: int
    dropped: int


class Confusion(TypedDict, closed=True):
    labels: list[str]
    counts: list[list[int]]
    """
    Rows true, columns predicted.
    """


class Threshold(TypedDict, closed=True):
    cost_fp: float
    cost_fn: float
    best: Operating
    at_half: Operating


class CalibrationItem(TypedDict, closed=True):
    predicted: float
    observed: float
    rows: int


class Residuals(TypedDict, closed=True):
    mean: float
    sd: float
    skew: float
    p05: float
    median: float
    p95: float
    worst: float


class Difference(TypedDict, closed=True):
    metric: str
    difference: float
    low: float
    high: float


class Comparison(TypedDict, closed=True):
    model: str
    test: str
    statistic: str
    p_value: float
    verdict: Literal["better", "worse", "no difference shown"]
    differences: list[Difference]
    """
    This model minus the other, paired bootstrap.
    """


class ShiftItem(TypedDict, closed=True):
    column: str
    psi: float


class EvaluateResult(TypedDict, closed=True):
    metrics: dict[str, float]
    """
    Metric to value.
    """
    intervals: list[Interval]
    """
    95 %, bias-corrected bootstrap.
    """
    resamples: int
    task: Literal[
        "classification",
        "regression",
        "clustering",
        "anomaly_detection",
        "forecasting",
        "ranking",
    ]
    model: str
    dataset: str
    target: str | None
    positive: str | None
    rows: Rows1
    confusion: Confusion | None
    per_class: list[ClassScore]
    threshold: Threshold | None
    """
    Binary only.
    """
    calibration: list[CalibrationItem]
    """
    Reliability, ten equal-count bins; binary only.
    """
    residuals: Residuals | None
    slices: list[Slice]
    """
    Where it is worst, worst first.
    """
    slices_tried: int
    comparison: Comparison | None
    sizes: dict[str, int]
    """
    Rows in each cluster (`noise` in none), or flagged as anomalies and not.
    """
    shift: list[ShiftItem]
    """
    Columns unlike the training data, by population stability index.
    """
    training_rows_seen: float
    """
    Share of these rows that were trained on.
    """
    plot: Artifact
    notes: list[str]
    warnings: list[str]


class Dimension(TypedDict, closed=True):
    type: Literal["int", "float", "categorical"]
    low: NotRequired[float]
    high: NotRequired[float]
    log: NotRequired[bool]
    step: NotRequired[float]
    choices: NotRequired[list[str | float | bool | None]]
    when: NotRequired[dict[str, list[str | float | bool | None]]]
    """
    Only where these have one of these values.
    """


class SweepParams(TypedDict, closed=True):
    dataset: str
    """
    Name or file.
    """
    target: str
    """
    To predict.
    """
    task: Literal["auto", "classification", "regression"]
    """
    What for.
    """
    positive: NotRequired[str]
    """
    Positive class.
    """
    include: NotRequired[list[IncludeItem]]
    """
    Only these features.
    """
    exclude: NotRequired[list[ExcludeItem]]
    """
    Not these.
    """
    folds: int
    """
    Of cross-validation.
    """
    group: NotRequired[str]
    """
    Its rows stay in one fold.
    """
    time: NotRequired[str]
    """
    Score on later rows only.
    """
    balanced: bool
    """
    Weigh rare classes up.
    """
    metric: str
    """
    Decides: roc_auc, log_loss, f1, rmse, r2, …
    """
    model_name: NotRequired[str]
    """
    Its name.
    """
    family: Literal[
        "linear",
        "random_forest",
        "extra_trees",
        "hist_gradient_boosting",
        "lightgbm",
        "xgboost",
        "catboost",
        "knn",
        "svm",
        "mlp",
    ]
    """
    To tune.
    """
    params: dict[str, Any]
    """
    Settings held fixed.
    """
    space: NotRequired[dict[str, Dimension]]
    """
    Parameter to {type: int|float|categorical, low, high, log, choices}.
    """
    sampler: Literal["tpe", "random", "grid", "cmaes", "nsga2", "qmc", "gp"]
    """
    Search strategy.
    """
    pruner: Literal["median", "hyperband", "asha", "none"]
    """
    Ends poor trials early.
    """
    second_metric: NotRequired[str]
    """
    Also by this, or by `seconds`.
    """
    workers: int
    """
    Processes.
    """
    trials: int
    """
    At most.
    """
    time_budget_seconds: float
    """
    No trial starts after it.
    """
    seed: int
    """
    Random seed; the same call gives the same numbers.
    """
    wait_seconds: float
    """
    How long to wait before answering with a `job_id`.
    """
    job_id: NotRequired[str]
    """
    A job to wait for; its handle says when.
    """
    cancel: bool
    """
    With `job_id`: stop it.
    """


class Trial(TypedDict, closed=True):
    trial: int
    score: float
    sd: float
    seconds: float
    params: dict[str, Any]


class ParetoTrial(TypedDict, closed=True):
    trial: int
    score: float
    sd: float
    seconds: float
    params: dict[str, Any]
    second: float


class Best(TypedDict, closed=True):
    trial: int
    score: float
    params: dict[str, Any]


class Trials(TypedDict, closed=True):
    planned: int
    complete: int
    pruned: int
    failed: int


class SweepResult(TypedDict, closed=True):
    run_id: str
    model: str
    """
    The best settings fitted on all rows, registered.
    """
    task: Literal["classification", "regression"]
    target: str
    family: str
    framework: str
    model_type: str
    metric: str
    direction: Literal["maximize", "minimize"]
    metrics: dict[str, float]
    """
    Metric to value.
    """
    metrics_sd: dict[str, float]
    """
    Metric to value.
    """
    baseline: dict[str, float]
    """
    Metric to value.
    """
    default_score: float | None
    """
    The metric with default settings, same folds.
    """
    best: Best
    top: list[Trial]
    """
    Up to ten best trials.
    """
    trials: Trials
    pareto: list[ParetoTrial]
    """
    Trials that no other beats in both metrics.
    """
    importance: dict[str, float]
    """
    Share of the score's variation a parameter accounts for.
    """
    importance_method: str | None
    rows: Rows
    left_out: list[LeftOut]
    plot: Artifact
    report: Artifact
    seconds: float
    notes: list[str]
    warnings: list[str]


class CheckpointParams(TypedDict, closed=True):
    action: Literal[
        "list", "show", "verify", "compare", "resume", "save", "prune", "export"
    ]
    """
    See above.
    """
    run: NotRequired[str]
    """
    Run id, or a saved name.
    """
    other: NotRequired[str]
    """
    compare: with this.
    """
    model: NotRequired[str]
    """
    save: this one.
    """
    name: NotRequired[str]
    """
    save: under this.
    """
    keep_best: NotRequired[int]
    """
    prune: so many steps, by score.
    """
    keep_every: NotRequired[int]
    """
    prune: each so many-th step.
    """
    older_than_days: NotRequired[float]
    """
    prune: whole runs not at work.
    """
    confirm: bool
    """
    For what cannot be undone.
    """
    wait_seconds: float
    """
    How long to wait before answering with a `job_id`.
    """
    job_id: NotRequired[str]
    """
    A job to wait for; its handle says when.
    """
    cancel: bool
    """
    With `job_id`: stop it.
    """


class KeptRun(TypedDict, closed=True):
    run: str
    op: str
    state: Literal["at work", "broken off", "finished", "saved"]
    steps: int
    size_bytes: int
    newest: str | None
    progress: str


class KeptStep(TypedDict, closed=True):
    name: str
    time: str
    size_bytes: int
    facts: dict[str, Any]
    damaged: str | None
    """
    File that is not as it was written.
    """


class CheckpointResult(TypedDict, closed=True):
    action: str
    runs: list[KeptRun]
    steps: list[KeptStep]
    differences: list[str]
    removed: list[str]
    """
    prune: what is taken away, or would be.
    """
    freed_bytes: int
    model: str | None
    adapter: str | None
    """
    resume: of a language model.
    """
    run_id: str | None
    """
    resume: the run that holds the result.
    """
    task: (
        Literal[
            "classification",
            "regression",
            "clustering",
            "anomaly_detection",
            "forecasting",
            "ranking",
        ]
        | None
    )
    target: str | None
    family: str | None
    metric: str | None
    metrics: dict[str, float]
    """
    Metric to value.
    """
    framework: str
    model_type: str
    dataset: str
    file: Artifact | None
    notes: list[str]
    warnings: list[str]


class RunPoint(TypedDict, closed=True):
    key: str
    step: int
    time: int
    value: float


class RunInput(TypedDict, closed=True):
    kind: str
    name: str
    version: int | None
    hash: str | None


class RunsToRead(TypedDict, closed=True):
    store: str
    experiment: str
    page: str | None


class Metric(TypedDict, closed=True):
    metric: str
    first: list[float]
    second: list[float]


class FoldTest(TypedDict, closed=True):
    metric: str
    folds: int
    difference: float
    statistic: float
    p_value: float
    verdict: str


class RunsWritten(TypedDict, closed=True):
    added: int
    updated: int
    unchanged: int
    metrics: int
    warnings: list[str]


class CarriedRun(TypedDict, closed=True):
    id: str
    name: str
    tool: str
    status: Literal["RUNNING", "FINISHED", "FAILED", "CANCELLED"]
    started: int
    ended: int | None
    source: str | None
    """
    Its id in the MLflow store it was read from.
    """
    parent: str | None
    note: str
    params: dict[str, str]
    tags: dict[str, str]
    metrics: list[RunPoint]
    inputs: list[RunInput]
    info: str
    """
    As JSON.
    """


class RunsFound(TypedDict, closed=True):
    description: str
    runs: list[CarriedRun]
    next_page: str | None
    warnings: list[str]


class ExperimentResult(TypedDict, closed=True):
    tests: list[FoldTest]
    written: RunsWritten | None
    found: RunsFound | None


class RunsToWrite(TypedDict, closed=True):
    store: str
    experiment: str
    description: str
    runs: list[CarriedRun]


class ExperimentParams(TypedDict, closed=True):
    metrics: list[Metric]
    write: NotRequired[RunsToWrite]
    read: NotRequired[RunsToRead]
