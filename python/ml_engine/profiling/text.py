"""What the texts of a column are made of."""

import polars as pl

from ml_engine.cells import cells, number

MOST_TEXTS = 20_000
"""Distinct texts past which their characters and words are counted on evenly spaced ones only."""
SCRIPTS = (
    *("Latin", "Greek", "Cyrillic", "Arabic", "Hebrew", "Devanagari", "Thai", "Han", "Hiragana", "Katakana"),
    "Hangul",
)
CLASSES = {"letters": r"\p{L}", "digits": r"\p{N}", "blanks": r"\s", "punctuation": r"[\p{P}\p{S}]"}
TOP_WORDS = 5


def text_facts(present: pl.Series) -> dict[str, object]:
    """Lengths in characters, and counts of character classes, scripts and words, over values that are there."""
    lengths = present.str.len_chars()
    found: dict[str, object] = {
        "min_length": lengths.min(),
        "mean_length": number(lengths.mean()),
        "median_length": number(lengths.median()),
        "max_length": lengths.max(),
        "empty": int((present == "").sum()),
        "padded": int((present != present.str.strip_chars()).sum()),
    }
    counts = present.rename("text").value_counts(name="rows", sort=True)
    step = -(-counts.height // MOST_TEXTS)
    if step > 1:
        counts = counts.gather_every(step)
        found["texts_counted"] = counts.height
    if counts.height == 0:
        return found
    ascii_only = bool((counts["text"].str.len_bytes() == counts["text"].str.len_chars()).all())
    scripts = {"Latin": "[A-Za-z]"} if ascii_only else {name: rf"\p{{{name}}}" for name in SCRIPTS}
    text, rows = pl.col("text").str, pl.col("rows")
    sums = counts.select(
        (text.len_chars() * rows).sum().alias("characters"),
        (text.count_matches(r"\S+") * rows).sum().alias("words"),
        *((text.count_matches(pattern) * rows).sum().alias(name) for name, pattern in CLASSES.items()),
        *((text.count_matches(pattern) * rows).sum().alias(name) for name, pattern in scripts.items()),
    ).row(0, named=True)
    found |= {name: int(sums[name]) for name in ("characters", "words", *CLASSES)}
    found["scripts"] = {name: int(sums[name]) for name in scripts if sums[name]}
    words = (
        counts.select(text.to_lowercase().str.extract_all(r"\w+").alias("word"), rows)
        .explode("word")
        .drop_nulls()
        .group_by("word")
        .agg(rows.sum())
        .sort(["rows", "word"], descending=[True, False])
        .head(TOP_WORDS)
    )
    found["top_words"] = dict(zip([str(one) for one in cells(words["word"])], words["rows"].to_list(), strict=True))
    return found
