"""Any number of real texts, all different: the example and gold texts, cut anew.

The gold lies beside the repository in some checkouts (`../shared/gold`). Where it does not, the
example texts alone are cut, and the figures say so.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "sources" / "texts"
GOLD = ROOT.parent / "shared" / "gold"
SHORTEST, LONGEST = 500, 2_000
SEED, TRIES = 3, 1_000
SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])|\n\s*\n")


@dataclass(frozen=True)
class Quarry:
    """What pieces are cut from. `starts` are the offsets in `text` where sentences begin."""

    text: str
    starts: tuple[int, ...]
    source: str

    def pieces(self, count: int) -> Iterator[str]:
        """Yield `count` different pieces of whole sentences.

        A longer corpus begins with a shorter one. Raises SystemExit where the texts are too few.
        """
        seen: set[bytes] = set()
        for number in range(count):
            chance = random.Random(f"{SEED}:{number}")
            for _ in range(TRIES):
                piece = self._piece(chance)
                key = hashlib.sha256(piece.encode()).digest()
                if key not in seen:
                    break
            else:
                raise SystemExit(f"{self.source}: too few texts for {count} different pieces")
            seen.add(key)
            yield piece

    def _piece(self, chance: random.Random) -> str:
        """Put two runs of sentences together: of single runs a small quarry has too few."""
        length = chance.randint(SHORTEST, LONGEST) // 2
        return "\n\n".join(self._run(chance, length) for _ in range(2)) + "\n"

    def _run(self, chance: random.Random, length: int) -> str:
        """Cut a run of sentences of about that length."""
        last = bisect_right(self.starts, len(self.text) - LONGEST)
        begin = self.starts[chance.randrange(max(last, 1))]
        stop = self.starts[min(bisect_right(self.starts, begin + length), len(self.starts) - 1)]
        return self.text[begin:stop].strip()


def open_quarry(gold: Path | None = None) -> Quarry:
    """Collect the texts. Raises SystemExit where there are none."""
    gold = gold or GOLD
    texts = [path.read_text("utf-8") for path in sorted(EXAMPLES.glob("*.txt"))]
    source = "examples/sources/texts"
    for path in sorted(gold.glob("*.jsonl")):
        texts += [json.loads(line)["text"] for line in path.read_text("utf-8").splitlines()]
        source = "examples/sources/texts and the gold texts"
    if not texts:
        raise SystemExit(f"no texts to cut: {EXAMPLES} and {gold} hold none")
    text = "\n\n".join(part.strip() for part in texts)
    starts = (0, *(match.end() for match in SENTENCE_END.finditer(text)), len(text))
    return Quarry(text, starts, f"{source}, cut anew with seed {SEED}")
