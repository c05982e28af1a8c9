"""What can be wrong with one example, whatever the others are."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from ml_engine.language.examples.example import ASSISTANT, SYSTEM, USER, Example, MalformedError, Message
from ml_engine.language.rendering import Renderer

SPECIAL = re.compile(
    r"<\|[a-z_]{2,40}\|>|</?s>|<(?:bos|eos|pad|unk)>|\[/?INST\]|<</?SYS>>|<(?:start|end)_of_turn>|<｜[^｜]{2,40}｜>"
)
"""Marks of the templates that are in use; with a model, also its own special tokens."""
BOS = re.compile(r"\s*(?:<s>|<bos>|<\|begin_of_text\|>|<\|startoftext\|>|<｜begin▁of▁sentence｜>)")
TURNS_AFTER = {ASSISTANT: {USER, "tool"}, "tool": {ASSISTANT}, USER: {ASSISTANT}}


Check = Literal[
    "malformed",
    "empty",
    "roles",
    "not_utf8",
    "special_tokens",
    "double_bos",
    "too_long",
    "duplicate",
    "near_duplicate",
    "contaminated",
    "personal",
    "not_expressible",
]


@dataclass(frozen=True)
class Tokens:
    """A model's side of the checks: its special tokens, its beginning, how long an example may be."""

    renderer: Renderer
    special: frozenset[str]
    bos: str | None
    most: int

    def length(self, example: Example) -> int:
        """Tokens of the example as the model sees it; -1 where its template refuses it."""
        try:
            return len(self.renderer.render(example).ids)
        except MalformedError:
            return -1


def tokens_of(renderer: Renderer, most: int) -> Tokens:
    """What of a tokenizer the checks ask for."""
    tokenizer: Any = renderer.tokenizer
    return Tokens(renderer, frozenset(tokenizer.all_special_tokens), tokenizer.bos_token, most)


def problem_of(example: Example, tokens: Tokens | None) -> tuple[Check, str] | None:
    """The first check that the example fails, and what is wrong, in a few words; lengths are looked at elsewhere."""
    texts = list(example.texts())
    if any("\ufffd" in text or any("\ud800" <= letter <= "\udfff" for letter in text) for text in texts):
        return "not_utf8", "bytes that are not UTF-8, or the mark left by them"
    if example.text is None:
        wrong = _roles(example)
        if wrong:
            return "roles", wrong
    if _is_empty(example):
        return "empty", "an empty prompt, answer or turn"
    begun = any(BOS.match(text) for text in texts[:1]) or (
        tokens is not None and tokens.bos is not None and texts[0].lstrip().startswith(tokens.bos)
    )
    if begun:
        return "double_bos", "it begins with a BOS token, which the tokenizer adds itself"
    found = next((mark for text in texts if (mark := _special(text, tokens))), None)
    if found:
        return "special_tokens", f"marks of templates in the text, such as {found}"
    return None


def _is_empty(example: Example) -> bool:
    if example.text is not None:
        return not example.text.strip()
    answers = [example.answer, *([] if example.rejected is None else [example.rejected])]
    said = [turn for turn in example.every_turn() if "tool_calls" not in turn.rest]
    return not example.prompt or not all(answers) or any(not turn.content.strip() for turn in said)


def _special(text: str, tokens: Tokens | None) -> str | None:
    mark = SPECIAL.search(text)
    if mark:
        return mark[0]
    return next((one for one in sorted(tokens.special) if one in text), None) if tokens else None


def _roles(example: Example) -> str | None:
    """What is wrong with the order of the turns; None where they take turns and an answer ends them."""
    wrong = _order(example.turns)
    return wrong if wrong or example.rejected is None else _order(example.prompt + example.rejected)


def _order(turns: Sequence[Message]) -> str | None:
    spoken = [turn.role for turn in turns if turn.role != SYSTEM]
    if any(turn.role == SYSTEM for turn in turns[1:]):
        return "a system turn that is not the first"
    unknown = next((role for role in spoken if role not in TURNS_AFTER), None)
    if unknown is not None:
        return "a role that is not system, user, assistant or tool"
    if not spoken or spoken[0] != USER:
        return "the user does not speak first"
    if spoken[-1] != ASSISTANT:
        return "no answer at the end"
    pairs = pairwise(spoken)
    if any(after not in TURNS_AFTER[before] and not before == after == "tool" for before, after in pairs):
        return "roles do not alternate"
    return None
