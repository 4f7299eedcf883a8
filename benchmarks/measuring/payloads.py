"""Real payloads: texts through the five stages once, kept for the next time."""

from __future__ import annotations

import base64
import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from measuring.flow import build_flow, identified
from measuring.texts import WARM_UP
from pipeline import codec, identity
from pipeline.documents import CaseRecord, Payload, StageName
from pipeline.settings import Settings
from pipeline.stage import STAGES, Chain, Link, Plan
from pipeline.stores.memory import MemoryVectors
from pipeline.stores.protocols import Checkpoint, Vector

MEDIA = "text/plain"
FIELDS: dict[StageName, str] = {
    StageName.OCR: "pages",
    StageName.CHUNK: "chunks",
    StageName.EXTRACT: "mentions",
    StageName.RESOLVE: "names",
    StageName.RELATE: "relationships",
}


@dataclass(frozen=True)
class Made:
    """What the stages made of one text: its record, and the vectors of its chunks by hash."""

    sha256: str
    size: int
    record: CaseRecord
    vectors: dict[str, Vector]

    def checkpoints(self, project: str, plan: Plan) -> list[Checkpoint]:
        """Make the chain of checkpoints as a run of a project would put them."""
        content = identity.content_id(project, self.sha256, MEDIA)
        chain, made = Chain(), []
        for stage in STAGES:
            payload: Payload = getattr(self.record, FIELDS[stage])
            print_ = plan.fingerprint(stage, chain, self.sha256, MEDIA)
            digest = identity.checkpoint_digest(print_, payload)
            chain = chain.extended(Link(stage=stage, fingerprint=print_, digest=digest))
            made.append(
                Checkpoint(
                    content=content,
                    stage=stage,
                    fingerprint=print_,
                    digest=digest,
                    payload=codec.encode(payload),
                    seconds=0.01,
                )
            )
        return made


def make_payloads(
    settings: Settings, plan: Plan, texts: Sequence[str], kept: Path
) -> tuple[Made, ...]:
    """Run the stages on texts, or read what they made of the same ones before under this plan."""
    asked = hashlib.sha256("\x1f".join([plan.digest, *texts]).encode()).hexdigest()[:16]
    path = kept / f"payloads-{asked}.jsonl"
    if not path.exists():
        lines = _run(settings, texts)
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(".new")
        new.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        new.rename(path)
    return tuple(_read(line) for line in path.read_text("utf-8").split("\n") if line)


def _run(settings: Settings, texts: Sequence[str]) -> list[str]:
    """Run the five stages on each text; a line of JSON each."""
    with tempfile.TemporaryDirectory(prefix="casegraph-benchmark-") as folder:
        paths = [Path(folder) / f"{number:05}.txt" for number in range(len(texts))]
        for path, text in zip(paths, texts, strict=True):
            path.write_text(text, "utf-8")
        warm_up = Path(folder) / "warm-up.txt"
        warm_up.write_text(WARM_UP, "utf-8")
        vectors = MemoryVectors()
        flow = build_flow(settings, warm_up, vectors)
        try:
            lines = []
            for source in identified(paths):
                record = flow.run(source)
                keys = [identity.text_key(chunk.text) for chunk in record.chunks.chunks]
                found = vectors.get(flow.model, keys)
                lines.append(
                    json.dumps(
                        {
                            "sha256": source.sha256,
                            "size": source.size,
                            "record": record.model_dump(mode="json"),
                            "vectors": {
                                key: base64.b64encode(np.asarray(v, "<f4").tobytes()).decode()
                                for key, v in found.items()
                            },
                        },
                    )
                )
            return lines
        finally:
            flow.close()


def _read(line: str) -> Made:
    """Read a line back."""
    row = json.loads(line)
    return Made(
        sha256=row["sha256"],
        size=row["size"],
        record=CaseRecord.model_validate_json(json.dumps(row["record"])),
        vectors={
            key: np.frombuffer(base64.b64decode(value), "<f4").astype(np.float32)
            for key, value in row["vectors"].items()
        },
    )
