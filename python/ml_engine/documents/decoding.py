"""Bytes as text, where nothing says in which encoding they are."""

import codecs

from charset_normalizer import from_bytes

from ml_engine.errors import OpError

MOST_TEXT_BYTES = 32 << 20
_LOOKED_AT = 64 << 10
_MARKED = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# What is detected is one of these; the rarer ones are mistaken for them more often than met.
_GUESSED = [
    "cp1252",
    "cp1251",
    "cp932",
    "gb18030",
    "big5",
    "euc_kr",
    "euc_jp",
    "koi8_r",
    "cp1253",
    "cp1255",
    "cp1256",
]


def decoded(content: bytes) -> str:
    """The text of `content`: by its byte order mark, as UTF-8, as UTF-16 by where zeros lie, else as detected.

    Raises:
        OpError: it is binary, too large, or in no encoding that is known.
    """
    if len(content) > MOST_TEXT_BYTES:
        size = (
            f"{len(content) / 2**20:.0f} MiB of text, more than the {MOST_TEXT_BYTES >> 20} MiB that are read at once"
        )
        raise OpError("invalid_input", f"It has {size}: split it into smaller files.")
    for mark, encoding in _MARKED.items():
        if content.startswith(mark):
            return _in(content, encoding)
    head = content[:_LOOKED_AT]
    if b"\0" in head and (wide := _wide(head)):
        return _in(content, wide)
    if _binary(head):
        raise OpError("invalid_input", "It is binary: no reader knows this kind of file. Convert it to PDF or text.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return _detected(content)


def _in(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        where = f"byte {error.start} is not valid {encoding}"
        raise OpError("invalid_input", f"It cannot be decoded: {where}. Save it as UTF-8.") from error


def _wide(head: bytes) -> str | None:
    """UTF-16 without a mark: zeros on one side only, spaces or line ends on the other."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    most = len(head) // 2
    if odd > most * 0.3 and even < most * 0.02:
        return "utf-16-le"
    return "utf-16-be" if even > most * 0.3 and odd < most * 0.02 else None


def _binary(head: bytes) -> bool:
    """Many control characters; a few zeros in a long text are taken for dirt."""
    controls = sum(head.count(code) for code in (*range(7), *range(14, 27), *range(28, 32)))
    return controls > len(head) * 0.02


def _detected(content: bytes) -> str:
    best = from_bytes(content[:_LOOKED_AT], cp_isolation=_GUESSED).best()
    for encoding in [*([best.encoding] if best else []), "cp1252"]:
        try:
            # A character may be cut where the looked-at part ends, so the whole is decoded strictly.
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise OpError("invalid_input", "Its encoding is not known. Save it as UTF-8.")
