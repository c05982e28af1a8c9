"""Which examples are left, and what became of the others: in = out + dropped, each with its reason."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from ml_engine.contract.llm import ExampleFinding
from ml_engine.language.examples.reading import Examples
from ml_engine.language.preparing.checks import Check

SHOWN_ROWS = 5


class Ledger:
    """Which examples are left, and why the others are not: an example is dropped once, by the first check it fails."""

    def __init__(self, found: Examples, keep: Sequence[str]) -> None:
        self.rows = list(found.rows)
        self.left = list(range(len(found.examples)))
        self.dropped: Counter[Check] = Counter()
        self._keep = set(keep)
        self._given = found.given
        self._found: dict[Check, list[int]] = defaultdict(list)
        self._said: dict[Check, str] = {}
        for bad in found.bad:
            check: Check = "not_utf8" if bad.reason == "not UTF-8" else "malformed"
            self.dropped[check] += 1
            self._note(check, bad.row, bad.reason)

    def _note(self, check: Check, row: int, said: str) -> None:
        self._found[check].append(row)
        self._said.setdefault(check, said)

    def fail(self, failed: dict[int, str], check: Check, *, drops: bool = True) -> None:
        """Examples that fail a check, each with what is wrong; they leave unless the check only reports."""
        for at, said in failed.items():
            self._note(check, self.rows[at], said)
        if drops and check not in self._keep:
            self.dropped[check] += len(failed)
            self.left = [at for at in self.left if at not in failed]

    def findings(self) -> list[ExampleFinding]:
        """Every check that found something, in the order of the checks."""
        return [
            {
                "check": check,
                "examples": len(rows),
                "share": len(rows) / max(self._given, 1),
                "dropped": self.dropped[check],
                "rows": sorted(rows)[:SHOWN_ROWS],
                "said": self._said[check],
            }
            for check, rows in self._found.items()
        ]
