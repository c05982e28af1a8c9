"""What a set of preferences is worth: pairs that say nothing, say a thing twice, or teach length instead of merit."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from ml_engine.contract.llm import AlignParams, PreferenceData
from ml_engine.errors import OpError
from ml_engine.language.examples.example import Example, Turns
from ml_engine.language.examples.reading import Examples, read_examples

LENGTH_BIAS = 0.6
"""From this share of longer chosen answers on a warning is said, where it is more than chance."""
PAIRED, JUDGED, PROMPTED = {"dpo", "orpo", "reward"}, {"kto"}, {"grpo", "rloo"}


@dataclass(frozen=True)
class Data:
    """Examples that are learnt from, those held out, and what there is to say of all of them."""

    found: Examples
    train: Sequence[Example]
    held_out: Sequence[Example]
    about: PreferenceData
    warnings: Sequence[str]


def read_preferences(params: AlignParams, *, check: bool = False) -> Data:
    """The dataset, checked and split by prompt, so that no prompt is on both sides.

    Raises:
        OpError: there is none, its examples are not what the method learns from, or too few are left.
    """
    if "dataset" not in params:
        raise OpError("invalid_input", f"`{params['action']}` needs `dataset`.", None)
    found = read_examples(params["dataset"])
    method = params["method"]
    if not check:
        _require(found, method)
    kept, about = _checked(found)
    warnings = [*found.warnings, *_warnings(about)]
    if not check and len(kept) < 2:
        raise OpError("invalid_input", f"dataset: {len(kept)} examples are left, too few to learn from.", None)
    train, held_out = _split(kept, params["held_out"], params["seed"])
    return Data(found, train, held_out, about, warnings)


def _require(found: Examples, method: str) -> None:
    first = found.examples[0] if found.examples else None
    fits = first is not None and (
        (method in PAIRED and first.rejected is not None)
        or (method in JUDGED and first.label is not None)
        or (method in PROMPTED and bool(first.prompt))
    )
    if fits:
        return
    needs = {"dpo": "pairs: prompt, chosen, rejected", "kto": "prompt, completion, label", "grpo": "prompts"}
    wanted = needs["dpo" if method in PAIRED else "kto" if method in JUDGED else "grpo"]
    raise OpError(
        "invalid_input",
        f"dataset: {method} learns from {wanted}; `{found.name}` holds {found.format}.",
        "ml_llm_prepare converts where it can.",
    )


def _said(turns: Turns | None) -> str:
    return json.dumps([[turn.role, turn.content] for turn in turns or ()])


def _key(example: Example) -> tuple[str, str, str, str]:
    return _said(example.prompt), _said(example.answer), _said(example.rejected), str(example.label)


def _checked(found: Examples) -> tuple[list[Example], PreferenceData]:
    seen: set[tuple[str, str, str, str]] = set()
    kept: list[Example] = []
    identical = duplicates = contradictory = 0
    for example in found.examples:
        key = _key(example)
        prompt, chosen, rejected, label = key
        turned = (prompt, rejected, chosen, label) if example.rejected is not None else None
        other = (prompt, chosen, rejected, str(not example.label)) if example.label is not None else turned
        if example.rejected is not None and chosen == rejected:
            identical += 1
            continue
        if key in seen:
            duplicates += 1
            continue
        contradictory += other in seen
        seen.add(key)
        kept.append(example)
    lengths = [(_length(one.answer), _length(one.rejected)) for one in kept if one.rejected is not None]
    labels = [one.label for one in kept if one.label is not None]
    differ = [chosen > rejected for chosen, rejected in lengths if chosen != rejected]
    about: PreferenceData = {
        "format": found.format,
        "rows": found.given,
        "used": len(kept),
        "bad": len(found.bad),
        "identical": identical,
        "duplicates": duplicates,
        "contradictory": contradictory,
        "chosen_characters": float(np.mean([one[0] for one in lengths])) if lengths else None,
        "rejected_characters": float(np.mean([one[1] for one in lengths])) if lengths else None,
        "chosen_longer": float(np.mean(differ)) if differ else None,
        "chosen_longer_p": float(binomtest(sum(differ), len(differ)).pvalue) if differ else None,
        "wanted": float(np.mean(labels)) if labels else None,
    }
    return kept, about


def _length(turns: Turns | None) -> int:
    return sum(len(turn.content) for turn in turns or ())


def _warnings(about: PreferenceData) -> list[str]:
    longer, p = about["chosen_longer"], about["chosen_longer_p"]
    said: list[str] = []
    if longer is not None and p is not None and p < 0.05 and max(longer, 1 - longer) > LENGTH_BIAS:
        which = "longer" if longer > 0.5 else "shorter"
        said.append(f"The chosen answer is mostly the {which} one: a model may learn length instead of merit.")
    if about["contradictory"]:
        said.append(f"{about['contradictory']} examples say the opposite of another.")
    if about["wanted"] is not None and not 0.1 <= about["wanted"] <= 0.9:
        said.append("Nearly all answers are labelled alike: KTO wants both kinds, at least one in ten.")
    return said


def _split(examples: Sequence[Example], share: float, seed: int) -> tuple[list[Example], list[Example]]:
    prompts = Counter(_said(example.prompt) for example in examples)
    order = list(prompts)
    np.random.default_rng(seed).shuffle(order)
    wanted, kept = round(share * len(examples)), 0
    out: set[str] = set()
    for prompt in order:
        if kept + prompts[prompt] > wanted:
            break
        out.add(prompt)
        kept += prompts[prompt]
    train = [one for one in examples if _said(one.prompt) not in out]
    return train, [one for one in examples if _said(one.prompt) in out]
