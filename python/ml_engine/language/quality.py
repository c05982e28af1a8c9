"""What quantizing cost: perplexity, KL divergence and agreement of the likeliest token, before against after.

Texts are cut into windows; as in llama.cpp, the second half of each is scored, given the first. KL(before ‖ after) is
the mean over tokens, in nats, as llama.cpp's `--kl-divergence` has it.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml_engine.errors import OpError
from ml_engine.language.libraries import library
from ml_engine.language.llamacpp import run_program

ESTIMATE = r"Final estimate: PPL = ([\d.]+)"
AFTER, BEFORE, RATIO = r"Mean PPL\(Q\) +", r"Mean PPL\(base\) +", r"Mean PPL\(Q\)/PPL\(base\) +"
DIVERGENCE, SAME = r"Mean +KLD", "Same top p"
TRIES = 8
NUMBER = r"\s*:?\s*(-?[\d.]+|nan)(?:%)?\s*±\s*([\d.]+|nan)"


@dataclass(frozen=True)
class Quality:
    """Standard errors are over tokens; `agreement` is a share."""

    before: float | None
    after: float | None
    ratio: float | None = None
    ratio_error: float | None = None
    kl: float | None = None
    kl_error: float | None = None
    agreement: float | None = None
    tokens: int = 0

    @property
    def metrics(self) -> dict[str, float]:
        """For a manifest: what there is."""
        named = {
            "perplexity_before": self.before,
            "perplexity": self.after,
            "kl_divergence": self.kl,
            "top_token_agreement": self.agreement,
        }
        return {name: value for name, value in named.items() if value is not None}


UNMEASURED = Quality(None, None)


LEAST_SCORED = 100
"""Tokens; of fewer llama-perplexity gives no statistics."""


@dataclass(frozen=True)
class LlamaMeasure:
    """Measures GGUF files by llama-perplexity, on one thread: its threads wait by spinning.

    `logits` is a file of scratch; it takes 2 bytes a token and word of the vocabulary.
    """

    text: Path
    context: int
    chunks: int
    logits: Path

    def before(self, model: Path) -> float:
        """Perplexity of what is quantized; its probabilities are kept in `logits`."""
        return self._estimate(self._run(model, [ESTIMATE], "--kl-divergence-base", str(self.logits)))

    def alone(self, model: Path) -> Quality:
        """Perplexity where there is nothing to compare with."""
        said = self._run(model, [ESTIMATE])
        return Quality(None, self._estimate(said), tokens=self._tokens(said))

    def after(self, model: Path) -> Quality:
        """The quantized file against what `before` kept."""
        labels = [label + NUMBER for label in (AFTER, BEFORE, RATIO, DIVERGENCE, SAME)]
        said = self._run(model, labels, "--kl-divergence", "--kl-divergence-base", str(self.logits))

        def read(label: str) -> tuple[float, float]:
            found = re.search(label + NUMBER, said)
            if found is None:
                raise OpError("failed", "llama-perplexity said no divergence.", "Its last lines are in the call's log.")
            return float(found[1]), float(found[2])

        (after, _), (before, _) = read(AFTER), read(BEFORE)
        ratio, kl, same = read(RATIO), read(DIVERGENCE), read(SAME)
        return Quality(before, after, *ratio, *kl, same[0] / 100, self._tokens(said))

    def _tokens(self, said: str) -> int:
        done = re.search(r"over (\d+) chunks", said)
        return (self.context // 2 - 1) * (self.chunks if done is None else int(done[1]))

    def _estimate(self, said: str) -> float:
        found = re.search(ESTIMATE, said)
        if found is None:
            raise OpError(
                "invalid_input",
                f"evaluation: the text is too short for windows of {self.context} tokens.",
                "Give a longer text, or fewer context_tokens.",
            )
        return float(found[1])

    def _run(self, model: Path, wanted: Sequence[str], *args: str) -> str:
        """What llama-perplexity prints; its log loses lines where the machine is busy, then it is run again."""
        size = str(self.context)
        plain = ["-m", str(model), "-f", str(self.text), "-c", size, "-b", size, "-ub", size, "-t", "1"]
        said = ""
        for _ in range(TRIES):
            said = run_program("perplexity", [*plain, "--chunks", str(self.chunks), *args])
            if "you need at least" in said or all(re.search(pattern, said) for pattern in wanted):
                break
        return said


def windows(tokenizer: Any, text: str, context: int, most: int) -> Any:
    """Up to `most` rows of `context` token numbers, cut from a text one after the other.

    Raises:
        OpError: the text does not fill one.
    """
    torch = library("torch")
    numbers = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
    rows = min(len(numbers) // context, most)
    if rows == 0:
        raise OpError(
            "invalid_input",
            f"The text has {len(numbers)} tokens, fewer than one window of {context}.",
            "Give a longer text, or fewer context_tokens.",
        )
    return torch.tensor(numbers[: rows * context]).reshape(rows, context)


def scored_logits(model: Any, row: Any) -> tuple[Any, Any]:
    """Log-probabilities of all words at the places of a window that are scored, and the words that stand there."""
    torch = library("torch")
    first = row.shape[0] // 2
    with torch.no_grad():
        logits = model(row.unsqueeze(0)).logits[0, first:-1].float()
    return torch.log_softmax(logits, dim=-1), row[first + 1 :]


def keep_before(model: Any, rows: Any, folder: Path, told: Callable[[int], None]) -> None:
    """Writes the log-probabilities of the model that will be quantized, a file a window."""
    torch = library("torch")
    for place, row in enumerate(rows):
        torch.save(scored_logits(model, row)[0], folder / f"{place}.pt")
        told(place + 1)


def compare_after(model: Any, rows: Any, folder: Path, told: Callable[[int], None]) -> Quality:
    """The quantized model against what `keep_before` wrote."""
    torch = library("torch")
    was, now, divergence, same = [], [], [], []
    for place, row in enumerate(rows):
        before = torch.load(folder / f"{place}.pt", weights_only=True)
        after, words = scored_logits(model, row)
        was.append(-before.gather(1, words[:, None]).squeeze(1))
        now.append(-after.gather(1, words[:, None]).squeeze(1))
        divergence.append((before.exp() * (before - after)).sum(dim=1))
        same.append(before.argmax(dim=1) == after.argmax(dim=1))
        told(place + 1)
    loss, loss_after, kl = (torch.cat(part).double() for part in (was, now, divergence))
    agreement = torch.cat(same).double()
    count = loss.numel()
    gap = loss_after - loss
    ratio = math.exp(float(gap.mean()))
    return Quality(
        math.exp(float(loss.mean())),
        math.exp(float(loss_after.mean())),
        ratio,
        ratio * float(gap.std()) / math.sqrt(count),
        float(kl.mean()),
        float(kl.std()) / math.sqrt(count),
        float(agreement.mean()),
        count,
    )
