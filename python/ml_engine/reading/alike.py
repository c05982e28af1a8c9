"""Finds column names that a person cannot tell apart, or that hold what nobody sees."""

import unicodedata

LATIN_OF = dict(
    zip(
        "аеорсухіјѕԁһӏԛԝᴀАВЕКМНОРСТХУІЈЅοανρικτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
        "aeopcyxijsdhlqwaABEKMHOPCTXYIJSoavpiktuxABEZHIKMNOPTYX",
        strict=True,
    )
)
"""Letters of the Cyrillic and Greek scripts by the Latin ones that look the same (after Unicode's confusables)."""


def look_alikes(names: list[str]) -> list[str]:
    """A sentence for each name that looks like another, or that has characters that are not seen."""
    said: list[str] = []
    seen: dict[str, str] = {}
    for name in names:
        hidden = sorted({f"U+{ord(character):04X}" for character in name if _unseen(character)})
        if hidden:
            said.append(f"The column name `{_shown(name)}` has characters that are not seen: {', '.join(hidden)}.")
        form = skeleton(name)
        other = seen.setdefault(form, name)
        if other != name:
            strange = ", ".join(sorted({f"U+{ord(character):04X}" for character in set(name) ^ set(other)}))
            said.append(f"The column names `{_shown(other)}` and `{_shown(name)}` look alike but differ in {strange}.")
    return said


def skeleton(name: str) -> str:
    """What `name` looks like: compatible characters made one, look-alike letters Latin, unseen ones taken out."""
    plain = unicodedata.normalize("NFKC", name)
    return "".join(LATIN_OF.get(character, character) for character in plain if not _unseen(character))


def _unseen(character: str) -> bool:
    return unicodedata.category(character) in ("Cf", "Cc", "Zl", "Zp")


def _shown(name: str) -> str:
    return "".join("�" if _unseen(character) else character for character in name)
