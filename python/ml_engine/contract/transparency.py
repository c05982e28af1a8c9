# Generated from the tool definitions; change those and run `npm run gen`.

from typing import NotRequired, TypeAlias
from typing_extensions import TypedDict


ImmutableItem: TypeAlias = str


class ExplainParams(TypedDict, closed=True):
    model: str
    """
    Its name.
    """
    dataset: str
    """
    Holds the row.
    """
    row: int
    """
    From 0.
    """
    values: dict[str, str | float | bool | None]
    """
    Cells to replace in the row first.
    """
    immutable: list[ImmutableItem]
    """
    Columns not to change.
    """
    want: NotRequired[str]
    """
    Class wanted; for regression `>200` or `<150`.
    """
    counterfactuals: int
    """
    Most to find.
    """
    seed: int
    """
    Random seed; the same call gives the same numbers.
    """


class Probability(TypedDict, closed=True):
    label: str
    probability: float


class Contribution(TypedDict, closed=True):
    column: str
    value: str | float | bool | None
    contribution: float


Change = TypedDict(
    "Change",
    {
        "column": str,
        "from": str | float | bool | None,
        "to": str | float | bool | None,
    },
    closed=True,
)


class Counterfactual(TypedDict, closed=True):
    changes: list[Change]
    predicted: str | float | bool | None
    score: float
    """
    Probability of the class wanted, or the predicted number.
    """
    distance: float
    """
    Mean change over all features, each scaled to 0..1.
    """
    nearest_row_distance: float
    """
    To the nearest real row, same scale.
    """


class Neighbour(TypedDict, closed=True):
    row: int
    distance: float
    truth: str | float | bool | None
    predicted: str | float | bool | None


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


class Prediction(TypedDict, closed=True):
    model: str
    dataset: str
    row: int
    target: str
    predicted: str | float | bool | None
    probabilities: list[Probability]
    truth: str | float | bool | None
    explains: str
    """
    The number the contributions add up to.
    """
    method: str
    exact: bool
    base: float
    """
    That number's average, before anything is known.
    """
    output: float
    """
    That number for this row.
    """
    residual: float
    """
    Output − base − sum of contributions.
    """
    error: float | None
    """
    Standard error of a contribution where sampled.
    """
    contributions: list[Contribution]
    """
    Largest first.
    """
    counterfactuals: list[Counterfactual]
    wanted: str | None
    neighbours: list[Neighbour]
    """
    Most similar rows.
    """
    agreement: float | None
    """
    Share of neighbours predicted alike.
    """
    unusual: float
    """
    Share of rows that lie closer to their nearest row than this one does.
    """
    plot: Artifact
    text: str
    warnings: list[str]


ExplainResult: TypeAlias = Prediction
