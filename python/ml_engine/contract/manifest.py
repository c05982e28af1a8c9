# Generated from the tool definitions; change those and run `npm run gen`.

from typing import Any, Literal, NotRequired
from typing_extensions import TypedDict


class ColumnSchema(TypedDict, closed=True):
    name: str
    dtype: str
    """
    Polars type name.
    """
    role: Literal[
        "identifier",
        "target_candidate",
        "numeric",
        "categorical",
        "ordinal",
        "boolean",
        "datetime",
        "text",
        "geo",
        "constant",
        "personal",
    ]
    personal: str | None
    """
    Kind of personal data suspected (`email`, `name`, …), else null.
    """


class ModelManifest(TypedDict, closed=True):
    name: str
    hash: str
    """
    SHA-256, hex, over the model's files.
    """
    task: Literal[
        "classification",
        "regression",
        "clustering",
        "anomaly_detection",
        "forecasting",
        "ranking",
        "text_generation",
        "reward",
    ]
    target: str
    """
    Empty where nothing is predicted.
    """
    classes: list[str]
    """
    Labels in the order of the probabilities; empty but for classification.
    """
    positive: str | None
    """
    The label scored as positive in binary classification.
    """
    framework: str
    """
    `scikit-learn`, `lightgbm`, `xgboost`, `catboost`, `torch`, `statsmodels`, `transformers`, `llama.cpp`, or `ml-engine` for a blend of several.
    """
    model_type: str
    """
    Estimator class.
    """
    family: str
    format: str
    """
    `skops`, `booster-json`, `forecaster`, `safetensors`, `gguf`, `adapter` (of PEFT) or `blend`.
    """
    base: NotRequired[str]
    """
    Of a language model: what it was made from, `name@version` or a path.
    """
    files: dict[str, str]
    """
    File, by its path in the folder, to its SHA-256, hex.
    """
    signature: list[ColumnSchema]
    """
    Feature columns, in order.
    """
    time: NotRequired[str]
    """
    Column of the moments, of a forecaster.
    """
    group: NotRequired[str]
    """
    Column of the series of a forecaster, or of the query of a ranker.
    """
    example: list[dict[str, Any]]
    """
    Up to three rows of features.
    """
    params: dict[str, Any]
    metrics: dict[str, float]
    run_id: str
    dataset: str
    """
    `name@version` or the file it was trained on.
    """
    dataset_hash: str
    rows: int
    seed: int
    pipeline: NotRequired[Any]
    """
    Steps that prepared the dataset it was trained on, where it was transformed.
    """
    environment: dict[str, str]
    """
    Package to version.
    """


class FeatureViewManifest(TypedDict, closed=True):
    name: str
    hash: str
    """
    SHA-256, hex, of the definition in canonical JSON.
    """
    definition: dict[str, Any]
    statistics: list[dict[str, Any]]
    """
    Of each feature's values when it was defined.
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


class DatasetManifest(TypedDict, closed=True):
    name: str
    hash: str
    """
    SHA-256, hex, of the table's schema and values: equal tables are equal, whatever file they came from.
    """
    rows: int
    size_bytes: int
    columns: list[ColumnSchema]
    source: str
    """
    Where the rows came from, in words.
    """
    contains_pii: bool
    part: str | None
    """
    `train`, `test`, …, where it is a part of a split.
    """
    pipeline: Any
    """
    Steps that made it, where it was transformed, else null.
    """
