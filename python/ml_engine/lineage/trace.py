"""A table under way through steps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ml_engine.lineage.sources import Source, Subtype, Traced

Step = Mapping[str, Any]
Learnt = Mapping[str, Mapping[str, Any]]


@dataclass
class Trace:
    """A table under way: what each column was made from, and what decided which rows there are."""

    columns: Traced
    rows: set[Source] = field(default_factory=set[Source])
    others: Mapping[str, Traced] = field(default_factory=dict[str, Traced])
    """The further tables that steps may name, by name."""

    def read(self, names: list[str]) -> frozenset[Source]:
        return frozenset(source for name in names for source in self.columns.get(name, ()))

    def decide(self, names: list[str], subtype: Subtype, description: str) -> None:
        """These columns decide which rows there are, or in which order."""
        for source in self.read(names):
            self.rows.add(Source(source.dataset, source.column, subtype, description))


Follow = Callable[[Trace, Step, Learnt], None]
