"""What one document may cost a stage's own process before it is given up: settings, stage by stage.

What the parser's child does is limited apart from this, by `limits.parse_seconds` and its like.
"""

from __future__ import annotations

from pydantic import Field

from pipeline.documents import StageName
from pipeline.section import Section

CHARACTERS = 100_000
"""A document of so many characters may take a stage's seconds once more, and so on."""
CLOCK_PER_CPU = 10.0
"""How many times as long the clock may run: a machine that is busy elsewhere blames nobody."""


class StageSeconds(Section):
    """CPU seconds that a stage may compute for a document, and again for each `CHARACTERS` of its
    text. By the clock it has `CLOCK_PER_CPU` times as long, unless it waits for a language model.
    """

    ocr: float = Field(60.0, gt=0)
    chunk: float = Field(120.0, gt=0)
    extract: float = Field(300.0, gt=0)
    resolve: float = Field(120.0, gt=0)
    relate: float = Field(120.0, gt=0)

    def of(self, stage: StageName, characters: int = 0) -> float:
        """Say how many CPU seconds a stage may compute for so much text."""
        once: float = getattr(self, stage)
        return once * (1 + characters / CHARACTERS)


class StageMemory(Section):
    """Bytes that a stage's process may take for one call, above what it has when that begins. What
    is left of its calls is another thing: see `run.growth_bytes`.
    """

    ocr: int = Field(4 << 30, ge=64 << 20)
    chunk: int = Field(4 << 30, ge=64 << 20)
    extract: int = Field(4 << 30, ge=64 << 20)
    resolve: int = Field(4 << 30, ge=64 << 20)
    relate: int = Field(4 << 30, ge=64 << 20)

    def of(self, stage: StageName) -> int:
        """Say how many bytes a stage's call may take."""
        most: int = getattr(self, stage)
        return most
