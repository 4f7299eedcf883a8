"""The stages' outputs on a fixed document, as they were when the golden files were written.

Run as a program (`python tests/golden_case.py`) it writes the golden files anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

from pipeline import assembly
from pipeline.documents import Payload, Source
from pipeline.process import process
from pipeline.settings import Settings
from pipeline.stage import STAGES
from pipeline.stores.memory import MemoryBlobs, MemoryVectors

FOLDER = Path(__file__).parent / "data" / "golden"
DOCUMENT = FOLDER / "document.eml"


def outputs() -> dict[str, tuple[str, Payload]]:
    """Run the five stages on the document: stage → its version and its output."""
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home))
        engines = assembly.Engines(settings)
        stages = assembly.build_stages(settings, engines, MemoryVectors(), MemoryBlobs())
        data = DOCUMENT.read_bytes()
        source = Source(
            path=str(DOCUMENT),
            name=DOCUMENT.name,
            sha256=hashlib.sha256(data).hexdigest(),
            media_type="message/rfc822",
            size=len(data),
        )
        try:
            record = process(source, stages)
        finally:
            engines.parser.close()
    payloads = (
        record.pages, record.chunks, record.mentions, record.names, record.relationships
    )  # fmt: skip
    return {
        stage.value: (identity.version, payload)
        for stage, identity, payload in zip(STAGES, stages.plan.identities, payloads, strict=True)
    }


def content_of(payload: Payload) -> dict[str, object]:
    """Take what a digest sees of a payload."""
    content: dict[str, object] = json.loads(
        payload.model_dump_json(exclude=payload.VOLATILE or None, exclude_defaults=True)
    )
    return content


def main() -> None:
    """Write the golden files."""
    for stage, (version, payload) in outputs().items():
        text = json.dumps(
            {"version": version, "output": content_of(payload)}, ensure_ascii=False, indent=1
        )
        (FOLDER / f"{stage}.json").write_text(text + "\n", encoding="utf-8")
        print(f"wrote {stage}.json: {version}", file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    main()
