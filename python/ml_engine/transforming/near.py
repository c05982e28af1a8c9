"""Rows whose texts are nearly the same: MinHash signatures, banded, then the true similarity of each candidate.

Broder (1997), On the resemblance and containment of documents; banding as in Leskovec, Rajaraman and Ullman, Mining of
Massive Datasets, 3.4.
"""

from collections import defaultdict

import numpy as np
import numpy.typing as npt
import polars as pl

from ml_engine.contract.data import Step
from ml_engine.errors import OpError
from ml_engine.names import require_column
from ml_engine.transforming.cleaning import normalised
from ml_engine.transforming.outcome import Outcome, visible

DEFAULT_THRESHOLD = 0.8
HASHES = 128
SHINGLE = 3
"""Bytes of a shingle."""
RECALL = 0.99
"""Share of the pairs at the threshold that banding has to offer for comparison."""
PRIME = np.uint64((1 << 31) - 1)
Shingles = npt.NDArray[np.uint64]


def deduplicate_near(frame: pl.DataFrame, step: Step, field: str) -> Outcome:
    """The first row of each set of rows whose texts have a Jaccard similarity of shingles of `threshold` or more.

    Case, accents, punctuation and spaces do not count. Similarity is followed from row to row: a row leaves when it is
    near one that stays or left.

    Raises:
        OpError: there is no text column, or one of `columns` is not there.
    """
    columns = step.get("columns") or [name for name in visible(frame) if frame.schema[name] == pl.String]
    for name in columns:
        require_column(f"{field}.columns", name, visible(frame))
    if not columns:
        raise OpError("invalid_input", f"{field}.columns: there is no text to compare", "Use method exact.")
    whole = frame.select(
        pl.concat_str([pl.col(name).cast(pl.String) for name in columns], separator=" ", ignore_nulls=True)
    )
    texts = normalised(whole.to_series())
    threshold = step.get("threshold", DEFAULT_THRESHOLD)
    firsts, pairs = first_of(texts.to_list(), threshold)
    kept = frame.filter(pl.Series(firsts == np.arange(frame.height)))
    shown = [f"`{texts[a][:40]}` ~ `{texts[b][:40]}` ({alike:.2f})" for a, b, alike in pairs[:3]]
    said = f"{', '.join(columns)} at {threshold:g}: {frame.height - kept.height} rows near another"
    return Outcome(kept, said + (f"; {', '.join(shown)}" if shown else ""))


def first_of(texts: list[str], threshold: float) -> tuple[npt.NDArray[np.intp], list[tuple[int, int, float]]]:
    """The first row of each row's set, and the pairs found with their similarity."""
    parent = np.arange(len(texts))
    seen: dict[str, int] = {}
    for row, text in enumerate(texts):
        parent[row] = seen.setdefault(text, row)
    rows = list(seen.values())
    shingles = {row: _shingles(texts[row]) for row in rows}
    pairs: list[tuple[int, int, float]] = []

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = int(parent[row])
        return row

    for bucket in _buckets(rows, shingles, threshold):
        apart = bucket[:1]
        for row in bucket[1:]:
            for other in apart:
                if root(row) == root(other):
                    break
                alike = jaccard(shingles[row], shingles[other])
                if alike >= threshold:
                    pairs.append((other, row, alike))
                    low, high = sorted((root(row), root(other)))
                    parent[high] = low
                    break
            else:
                apart.append(row)
    return np.array([root(row) for row in range(len(texts))], dtype=np.intp), sorted(pairs)


def _shingles(text: str) -> Shingles:
    encoded = text.encode().ljust(SHINGLE)
    letters = np.frombuffer(encoded, dtype=np.uint8).astype(np.uint64)
    codes = sum(
        (letters[at : len(letters) - SHINGLE + 1 + at] << np.uint64(8 * at) for at in range(SHINGLE)),
        np.zeros(len(letters) - SHINGLE + 1, dtype=np.uint64),
    )
    return np.unique(codes)


def jaccard(first: Shingles, second: Shingles) -> float:
    """Shared shingles over all shingles, 0..1."""
    shared = len(np.intersect1d(first, second, assume_unique=True))
    return shared / (len(first) + len(second) - shared)


def bands_for(threshold: float) -> tuple[int, int]:
    """Bands and rows a band: the most rows that still offer RECALL of the pairs at `threshold`."""
    for rows in range(8, 1, -1):
        bands = HASHES // rows
        if 1 - (1 - threshold**rows) ** bands >= RECALL:
            return bands, rows
    return HASHES, 1


def _buckets(rows: list[int], shingles: dict[int, Shingles], threshold: float) -> list[list[int]]:
    random = np.random.default_rng(0)
    # Products of two numbers below 2^31 stay within 64 bits.
    factors = random.integers(1, int(PRIME), HASHES, dtype=np.uint64)
    shifts = random.integers(0, int(PRIME), HASHES, dtype=np.uint64)
    bands, width = bands_for(threshold)
    found: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    for row in rows:
        hashed = (shingles[row][:, None] * factors + shifts) % PRIME
        signature = hashed.min(axis=0)
        for band in range(bands):
            found[band, signature[band * width : (band + 1) * width].tobytes()].append(row)
    return [bucket for bucket in found.values() if len(bucket) > 1]
