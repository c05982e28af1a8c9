"""Ready examples for a language model: checked, deduplicated, kept apart from evaluation sets, split, converted."""

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ml_engine.contract.llm import ExampleLengths, PrepareParams, PrepareResult
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.language.examples.converting import require_reach, table_of, written
from ml_engine.language.examples.example import Example
from ml_engine.language.examples.formats import FORMATS, Format
from ml_engine.language.examples.reading import Examples, read_examples
from ml_engine.language.libraries import require_extra
from ml_engine.language.opening import open_config, open_tokenizer
from ml_engine.language.preparing.alike import Clusters, Contamination, asked, identity, near_first
from ml_engine.language.preparing.checks import Check, Tokens, problem_of, tokens_of
from ml_engine.language.preparing.ledger import Ledger
from ml_engine.language.preparing.private import kinds_in, masked
from ml_engine.language.rendering import renderer_for
from ml_engine.language.sources import find_language_model
from ml_engine.names import require_column
from ml_engine.tables import read_manifest, stage_dataset

BINS = 12


def prepare(params: PrepareParams, job: Job) -> PrepareResult:
    """Reads, checks and writes the examples of a dataset; see the tool.

    Raises:
        OpError: no format fits, the target format needs what the data do not hold, or nothing is left.
    """
    job.progress(0, 6, "reading")
    found = read_examples(params["dataset"], "dataset", params.get("format"), params["columns"])
    to: Format = found.format if params["to"] == "same" else params["to"]
    require_reach(found.kind, to)
    warnings = list(found.warnings)
    tokens, said = _tokens(params, found, job)
    if FORMATS[to].kind == "text" and found.kind != "text" and tokens is None:
        raise OpError("invalid_input", "model: turns become text by a model's template", "Name the model.")
    examples = list(found.examples)
    ledger = Ledger(found, params["keep"])
    job.progress(1, 6, "checking")
    _each(examples, ledger, tokens)
    lengths = _too_long(examples, ledger, tokens)
    personal = _personal(examples, ledger, params["personal"])
    job.progress(2, 6, "comparing with each other")
    near = _duplicates(examples, ledger, params)
    job.progress(3, 6, "comparing with evaluation sets")
    contamination = _contaminated(examples, ledger, params)
    job.progress(4, 6, "splitting")
    left = [examples[at] for at in ledger.left]
    render = tokens.renderer.text if tokens else None
    made = written(left, to, render)
    left_out = {ledger.left[at]: reason for at, reason in made.left_out}
    clusters = _clusters(left, [near[at] for at in ledger.left], params)
    ledger.fail(left_out, "not_expressible")
    parts = _parts(clusters, params)
    result: PrepareResult = {
        "source": found.name,
        "format": found.format,
        "to": to,
        "datasets": [],
        "examples_in": found.given,
        "examples_out": len(ledger.left),
        "dropped": {str(check): count for check, count in (+ledger.dropped).items()},
        "rows_out": len(made.rows),
        "findings": ledger.findings(),
        "lengths": _lengths(lengths, "tokens" if tokens else "characters"),
        "contamination": contamination,
        "personal": dict(personal),
        "clusters": len(clusters),
        "contains_pii": bool(personal) and params["personal"] == "report",
        "notes": said,
        "warnings": warnings,
    }
    if params["personal"] == "report" and personal:
        warnings.append("The examples hold personal data that a model may repeat; personal: mask or drop takes it out.")
    if params["preview"]:
        return result
    if not made.rows:
        raise OpError(
            "invalid_input", "dataset: no example is left", "preview shows why; `keep` lists checks to pass over."
        )
    job.progress(5, 6, "writing")
    stem = params.get("name") or _stem(found.name)
    for part, members in parts.items():
        rows = [row for row, of in zip(made.rows, made.of, strict=True) if of in members]
        if not rows:
            warnings.append(f"The {part} part is empty: too few groups to split.")
            continue
        name = f"{stem}_{part}" if part else stem
        source = f"{found.name}, prepared as {to}"
        staged = stage_dataset(
            job, table_of(rows), name=name, source=source, part=part or None, slot=f"dataset-{part or 'whole'}"
        )
        digest = read_manifest(Path(staged))["hash"]
        result["datasets"].append({"part": part or None, "dataset": staged, "rows": len(rows), "hash": digest})
    return result


def _tokens(params: PrepareParams, found: Examples, job: Job) -> tuple[Tokens | None, list[str]]:
    if "model" not in params:
        return None, ["Lengths are in characters; name a model to count tokens and to check its template."]
    require_extra("llm", job)
    source = find_language_model(params["model"])
    context = getattr(open_config(source), "max_position_embeddings", None)
    most = params.get("max_tokens", int(context) if context else 1 << 31)
    renderer, said = renderer_for(open_tokenizer(source), found.examples)
    return tokens_of(renderer, most), said


def _each(examples: Sequence[Example], ledger: Ledger, tokens: Tokens | None) -> None:
    failed: dict[Check, dict[int, str]] = defaultdict(dict)
    for at, example in enumerate(examples):
        problem = problem_of(example, tokens)
        if problem:
            failed[problem[0]][at] = problem[1]
    for check, found in failed.items():
        ledger.fail(found, check)


def _too_long(examples: Sequence[Example], ledger: Ledger, tokens: Tokens | None) -> list[int]:
    """Lengths of those that are left, and out with those that are too long or that the template refuses."""
    if tokens is None:
        return [sum(map(len, examples[at].texts())) for at in ledger.left]
    lengths = {at: tokens.length(examples[at]) for at in ledger.left}
    refused = {at: "the model's template refuses its turns" for at, length in lengths.items() if length < 0}
    ledger.fail(refused, "roles")
    long = {at: f"longer than {tokens.most} tokens" for at, length in lengths.items() if length > tokens.most}
    ledger.fail(long, "too_long")
    return [lengths[at] for at in ledger.left if lengths[at] >= 0]


def _personal(examples: list[Example], ledger: Ledger, how: str) -> Counter[str]:
    counts: Counter[str] = Counter()
    holding: dict[int, str] = {}
    for at in ledger.left:
        kinds = {kind for text in examples[at].texts() for kind in kinds_in(text)}
        counts.update(kinds)
        if kinds:
            holding[at] = "it holds " + ", ".join(sorted(kinds))
            if how == "mask":
                examples[at] = masked(examples[at])
    ledger.fail(holding, "personal", drops=how == "drop")
    return counts


def _duplicates(examples: Sequence[Example], ledger: Ledger, params: PrepareParams) -> dict[int, int]:
    """Drops duplicates; answers for each example the first one it is near to."""
    how = params["deduplicate"]
    if how != "none":
        seen: dict[Any, int] = {}
        same: dict[int, str] = {}
        for at in ledger.left:
            first = seen.setdefault(identity(examples[at]), at)
            if first != at:
                same[at] = f"the same as row {ledger.rows[first]}"
        ledger.fail(same, "duplicate")
    left = list(ledger.left)
    firsts = near_first([examples[at] for at in left], params["threshold"])
    near = {at: left[first] for at, first in zip(left, firsts, strict=True)}
    if how == "near":
        pairs = {at: f"near row {ledger.rows[first]}" for at, first in near.items() if first != at}
        # Answers to one prompt that differ in what is judged are no repetitions of each other.
        judged = any(examples[at].label is not None for at in left)
        ledger.fail({} if judged else pairs, "near_duplicate")
    return near


def _contaminated(examples: Sequence[Example], ledger: Ledger, params: PrepareParams) -> list[Any]:
    reports: list[Any] = []
    for path in params["against"]:
        other = read_examples(path, "against", None, {})
        index = Contamination(other.examples, params["ngram"])
        hit: set[int] = set()
        failed: dict[int, str] = {}
        for at in ledger.left:
            shared = index.shared(examples[at])
            if shared:
                hit |= shared
                failed[at] = f"shares words with {other.name}"
        ledger.fail(failed, "contaminated")
        reports.append({"dataset": other.name, "found": len(hit), "of": len(other.examples)})
    return reports


def _clusters(left: Sequence[Example], near: Sequence[int], params: PrepareParams) -> list[list[int]]:
    """Examples that must be on one side of a split: of one group, of one prompt, or near each other."""
    clusters = Clusters(len(left))
    clusters.join_equal([asked(one) for one in left])
    clusters.join_equal(list(near))
    group = params.get("group")
    if group is not None:
        if left:
            require_column("group", group, list(left[0].columns))
        clusters.join_equal([str(value) if (value := one.columns.get(group)) is not None else None for one in left])
    return clusters.groups()


def _parts(clusters: Sequence[list[int]], params: PrepareParams) -> dict[str, set[int]]:
    """Whole clusters at random, until the held-out part has its share."""
    total = sum(map(len, clusters))
    if params["eval_share"] == 0:
        return {"": set(range(total))}
    wanted = params["eval_share"] * total
    order = list(clusters)
    random.Random(params["seed"]).shuffle(order)  # noqa: S311 - no secret
    held: set[int] = set()
    for cluster in order:
        if len(held) + len(cluster) <= max(wanted, 1) + 0.5:
            held |= set(cluster)
    return {"train": set(range(total)) - held, "eval": held}


def _lengths(lengths: Sequence[int], unit: Any) -> ExampleLengths | None:
    if not lengths:
        return None
    values = np.array(lengths)
    counts, edges = np.histogram(values, bins=min(BINS, int(values.max() - values.min()) + 1))
    median, p90, p99 = (int(value) for value in np.percentile(values, [50, 90, 99], method="higher"))
    return {
        "unit": unit,
        "smallest": int(values.min()),
        "median": median,
        "p90": p90,
        "p99": p99,
        "largest": int(values.max()),
        "total": int(values.sum()),
        "histogram": [
            {"from": int(edges[at]), "to": int(edges[at + 1]), "examples": int(count)}
            for at, count in enumerate(counts)
        ],
    }


def _stem(name: str) -> str:
    stem = name.partition("@")[0].partition(".")[0]
    plain = "".join(letter if letter.isalnum() or letter in "_-" else "-" for letter in stem)[:50]
    return f"{plain if plain[:1].isalpha() else f'd-{plain}'}-prepared"
