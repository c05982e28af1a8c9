# Generated from the tool definitions; change those and run `npm run gen`.

from typing_extensions import TypedDict
from typing import NotRequired


class PredictionsToTime(TypedDict, closed=True):
    model: str
    batches: list[int]
    """
    Rows at once.
    """
    requests: int
    """
    Predictions of each.
    """
    warmup: int


class LatencySpread(TypedDict, closed=True):
    mean: float
    p50: float
    p90: float
    p99: float


class BatchSpeed(TypedDict, closed=True):
    rows: int
    ms: LatencySpread
    rows_per_second: float


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


class ProfileResult(TypedDict, closed=True):
    batches: list[BatchSpeed]
    memory_bytes: float | None
    """
    That the model added.
    """
    plot: Artifact


class Band(TypedDict, closed=True):
    value: float
    low: float | None
    high: float | None


class CompareResult(TypedDict, closed=True):
    plot: Artifact


class SettingToDraw(TypedDict, closed=True):
    name: str
    value: float
    low: float | None
    high: float | None
    outcome: str


class OptimizeParams(TypedDict, closed=True):
    objective: str
    tried: list[SettingToDraw]


class OptimizeResult(TypedDict, closed=True):
    plot: Artifact


class LoadSpeed(TypedDict, closed=True):
    load: str
    tokens_per_second: float
    ttft_ms: LatencySpread
    tpot_ms: LatencySpread


class ProfileParams(TypedDict, closed=True):
    measure: NotRequired[PredictionsToTime]
    loads: list[LoadSpeed]


class TargetToDraw(TypedDict, closed=True):
    name: str
    quality: Band | None
    tokens_per_second: Band
    ttft_ms: Band
    front: bool


class CompareParams(TypedDict, closed=True):
    quality: str
    """
    What it is; empty where there is none.
    """
    targets: list[TargetToDraw]
