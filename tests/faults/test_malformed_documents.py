"""Malformed files through the actors of a run: none dies or raises, each document ends as it may.

`tests/unit/test_malformed_files.py` has more of them for the parser alone. `MALFORMED_SEED=number`
makes others.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from malformed import ERRORS, malformed
from sqlalchemy import text

from faults import small_stages
from faults.small_run import SmallRun
from pipeline import assembly
from pipeline.assembly import Hosted, Stores
from pipeline.documents import StageName
from pipeline.settings import OcrSettings, Settings
from pipeline.stores import postgres

COUNT = 200
SEED = int(os.environ.get("MALFORMED_SEED", "7"))
# Pages without usable text are rendered and read: as small as will do.
SMALL = OcrSettings(dpi=72, max_pages=50)


def host(stage: StageName, settings: Settings, stores: Stores) -> Hosted:
    """Build the real reading of files, and small stages behind it."""
    if stage is not StageName.OCR:
        return small_stages.host(stage, settings, stores)
    return assembly.host_stage(stage, settings, stores)


def ends(run: SmallRun) -> list[tuple[str, str, str, str]]:
    """Give (source, status, error, message) of each document."""
    engine = postgres.engine_of(run.urls.database_url, pool_size=1)
    question = """
        SELECT source, status, coalesce(error, ''), coalesce(message, '')
        FROM documents d LEFT JOIN failures f ON f.document_id = d.id
    """
    with engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(text(question))]
    engine.dispose()
    return found


def test_each_malformed_document_is_completed_or_ends_with_an_error_of_a_known_kind(
    settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "malformed"
    folder.mkdir()
    for name, data in malformed(SEED, COUNT):
        (folder / name).write_bytes(data)
    run = SmallRun(settings.model_copy(update={"ocr": SMALL}), folder, host=host)

    [result] = run.until_done()

    found = ends(run)
    seed = f"MALFORMED_SEED={SEED}"
    assert len([source for source, *_ in found if "!/" not in source]) == COUNT
    assert result.completed + result.failed == len(found), seed
    count = Counter(error for _, _, error, _ in found)
    assert set(count) <= {"", *ERRORS}, (seed, count)
    for source, status, error, message in found:
        assert (status, bool(message)) == (("failed", True) if error else ("completed", False))
        assert "\n" not in message, (seed, source, message)
    # What is harmed is neither always read nor never: else nothing was tried.
    assert count[""], seed
    assert count["damaged"], seed
