"""What a model sees of an example, and which of its tokens count in the loss."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_engine.errors import OpError
from ml_engine.language.examples.example import Example, MalformedError, Message
from ml_engine.language.rendering import OUR_TEMPLATE, Renderer, kept_template, renderer_for
from tests.language.tiny import CHATML, tokenizer

CHAT = Example(
    prompt=(Message("system", "be brief"), Message("user", "one?"), Message("assistant", "1"), Message("user", "two?")),
    answer=(Message("assistant", "2"),),
)
BARE = Example(prompt=(Message("user", "1+1="),), answer=(Message("assistant", "2"),), bare=True)
TOKENIZER = tokenizer()
CHAT_TOKENIZER = tokenizer(CHATML)


def learnt(renderer: Renderer, example: Example) -> list[str]:
    return [text for text, counts in renderer.pieces(renderer.render(example)) if counts]


def test_every_assistant_turn_counts_with_its_end_mark() -> None:
    renderer, said = renderer_for(CHAT_TOKENIZER, [CHAT])
    assert learnt(renderer, CHAT) == ["1<|im_end|>", "2<|im_end|>"]
    assert said == []
    assert "".join(text for text, _ in renderer.pieces(renderer.render(CHAT))) == renderer.text(CHAT)


def test_the_last_answer_alone_or_everything() -> None:
    last, _ = renderer_for(CHAT_TOKENIZER, [CHAT], learn="last")
    assert learnt(last, CHAT) == ["2<|im_end|>"]
    whole, _ = renderer_for(CHAT_TOKENIZER, [CHAT], learn="all")
    assert learnt(whole, CHAT) == [whole.text(CHAT)]


def test_a_model_without_a_template_gets_ours_and_is_told() -> None:
    renderer, said = renderer_for(TOKENIZER, [CHAT])
    assert renderer.ours
    assert said == ["The model has no chat template; ours (Zephyr's form) is used and kept with what is made."]
    assert learnt(renderer, CHAT) == ["1<|end|>", "2<|end|>"]


def test_our_template_without_its_marks_writes_the_same() -> None:
    marked = Renderer(TOKENIZER, OUR_TEMPLATE)
    plain = Renderer(TOKENIZER, kept_template(OUR_TEMPLATE))
    assert "generation %}" not in kept_template(OUR_TEMPLATE)
    assert plain.text(CHAT) == marked.text(CHAT)
    assert learnt(plain, CHAT) == learnt(marked, CHAT)


def test_bare_texts_stay_so_without_a_template() -> None:
    renderer, _ = renderer_for(TOKENIZER, [BARE])
    assert [text for text, _ in renderer.pieces(renderer.render(BARE))] == ["1+1=", "2<|end|>"]
    turned, said = renderer_for(CHAT_TOKENIZER, [BARE])
    assert turned.text(BARE) == "<|im_start|>user\n1+1=<|im_end|>\n<|im_start|>assistant\n2<|im_end|>\n"
    assert said == ["Bare prompts are put to the model as turns of its chat template."]
    untouched, _ = renderer_for(CHAT_TOKENIZER, [BARE], template="none")
    assert untouched.text(BARE) == "1+1=2"


def test_what_no_template_can_join_is_refused() -> None:
    with pytest.raises(OpError, match="conversations of several turns need one"):
        renderer_for(TOKENIZER, [CHAT], template="none")
    with pytest.raises(MalformedError, match="the model's template refuses its turns"):
        Renderer(TOKENIZER, "{{ raise_exception('no system turn') }}").render(CHAT)
    rewriting = "{{ messages | length }}{% for message in messages %}{{ message['content'] }}{% endfor %}"
    with pytest.raises(MalformedError, match="rewrites earlier turns"):
        Renderer(TOKENIZER, rewriting).render(CHAT)


def test_two_beginnings_are_refused() -> None:
    doubled: Any = tokenizer("{{ bos_token }}{% for message in messages %}{{ message['content'] }}{% endfor %}")
    doubled.bos_token = "<|end|>"  # noqa: S105 - a token of text
    renderer = Renderer(doubled, doubled.chat_template, "all")
    good = Example(prompt=(Message("user", "hi"),), answer=(Message("assistant", "ho"),))
    assert renderer.render(good).ids[0] == doubled.bos_token_id
    with pytest.raises(MalformedError, match="begins with two BOS tokens"):
        renderer.render(Example(prompt=(Message("user", "<|end|>hi"),), answer=(Message("assistant", "ho"),)))


WORDS = st.text("abc \n<|>é", min_size=1, max_size=12).filter(lambda text: text.strip() == text)


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=3))
@settings(max_examples=40, deadline=None)
def test_what_counts_is_what_the_assistant_says(pairs: list[tuple[str, str]]) -> None:
    turns = [Message(role, text) for pair in pairs for role, text in zip(("user", "assistant"), pair, strict=True)]
    example = Example(prompt=tuple(turns[:-1]), answer=(turns[-1],))
    for renderer in (Renderer(CHAT_TOKENIZER, CHATML), Renderer(TOKENIZER, OUR_TEMPLATE)):
        end = "<|im_end|>" if renderer.template == CHATML else "<|end|>"
        assert "".join(learnt(renderer, example)) == "".join(said + end for _, said in pairs)
