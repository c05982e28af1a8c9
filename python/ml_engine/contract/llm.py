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
    A job to wait for; its handle says when.
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
    A job to wait for; its handle says when.
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


class QuantizeParams(TypedDict, closed=True):
    model: str
    """
    Name or files.
    """
    method: Literal["gguf", "gptq", "awq", "int8", "fp8"]
    """
    How.
    """
    type: NotRequired[str]
    """
    gguf: Q4_K_M (usual), Q8_0, F16 …
    """
    dry_run: bool
    """
    Only the size.
    """
    imatrix: bool
    """
    gguf: weigh by what calibration texts activate.
    """
    calibration: NotRequired[str]
    """
    Texts to calibrate on; else a built-in one.
    """
    evaluation: NotRequired[str]
    """
    Texts to measure on; else a built-in one.
    """
    samples: int
    """
    Calibration texts of `context_tokens`.
    """
    context_tokens: int
    """
    Of a text, calibrating and measuring.
    """
    chunks: int
    """
    Texts measured on.
    """
    group_size: int
    """
    gptq, awq: weights that share a scale.
    """
    symmetric: NotRequired[bool]
    """
    gptq, awq: no zero points, which makes them smaller, and worse. Default: gptq true, awq false.
    """
    rounding: Literal["gptq", "nearest"]
    """
    awq: how scaled weights are rounded: as GPTQ does, which loses less, or to the nearest, as in the paper.
    """
    allow_requantize: bool
    """
    From weights that are quantized already.
    """
    model_name: NotRequired[str]
    """
    Its name.
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
    A job to wait for; its handle says when.
    """
    cancel: bool
    """
    With `job_id`: stop it.
    """


class QuantizationFallback(TypedDict, closed=True):
    wanted: str
    taken: str
    tensors: int
    why: str


class Perplexity(TypedDict, closed=True):
    before: float | None
    after: float | None
    ratio: float | None
    """
    after / before.
    """
    ratio_standard_error: float | None
    tokens: int
    """
    Scored.
    """


class QuantizeResult(TypedDict, closed=True):
    model: str | None
    """
    Null for a dry run.
    """
    source: str
    method: Literal["gguf", "gptq", "awq", "int8", "fp8"]
    type: str
    predicted_bytes: int
    size_bytes: int | None
    source_bytes: int
    bits_per_weight: float
    tensors: dict[str, int]
    """
    Type to how many.
    """
    fallbacks: list[QuantizationFallback]
    """
    Tensors whose shape the type does not take.
    """
    perplexity: Perplexity
    kl_divergence: float | None
    """
    Mean, nats, from before to after.
    """
    kl_standard_error: float | None
    top_token_agreement: float | None
    """
    Share of tokens whose likeliest stays.
    """
    calibrated_on: str | None
    measured_on: str | None
    seconds: float
    warnings: list[str]


class ServedModel(TypedDict, closed=True):
    url: str
    model: str
    backend: Literal["llamacpp", "ollama", "candle", "vllm", "openai"]
    key: str | None


Task: TypeAlias = str


CompareItem: TypeAlias = str
"""
Samples of a run.
"""


TaskFile: TypeAlias = str
"""
Harness YAML.
"""


class EvaluateParams(TypedDict, closed=True):
    action: Literal["run", "compare"]
    """
    See above.
    """
    model: NotRequired[str]
    """
    Name or files.
    """
    tasks: NotRequired[list[Task]]
    """
    Harness names, as hellaswag.
    """
    dataset: NotRequired[str]
    """
    Questions with answers, as a task.
    """
    compare: NotRequired[list[CompareItem]]
    """
    compare: samples of two runs.
    """
    task_files: list[TaskFile]
    """
    Tasks as YAML files.
    """
    backend: NotRequired[Literal["llamacpp", "ollama", "candle", "vllm", "openai"]]
    """
    Ask the server of this kind that runs.
    """
    url: NotRequired[str]
    """
    Ask an OpenAI-compatible server.
    """
    limit: NotRequired[int]
    """
    First so many of a task: a partial result.
    """
    few_shot: NotRequired[int]
    """
    Examples shown before; else the task's own.
    """
    chat_template: bool
    """
    Prompts as chats.
    """
    system: NotRequired[str]
    """
    System prompt.
    """
    max_tokens: int
    """
    dataset: of an answer.
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
    A job to wait for; its handle says when.
    """
    cancel: bool
    """
    With `job_id`: stop it.
    """
    served: ServedModel | None


class TaskScore(TypedDict, closed=True):
    task: str
    metric: str
    value: float
    standard_error: float | None
    samples: int
    higher_is_better: bool | None


class EvaluationConditions(TypedDict, closed=True):
    task: str
    version: str
    kind: str
    """
    generate_until, multiple_choice, loglikelihood …
    """
    few_shot: int
    chat_template: str | None
    """
    SHA-256; null where none was applied.
    """
    limit: int | None
    prompts: str
    """
    SHA-256 over all prompts.
    """
    fingerprint: str
    """
    Of all this: only equal ones are compared.
    """


class WrongSample(TypedDict, closed=True):
    task: str
    prompt: str
    target: str
    answer: str


class EvaluationDifference(TypedDict, closed=True):
    task: str
    metric: str
    samples: int
    first: float
    second: float
    difference: float
    """
    second - first.
    """
    standard_error: float
    p: float
    """
    Two-sided paired randomization test, Holm-corrected.
    """
    only_first: int
    """
    Samples that the first has better.
    """
    only_second: int


class EvaluateResult(TypedDict, closed=True):
    action: Literal["run", "compare"]
    model: str
    against: str | None
    """
    compare: the second.
    """
    through: str
    """
    transformers, or the server asked.
    """
    results: list[TaskScore]
    conditions: list[EvaluationConditions]
    partial: bool
    """
    Whether `limit` left samples out.
    """
    samples: str | None
    wrong: list[WrongSample]
    comparison: list[EvaluationDifference]
    verdict: str | None
    versions: dict[str, str]
    seconds: float
    warnings: list[str]


GarakItem: TypeAlias = str


class AlignParams(TypedDict, closed=True):
    action: Literal["check", "train", "redteam"]
    """
    See above.
    """
    model: NotRequired[str]
    """
    Name or files.
    """
    dataset: NotRequired[str]
    """
    Pairs, labelled answers, or prompts.
    """
    method: Literal["dpo", "orpo", "kto", "reward", "grpo", "rloo"]
    """
    train.
    """
    dry_run: bool
    """
    Only what it takes.
    """
    reward_model: NotRequired[str]
    """
    grpo, rloo, and to judge answers after; else exact match.
    """
    adapter: Literal["lora", "none"]
    """
    none: all weights.
    """
    rank: int
    """
    Of the adapter.
    """
    steps: int
    """
    Of the optimizer.
    """
    batch_size: int
    """
    Examples a step.
    """
    learning_rate: NotRequired[float]
    """
    Usual for the method where left out.
    """
    beta: NotRequired[float]
    """
    Pull towards where it began.
    """
    generations: int
    """
    grpo, rloo: answers a prompt.
    """
    max_tokens: int
    """
    Of an answer.
    """
    held_out: float
    """
    Share to judge by.
    """
    model_name: NotRequired[str]
    """
    Its name.
    """
    authorisation: NotRequired[str]
    """
    redteam: who allows it, of what.
    """
    backend: NotRequired[Literal["llamacpp", "ollama", "candle", "vllm", "openai"]]
    """
    redteam.
    """
    url: NotRequired[str]
    """
    redteam: of a server.
    """
    system: NotRequired[str]
    """
    redteam: the target's system prompt.
    """
    categories: NotRequired[
        list[
            Literal[
                "harmful",
                "injection",
                "system_prompt",
                "personal_data",
                "output_handling",
                "misinformation",
                "consumption",
                "over_refusal",
            ]
        ]
    ]
    """
    redteam: these alone.
    """
    strategies: NotRequired[
        list[
            Literal[
                "plain",
                "base64",
                "rot13",
                "leetspeak",
                "morse",
                "homoglyph",
                "zero_width",
                "multi_turn",
                "document",
            ]
        ]
    ]
    """
    redteam: these alone.
    """
    garak: NotRequired[list[GarakItem]]
    """
    redteam: garak's probes too, as encoding.
    """
    resume: NotRequired[str]
    """
    redteam: go on from this result.
    """
    time_budget_seconds: float
    """
    redteam.
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
    A job to wait for; its handle says when.
    """
    cancel: bool
    """
    With `job_id`: stop it.
    """
    served: NotRequired[ServedModel]


class PreferenceData(TypedDict, closed=True):
    format: str
    rows: int
    used: int
    bad: int
    """
    Rows that hold no example.
    """
    identical: int
    """
    Pairs whose answers are the same.
    """
    duplicates: int
    """
    Rows that were there before.
    """
    contradictory: int
    """
    Pairs that are there the other way round too.
    """
    chosen_characters: float | None
    """
    Mean.
    """
    rejected_characters: float | None
    chosen_longer: float | None
    """
    Share of pairs.
    """
    chosen_longer_p: float | None
    """
    Sign test against one half.
    """
    wanted: float | None
    """
    kto: share labelled true.
    """


class Change(TypedDict, closed=True):
    before: float | None
    after: float | None


class WinRate(TypedDict, closed=True):
    wins: int
    ties: int
    losses: int
    rate: float
    low: float
    high: float


class AttackRate(TypedDict, closed=True):
    name: str
    success: int
    failed: int
    unscorable: int
    rate: float | None
    """
    success / (success + failed).
    """
    low: float | None
    """
    95 %, Wilson.
    """
    high: float | None


class AttackFound(TypedDict, closed=True):
    probe: str
    strategy: str
    why: str
    answer: str
    """
    Its beginning.
    """


class Garak(TypedDict, closed=True):
    version: str
    complete: bool
    """
    Whether it came to its end.
    """
    missing: list[str]
    """
    Detectors it could not load, where it stops.
    """
    rates: list[AttackRate]
    """
    By probe and detector.
    """
    report: Artifact


class AlignmentTraining(TypedDict, closed=True):
    trainable_parameters: int
    parameters: int
    steps: int
    examples: int
    held_out: int
    memory_bytes: int
    """
    Estimated: weights, gradients, optimizer, reference.
    """
    loss: Change
    """
    First and last step.
    """
    loss_expected_first: float | None
    """
    dpo: ln 2.
    """
    margin: Change
    """
    Reward of chosen less rejected, first and last step.
    """
    accuracy: Change
    """
    Held-out pairs whose chosen answer is likelier a token, or scored higher.
    """
    length_accuracy: float | None
    """
    Of choosing the longer one, on the same pairs.
    """
    kl: float | None
    """
    From where it began, nats a token, on held-out answers.
    """
    reward: Change
    """
    Mean: grpo and rloo, first and last tenth of steps; else of answers to held-out prompts.
    """
    win_rate: WinRate | None
    """
    Answers after against before, by the reward model; ties count half.
    """


class RedTeam(TypedDict, closed=True):
    target: str
    authorisation: str
    attempts: int
    planned: int
    overall: AttackRate
    """
    All categories but over_refusal.
    """
    over_refusal: AttackRate | None
    """
    Harmless asks that were refused.
    """
    by_category: list[AttackRate]
    by_strategy: list[AttackRate]
    by_owasp: list[AttackRate]
    """
    OWASP Top 10 for LLM applications, 2025.
    """
    found: list[AttackFound]
    transcripts: Artifact
    resume: str | None
    """
    Where planned attempts are left: give it as `resume`.
    """


class AlignResult(TypedDict, closed=True):
    action: Literal["check", "train", "redteam"]
    method: Literal["dpo", "orpo", "kto", "reward", "grpo", "rloo"] | None
    run_id: str
    model: str | None
    data: PreferenceData | None
    training: AlignmentTraining | None
    redteam: RedTeam | None
    garak: Garak | None
    """
    Where its probes were asked for.
    """
    seconds: float
    warnings: list[str]
