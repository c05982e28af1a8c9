"""How likely answers are to a model, how good a reward model finds them, and how far a model has moved."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ml_engine.contract.llm import WinRate
from ml_engine.errors import OpError
from ml_engine.intervals import wilson
from ml_engine.language.examples.example import Example, for_trl
from ml_engine.language.libraries import library
from ml_engine.language.opening import open_tokenizer
from ml_engine.language.rendering import Renderer
from ml_engine.language.sources import find_language_model

MOST_TOKENS = 1024
MOST_COMPARED = 64
"""Held-out examples that are scored; more change little and take long."""
MOST_MOVED = 8
"""Held-out examples that KL is taken on: each keeps a row of the vocabulary a token."""
Reward = Callable[..., list[float]]
"""Takes prompts and answers, and of TRL the columns of the dataset beside them."""


def answer_log_probabilities(model: Any, renderer: Renderer, example: Example) -> Any:
    """Log-probability of every word of the vocabulary at the answer's places, and of the words there: two tensors."""
    torch = library("torch")
    rendered = renderer.render(example).cut(MOST_TOKENS)
    ids = torch.tensor([rendered.ids], device=model.device)
    learnt = torch.tensor(rendered.learnt[1:], device=model.device)
    with torch.no_grad():
        logits = model(ids).logits[0, :-1].float()
    places = torch.log_softmax(logits[learnt], dim=-1)
    return places, places.gather(1, ids[0, 1:][learnt][:, None]).squeeze(1)


def prefers_chosen(model: Any, renderer: Renderer, pairs: Sequence[Example]) -> float | None:
    """Share of pairs whose chosen answer is likelier, by a token's mean log-probability; None where there are none."""
    if not pairs:
        return None
    right = 0
    for pair in pairs[:MOST_COMPARED]:
        chosen = answer_log_probabilities(model, renderer, replace(pair, rejected=None))[1].mean()
        worse = replace(pair, answer=pair.rejected or (), rejected=None)
        right += bool(chosen > answer_log_probabilities(model, renderer, worse)[1].mean())
    return right / len(pairs[:MOST_COMPARED])


def longer_is_chosen(pairs: Sequence[Example]) -> float | None:
    """How often one would be right by taking the longer answer; ties count half."""
    if not pairs:
        return None
    lengths = [[sum(len(turn.content) for turn in side or ()) for side in (one.answer, one.rejected)] for one in pairs]
    return sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in lengths[:MOST_COMPARED]) / len(
        pairs[:MOST_COMPARED]
    )


def kept_for_kl(model: Any, renderer: Renderer, examples: Sequence[Example]) -> list[Any]:
    """Log-probabilities on held-out answers before training."""
    return [answer_log_probabilities(model, renderer, replace(one, rejected=None))[0] for one in examples[:MOST_MOVED]]


def kl_since(model: Any, renderer: Renderer, examples: Sequence[Example], before: Sequence[Any]) -> float | None:
    """Mean KL(now ‖ before) a token of the held-out answers, nats."""
    if not before:
        return None
    torch = library("torch")
    moved = [
        (now.exp() * (now - was)).sum(dim=1)
        for now, was in zip(kept_for_kl(model, renderer, examples), before, strict=True)
    ]
    return float(torch.cat(moved).mean())


@dataclass(frozen=True)
class RewardModel:
    """A model that says with one number how good an answer is."""

    model: Any
    tokenizer: Any

    def __call__(self, prompts: Sequence[Any], completions: Sequence[Any], **_: Any) -> list[float]:
        """One number an answer; prompts and answers are texts, or lists of messages."""
        torch = library("torch")
        rewards: list[float] = []
        for prompt, completion in zip(prompts, completions, strict=True):
            text = self._text(prompt, completion)
            ids = self.tokenizer(text, return_tensors="pt", truncation=True, max_length=MOST_TOKENS)
            with torch.no_grad():
                rewards.append(float(self.model(**ids.to(self.model.device)).logits[0, 0]))
        return rewards

    def _text(self, prompt: Any, completion: Any) -> str:
        if isinstance(prompt, str) and isinstance(completion, str):
            return prompt + completion
        return self.tokenizer.apply_chat_template([*prompt, *completion], tokenize=False)

    @property
    def __name__(self) -> str:
        """TRL names rewards after their functions."""
        return "reward_model"


def open_reward_model(model: str, device: str) -> RewardModel:
    """Opens a reward model.

    Raises:
        OpError: it is none.
    """
    source = find_language_model(model, "reward_model")
    if source.manifest is not None and source.manifest["task"] != "reward":
        raise OpError(
            "invalid_input",
            f"reward_model: `{source.name}` writes texts, it does not judge them.",
            "ml_llm_align with method reward trains one.",
        )
    kind = library("transformers").AutoModelForSequenceClassification
    try:
        opened = kind.from_pretrained(source.folder, num_labels=1)
    except (OSError, ValueError) as error:
        raise OpError("invalid_input", f"reward_model: `{source.name}` cannot be opened as one.", None) from error
    return RewardModel(opened.eval().to(device), open_tokenizer(source, "reward_model"))


def exact_match(prompts: Sequence[Any], completions: Sequence[Any], target: Sequence[str], **_: Any) -> list[float]:
    """1 where the answer is the dataset's own but for white space around it, else 0."""
    del prompts
    said = [one if isinstance(one, str) else "".join(turn["content"] for turn in one) for one in completions]
    return [float(answer.strip() == wanted.strip()) for answer, wanted in zip(said, target, strict=True)]


def answers(model: Any, renderer: Renderer, examples: Sequence[Example], most_tokens: int) -> list[str]:
    """Greedy answers to prompts."""
    torch, tokenizer = library("torch"), renderer.tokenizer
    said: list[str] = []
    for example in examples[:MOST_COMPARED]:
        special = renderer.template is None
        ids = tokenizer(renderer.prompt(example), return_tensors="pt", add_special_tokens=special)["input_ids"]
        with torch.no_grad():
            made = model.generate(
                ids.to(model.device), max_new_tokens=most_tokens, do_sample=False, pad_token_id=tokenizer.pad_token_id
            )
        said.append(tokenizer.decode(made[0, ids.shape[1] :], skip_special_tokens=True))
    return said


def judged(reward: Reward, examples: Sequence[Example], said: Sequence[str], *, chat: bool) -> list[float]:
    """Rewards of answers to the examples' prompts."""
    prompts = [for_trl(replace(one, rejected=None, label=None), chat=chat)["prompt"] for one in examples[: len(said)]]
    wrapped = [[{"role": "assistant", "content": text}] if chat else text for text in said]
    return reward(prompts, wrapped)


def win_rate(before: Sequence[float], after: Sequence[float]) -> WinRate:
    """How often `after` is better; ties count half; Wilson's 95 % interval."""
    wins = sum(b > a for a, b in zip(before, after, strict=True))
    losses = sum(b < a for a, b in zip(before, after, strict=True))
    count = len(before)
    ties = count - wins - losses
    rate = (wins + ties / 2) / count
    low, high = wilson(rate, count)
    return {"wins": wins, "ties": ties, "losses": losses, "rate": rate, "low": low, "high": high}
