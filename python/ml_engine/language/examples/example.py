"""One thing to learn from, whatever format it came in."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

USER, ASSISTANT, SYSTEM = "user", "assistant", "system"


class MalformedError(Exception):
    """A row that is not what its format says; the message is a short reason, lower case."""


class InexpressibleError(Exception):
    """An example that a format has no words for; the message is a short reason, lower case."""


@dataclass(frozen=True)
class Message:
    """One turn. `rest` holds what else was said of it, `tool_calls` or `name`, and content that is no text."""

    role: str
    content: str
    rest: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def plain(self) -> dict[str, Any]:
        """As OpenAI writes it: `role`, `content` and the rest."""
        given = dict(self.rest)
        absent = "tool_calls" in given and not self.content and "content" not in given
        return {"role": self.role, **({} if absent else {"content": self.content}), **given}


Turns = tuple[Message, ...]


@dataclass(frozen=True)
class Example:
    """A conversation with its answer, a pair of answers of which one is better, a judged answer, or running text."""

    prompt: Turns = ()
    """All turns before the answer."""
    answer: Turns = ()
    """The turns after the last of the user; of a pair, the better answer."""
    rejected: Turns | None = None
    """The worse answer, of a pair."""
    label: bool | None = None
    """Whether the answer is wanted, of a judged one."""
    text: str | None = None
    """Where it is running text; then there are no turns."""
    bare: bool = False
    """Whether prompt and answers came as texts, not as turns with roles: each is one message here."""
    columns: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Columns that belong to no format."""
    kept: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What the format it came from said and others have no words for."""

    @property
    def turns(self) -> Turns:
        """The whole conversation."""
        return self.prompt + self.answer

    def every_turn(self) -> Iterator[Message]:
        """The turns of prompt, answer and worse answer."""
        yield from self.turns
        yield from self.rejected or ()

    def texts(self) -> Iterator[str]:
        """Everything that is said in it."""
        if self.text is not None:
            yield self.text
        for message in self.every_turn():
            yield message.content


def parted(turns: Sequence[Message]) -> int:
    """Where the answer begins: after the last turn of the user or the system."""
    last = max((at for at, turn in enumerate(turns) if turn.role in (USER, SYSTEM)), default=-1)
    return last + 1


def for_trl(example: Example, *, chat: bool) -> dict[str, Any]:
    """The example as TRL's trainers take it: `prompt` with `completion`, or with `chosen` and `rejected`, or with
    `completion` and `label`; or `text`. With `chat` these are lists of messages, else texts.

    Raises:
        InexpressibleError: several turns cannot be one text.
    """
    if example.text is not None:
        return {"text": example.text}
    said = _messages if chat else _text
    answer = said(example.answer)
    if example.rejected is not None:
        return {"prompt": said(example.prompt), "chosen": answer, "rejected": said(example.rejected)}
    judged = {} if example.label is None else {"label": example.label}
    return {"prompt": said(example.prompt), "completion": answer, **judged}


def _messages(turns: Turns) -> list[dict[str, Any]]:
    return [turn.plain() for turn in turns]


def _text(turns: Turns) -> str:
    if len(turns) > 1:
        raise InexpressibleError("several turns are not one text")
    return "".join(turn.content for turn in turns)
