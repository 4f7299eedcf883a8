"""Malformed files by a seed: real ones of every format, cut, flipped and spliced.

What lies packed in a ZIP is also harmed before it is packed: else its checksum is all that a
reader ever meets.
"""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from PIL import Image

CORPUS = Path(__file__).parents[1] / "examples" / "corpus"
OF_THE_CORPUS = (
    "press-releases/votel-statement-on-keating.txt",
    "press-releases/2017-01-09-strikes.md",
    "press-releases/2017-01-08-strikes.html",
    "mail/2016-12-27-al-kuwaiti-killed.eml",
    "mail/2016-11-28-investigation-call.msg",
    "mail/state-press-desk-2015.mbox",
    "state-department/statements-on-attacks-in-iraq.docx",
    "tables/coalition-strikes-january-2017.xlsx",
    "briefings/operation-inherent-resolve-update.pptx",
    "tables/officials-named-in-releases.csv",
    "court/mccombs-v-miller-oral-argument-1.pdf",
    "bundles/statements-on-syria-and-iraq.zip",
)
PICTURE = CORPUS / "scans" / "boy-scouts-in-russia-page-27.png"
PICTURES = {
    "a.png": {}, "a.jpg": {"quality": 60}, "packbits.tif": {"compression": "packbits"},
    "lzw.tif": {"compression": "tiff_lzw"}, "fax.tif": {"compression": "group4"},
    "scan.pdf": {"resolution": 72},
}  # fmt: skip

ERRORS = {
    "archive_bomb", "damaged", "empty_file", "encrypted", "image_too_large", "output_too_large",
    "parser_crashed", "parser_memory", "parser_timeout", "text_too_long", "too_many_pages",
    "unsafe_xml", "unsupported_type",
}  # fmt: skip
"""How such a file may end that cannot be read."""


@cache
def real_files() -> dict[str, bytes]:
    """Take one file of each format by name; pictures are a few lines of a real scan."""
    files = {Path(name).name: (CORPUS / name).read_bytes() for name in OF_THE_CORPUS}
    with Image.open(PICTURE) as page:
        lines = page.convert("L").crop((141, 884, 641, 994))
    for name, options in PICTURES.items():
        out = io.BytesIO()
        kind = {"png": "PNG", "jpg": "JPEG", "tif": "TIFF", "pdf": "PDF"}[name[-3:]]
        picture = lines.convert("1") if name == "fax.tif" else lines
        picture.save(out, kind, **(options if kind == "PDF" else {"dpi": (200, 200)} | options))
        files[name] = out.getvalue()
    return files


def malformed(seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """Make so many files, the same for the same seed; a name tells which file was harmed how."""
    files = real_files()
    names = sorted(files)
    for number in range(count):
        chance = random.Random(f"{seed} {number}")
        name = names[number % len(names)]
        data, other = files[name], files[chance.choice(names)]
        inside = data[:2] == b"PK" and chance.random() < 0.6
        harm = chance.choice(HARMS)
        harmed = repacked(data, other, harm, chance) if inside else harm(data, other, chance)
        how = f"{harm.__name__}{'-inside' if inside else ''}"
        yield f"{number:05d}-{how}-{name}", harmed


def repacked(data: bytes, other: bytes, harm: Harm, chance: random.Random) -> bytes:
    """Harm one member of a ZIP, and pack it anew with a right checksum."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as archive, zipfile.ZipFile(out, "w") as made:
        entries = archive.infolist()
        chosen = chance.choice(entries)
        for entry in entries:
            content = archive.read(entry)
            if entry is chosen:
                content = harm(content, other, chance)
            made.writestr(entry.filename, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


Harm = Callable[[bytes, bytes, random.Random], bytes]


def cut(data: bytes, _: bytes, chance: random.Random) -> bytes:
    """End a file early, often near its end or its beginning."""
    return data[: int(len(data) * chance.choice([chance.random(), 0.99, 0.01, 0.5]))]


def flipped(data: bytes, _: bytes, chance: random.Random) -> bytes:
    """Turn from one to some hundred bits over, anywhere or in the first kilobyte."""
    harmed = bytearray(data)
    reach = min(len(harmed), chance.choice([len(harmed), 1024]))
    for _number in range(chance.choice([1, 3, 20, 200]) if reach else 0):
        harmed[chance.randrange(reach)] ^= 1 << chance.randrange(8)
    return bytes(harmed)


def spliced(data: bytes, other: bytes, chance: random.Random) -> bytes:
    """Put a piece of another file into the place of a piece of this one."""
    start, end = sorted(chance.randrange(len(data) + 1) for _ in range(2))
    first, last = sorted(chance.randrange(len(other) + 1) for _ in range(2))
    return data[:start] + other[first:last] + data[end:]


def repeated(data: bytes, _: bytes, chance: random.Random) -> bytes:
    """Say a piece of a file many times."""
    start = chance.randrange(len(data) + 1)
    piece = data[start : start + chance.choice([1, 16, 400])]
    return data[:start] + piece * chance.choice([2, 50, 3_000]) + data[start:]


def zeroed(data: bytes, _: bytes, chance: random.Random) -> bytes:
    """Blank a piece of a file, as a disk does that loses a block."""
    start = chance.randrange(len(data) + 1)
    length = min(chance.choice([4, 64, 512]), len(data) - start)
    return data[:start] + chance.choice([b"\x00", b"\xff"]) * length + data[start + length :]


HARMS: tuple[Harm, ...] = (cut, flipped, spliced, repeated, zeroed)
