"""Takes out of a text what a reader of it would not see."""

import re

_JOINERS = r"(?<![\u0590-\u0dff\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])[\u200c\u200d]"
_INVISIBLE = re.compile(rf"[\u200b\u2060-\u2064\ufeff\u180e]|{_JOINERS}")
_BIDI = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_TAGS = re.compile(r"[\U000e0000-\U000e007f]")
_SILENT = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\u00ad\ud800-\udfff\ufffe\uffff]")
_NAMED = {"zero-width": _INVISIBLE, "text direction": _BIDI, "Unicode tag": _TAGS}


def cleaned(text: str) -> tuple[str, list[str]]:
    r"""The text with `\n` for line ends and without hidden characters, and warnings of what was taken out.

    Joiners stay where scripts and emoji need them.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    text = _SILENT.sub("", text)
    warnings: list[str] = []
    if text.isascii():
        return text, warnings
    for name, pattern in _NAMED.items():
        text, count = pattern.subn("", text)
        if count:
            warnings.append(f"{count} hidden {name} character{'s' if count > 1 else ''} left out.")
    return text, warnings
