"""The formats that examples are written in, each read and written without loss.

Alpaca (Taori et al. 2023; `system` and `history` as LLaMA-Factory added them), ShareGPT, OpenAI's messages, and TRL's
prompt/completion, preference, KTO and text formats. What a format has no words for travels in the column `kept`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from ml_engine.language.examples.example import (
    ASSISTANT,
    SYSTEM,
    USER,
    Example,
    InexpressibleError,
    MalformedError,
    Message,
    Turns,
    parted,
)
from ml_engine.language.examples.keeping import KEPT, Row, kept_in, left, recalled, with_kept
from ml_engine.language.examples.messages import read_speeches, read_turns, text_of, turns_or_text, write_speeches

Format = Literal["alpaca", "sharegpt", "messages", "prompt_completion", "preference", "kto", "text"]
Kind = Literal["answers", "pairs", "judged", "text"]
"""What can be learnt: answers (SFT), pairs (DPO), judged answers (KTO), running text."""
INPUT_BREAK = "\n\n"
"""Between Alpaca's instruction and its input in one turn."""


@dataclass(frozen=True)
class FormatSpec:
    """A format. `needs` are its columns, `may` those that can be missing."""

    name: Format
    kind: Kind
    needs: tuple[str, ...]
    may: tuple[str, ...]
    read: Callable[[Row], Example]
    write: Callable[[Example], dict[str, Any]]

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.needs, *self.may)


def _read_messages(row: Row) -> Example:
    return _conversation(read_turns(row["messages"]), row)


def _write_messages(example: Example) -> dict[str, Any]:
    return {"messages": [turn.plain() for turn in example.turns], **left(example)}


def _read_sharegpt(row: Row) -> Example:
    turns = read_speeches(row["conversations"])
    system = text_of(row.get("system"))
    if not system:
        return _conversation(turns, row)
    example = _conversation((Message(SYSTEM, system), *turns), row)
    return replace(example, kept={**example.kept, "system_apart": True})


def _write_sharegpt(example: Example) -> dict[str, Any]:
    rest = left(example)
    turns = example.turns
    kept = dict(rest.get(KEPT, {}))
    if kept.pop("system_apart", False) and turns and turns[0].role == SYSTEM and not turns[0].rest:
        return {"conversations": write_speeches(turns[1:]), "system": turns[0].content, **with_kept(rest, kept)}
    return {"conversations": write_speeches(turns), **rest}


def _read_alpaca(row: Row) -> Example:
    instruction, given = text_of(row["instruction"]), text_of(row.get("input"))
    turns = [Message(SYSTEM, system)] if (system := text_of(row.get("system"))) else []
    history: Any = row.get("history") or []
    if not isinstance(history, list) or not all(
        isinstance(pair, list) and len(cast(list[Any], pair)) == 2 for pair in cast(list[Any], history)
    ):
        raise MalformedError("history is no list of pairs")
    for asked, said in cast(list[list[Any]], history):
        turns += [Message(USER, text_of(asked)), Message(ASSISTANT, text_of(said))]
    turns.append(Message(USER, f"{instruction}{INPUT_BREAK}{given}" if given else instruction))
    example = _conversation((*turns, Message(ASSISTANT, text_of(row["output"]))), row)
    rests: list[Any] = list(example.kept.get("rests", []))
    kept = {key: value for key, value in example.kept.items() if key != "rests"}
    example = replace(_rested(example, rests), kept=kept)
    return replace(example, kept={**kept, "input_at": len(instruction)}) if given else example


def _rested(example: Example, rests: list[Any]) -> Example:
    if len(rests) != len(example.turns):
        return example
    turns = tuple(replace(turn, rest=rest) for turn, rest in zip(example.turns, rests, strict=True))
    at = len(example.prompt)
    return replace(example, prompt=turns[:at], answer=turns[at:])


def _write_alpaca(example: Example) -> dict[str, Any]:
    turns = list(example.turns)
    system = turns.pop(0).content if turns and turns[0].role == SYSTEM else ""
    if [turn.role for turn in turns] != [USER, ASSISTANT] * (len(turns) // 2) or not turns:
        raise InexpressibleError("Alpaca knows only turns of user and assistant that alternate")
    rest = left(example)
    kept = dict(rest.get(KEPT, {}))
    asked, at = turns[-2].content, kept.pop("input_at", None)
    given = ""
    if at is not None and asked[at : at + len(INPUT_BREAK)] == INPUT_BREAK:
        asked, given = asked[:at], asked[at + len(INPUT_BREAK) :]
    rests = [dict(turn.rest) for turn in example.turns]
    if any(rests):
        kept["rests"] = rests
    if system == "" and example.turns[0].role == SYSTEM:
        raise InexpressibleError("Alpaca cannot tell an empty system turn from none")
    pairs = [[turns[i].content, turns[i + 1].content] for i in range(0, len(turns) - 2, 2)]
    return {
        "instruction": asked,
        "input": given,
        "output": turns[-1].content,
        **({"system": system} if system else {}),
        **({"history": pairs} if pairs else {}),
        **with_kept(rest, kept),
    }


def _read_prompt_completion(row: Row) -> Example:
    prompt, bare = turns_or_text(row["prompt"], USER)
    answer, _ = turns_or_text(row["completion"], ASSISTANT)
    return recalled(Example(prompt=prompt, answer=answer, bare=bare), row)


def _write_prompt_completion(example: Example) -> dict[str, Any]:
    return {
        "prompt": _turns_or_text(example, example.prompt),
        "completion": _turns_or_text(example, example.answer),
        **left(example, says_parts=True),
    }


def _read_preference(row: Row) -> Example:
    chosen, bare = turns_or_text(row["chosen"], ASSISTANT)
    rejected, _ = turns_or_text(row["rejected"], ASSISTANT)
    if row.get("prompt") is not None:
        prompt, bare = turns_or_text(row["prompt"], USER)
        return recalled(Example(prompt=prompt, answer=chosen, rejected=rejected, bare=bare), row)
    if bare:
        raise MalformedError("a pair of texts needs a prompt")
    same = 0
    while same < min(len(chosen), len(rejected)) and chosen[same] == rejected[same]:
        same += 1
    same = min(same, parted(chosen))
    example = Example(prompt=chosen[:same], answer=chosen[same:], rejected=rejected[same:])
    return replace(recalled(example, row), kept={**recalled(example, row).kept, "prompt_inside": True})


def _write_preference(example: Example) -> dict[str, Any]:
    if example.rejected is None:
        raise InexpressibleError("there is no worse answer")
    rest = left(example, says_parts=True, says_rejected=True)
    kept = dict(rest.get(KEPT, {}))
    if kept.pop("prompt_inside", False):
        turns = [turn.plain() for turn in example.prompt]
        return {
            "chosen": [*turns, *(turn.plain() for turn in example.answer)],
            "rejected": [*turns, *(turn.plain() for turn in example.rejected)],
            **with_kept(rest, kept),
        }
    return {
        "prompt": _turns_or_text(example, example.prompt),
        "chosen": _turns_or_text(example, example.answer),
        "rejected": _turns_or_text(example, example.rejected),
        **rest,
    }


LABELS: Mapping[object, bool] = {True: True, False: False, "true": True, "false": False, "1": True, "0": False}


def _read_kto(row: Row) -> Example:
    label: Any = row["label"]
    key: object = label.strip().lower() if isinstance(label, str) else label
    if not isinstance(key, (bool, int, float, str)) or key not in LABELS:
        raise MalformedError("label is neither true nor false")
    return replace(_read_prompt_completion(row), label=LABELS[key])


def _write_kto(example: Example) -> dict[str, Any]:
    if example.label is None:
        raise InexpressibleError("it says of no answer whether it is wanted")
    return {**_write_prompt_completion(replace(example, label=None)), "label": example.label}


def _read_text(row: Row) -> Example:
    return recalled(Example(text=text_of(row["text"])), row)


def _write_text(example: Example) -> dict[str, Any]:
    if example.text is None:
        raise InexpressibleError("turns are text only once a model's template has joined them")
    return {"text": example.text, **left(example)}


FORMATS: Mapping[Format, FormatSpec] = {
    spec.name: spec
    for spec in (
        FormatSpec("preference", "pairs", ("chosen", "rejected"), ("prompt",), _read_preference, _write_preference),
        FormatSpec("kto", "judged", ("prompt", "completion", "label"), (), _read_kto, _write_kto),
        FormatSpec("messages", "answers", ("messages",), (), _read_messages, _write_messages),
        FormatSpec("sharegpt", "answers", ("conversations",), ("system",), _read_sharegpt, _write_sharegpt),
        FormatSpec(
            "alpaca", "answers", ("instruction", "output"), ("input", "system", "history"), _read_alpaca, _write_alpaca
        ),
        FormatSpec(
            "prompt_completion",
            "answers",
            ("prompt", "completion"),
            (),
            _read_prompt_completion,
            _write_prompt_completion,
        ),
        FormatSpec("text", "text", ("text",), (), _read_text, _write_text),
    )
}
"""By name, in the order in which a table is taken for one of them."""


def _turns_or_text(example: Example, turns: Turns) -> list[dict[str, Any]] | str:
    return "".join(turn.content for turn in turns) if example.bare else [turn.plain() for turn in turns]


def _conversation(turns: Turns, row: Row) -> Example:
    kept = kept_in(row)
    at = int(kept.get("answer_at", parted(turns)))
    return recalled(Example(prompt=turns[:at], answer=turns[at:]), row)
