"""What the harness asks: weights that are opened here, or a server that speaks OpenAI's API."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ml_engine.contract.llm import EvaluateParams, ServedModel
from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.language.libraries import library
from ml_engine.language.opening import LanguageModel, open_language_model

BATCH = 8
"""Texts at once."""


@dataclass(frozen=True)
class Answerer:
    """`model` is lm-evaluation-harness' LM; `through` says what answers; `name` is the model's."""

    model: Any
    name: str
    through: str
    served: ServedModel | None
    warnings: tuple[str, ...] = ()

    def require(self, kinds: set[str]) -> None:
        """Checks that what the tasks ask can be answered.

        Raises:
            OpError: a server is asked how likely a text is, which only vLLM's says.
        """
        if self.served is None or self.served["backend"] == "vllm" or kinds <= {"generate_until"}:
            return
        raise OpError(
            "invalid_input",
            f"tasks: a task asks how likely a text is, which {self.through} does not say.",
            "Leave out backend and url: the weights are opened here. Or ask tasks that generate.",
        )


def open_answerer(params: EvaluateParams, job: Job) -> Answerer:
    """What answers for this call.

    Raises:
        OpError: there is no model, or it cannot be opened.
    """
    served = params["served"]
    if served is not None:
        return _server(params, served)
    if "model" not in params:
        raise OpError("invalid_input", "`run` needs `model`.", "Or `backend` or `url` of a server that runs.")
    job.progress(2, 100, "opening the model")
    torch = library("torch")
    gpu = torch.cuda.is_available()
    opened = open_language_model(params["model"], dtype="bfloat16" if gpu else "float32")
    device = "cuda" if gpu else "cpu"
    wrapper = library("lm_eval.models.huggingface").HFLM
    model = wrapper(
        pretrained=opened.model.to(device),
        tokenizer=opened.tokenizer,
        backend="causal",
        device=device,
        batch_size=BATCH,
    )
    return Answerer(model, opened.source.name, "transformers", None, tuple(_warnings(params, opened)))


def _warnings(params: EvaluateParams, opened: LanguageModel) -> Iterator[str]:
    if opened.source.format == "gguf":
        yield "GGUF weights were dequantized and opened by transformers."
    if "dataset" in params and opened.tokenizer.chat_template and not params["chat_template"]:
        yield "The model has a chat template and was asked without it; `chat_template: true` asks as in a chat."


def _server(params: EvaluateParams, served: ServedModel) -> Answerer:
    apis = library("lm_eval.models.openai_completions")
    chat = params["chat_template"]
    kind = apis.LocalChatCompletion if chat else apis.LocalCompletionsAPI
    model = kind(
        base_url=f"{served['url'].rstrip('/')}/{'chat/completions' if chat else 'completions'}",
        model=served["model"],
        header=None if served["key"] is None else {"Authorization": f"Bearer {served['key']}"},
        tokenizer_backend=None,
        tokenized_requests=False,
        batch_size=1,
        max_retries=2,
        seed=params["seed"],
    )
    return Answerer(model, served["model"], f"{served['backend']} at {served['url']}", served)
