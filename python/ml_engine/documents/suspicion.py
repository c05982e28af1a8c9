"""Text that speaks to a language model instead of to a reader: kept, and said."""

import re

_MOST_FLAGS = 5
_PATTERNS = {
    "asks to ignore instructions": (
        r"\b(?:ignore|disregard|forget|override)\s+(?:(?:all|any|the|your|of|every|previous|prior|above|earlier)\s+){1,4}"
        r"(?:instructions?|prompts?|rules|directions|guidelines|context)\b"
        r"|\bignorez?\s+(?:toutes\s+)?les\s+instructions\b|\bignora\s+(?:todas\s+)?(?:las\s+instrucciones|le\s+istruzioni)\b"
        r"|\bignorier\w*\s+(?:alle\s+|die\s+|sämtliche\s+)*(?:vorherigen|bisherigen|obigen)\s+(?:anweisungen|befehle)\b"
        r"|\bignore\s+(?:todas\s+)?as\s+instruções\b|игнорируй(?:те)?\s+(?:все\s+)?(?:предыдущие\s+)?инструкции"
        r"|忽略(?:之前|以上|所有|先前)[^\n]{0,6}(?:指令|指示|说明)|(?:以前|これまで|上記)の[^\n]{0,6}指示を(?:すべて)?無視"
    ),
    "carries role markers of a chat": (
        r"<\|(?:im_start|im_end|system|user|assistant|endoftext|start_header_id|eot_id)\|>|\[/?INST\]|<</?SYS>>"
        r"|^\s*#{2,}\s*(?:system|new)\s+(?:prompt|instructions?)\s*:"
    ),
    "gives a model a new role": (
        r"\byou\s+are\s+now\s+(?:an?\s+|the\s+|in\s+)?(?:\w+\s+){0,2}"
        r"(?:ai|assistant|dan|jailbroken|unrestricted|developer\s+mode|model|bot|agent)\b"
        r"|\b(?:act|behave|respond)\s+as\s+(?:if\s+you\s+(?:are|were)\s+)?(?:an?\s+)?(?:unrestricted|unfiltered|jailbroken)\b"
    ),
    "asks for the system prompt": (
        r"\b(?:reveal|print|show|repeat|output|leak)\s+(?:\w+\s+){0,2}(?:system|hidden|initial)\s+(?:prompt|instructions)\b"
    ),
    "asks to send data away": (
        r"\b(?:send|post|upload|exfiltrate|forward|email)\s+(?:[\w'’]+\s+){0,5}"
        r"(?:passwords?|api\s+keys?|credentials|secrets?|conversation|chat\s+history)\s+(?:\w+\s+){0,3}to\b"
    ),
    "asks to call tools": (
        r"\b(?:you\s+must|immediately|now|please)\s+(?:call|invoke|use|run|execute)\s+the\s+\S+\s+(?:tool|function)\b"
    ),
    "hides something from the user": r"\bdo\s+not\s+(?:tell|inform|mention\s+(?:this|it)\s+to|alert)\s+the\s+user\b",
    "speaks to AI readers": (
        r"\b(?:attention|note|message|instructions?)\s*(?:to|for|:)?\s+(?:all\s+)?(?:ai|llm)\s*(?:models?|assistants?|agents?)\b"
    ),
}
# A pattern is only looked for where one of its words is: a plain search is some twenty times quicker.
_WORDS = {
    "asks to ignore instructions": "ignor disregard forget override игнорируй 忽略 無視",
    "carries role markers of a chat": "<| inst] <<sys system new",
    "gives a model a new role": "you unrestricted unfiltered jailbroken",
    "asks for the system prompt": "system hidden initial",
    "asks to send data away": "password api credential secret conversation chat",
    "asks to call tools": "tool function",
    "hides something from the user": "user",
    "speaks to AI readers": "ai llm",
}
_NEEDED = {what: words.split() for what, words in _WORDS.items()}
_COMPILED = {what: re.compile(pattern, re.IGNORECASE | re.MULTILINE) for what, pattern in _PATTERNS.items()}


def suspicions(text: str) -> list[str]:
    """Warnings, each with its line (from 1) and first words, in order; the first of each sort, at most five."""
    lower = text.lower()
    likely = [what for what, words in _NEEDED.items() if any(word in lower for word in words)]
    found = [(hit.start(), what) for what in likely if (hit := _COMPILED[what].search(text))]
    warnings: list[str] = []
    for start, what in sorted(found)[:_MOST_FLAGS]:
        line = text.count("\n", 0, start) + 1
        words = " ".join(text[start : start + 60].split())
        warnings.append(f"Line {line} {what}, which may be meant for a language model: “{words}”.")
    return warnings
