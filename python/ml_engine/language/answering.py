"""Greedy answers of a model to prompts, compared with those that are wanted."""

from collections.abc import Sequence
from typing import Any

from ml_engine.language.examples.example import Example
from ml_engine.language.libraries import library
from ml_engine.language.rendering import Renderer

BATCH = 64
MOST_TOKENS = 256


def exact_match(model: Any, renderer: Renderer, examples: Sequence[Example]) -> float:
    """Share of `examples` whose answer the model gives letter for letter, blanks at the ends aside; greedily."""
    wanted = ["".join(turn.content for turn in one.answer).strip() for one in examples]
    given = answers(model, renderer, examples)
    return sum(one == other for one, other in zip(given, wanted, strict=True)) / len(wanted)


def answers(model: Any, renderer: Renderer, examples: Sequence[Example]) -> list[str]:
    """What the model says to each prompt, as many tokens as the longest wanted answer has and a few more."""
    torch = library("torch")
    tokenizer = renderer.tokenizer
    prompts = [prompt_ids(renderer, one) for one in examples]
    longest = max(len(renderer.render(one).ids) - len(ids) for one, ids in zip(examples, prompts, strict=True))
    most = min(max(longest, 1) + 8, MOST_TOKENS)
    said: list[str] = []
    training = model.training
    model.eval()
    with torch.no_grad():
        for at in range(0, len(prompts), BATCH):
            part = prompts[at : at + BATCH]
            width = max(map(len, part))
            ids = torch.tensor([[tokenizer.pad_token_id] * (width - len(one)) + one for one in part])
            mask = torch.tensor([[0] * (width - len(one)) + [1] * len(one) for one in part])
            made = model.generate(
                input_ids=ids.to(model.device),
                attention_mask=mask.to(model.device),
                max_new_tokens=most,
                do_sample=False,
                use_cache=True,
                pad_token_id=tokenizer.pad_token_id,
                eos_token_id=tokenizer.eos_token_id,
            )
            said += [
                tokenizer.decode(one[width:], skip_special_tokens=True, clean_up_tokenization_spaces=False).strip()
                for one in made
            ]
    model.train(training)
    return said


def prompt_ids(renderer: Renderer, example: Example) -> list[int]:
    """The prompt's tokens, as a server would make them."""
    tokenizer = renderer.tokenizer
    text = renderer.prompt(example)
    ids = list(tokenizer(text, add_special_tokens=renderer.template is None)["input_ids"])
    return ids[:-1] if renderer.template is None and len(ids) > 1 and ids[-1] == tokenizer.eos_token_id else ids
