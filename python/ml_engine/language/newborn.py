"""Small language models made from nothing: an architecture, and a tokenizer learnt from the examples."""

from collections.abc import Iterable
from typing import Any

from ml_engine.contract.llm import NewArchitecture
from ml_engine.errors import OpError
from ml_engine.language.libraries import library

END, PAD = "<|end|>", "<|pad|>"
BYTES = 256


def new_tokenizer(texts: Iterable[str], kind: str, vocabulary: int, context: int) -> Any:
    """A byte-level BPE tokenizer (Sennrich et al. 2016) learnt from `texts`; `characters` learns no merges: a
    byte is a token. Nothing is unknown to either."""
    tokenizers = library("tokenizers")
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=BYTES + 2 if kind == "characters" else vocabulary,
        special_tokens=[END, PAD],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return library("transformers").PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token=END,
        pad_token=PAD,
        model_max_length=context,
        clean_up_tokenization_spaces=False,
    )


def new_config(architecture: NewArchitecture, tokenizer: Any) -> Any:
    """Llama's architecture (Touvron et al. 2023) of the size asked for, its embeddings tied.

    Raises:
        OpError: sizes that do not fit together.
    """
    hidden, heads = architecture["hidden_size"], architecture["heads"]
    kv_heads = architecture.get("kv_heads", heads)
    if hidden % (2 * heads) or heads % kv_heads:
        raise OpError(
            "invalid_input",
            f"architecture: {hidden} hidden units, {heads} heads and {kv_heads} kv_heads do not fit together",
            "hidden_size is an even multiple of heads, heads a multiple of kv_heads.",
        )
    return library("transformers").LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        intermediate_size=architecture.get("intermediate_size", 3 * hidden),
        num_hidden_layers=architecture["layers"],
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        max_position_embeddings=architecture["context_tokens"],
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def new_model(config: Any, seed: int) -> Any:
    """A model with random weights, in 32 bits; the same `seed` gives the same."""
    transformers = library("transformers")
    transformers.set_seed(seed)
    return transformers.AutoModelForCausalLM.from_config(config, dtype=library("torch").float32)
