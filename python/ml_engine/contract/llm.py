# Generated from the tool definitions; change those and run `npm run gen`.

from typing import Literal, NotRequired, TypeAlias
from typing_extensions import TypedDict


AgainstItem: TypeAlias = str
"""
Name or file.
"""


class PrepareParams(TypedDict, closed=True):
    dataset: str
    """
    Examples.
    """
    to: Literal[
        "same",
        "alpaca",
        "sharegpt",
        "messages",
        "prompt_completion",
        "preference",
        "kto",
        "text",
    ]
    """
    Format to write.
    """
    model: NotRequired[str]
    """
    Whose tokens count.
    """
    name: NotRequired[str]
    """
    Of the result; parts add `_train`, `_eval`.
    """
    preview: bool
    """
    Only check.
    """
    format: NotRequired[
        Literal[
            "alpaca",
            "sharegpt",
            "messages",
            "prompt_completion",
            "preference",
            "kto",
            "text",
        ]
    ]
    """
    It has now; else found out.
    """
    columns: dict[str, str]
    """
    A format's column to yours: {prompt: 'question'}.
    """
    keep: list[
        Literal[
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
    ]
    """
    Checks that only report.
    """
    max_tokens: NotRequired[int]
    """
    Longer ones are dropped; else the context.
    """
    deduplicate: Literal["near", "exact", "none"]
    threshold: float
    """
    near: similarity of texts.
    """
    against: list[AgainstItem]
    """
    Evaluation sets to keep out.
    """
    ngram: int
    """
    against: words that must not be shared.
    """
    personal: Literal["report", "mask", "drop"]
    eval_share: float
    """
    Held out; 0: no split.
    """
    group: NotRequired[str]
    """
    Column whose values stay on one side.
    """
    seed: int
    """
    Random seed; the same call gives the same numbers.
    """
    wait_seconds: float
    """
    How long to wait before answering with a `job_id`.
    """
    job_id: NotRequired[str]
    """
    Wait on.
    """
    cancel: bool
    """
    With `job_id`: stop it.
    """


class ExampleFinding(TypedDict, closed=True):
    check: Literal[
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
    examples: int
    share: float
    dropped: int
    rows: list[int]
    """
    The first, from 0.
    """
    said: str


HistogramItem = TypedDict(
    "HistogramItem",
    {
        "from": int,
        "to": int,
        "examples": int,
    },
    closed=True,
)


class ExampleLengths(TypedDict, closed=True):
    unit: Literal["tokens", "characters"]
    smallest: int
    median: int
    p90: int
    p99: int
    largest: int
    total: int
    histogram: list[HistogramItem]


class Dataset(TypedDict, closed=True):
    part: str | None
    dataset: str
    """
    Name and version it was registered under.
    """
    rows: int
    hash: str


class ContaminationItem(TypedDict, closed=True):
    dataset: str
    found: int
    """
    Of its examples.
    """
    of: int


class PrepareResult(TypedDict, closed=True):
    source: str
    format: Literal[
        "alpaca",
        "sharegpt",
        "messages",
        "prompt_completion",
        "preference",
        "kto",
        "text",
    ]
    to: Literal[
        "alpaca",
        "sharegpt",
        "messages",
        "prompt_completion",
        "preference",
        "kto",
        "text",
    ]
    datasets: list[Dataset]
    examples_in: int
    examples_out: int
    dropped: dict[str, int]
    """
    Check to how many: in = out + these.
    """
    rows_out: int
    """
    A pair is two rows in kto; two rows of kto are a pair.
    """
    findings: list[ExampleFinding]
    lengths: ExampleLengths | None
    contamination: list[ContaminationItem]
    personal: dict[str, int]
    """
    Kind to examples that hold it.
    """
    clusters: int
    """
    Groups that the split kept together.
    """
    contains_pii: bool
    notes: list[str]
    warnings: list[str]


Target: TypeAlias = str


class TuneSettings(TypedDict, closed=True):
    epochs: NotRequired[float]
    """
    Passes over the examples (3).
    """
    steps: NotRequired[int]
    """
    Optimizer steps, instead of epochs.
    """
    batch_size: NotRequired[int]
    """
    Examples at once (8).
    """
    accumulate: NotRequired[int]
    """
    Batches a step (1).
    """
    learning_rate: NotRequired[float]
    """
    2e-4 of adapters, 2e-5 of whole models, 3e-3 from nothing.
    """
    schedule: NotRequired[Literal["constant", "linear", "cosine"]]
    """
    Of the learning rate (linear; cosine from nothing).
    """
    warmup: NotRequired[float]
    """
    Share of the steps (0.03).
    """
    weight_decay: NotRequired[float]
    rank: NotRequired[int]
    """
    Of adapters (16).
    """
    alpha: NotRequired[int]
    """
    Scale of adapters, over rank (twice the rank).
    """
    dropout: NotRequired[float]
    """
    Of adapters (0).
    """
    targets: NotRequired[list[Target]]
    """
    Modules adapted (all linear ones).
    """
    max_tokens: NotRequired[int]
    """
    Of an example; the rest is cut (1024 or the model's context).
    """
    packing: NotRequired[bool]
    """
    Several examples in one row, each seeing itself alone.
    """
    gradient_checkpointing: NotRequired[bool]
    """
    Less memory, more time.
    """
    learn: NotRequired[Literal["answers", "last", "all"]]
    """
    Tokens in the loss: answers, the last, or all.
    """
    template: NotRequired[Literal["auto", "none"]]
    """
    none: bare texts stay so.
    """
    eval_share: NotRequired[float]
    """
    Of the examples, held out (0.1, at most 500).
    """
    eval_every: NotRequired[int]
    """
    Steps (a tenth of them).
    """
    patience: NotRequired[int]
    """
    Evaluations without gain before it stops and takes the best.
    """
    checkpoint_every: NotRequired[int]
    """
    Steps (a fifth of them).
    """
    exact_match: NotRequired[int]
    """
    Held-out prompts to answer, before and after (0).
    """


class NewArchitecture(TypedDict, closed=True):
    hidden_size: int
    layers: int
    heads: int
    kv_heads: NotRequired[int]
    """
    As many as heads.
    """
    intermediate_size: NotRequired[int]
    """
    Three times the hidden size.
    """
    context_tokens: int
    tokenizer: Literal["characters", "bpe"]
    """
    Learnt from the examples.
    """
    vocabulary: int
    """
    bpe: its size.
    """


class FinetuneParams(TypedDict, closed=True):
    action: Literal["train", "list", "merge", "switch", "delete", "export"]
    """
    What.
    """
    base_model: NotRequired[str]
    """
    Name, folder, GGUF; `new`: none.
    """
    dataset: NotRequired[str]
    """
    Examples.
    """
    method: Literal["lora", "qlora", "dora", "rslora", "full"]
    """
    What learns.
    """
    dry_run: bool
    """
    Only plan.
    """
    model: NotRequired[str]
    """
    An adapter, for the other actions.
    """
    model_name: NotRequired[str]
    """
    Its name.
    """
    settings: TuneSettings
    """
    {epochs, learning_rate, rank, max_tokens…}
    """
    architecture: NotRequired[NewArchitecture]
    """
    new: {hidden_size, layers, tokenizer…}
    """
    eval_dataset: NotRequired[str]
    """
    Held-out examples.
    """
    format: NotRequired[
        Literal[
            "alpaca",
            "sharegpt",
            "messages",
            "prompt_completion",
            "preference",
            "kto",
            "text",
        ]
    ]
    """
    Of the examples.
    """
    columns: dict[str, str]
    """
    A format's column to yours: {prompt: 'question'}.
    """
    merge: bool
    """
    Also register base and adapter as one model.
    """
    into: NotRequired[Literal["safetensors", "gguf", "gguf_adapter"]]
    """
    export.
    """
    to: NotRequired[str]
    """
    export: file or folder to write.
    """
    confirm: bool
    """
    For what cannot be undone.
    """
    seed: int
    """
    Random seed; the same call gives the same numbers.
    """
    wait_seconds: float
    """
    How long to wait before answering with a `job_id`.
    """
    job_id: NotRequired[str]
    """
    Wait on.
    """
    cancel: bool
    """
    With `job_id`: stop it.
    """


class TuneMemory(TypedDict, closed=True):
    needed_bytes: int
    """
    Weights, gradients, optimizer and activations together.
    """
    weights_bytes: int
    training_bytes: int
    """
    Gradients and optimizer.
    """
    activations_bytes: int
    available_bytes: int
    device: str
    fits: bool


class TunePlan(TypedDict, closed=True):
    steps: int
    effective_batch: int
    """
    Examples a step.
    """
    epochs: float
    seconds: float
    """
    Estimated.
    """
    tokens: int
    """
    Of the examples to learn from.
    """
    learnt_tokens: int
    """
    That count in the loss.
    """


class Piece(TypedDict, closed=True):
    text: str
    learnt: bool


class RenderedExample(TypedDict, closed=True):
    source: Literal["model", "ours", "none"]
    """
    Whose chat template.
    """
    pieces: list[Piece]
    """
    Of the first example.
    """
    tokens: int
    learnt_tokens: int


class TuneExamples(TypedDict, closed=True):
    given: int
    learnt: int
    held_out: int
    dropped: dict[str, int]
    """
    Reason to how many: given = learnt + held_out + these.
    """
    cut: int
    """
    Longer than max_tokens.
    """


class RegisteredAdapter(TypedDict, closed=True):
    model: str
    format: str
    base: str
    dataset: str
    method: str
    metrics: dict[str, float]
    created: str
    current: bool
    """
    What its name alone means.
    """
    deleted: bool


class Artifact(TypedDict, closed=True):
    path: str
    """
    Absolute path.
    """
    uri: str
    """
    ml://artifacts/… resource.
    """
    title: str


class FinetuneResult(TypedDict, closed=True):
    action: str
    model: str | None
    """
    What can be served: merged, or trained whole.
    """
    adapter: str | None
    base_model: str
    method: str
    trainable_parameters: int
    parameters: int
    """
    Adapter included.
    """
    trainable_share: float
    metrics: dict[str, float]
    memory: TuneMemory | None
    plan: TunePlan | None
    template: RenderedExample | None
    examples: TuneExamples | None
    adapters: list[RegisteredAdapter]
    file: Artifact | None
    """
    Loss curve.
    """
    written: str | None
    """
    export: where.
    """
    run_id: str | None
    framework: str
    model_type: str
    family: str
    metric: str
    seconds: float
    notes: list[str]
    warnings: list[str]
