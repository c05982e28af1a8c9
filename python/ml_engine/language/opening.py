"""Language models in memory, by transformers: safetensors as they are, GGUF dequantized, adapters on their base."""

from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ml_engine.errors import OpError
from ml_engine.job import Job
from ml_engine.language.libraries import library
from ml_engine.language.sources import LanguageSource, base_of, find_language_model
from ml_engine.language.training import device, four_bit_config

DTYPES = ("float32", "bfloat16", "float16")


@dataclass(frozen=True)
class LanguageModel:
    """`model` is transformers' causal language model in evaluation mode, `tokenizer` its tokenizer with a pad token."""

    source: LanguageSource
    model: Any
    tokenizer: Any

    @property
    def parameters(self) -> int:
        """How many weights, tied ones once."""
        return sum(weight.numel() for weight in self.model.parameters())


def open_language_model(model: str, field: str = "model", *, dtype: str = "float32") -> LanguageModel:
    """Loads a model's weights in `dtype`; call `libraries.require_extra("llm", job)` first.

    Raises:
        OpError: naming `field`, as `find_language_model`, or where the files cannot be loaded.
    """
    source = find_language_model(model, field)
    if source.format == "adapter":
        return _with_adapter(source, field, dtype)
    transformers = library("transformers")
    try:
        loaded = transformers.AutoModelForCausalLM.from_pretrained(source.folder, dtype=dtype, **_gguf(source))
    except (OSError, ValueError, KeyError) as error:
        raise OpError(
            "invalid_input",
            f"{field}: transformers cannot load `{source.name}`.",
            "Bring the whole folder once more, or another format of it.",
        ) from error
    if getattr(loaded, "hf_quantizer", None) is not None and source.format == "gguf":
        # Its weights are unpacked, yet it takes itself for quantized, and would be neither trained nor saved.
        loaded.hf_quantizer.remove_quantization_config(loaded)
    return LanguageModel(source, loaded.eval(), open_tokenizer(source, field))


def open_for_training(source: LanguageSource, field: str, job: Job, *, four_bit: bool) -> Any:
    """A model that can learn, an adapter merged into its base first; held in 4 bits where an adapter is to learn."""
    torch = library("torch")
    width = "bfloat16" if device() == "cuda" else "float32"
    path = str(source.file or source.folder)
    if four_bit:
        folder = source.folder
        if source.format != "safetensors":
            folder = job.folder / "base"
            opened = open_language_model(path, field).model
            plain = opened.merge_and_unload() if source.format == "adapter" else opened
            plain.save_pretrained(str(folder))
        where = {"": 0} if device() == "cuda" else {"": "cpu"}
        return library("transformers").AutoModelForCausalLM.from_pretrained(
            folder, quantization_config=four_bit_config(), dtype=getattr(torch, width), device_map=where
        )
    opened = open_language_model(path, field, dtype=width).model
    return opened.merge_and_unload() if source.format == "adapter" else opened


def open_tokenizer(source: LanguageSource, field: str = "model") -> Any:
    """The tokenizer that lies with a model; where it has no pad token, the end token pads."""
    transformers = library("transformers")
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(source.folder, **_gguf(source))
    except (OSError, ValueError, KeyError, AttributeError) as error:
        # transformers 5.17 asks a GGUF file for marks that those of tokenizers learnt here do not have.
        raise OpError(
            "invalid_input",
            f"{field}: `{source.name}` has no tokenizer that transformers can read.",
            "Use the safetensors it was made from; a GGUF file can be served with ml_inference_serve.",
        ) from error
    if source.format == "gguf":
        _name_tokens(tokenizer, open_config(source))
        _spell_bytes(tokenizer)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def _name_tokens(tokenizer: Any, config: Any) -> None:
    """Beginning, end and padding as the file says; transformers 5.17 takes other tokens of it for them."""
    for part in ("bos", "eos", "pad"):
        found = getattr(config, f"{part}_token_id", None)
        setattr(tokenizer, f"{part}_token", None if found is None else tokenizer.convert_ids_to_tokens(found))


def _spell_bytes(tokenizer: Any) -> None:
    """A byte-level BPE as what it is; transformers 5.17 gives one of a Llama's GGUF file the decoder of SentencePiece.

    Saved so, llama.cpp would take its pieces for SentencePiece's, and find no byte in them.
    """
    tokenizers = library("tokenizers")
    inside = tokenizer.backend_tokenizer
    if isinstance(inside.pre_tokenizer, tokenizers.pre_tokenizers.ByteLevel):
        inside.decoder = tokenizers.decoders.ByteLevel()
        inside.model.byte_fallback = False
        inside.model.fuse_unk = False
        tokenizer.clean_up_tokenization_spaces = False


def open_config(source: LanguageSource) -> Any:
    """The model's configuration alone, without its weights; of an adapter, its base's."""
    if source.format == "adapter":
        return open_config(base_of(source))
    return deepcopy(_config(source.folder, None if source.file is None else source.file.name))


@lru_cache(maxsize=4)
def _config(folder: Path, gguf_file: str | None) -> Any:
    """Kept, since all of a GGUF file's vocabulary is read for it."""
    named = {} if gguf_file is None else {"gguf_file": gguf_file}
    config = library("transformers").AutoConfig.from_pretrained(folder, **named)
    if not config.architectures:
        # A GGUF file names the family of models; converters ask for the class.
        classes = library("transformers.models.auto.modeling_auto").MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
        config.architectures = [classes[config.model_type]] if config.model_type in classes else None
    return config


def _gguf(source: LanguageSource) -> dict[str, str]:
    return {} if source.file is None else {"gguf_file": source.file.name}


def _with_adapter(source: LanguageSource, field: str, dtype: str) -> LanguageModel:
    base = base_of(source, field)
    opened = open_language_model(str(base.file or base.folder), field, dtype=dtype)
    plain = opened.model.merge_and_unload() if base.format == "adapter" else opened.model
    adapted = library("peft").PeftModel.from_pretrained(plain, str(source.folder))
    own = (source.folder / "tokenizer_config.json").is_file()
    return LanguageModel(source, adapted.eval(), open_tokenizer(source, field) if own else opened.tokenizer)
