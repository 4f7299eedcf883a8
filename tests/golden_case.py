"""The stages' outputs on fixed documents, as they were when the golden files were written.

Run as a program (`python tests/golden_case.py`) it writes the golden files anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

from pipeline import assembly
from pipeline.documents import CaseRecord, PageSource, Payload, Source
from pipeline.engines.media_types import detect
from pipeline.process import process
from pipeline.settings import Settings
from pipeline.stage import STAGES
from pipeline.stores.folder_blobs import FolderBlobs
from pipeline.stores.memory import MemoryVectors

FOLDER = Path(__file__).parent / "data" / "golden"
DOCUMENT = FOLDER / "document.eml"
# Where the pages lie that need OCR: left out anyhow, but only after it is done.
SCANS = frozenset({"scans", "archive"})
CORPUS = Path(__file__).parents[1] / "examples" / "corpus"


@dataclass(frozen=True)
class Outputs:
    """What the stages give: `versions` and `document` by stage, `corpus` by path and stage."""

    versions: dict[str, str]
    document: dict[str, Payload]
    corpus: dict[str, dict[str, str]]


def outputs() -> Outputs:
    """Run the five stages on the document, and on the files of the example corpus that are read
    without OCR, which another processor may read otherwise; of these only hashes are kept.
    """
    with tempfile.TemporaryDirectory() as home:
        engines = assembly.Engines(Settings(home=Path(home)))
        blobs = FolderBlobs(Path(home) / "objects")
        blobs.establish()
        stages = assembly.build_stages(Settings(), engines, MemoryVectors(), blobs)
        try:
            document = payloads(process(source(DOCUMENT), stages))
            corpus = {}
            for path in sorted(path for path in CORPUS.rglob("*") if path.is_file()):
                if path.parent.name in SCANS:
                    continue
                record = process(source(path), stages)
                if all(page.source is not PageSource.OCR for page in record.pages.pages):
                    corpus[path.relative_to(CORPUS).as_posix()] = hashes(record)
        finally:
            engines.parser.close()
    versions = {identity.stage.value: identity.version for identity in stages.plan.identities}
    return Outputs(versions, document, corpus)


def source(path: Path) -> Source:
    """Make the first stage's input of a file."""
    data = path.read_bytes()
    return Source(
        path=str(path),
        name=path.name,
        sha256=hashlib.sha256(data).hexdigest(),
        media_type=detect(path, path.name),
        size=len(data),
    )


def payloads(record: CaseRecord) -> dict[str, Payload]:
    """Name the outputs by their stages."""
    given = (
        record.pages, record.chunks, record.mentions, record.names, record.relationships
    )  # fmt: skip
    return {stage.value: payload for stage, payload in zip(STAGES, given, strict=True)}


def hashes(record: CaseRecord) -> dict[str, str]:
    """Hash what a digest sees of each output."""
    return {
        stage: hashlib.sha256(json.dumps(content_of(payload), sort_keys=True).encode()).hexdigest()[
            :16
        ]
        for stage, payload in payloads(record).items()
    }


def content_of(payload: Payload) -> dict[str, object]:
    """Take what a digest sees of a payload."""
    content: dict[str, object] = json.loads(
        payload.model_dump_json(exclude=payload.VOLATILE or None, exclude_defaults=True)
    )
    return content


def main() -> None:
    """Write the golden files."""
    made = outputs()
    for stage, payload in made.document.items():
        golden = {"version": made.versions[stage], "output": content_of(payload)}
        _write(f"{stage}.json", golden)
        print(f"wrote {stage}.json: {made.versions[stage]}", file=sys.stderr)  # noqa: T201
    _write("corpus.json", {"versions": made.versions, "files": made.corpus})


def _write(name: str, golden: object) -> None:
    text = json.dumps(golden, ensure_ascii=False, indent=1)
    (FOLDER / name).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
