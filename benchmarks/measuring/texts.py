"""The documents that are measured: the same ones every time, on every machine."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SHIPPED = Path(__file__).resolve().parents[2] / "examples" / "sources" / "texts"
SEED = 20
MIN_WORDS = 1_000
# What some library does only once, and only for what it looks for, has to happen before the clock
# starts: this makes the stages look for everything.
WARM_UP = """The United States District Court for the Northern District of California dismissed it,
No. 3:15-cv-01234, on March 3, 2021. See Roe v. Wade, 410 U.S. 113, 120 (1973); 42 U.S.C. § 1983.
John Smith, who works for Acme Corp., paid $1,000,000 to Mary Jones in Paris, France.
THE COURT HEARD MR. SMITH AGAIN IN SAN FRANCISCO. Smith sued Acme. Write to j@acme.example."""
BLANK_LINES = re.compile(r"\n\s*\n")


@dataclass(frozen=True)
class Corpus:
    """Documents as files, and how long each is. `words` are runs of non-blanks.

    `warm_up` is one more, outside the folder, that is not counted.
    """

    folder: Path
    paths: tuple[Path, ...]
    words: tuple[int, ...]
    characters: int
    source: str
    warm_up: Path

    def as_json(self) -> dict[str, object]:
        """Give what a reader of the figures needs to know of the documents."""
        return {
            "source": self.source,
            "documents": len(self.paths),
            "words": sum(self.words),
            "shortest_words": min(self.words),
            "characters": self.characters,
        }


def make_corpus(folder: Path, count: int, given: Path | None) -> Corpus:
    """Write at most `count` documents into a folder: from `given`, else from the shipped texts.

    Raises SystemExit that says what is missing.
    """
    if given is None:
        texts = list(recombined(paragraphs(SHIPPED), count))
        source = f"examples/sources/texts, paragraphs shuffled with seed {SEED}"
    else:
        texts = [path.read_text("utf-8") for path in sorted(given.glob("*.txt"))[:count]]
        source = str(given)
    if not texts:
        raise SystemExit(f"no documents to measure: {given or SHIPPED} holds no .txt")
    folder.mkdir(parents=True)
    paths = tuple(folder / f"{number:05}.txt" for number in range(len(texts)))
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, "utf-8")
    warm_up = folder.with_name("warm-up.txt")
    warm_up.write_text(f"{WARM_UP}\n\n{texts[-1]}", "utf-8")
    return Corpus(
        folder=folder,
        paths=paths,
        words=tuple(len(text.split()) for text in texts),
        characters=sum(map(len, texts)),
        source=source,
        warm_up=warm_up,
    )


def paragraphs(folder: Path) -> list[str]:
    """Collect the paragraphs of a folder's texts, in order of the files' names."""
    return [
        paragraph.strip()
        for path in sorted(folder.glob("*.txt"))
        for paragraph in BLANK_LINES.split(path.read_text("utf-8"))
        if paragraph.strip()
    ]


def recombined(parts: Sequence[str], count: int) -> Iterator[str]:
    """Yield `count` documents, each of shuffled paragraphs up to `MIN_WORDS` words or a little
    more. A document depends on its own number alone, so a longer corpus begins with a shorter one.
    """
    for number in range(count):
        order = list(parts)
        random.Random(f"{SEED}:{number}").shuffle(order)
        yield "\n\n".join(_until(order, MIN_WORDS)) + "\n"


def _until(parts: Sequence[str], words: int) -> Iterator[str]:
    """Yield parts until they have so many words."""
    have = 0
    for part in parts:
        yield part
        have += len(part.split())
        if have >= words:
            return
