"""Examples as the tokens a model learns from, with the mask of those that count in the loss."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from ml_engine.errors import OpError
from ml_engine.language.examples.example import ASSISTANT, Example, MalformedError, Turns
from ml_engine.language.examples.messages import opened
from ml_engine.language.libraries import library

Learn = Literal["answers", "last", "all"]
"""Every assistant turn, the last answer alone, or every token."""
GENERATION = re.compile(r"\{%-?\s*(end)?generation\s*-?%\}")
OUR_TEMPLATE = (
    "{% if bos_token %}{{ bos_token }}{% endif %}"
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|>\n' }}"
    "{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] + eos_token }}{% endgeneration %}{{ '\n' }}"
    "{% else %}{{ message['content'] + eos_token + '\n' }}{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"
)
"""For models that have none: Zephyr's form, whose marks are plain text and need no new tokens."""


@dataclass(frozen=True)
class Rendered:
    """`ids` token ids; `learnt[i]` whether token i counts in the loss."""

    ids: list[int]
    learnt: list[bool]

    def cut(self, most: int) -> "Rendered":
        """The first `most` tokens."""
        return Rendered(self.ids[:most], self.learnt[:most])

    @property
    def labels(self) -> list[int]:
        """Token ids, -100 for those that do not count: what transformers' losses take."""
        return [one if counts else -100 for one, counts in zip(self.ids, self.learnt, strict=True)]


@dataclass(frozen=True)
class Renderer:
    """How examples become tokens. Without a `template` prompt and answer are joined as bare texts."""

    tokenizer: Any
    template: str | None
    learn: Learn = "answers"
    ours: bool = False
    """Whether the template is ours, for want of one of the model."""

    def text(self, example: Example) -> str:
        """The example as one text, as the model sees it."""
        if example.text is not None:
            return example.text
        if self.template is None:
            return "".join(turn.content for turn in example.turns)
        return self._joined(example.turns, example)

    def prompt(self, example: Example) -> str:
        """What comes before the answer, up to where the model would begin to speak."""
        if self.template is None:
            return "".join(turn.content for turn in example.prompt)
        return self._joined(example.prompt, example, begin=True)

    def render(self, example: Example) -> Rendered:
        """Token ids and what of them is learnt.

        Raises:
            MalformedError: the template refuses the turns, or the text begins with two beginnings.
        """
        found = self._bare(example) if example.text is not None or self.template is None else self._turns(example)
        bos = self.tokenizer.bos_token_id
        if bos is not None and found.ids[:2] == [bos, bos]:
            raise MalformedError("it begins with two BOS tokens")
        return found if self.learn != "all" else replace(found, learnt=[True] * len(found.ids))

    def pieces(self, rendered: Rendered) -> list[tuple[str, bool]]:
        """The text in runs that are learnt and runs that are not."""
        runs: list[tuple[list[int], bool]] = []
        for one, counts in zip(rendered.ids, rendered.learnt, strict=True):
            if not runs or runs[-1][1] != counts:
                runs.append(([], counts))
            runs[-1][0].append(one)
        return [(self.tokenizer.decode(ids), counts) for ids, counts in runs]

    def _bare(self, example: Example) -> Rendered:
        end = self.tokenizer.eos_token_id
        if example.text is not None:
            ids = list(self.tokenizer(example.text)["input_ids"])
            return _ended(Rendered(ids, [True] * len(ids)), end)
        asked = list(self.tokenizer("".join(turn.content for turn in example.prompt))["input_ids"])
        if asked and end is not None and asked[-1] == end and asked != [end]:
            asked.pop()
        said = list(
            self.tokenizer("".join(turn.content for turn in example.answer), add_special_tokens=False).input_ids
        )
        return _ended(Rendered([*asked, *said], [False] * len(asked) + [True] * len(said)), end)

    def _turns(self, example: Example) -> Rendered:
        text, spans = self._spans(example)
        found = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        learnt = [
            begin < end and any(low <= begin < high for low, high in spans) for begin, end in found["offset_mapping"]
        ]
        return Rendered(list(found["input_ids"]), learnt)

    def _spans(self, example: Example) -> tuple[str, list[tuple[int, int]]]:
        """The whole text and where, in characters, the turns to learn lie in it."""
        turns, first = example.turns, len(example.prompt) if self.learn == "last" else 0
        wanted = [at for at, turn in enumerate(turns) if turn.role == ASSISTANT and at >= first]
        whole = self._joined(turns, example)
        if GENERATION.search(self.template or ""):
            _, marked = self._marked(turns, example)
            of = [at for at, turn in enumerate(turns) if turn.role == ASSISTANT]
            if len(marked) == len(of):
                return whole, [span for span, at in zip(marked, of, strict=True) if at in wanted]
            return whole, marked
        spans: list[tuple[int, int]] = []
        for at in wanted:
            before = self._joined(turns[:at], example, begin=True)
            after = self._joined(turns[: at + 1], example)
            if not whole.startswith(before) or not after.startswith(before) or not whole.startswith(after):
                raise MalformedError("the template rewrites earlier turns, so that answers cannot be told from prompts")
            spans.append((len(before), len(before) + len(_without_gap(after[len(before) :], turns[at].content))))
        return whole, spans

    def _joined(self, turns: Turns, example: Example, *, begin: bool = False) -> str:
        return self._marked(turns, example, begin=begin)[0]

    def _marked(self, turns: Turns, example: Example, *, begin: bool = False) -> tuple[str, list[tuple[int, int]]]:
        tools = opened(example.columns.get("tools")) or None
        jinja = library("jinja2")
        try:
            found, spans = library("transformers.utils.chat_template_utils").render_jinja_template(
                [[turn.plain() for turn in turns]],
                tools=tools,
                chat_template=self.template,
                add_generation_prompt=begin,
                return_assistant_tokens_mask=GENERATION.search(self.template or "") is not None,
                **self.tokenizer.special_tokens_map,
            )
        except (jinja.TemplateError, TypeError, KeyError) as error:
            raise MalformedError("the model's template refuses its turns") from error
        return str(found[0]), [(int(low), int(high)) for low, high in (spans[0] if spans else [])]


def renderer_for(
    tokenizer: Any,
    examples: Sequence[Example],
    template: Literal["auto", "none"] = "auto",
    learn: Learn | None = None,
) -> tuple[Renderer, list[str]]:
    """How these examples are put to a model, and what a person should know of it.

    Turns need a template: the model's own, or ours where it has none. Bare texts are put as turns to a model that has a
    template, and joined as they are where it has none or `template` is `none`.

    Args:
        learn: Where not said: the answer alone of bare texts and pairs, every assistant turn of conversations.
    """
    turns = [one for one in examples if one.text is None]
    bare = all(one.bare for one in turns)
    wanted: Learn = learn or ("last" if bare or any(one.rejected is not None for one in turns) else "answers")
    own = own_template(tokenizer)
    if template == "none" or not turns or (own is None and bare):
        if any(len(one.prompt) > 1 or len(one.answer) > 1 for one in turns):
            raise OpError("invalid_input", "template: conversations of several turns need one", "Leave `template` out.")
        return Renderer(tokenizer, None, wanted), []
    if own is not None:
        said = ["Bare prompts are put to the model as turns of its chat template."] if bare else []
        return Renderer(tokenizer, own, wanted), said
    if tokenizer.eos_token is None:
        raise OpError("invalid_input", "base_model: its tokenizer has no end token", "Bring one that has.")
    said = ["The model has no chat template; ours (Zephyr's form) is used and kept with what is made."]
    return Renderer(tokenizer, OUR_TEMPLATE, wanted, ours=True), said


def own_template(tokenizer: Any) -> str | None:
    """The tokenizer's chat template, the default one where it has several."""
    found: Any = tokenizer.chat_template
    return found.get("default") if isinstance(found, dict) else found


def kept_template(template: str) -> str:
    """A template as it is kept with a model: without the marks for training, which not every server can read."""
    return GENERATION.sub("", template)


def _ended(found: Rendered, end: int | None) -> Rendered:
    if end is None or (found.ids and found.ids[-1] == end):
        return found
    return Rendered([*found.ids, end], [*found.learnt, True])


def _without_gap(turn: str, content: str) -> str:
    """A turn without the blank that the template puts after its end mark."""
    at = turn.find(content.strip())
    after = at + len(content.strip())
    return turn[:after] + turn[after:].rstrip() if at >= 0 else turn
