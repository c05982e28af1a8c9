# Generated from the tool definitions; change those and run `npm run gen`.

from typing import Literal, NotRequired, TypeAlias
from typing_extensions import TypedDict


SensitiveItem: TypeAlias = str


class FairnessParams(TypedDict, closed=True):
    action: Literal["assess", "mitigate"]
    """
    See above.
    """
    model: str
    """
    Its name.
    """
    dataset: str
    """
    Name or file.
    """
    sensitive: list[SensitiveItem]
    """
    Columns whose groups to compare.
    """
    positive: NotRequired[str]
    """
    Label that counts as selected; default the model's.
    """
    threshold: NotRequired[float]
    """
    Select at this score; default the model's own decision.
    """
    cuts: dict[str, list[float]]
    """
    Cut points of numeric sensitive columns; default quartiles.
    """
    min_group: int
    """
    Smaller groups are shown, not compared.
    """
    tolerance: float
    """
    Largest difference called even.
    """
    constraint: Literal["demographic_parity", "equalized_odds"]
    """
    What `mitigate` evens out.
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


class Estimate(TypedDict, closed=True):
    value: float | None
    low: float | None
    high: float | None


class Gap(TypedDict, closed=True):
    attribute: str
    criterion: str
    metric: str
    difference: Estimate
    """
    Highest group minus lowest.
    """
    ratio: Estimate
    """
    Lowest over highest.
    """
    lowest: str
    highest: str
    within_tolerance: bool


class Rows(TypedDict, closed=True):
    learnt: int
    tested: int
    left_out: int


class Rule(TypedDict, closed=True):
    group: str
    rule: str


class CurveItem(TypedDict, closed=True):
    method: str
    setting: float
    accuracy: float
    disparity: float


class Mitigated(TypedDict, closed=True):
    method: str
    note: str
    accuracy: float
    accuracy_change: float
    selection_rate: float
    demographic_parity_difference: float
    demographic_parity_ratio: float | None
    equalized_odds_difference: float | None
    decisions_changed: float
    """
    Share of rows decided otherwise than before.
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


class Rows1(TypedDict, closed=True):
    given: int
    scored: int
    dropped: int


class Verdict(TypedDict, closed=True):
    rule: str
    verdict: Literal["pass", "fail"]
    certain: bool
    """
    The whole interval lies on one side.
    """
    attribute: str
    ratio: Estimate
    said: str


class Group(TypedDict, closed=True):
    attribute: str
    """
    `sex`, or `sex × race` for an intersection.
    """
    group: str
    rows: int
    compared: bool
    """
    False where it has fewer rows than `min_group`.
    """
    metrics: dict[str, Estimate]


class Mitigation(TypedDict, closed=True):
    constraint: str
    attribute: str
    rows: Rows
    methods: list[Mitigated]
    rules: list[Rule]
    """
    The threshold optimiser's rule for each group.
    """
    curve: list[CurveItem]
    given_up: list[str]
    plot: Artifact


class FairnessResult(TypedDict, closed=True):
    model: str
    dataset: str
    task: Literal["classification", "regression"]
    target: str
    selected: str | None
    """
    What counts as selected.
    """
    rows: Rows1
    overall: dict[str, float | None]
    groups: list[Group]
    gaps: list[Gap]
    bins: dict[str, list[float]]
    """
    Cut points used for numeric columns.
    """
    verdict: Verdict
    mitigation: Mitigation | None
    plot: Artifact
    notes: list[str]
    warnings: list[str]
