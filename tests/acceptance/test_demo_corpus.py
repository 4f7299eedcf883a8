"""What comes out of `examples/corpus`, run as `make demo` runs it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from pipeline import assembly, codec, identity
from pipeline.documents import StageName
from pipeline.process import process
from pipeline.settings import Settings
from pipeline.sources import Fetcher, Located
from pipeline.stage import PAYLOADS, STAGES
from pipeline.stores import embedded, postgres, store_mark
from pipeline.stores.memory import MemoryVectors

EXAMPLES = Path(__file__).parents[2] / "examples"
CORPUS = EXAMPLES / "corpus"


@pytest.fixture(scope="module")
def published(demo) -> Iterator[SimpleNamespace]:
    """Open the demo's database."""
    settings = Settings(home=demo.home)
    engine = postgres.connect(embedded.ensure_services(settings).database_url)
    try:
        yield SimpleNamespace(settings=settings, engine=engine)
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def exported(demo, tmp_path_factory) -> Mapping[str, list[dict[str, Any]]]:
    """Export the demo's graph and read it back."""
    folder = tmp_path_factory.mktemp("export")
    demo.casegraph("export", "--project", "demo", "--format", "jsonl", "--output", str(folder))
    return {
        file.stem: [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        for file in folder.glob("*.jsonl")
    }


def test_every_document_is_completed(demo):
    assert sum(demo.result["documents"].values()) == demo.result["documents"]["completed"]
    files = [path for path in CORPUS.rglob("*") if path.is_file()]
    assert demo.result["documents"]["completed"] > len(files)


def test_progress_is_plain_lines_when_there_is_no_terminal(demo):
    assert "\x1b" not in demo.progress
    running = [line for line in demo.progress.splitlines() if line.startswith("running:")]
    assert running
    for word in ("processed", "persisted", "failed", "docs/s", "left", *STAGES):
        assert word in running[-1]


def test_a_second_run_does_no_work(demo):
    before = demo.casegraph("digest", "--project", "demo").stdout
    again = demo.casegraph.json("run", "examples/corpus", "--project", "demo")
    assert set(again["stage_calls"].values()) == {0}
    assert again["documents"] == demo.result["documents"]
    assert demo.casegraph("digest", "--project", "demo").stdout == before


@pytest.mark.parametrize("each", [8, pytest.param(1, marks=pytest.mark.long)])
def test_the_flow_without_ray_gives_the_same_document_by_document(published, each):
    settings = published.settings
    blobs = assembly.open_blobs(settings)
    see_store = partial(store_mark.see, published.engine, blobs)
    stores = SimpleNamespace(blobs=blobs, see_store=see_store, vectors=MemoryVectors())
    engines = assembly.Engines(settings)
    stages = assembly.build_stages(settings, engines, stores.vectors, stores.blobs)
    fetcher: Fetcher = assembly.open_fetcher(settings, stores)
    compared = 0
    try:
        for row in contents(published.engine)[::each]:
            located = Located(uri=row.uri, name=Path(row.source).name, blob=row.blob)
            known = fetcher.identify(located)
            with fetcher.fetched(located, known) as source:
                record = process(source, stages)
            payloads = (
                record.pages, record.chunks, record.mentions, record.names, record.relationships
            )  # fmt: skip
            for link, payload in zip(row.chain, payloads, strict=True):
                mine = identity.checkpoint_digest(link["fingerprint"], payload)
                assert mine == link["digest"], f"{row.source}: {link['stage']} differs"
            compared += 1
    finally:
        engines.parser.close()
    assert compared > 40 // each


def contents(engine) -> list[Any]:
    """Read one document of each published content."""
    with engine.connect() as connection:
        return connection.execute(
            text(
                "SELECT DISTINCT ON (c.id) c.id, d.uri, d.source, d.blob, c.chain "
                "FROM contents c JOIN documents d ON d.content_id = c.id ORDER BY c.id, d.uri"
            )
        ).all()


def test_every_mention_is_its_words_on_a_page_that_holds_them(exported, published):
    texts = {row["id"]: row["text"] for row in exported["documents"]}
    pages = {row["id"]: row["pages"] for row in exported["documents"]}
    assert len(exported["mentions"]) > 1_000
    for mention in exported["mentions"]:
        text_ = texts[mention["document_id"]]
        assert text_[mention["start"] : mention["end"]] == mention["text"]
        assert 1 <= mention["page"] <= max(1, pages[mention["document_id"]])


def test_every_relationship_quotes_its_evidence(exported):
    texts = {row["source"]: row["text"] for row in exported["documents"]}
    assert exported["relationships"]
    for fact in exported["relationships"]:
        assert texts[fact["source"]][fact["start"] : fact["end"]] == fact["quote"]
        assert fact["quote"].strip()


def test_spans_of_one_document_do_not_overlap(exported):
    by_document: dict[str, list[tuple[int, int]]] = {}
    for mention in exported["mentions"]:
        span = (mention["start"], mention["end"])
        by_document.setdefault(mention["document_id"], []).append(span)
    for spans in by_document.values():
        spans.sort()
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def test_facts_say_who_made_them_and_mentions_on_paper_where(published):
    with published.engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT m.model, m.stage_version, m.boxes, c.media_type FROM mentions m "
                "JOIN contents c ON c.id = m.content_id"
            )
        ).all()
        facts = connection.execute(text("SELECT model, stage_version FROM relationships")).all()
    assert all(row.model and row.stage_version for row in [*rows, *facts])
    paper = [row for row in rows if row.media_type.startswith(("image/", "application/pdf"))]
    assert len(paper) > 200
    assert all(row.boxes and all(len(box) == 4 for box in row.boxes) for row in paper)


def test_the_same_things_come_back_in_other_documents_and_forms(exported):
    spread = [row for row in exported["entities"] if row["documents"] >= 5]
    assert len(spread) >= 8
    assert any(len(row["aliases"]) >= 2 for row in spread)


def test_mail_heads_are_relationships_and_columns(exported, published):
    assert {row["predicate"] for row in exported["relationships"]} >= {"emailed"}
    with published.engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT sender, recipients, subject, sent FROM contents "
                "WHERE media_type = 'message/rfc822' AND sender IS NOT NULL"
            )
        ).all()
    assert rows
    assert all(row.subject and row.sent for row in rows)
    assert any(row.recipients for row in rows)


def test_members_point_to_their_container(published):
    with published.engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT d.uri, p.uri AS parent FROM documents d "
                "JOIN documents p ON p.id = d.parent_id"
            )
        ).all()
    assert len(rows) >= 10
    assert all(row.uri.startswith(f"{row.parent}!/") for row in rows)


def test_stored_payloads_are_what_the_chain_says(published):
    with published.engine.connect() as connection:
        rows = connection.execute(
            text("SELECT stage, fingerprint, digest, payload FROM stage_results LIMIT 60")
        ).all()
    for row in rows:
        payload = codec.decode(PAYLOADS[StageName(row.stage)], bytes(row.payload))
        assert identity.checkpoint_digest(row.fingerprint, payload) == row.digest


def test_scans_are_read(published):
    """Hold the scans' text against what a person reads on them."""
    from rapidfuzz.distance import Levenshtein

    with published.engine.connect() as connection:
        read = {
            row.source: [row.text[page["start"] : page["end"]] for page in row.pages]
            for row in connection.execute(
                text(
                    "SELECT d.source, c.text, c.pages FROM documents d "
                    "JOIN contents c ON c.id = d.content_id"
                )
            )
        }
    index = json.loads((EXAMPLES / "scans_truth" / "index.json").read_text("utf-8"))
    rates = {}
    for scan, entry in index.items():
        pages = read[f"examples/{scan}"]
        found = " ".join(" ".join(pages[number - 1] for number in entry["pages"]).split())
        truth = " ".join((EXAMPLES / entry["truth"]).read_text("utf-8").split())
        rates[scan] = Levenshtein.distance(truth, found) / len(truth)
    assert sum(entry["origin"] != "rendered" for entry in index.values()) >= 5
    assert sorted(rates.values())[len(rates) // 2] < 0.03, rates
    assert sum(rate < 0.06 for rate in rates.values()) >= len(rates) * 0.75, rates


def test_the_digest_does_not_know_the_projects_name_or_the_order(demo):
    here = demo.here
    paths = sorted(str(path) for path in (CORPUS / "press-releases").iterdir())[::2]
    for name, order in (("one", paths), ("other", paths[::-1])):
        here("run", *order, "--project", name)
    digests = {here("digest", "--project", name).stdout.strip() for name in ("one", "other")}
    for name in ("one", "other"):
        here("projects", "delete", name, "--yes")
    assert len(digests) == 1
    assert len(digests.pop()) == 64


def test_the_saved_notebook_shows_this_graph(demo):
    """It is stale else: `make notebook` executes it anew."""
    listed = demo.casegraph.json_lines("entities", "--project", "demo", "--limit", "100000")
    saved = (EXAMPLES.parent / "notebooks" / "01_explore.ipynb").read_text("utf-8")
    assert f"{len(listed):,} entities in {demo.result['documents']['completed']} documents" in saved
    assert all(row["id"] in saved for row in listed[:15])


def test_file_uris_are_absolute(exported, published):
    with published.engine.connect() as connection:
        uris = connection.execute(text("SELECT uri FROM documents")).scalars().all()
    assert all(urlsplit(uri).path.startswith("/") for uri in uris)
    assert {Path(row["source"]).parts[0] for row in exported["documents"]} == {"examples"}
