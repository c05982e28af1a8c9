"""Keeps a profile short enough to read, and says what was left out."""

import json
import math
from collections.abc import Callable
from typing import cast

from ml_engine.contract.data import ColumnProfile, ProfileResult, TargetProfile

FULL_BYTES = 50_000
CONCISE_BYTES = 18_000
CONCISE_COLUMNS = 40
CONCISE_ALERTS = 30
CONCISE_PAIRS = 10
CONCISE_TOP = 3
NOTES_BYTES = 500
"""Kept free for the notes on what was left out."""
DIGITS = 6


def size_bytes(result: ProfileResult) -> int:
    """What the result takes as JSON in UTF-8."""
    return len(json.dumps(result, ensure_ascii=False).encode())


def bounded(result: ProfileResult, detail: str) -> ProfileResult:
    """`result` cut to CONCISE_BYTES or FULL_BYTES: first what the report shows better, then whole columns."""
    kept: ProfileResult = {**result, "profiles": [_rounded(profile) for profile in result["profiles"]]}
    if detail == "concise":
        kept = _concise(kept)
    limit = (CONCISE_BYTES if detail == "concise" else FULL_BYTES) - NOTES_BYTES
    for what, cut in CUTS:
        if size_bytes(kept) <= limit:
            break
        kept = {**cut(kept), "left_out": [*kept["left_out"], what]}
    return _fewer_columns(kept, limit)


def _concise(result: ProfileResult) -> ProfileResult:
    left_out = list(result["left_out"])
    if len(result["alerts"]) > CONCISE_ALERTS:
        left_out.append(f"{len(result['alerts']) - CONCISE_ALERTS} alerts")
    if len(result["profiles"]) > CONCISE_COLUMNS:
        left_out.append(f"{len(result['profiles']) - CONCISE_COLUMNS} columns")
    profiles = [_short(profile) for profile in result["profiles"][:CONCISE_COLUMNS]]
    return {
        **result,
        "alerts": result["alerts"][:CONCISE_ALERTS],
        "profiles": profiles,
        "associations": result["associations"][:CONCISE_PAIRS],
        "left_out": left_out,
    }


def _short(profile: ColumnProfile) -> ColumnProfile:
    short: ColumnProfile = {**profile}
    short.pop("more", None)
    if "top" in short:
        short["top"] = short["top"][:CONCISE_TOP]
    return short


def _rounded(profile: ColumnProfile) -> ColumnProfile:
    rounded = {key: _digits(value) if isinstance(value, float) else value for key, value in profile.items()}
    if "top" in profile:
        rounded["top"] = [{**one, "share": round(one["share"], 6)} for one in profile["top"]]
    if "more" in profile:
        rounded["more"] = {
            key: _digits(value) if isinstance(value, float) else value for key, value in profile["more"].items()
        }
    return cast(ColumnProfile, rounded)


def _digits(value: float) -> float:
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, DIGITS - 1 - math.floor(math.log10(abs(value))))


def _without_histograms(result: ProfileResult) -> ProfileResult:
    profiles: list[ColumnProfile] = [
        {**profile, "more": {key: value for key, value in profile["more"].items() if key != "histogram"}}
        if "more" in profile
        else profile
        for profile in result["profiles"]
    ]
    return {**result, "profiles": profiles}


def _without_more(result: ProfileResult) -> ProfileResult:
    return {**result, "profiles": [_short(profile) for profile in result["profiles"]]}


def _few_alerts(result: ProfileResult) -> ProfileResult:
    return {
        **result,
        "alerts": result["alerts"][:20],
        "missing_patterns": result["missing_patterns"][:3],
        "associations": result["associations"][:8],
        "personal": result["personal"][:40],
        "drift": result["drift"][:20],
        "schema_changes": result["schema_changes"][:20],
        "warnings": result["warnings"][:20],
    }


def _bare(result: ProfileResult) -> ProfileResult:
    """For names so long that even few of them are too much."""
    none: ProfileResult = {**result, "alerts": [], "missing_patterns": [], "associations": [], "personal": []}
    target = result["target"]
    told = None if target is None else {**target, "leakage": [], "mutual_information": [], "classes": []}
    return {**none, "target": cast(TargetProfile | None, told), "drift": [], "schema_changes": [], "warnings": []}


def _fewer_columns(result: ProfileResult, limit: int) -> ProfileResult:
    kept: ProfileResult = result
    dropped = 0
    while size_bytes(kept) > limit and kept["profiles"]:
        step = max(1, len(kept["profiles"]) // 10)
        kept = {**kept, "profiles": kept["profiles"][:-step]}
        dropped += step
    return kept if dropped == 0 else {**kept, "left_out": [*kept["left_out"], f"{dropped} more columns"]}


CUTS: tuple[tuple[str, Callable[[ProfileResult], ProfileResult]], ...] = (
    ("histograms", _without_histograms),
    ("further statistics", _without_more),
    ("all but the gravest alerts and strongest pairs", _few_alerts),
    ("alerts, pairs and lists of columns", _bare),
)
