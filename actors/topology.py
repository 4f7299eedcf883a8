"""How many actors each stage gets: a pure function."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pipeline.documents import StageName
from pipeline.errors import UsageError
from pipeline.stage import STAGES

HEAVY = (StageName.OCR, StageName.CHUNK, StageName.EXTRACT)
MEMORY = {StageName.OCR: 400 << 20, StageName.CHUNK: 900 << 20, StageName.EXTRACT: 700 << 20}
DOCUMENTS_AN_ACTOR = 8


def actors_for(
    cpus: int,
    memory: int,
    pending: int,
    overrides: Mapping[str, int],
    waits: Collection[StageName] = (),
) -> dict[StageName, int]:
    """Count the actors of each stage.

    The heavy stages get one actor a core, since which of them is the bottleneck depends on the
    document (scans need `ocr`, text does not) and the system shares cores between processes; fewer
    when there is little to do, since an actor costs its models' loading. `memory` is what the
    heavy ones may use in all, in bytes. A stage that `waits` for a language model has one actor,
    which works on many documents at once. Raises UsageError for an override that names no stage.
    """
    for name, count in overrides.items():
        if name not in set(STAGES) or count < 1:
            known = ", ".join(STAGES)
            raise UsageError(f"run.actors: {name}={count} is not a count for one of {known}")
    wanted = max(1, min(cpus, -(-pending // DOCUMENTS_AN_ACTOR)))
    each = sum(bytes_ for stage, bytes_ in MEMORY.items() if stage not in waits)
    left = memory - sum(MEMORY.get(stage, 0) for stage in waits)
    while wanted > 1 and wanted * each > left:
        wanted -= 1
    light = max(1, cpus // 8)
    counts = {stage: wanted if stage in HEAVY else light for stage in STAGES}
    counts |= dict.fromkeys(waits, 1)
    return counts | {StageName(name): count for name, count in overrides.items()}
