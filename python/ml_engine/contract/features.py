# Generated from the tool definitions; change those and run `npm run gen`.

from typing import Literal, NotRequired, TypeAlias
from typing_extensions import TypedDict


class Feature(TypedDict, closed=True):
    name: str
    expression: NotRequired[str]
    """
    SQL over columns and other features.
    """
    function: NotRequired[
        Literal[
            "count",
            "sum",
            "mean",
            "std",
            "min",
            "max",
            "first",
            "last",
            "nunique",
            "lag",
            "cyclic",
            "hash",
            "words",
        ]
    ]
    column: NotRequired[str]
    window: NotRequired[str]
    """
    As `7d` or `1h`, up to and with the row's own time; `all` from the beginning; cyclic: hour, weekday, month.
    """
    size: NotRequired[int]
    """
    lag: rows back; hash: buckets.
    """
    description: NotRequired[str]


class FeatureTest(TypedDict, closed=True):
    feature: str
    rule: Literal["not_null", "unique", "between", "in_set"]
    low: NotRequired[float]
    high: NotRequired[float]
    values: NotRequired[list[str]]


Entity: TypeAlias = str


RelatedItem: TypeAlias = str
"""
Name or file.
"""


class DefineParams(TypedDict, closed=True):
    action: Literal["define", "suggest"]
    """
    See above.
    """
    name: str
    """
    Of the view.
    """
    source: str
    """
    Name or file.
    """
    entities: list[Entity]
    """
    Keys.
    """
    event_time: NotRequired[str]
    """
    When it was so.
    """
    features: list[Feature]
    """
    {name, expression: SQL}, {name, function, column, window: `7d`|`all`, size} or a column's {name}.
    """
    ttl: NotRequired[str]
    """
    How long a value holds, as `30d`.
    """
    created_time: NotRequired[str]
    """
    When each row was filed.
    """
    tests: list[FeatureTest]
    """
    {feature, rule, low, high, values}.
    """
    description: str
    """
    What it is for.
    """
    owner: str
    """
    Who answers for it.
    """
    tags: dict[str, str]
    """
    As you like.
    """
    target: NotRequired[str]
    """
    Never to be read; suggest: to screen by.
    """
    related: list[RelatedItem]
    """
    suggest: datasets with its keys.
    """
    depth: int
    """
    suggest: primitives upon each other.
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


class FeatureViewDefinition(TypedDict, closed=True):
    source: str
    source_hash: str
    entities: list[str]
    event_time: str | None
    created_time: str | None
    ttl_seconds: float | None
    features: list[Feature]
    tests: list[FeatureTest]
    description: str
    owner: str
    tags: dict[str, str]
    columns: dict[str, str]
    """
    Source columns it reads, and their types.
    """


class FeatureStatistics(TypedDict, closed=True):
    feature: str
    dtype: str
    rows: int
    missing: float
    distinct: int
    mean: float | None
    std: float | None
    low: float | None
    high: float | None


class Candidate(TypedDict, closed=True):
    feature: str
    score: float | None
    kept: bool


class DefineResult(TypedDict, closed=True):
    view: str | None
    definition: FeatureViewDefinition | None
    source: str
    entities: list[str]
    rows: int
    features: list[FeatureStatistics]
    failed_tests: list[str]
    candidates: list[Candidate]
    """
    Best first, by mutual information with the target (nats).
    """
    dataset: str | None
    """
    suggest: the candidates' values.
    """
    preview: list[dict[str, str | float | bool | None]]
    warnings: list[str]


View: TypeAlias = str
"""
Its name.
"""


class ComputeParams(TypedDict, closed=True):
    action: Literal["join", "backfill", "materialize", "lookup", "freshness", "skew"]
    """
    See above.
    """
    views: NotRequired[list[View]]
    """
    Names.
    """
    labels: NotRequired[str]
    """
    Keys, times, labels; skew: training data.
    """
    label_time: NotRequired[str]
    """
    Of the labels.
    """
    dataset: NotRequired[str]
    """
    lookup: online store; backfill: to extend; skew: serving data.
    """
    keys: NotRequired[list[dict[str, str | float | bool | None]]]
    """
    lookup: {key: value}.
    """
    created_before: bool
    """
    Nor rows filed after the label's time.
    """
    source: NotRequired[str]
    """
    Newer rows than the view was defined on.
    """
    start: NotRequired[str]
    """
    backfill: from, ISO 8601.
    """
    end: NotRequired[str]
    """
    backfill: before; else: as of.
    """
    name: NotRequired[str]
    """
    Of the result.
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


class ViewRows(TypedDict, closed=True):
    view: str
    features: int
    rows: int


class Freshness(TypedDict, closed=True):
    view: str
    age_seconds: float | None
    ttl_seconds: float | None
    stale: bool


class Skew(TypedDict, closed=True):
    feature: str
    drifted: bool
    psi: float
    p_adjusted: float
    """
    Benjamini–Hochberg.
    """
    missing_training: float
    missing_serving: float


class ComputeResult(TypedDict, closed=True):
    dataset: str | None
    rows: int
    views: list[ViewRows]
    """
    `rows` that have a value.
    """
    found: list[dict[str, str | float | bool | None]]
    missing: int
    """
    Keys without features.
    """
    freshness: list[Freshness]
    skew: list[Skew]
    schema_changes: list[str]
    preview: list[dict[str, str | float | bool | None]]
    warnings: list[str]


class RegisterParams(TypedDict, closed=True):
    action: Literal["drift", "import_feast", "export_feast"]
    view: NotRequired[str]
    source: NotRequired[str]
    file: NotRequired[str]


class FeatureDrift(TypedDict, closed=True):
    feature: str
    missing_then: float
    missing_now: float
    mean_then: float | None
    mean_now: float | None
    shift_sd: float | None
    """
    Of the mean, in standard deviations then.
    """
    drifted: bool


class ImportedView(TypedDict, closed=True):
    name: str
    view: str
    """
    Name and version it was registered under.
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


class RegisterResult(TypedDict, closed=True):
    drift: list[FeatureDrift]
    imported: list[ImportedView]
    file: Artifact | None
    warnings: list[str]
