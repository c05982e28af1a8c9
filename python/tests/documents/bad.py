"""`python -m tests.documents.bad FOLDER`: files that cannot be read, and a few that can though they do not look so."""

import struct
import sys
from pathlib import Path

from tests.documents.files import docx, paragraph, pdf, pdf_with_password, zipped


def compound(streams: dict[str, bytes]) -> bytes:
    """An OLE compound file (MS-CFB), version 3, each stream padded to where it needs no smaller sectors."""
    size, free, end = 512, 0xFFFFFFFF, 0xFFFFFFFE
    padded = {
        name: content.ljust(max(4096, -(-len(content) // size) * size), b"\0") for name, content in streams.items()
    }
    entries = [_entry("Root Entry", 5, end, 0, child=1)]
    chain: list[int] = [0xFFFFFFFD]
    body = b""
    directory_sectors = -(-(len(padded) + 1) // 4)
    first = 1 + directory_sectors
    chain += [*range(2, 1 + directory_sectors), end]
    for place, (name, content) in enumerate(padded.items(), 1):
        sectors = len(content) // size
        right = place + 1 if place < len(padded) else free
        entries.append(_entry(name, 2, first, len(content), right=right))
        chain += [*range(first + 1, first + sectors), end]
        first += sectors
        body += content
    entries += [bytes(128)] * (directory_sectors * 4 - len(entries))
    table = b"".join(struct.pack("<I", one) for one in chain).ljust(size, b"\xff")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0)
    header += struct.pack("<I", 0) + b"\xff" * (4 * 108)
    return header + table + b"".join(entries) + body


def _entry(name: str, kind: int, start: int, size: int, child: int = 0xFFFFFFFF, right: int = 0xFFFFFFFF) -> bytes:
    wide = (name + "\0").encode("utf-16-le")
    head = wide.ljust(64, b"\0") + struct.pack("<HBBIII", len(wide), kind, 1, 0xFFFFFFFF, right, child)
    return head + bytes(36) + struct.pack("<IQ", start, size)


FILES: dict[str, bytes] = {
    "empty.txt": b"",
    "binary.dat": bytes(range(256)) * 20,
    "corrupt.pdf": b"%PDF-1.4 nothing",
    "locked.pdf": pdf_with_password(),
    "locked.docx": compound({"EncryptionInfo": b"x", "EncryptedPackage": b"y"}),
    "scan.pdf": pdf([[], []]),
    "bomb.zip": zipped({"zeros.txt": b"0" * (8 << 20)}),
    "broken.docx": b"PK\3\4broken",
    "blank.txt": b" \n\t\n ",
    "photo.png": b"\x89PNG\r\n\x1a\n",
    "really-a-pdf.docx": pdf([["A PDF under a wrong name."]]),
    "really-a-docx.txt": docx(paragraph("A Word file under a wrong name.")),
    "half.zip": zipped({"good.txt": "This one is fine.", "bad.bin": bytes(range(256)) * 4}),
}

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
