"""Examples that are the same, nearly the same, or in an evaluation set."""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence

import polars as pl

from ml_engine.language.examples.example import Example
from ml_engine.transforming.cleaning import normalised
from ml_engine.transforming.near import first_of

SHORTEST = 40
"""Characters below which texts are not compared for being near: too little is in them to tell."""
WORDS = re.compile(r"\w+")


def identity(example: Example) -> Hashable:
    """What makes two examples the same: everything said, and by whom."""
    judged = (example.label, None if example.rejected is None else tuple(_said(example.rejected)))
    return example.text, tuple(_said(example.prompt)), tuple(_said(example.answer)), judged


def asked(example: Example) -> Hashable:
    """What makes two prompts the same; of running text, the text."""
    return example.text if example.text is not None else tuple(_said(example.prompt))


def _said(turns: Iterable[object]) -> Iterable[tuple[str, str]]:
    return ((getattr(turn, "role", ""), getattr(turn, "content", "")) for turn in turns)


def near_first(examples: Sequence[Example], threshold: float) -> list[int]:
    """For each example the first one it is near to, itself where none is; by Jaccard similarity of what is said."""
    texts = normalised(pl.Series([" ".join(one.texts()) for one in examples], dtype=pl.String)).to_list()
    long = [at for at, text in enumerate(texts) if len(text) >= SHORTEST]
    first = list(range(len(examples)))
    if long:
        found, _ = first_of([texts[at] for at in long], threshold)
        for at, other in zip(long, found, strict=True):
            first[at] = long[int(other)]
    return first


class Clusters:
    """Sets that are joined piece by piece (union-find)."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def root(self, at: int) -> int:
        while self._parent[at] != at:
            self._parent[at] = self._parent[self._parent[at]]
            at = self._parent[at]
        return at

    def join(self, one: int, other: int) -> None:
        low, high = sorted((self.root(one), self.root(other)))
        self._parent[high] = low

    def join_equal(self, keys: Sequence[Hashable]) -> None:
        """Joins those whose keys are equal; None is equal to nothing."""
        seen: dict[Hashable, int] = {}
        for at, key in enumerate(keys):
            if key is not None:
                self.join(seen.setdefault(key, at), at)

    def groups(self) -> list[list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for at in range(len(self._parent)):
            found[self.root(at)].append(at)
        return list(found.values())


class Contamination:
    """Which examples share a run of words with an evaluation set (Brown et al. 2020, appendix C).

    Case and punctuation do not count. A text of fewer words than `size` must be there as a whole.
    """

    def __init__(self, evaluation: Sequence[Example], size: int) -> None:
        self._size = size
        self._runs: dict[tuple[str, ...], set[int]] = defaultdict(set)
        self._short: dict[int, set[tuple[str, ...]]] = defaultdict(set)
        for at, example in enumerate(evaluation):
            words = _words(example)
            for run in _runs(words, size):
                self._runs[run].add(at)
            if 0 < len(words) < size:
                self._short[len(words)].add(tuple(words))
                self._runs[tuple(words)].add(at)

    def shared(self, example: Example) -> set[int]:
        """Numbers of the evaluation examples that the example shares words with."""
        words = _words(example)
        found: set[int] = set()
        for run in _runs(words, self._size):
            found |= self._runs.get(run, set())
        for length, texts in self._short.items():
            for run in _runs(words, length):
                if run in texts:
                    found |= self._runs[run]
        return found


def _words(example: Example) -> list[str]:
    return [word for text in example.texts() for word in WORDS.findall(text.casefold())]


def _runs(words: Sequence[str], size: int) -> Iterable[tuple[str, ...]]:
    return (tuple(words[at : at + size]) for at in range(len(words) - size + 1))
