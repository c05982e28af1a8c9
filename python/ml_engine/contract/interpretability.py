# Generated from the tool definitions; change those and run `npm run gen`.

from typing import Literal, NotRequired
from typing_extensions import TypedDict


class ImportanceParams(TypedDict, closed=True):
    model: str
    """
    Its name.
    """
    dataset: str
    """
    Name or file.
    """
    methods: list[Literal["permutation", "shap"]]
    metric: Literal[
        "auto",
        "roc_auc",
        "accuracy",
        "balanced_accuracy",
        "log_loss",
        "r2",
        "rmse",
        "mae",
    ]
    """
    For permutation; `auto`: roc_auc or r2.
    """
    repeats: int
    """
    Shuffles a feature.
    """
    curves: int
    """
    Top features to draw.
    """
    max_rows: int
    """
    Rows sampled.
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


class Feature(TypedDict, closed=True):
    column: str
    permutation: float | None
    """
    Loss of the metric when its values are shuffled.
    """
    low: float | None
    """
    95 % interval of the mean over repeats.
    """
    high: float | None
    shap: float | None
    """
    Mean absolute SHAP value.
    """
    group: int | None
    """
    Index into `correlated`.
    """


class Curve(TypedDict, closed=True):
    column: str
    kind: Literal["partial_dependence", "accumulated_local_effects"]
    x: list[float | str]
    y: list[float]
    shape: str
    """
    In words.
    """


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


class Rows(TypedDict, closed=True):
    given: int
    used: int
    dropped: int


class Shap(TypedDict, closed=True):
    method: str
    explains: str
    """
    The number the values add up to.
    """
    exact: bool
    rows: int
    background_rows: int | None
    residual: float
    """
    Largest |sum + base − output|.
    """
    error: float | None
    """
    Mean standard error of a value where sampled.
    """


class CorrelatedItem(TypedDict, closed=True):
    columns: list[str]
    strongest: float
    permutation: float | None
    low: float | None
    high: float | None


class Agreement(TypedDict, closed=True):
    kendall_tau: float
    top: int
    overlap: float


class ImportanceResult(TypedDict, closed=True):
    model: str
    dataset: str
    task: Literal["classification", "regression"]
    target: str
    rows: Rows
    metric: str
    score: float
    """
    The metric with nothing shuffled.
    """
    features: list[Feature]
    """
    Most important first.
    """
    shap: Shap | None
    correlated: list[CorrelatedItem]
    """
    Columns that stand in for each other, shuffled together.
    """
    stability: float | None
    """
    Mean rank correlation between repeats.
    """
    agreement: Agreement | None
    """
    Of the two methods.
    """
    curves: list[Curve]
    curves_of: str
    training_rows_seen: float
    """
    Share of the rows that the model was trained on.
    """
    plots: list[Artifact]
    notes: list[str]
    warnings: list[str]
