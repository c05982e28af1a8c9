# Generated from the tool definitions; change those and run `npm run gen`.

from typing import Literal, NotRequired, TypeAlias
from typing_extensions import TypedDict


class QuantizeParams(TypedDict, closed=True):
    model: str
    """
    Name, GGUF file or folder.
    """
    method: Literal["gguf", "gptq", "awq", "int8", "fp8"]
    """
    How.
    """
    type: NotRequired[str]
    """
    gguf: Q8_0, Q4_K_M (usual), IQ3_M, F16 …
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
    Wait on.
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
    Name, GGUF file or folder.
    """
    tasks: NotRequired[list[Task]]
    """
    Harness names, as hellaswag.
    """
    dataset: NotRequired[str]
    """
    A task of its own: prompt and completion, or question, choices, answer.
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
    batch_size: int
    """
    Texts at once.
    """
    shown: int
    """
    Wrong samples to show.
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


class AlignParams(TypedDict, closed=True):
    action: Literal["check", "train", "redteam"]
    """
    See above.
    """
    model: NotRequired[str]
    """
    Name, file or folder.
    """
    dataset: NotRequired[str]
    """
    Preferences: prompt, chosen, rejected; kto: label; grpo: prompts.
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
    Wait on.
    """
    cancel: bool
    """
    With `job_id`: stop it.
    """


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
    garak: str
    """
    Command that runs garak's probes on the same target.
    """


class AlignResult(TypedDict, closed=True):
    action: Literal["check", "train", "redteam"]
    method: Literal["dpo", "orpo", "kto", "reward", "grpo", "rloo"] | None
    run_id: str
    model: str | None
    data: PreferenceData | None
    training: AlignmentTraining | None
    redteam: RedTeam | None
    seconds: float
    warnings: list[str]
