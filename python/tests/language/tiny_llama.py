"""A Llama of 1.5 M random weights with a byte-level BPE trained on the spot: the smallest thing that is whole."""

from pathlib import Path

from ml_engine.language.libraries import library

TEXT = Path(__file__).parents[3] / "tests/fixtures/python-faq/general.rst"
"""What the tokenizer is learnt from: not the built-in text, which is another one in each version of Python."""
WIDTH, LAYERS, VOCABULARY, CONTEXT = 256, 2, 512, 256
"""A width of 256, so that no K-quant falls back."""
TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def write_tiny(folder: Path, *, width: int = WIDTH, template: bool = False, dtype: str = "float32") -> Path:
    """Writes model and tokenizer to `folder`, the same each time."""
    torch, transformers, tokenizers = library("torch"), library("transformers"), library("tokenizers")
    torch.manual_seed(0)
    marks = ["<s>", "</s>", "<|user|>", "<|assistant|>", "<|system|>"]
    words = tokenizers.Tokenizer(tokenizers.models.BPE())
    words.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=marks, initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet()
    )
    words.train_from_iterator(TEXT.read_text(encoding="utf-8").split("\n\n"), trainer)
    roles = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>"}
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=words, **roles)
    if template:
        tokenizer.chat_template = TEMPLATE
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=2 * width,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
        tie_word_embeddings=True,
    )
    model = transformers.LlamaForCausalLM(config).to(getattr(torch, dtype))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
