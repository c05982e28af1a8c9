"""Turns as the formats write them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from ml_engine.language.examples.example import InexpressibleError, MalformedError, Message, Turns

SPEAKERS: Mapping[str, str] = {"human": "user", "gpt": "assistant", "system": "system", "tool": "tool"}
"""ShareGPT's names of the roles."""
ALSO: Mapping[str, str] = {"user": "user", "assistant": "assistant", "chatgpt": "assistant", "observation": "tool"}
"""Other names that are met for them."""
NAMES = {role: speaker for speaker, role in SPEAKERS.items()}


def read_turns(cell: Any) -> Turns:
    """Turns of a list of `{role, content, …}`."""
    return tuple(_turn(one) for one in _listed(cell))


def read_speeches(cell: Any) -> Turns:
    """Turns of a list of `{from, value, …}`."""
    return tuple(_speech(one) for one in _listed(cell))


def write_speeches(turns: Sequence[Message]) -> list[dict[str, Any]]:
    """The opposite of `read_speeches`."""
    return [_as_speech(turn) for turn in turns]


def turns_or_text(cell: Any, role: str) -> tuple[Turns, bool]:
    """The turns of a cell and whether it was bare text, which is one turn of `role`."""
    found = opened(cell)
    if isinstance(found, list) and found and all(map(_looks_like_turn, cast(list[Any], found))):
        return read_turns(found), False
    return (Message(role, text_of(cell)),), True


def text_of(cell: Any) -> str:
    """A cell as text; empty where there is nothing."""
    if cell is None:
        return ""
    return cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False) if _nested(cell) else str(cell)


def opened(cell: Any) -> Any:
    """What a cell of JSON text holds; the cell where it is no such text."""
    if not isinstance(cell, str) or cell[:1] not in ("[", "{"):
        return cell
    try:
        return json.loads(cell)
    except json.JSONDecodeError:
        return cell


def _nested(cell: Any) -> bool:
    return isinstance(cell, (list, dict))


def _looks_like_turn(one: Any) -> bool:
    return isinstance(one, dict) and "role" in one


def _listed(cell: Any) -> list[dict[str, Any]]:
    found = opened(cell)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in cast(list[Any], found)):
        raise MalformedError("it is no list of turns")
    return cast(list[dict[str, Any]], found)


def _turn(one: dict[str, Any]) -> Message:
    rest = {key: value for key, value in one.items() if key not in ("role", "content")}
    role, content = one.get("role"), one.get("content")
    if not isinstance(role, str):
        raise MalformedError("a turn has no role")
    if isinstance(content, str):
        return Message(role, content, rest)
    if "content" not in one:
        if "tool_calls" not in rest:
            raise MalformedError("a turn has no content")
        return Message(role, "", rest)
    return Message(role, _text_of_parts(content), {**rest, "content": content})


def _text_of_parts(content: Any) -> str:
    if content is None:
        return ""
    if not isinstance(content, list):
        raise MalformedError("a turn's content is no text")
    texts: list[str] = []
    for part in cast(list[Any], content):
        text = cast(dict[str, Any], part).get("text") if isinstance(part, dict) else part
        if not isinstance(text, str):
            raise MalformedError("a turn has parts that are not text")
        texts.append(text)
    return "".join(texts)


def _speech(one: dict[str, Any]) -> Message:
    speaker, value = one.get("from"), one.get("value")
    if not isinstance(speaker, str) or not isinstance(value, str):
        raise MalformedError("a turn has no `from` or no `value`")
    rest = {key: value for key, value in one.items() if key not in ("from", "value")}
    if speaker in SPEAKERS:
        return Message(SPEAKERS[speaker], value, rest)
    return Message(ALSO.get(speaker, speaker), value, {**rest, "from": speaker})


def _as_speech(turn: Message) -> dict[str, Any]:
    rest = dict(turn.rest)
    if "value" in rest:
        raise InexpressibleError("a turn already has something called `value`")
    if "from" not in rest and turn.role not in NAMES and turn.role in {**SPEAKERS, **ALSO}:
        raise InexpressibleError(f"ShareGPT means another role by `{turn.role}`")
    speaker = rest.pop("from", NAMES.get(turn.role, turn.role))
    return {"from": speaker, "value": turn.content, **rest}
