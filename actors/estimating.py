"""Estimates what language models would cost, from the chunks that PostgreSQL has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from pipeline import assembly, codec, identity
from pipeline.documents import Chunks, StageName
from pipeline.forecast import KnownContent, stages_to_run
from pipeline.llm.estimating import NOTHING, Estimate, Way, of_document
from pipeline.settings import Settings
from pipeline.stage import Plan
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.protocols import CheckpointKey

AT_ONCE = 50


class _Asked(NamedTuple):
    """A content that stages would ask about; `chunks` is where its chunks are, if they are."""

    content: str
    ways: Sequence[Way]
    chunks: CheckpointKey | None


def estimate(
    settings: Settings,
    urls: ServiceUrls,
    project: str,
    plan: Plan,
    contents: Iterable[KnownContent],
    ways: Sequence[Way],
) -> Estimate:
    """Estimate what would be asked about contents under a plan. Raises TemporaryError.

    Answers are known to be kept where the first question about a content has one: then as many as
    were ever given about it.
    """
    results = assembly.open_stores(settings, urls).checkpoints.durable
    account = assembly.open_account(urls, project)
    total = NOTHING
    for some in _batches(_asked(project, plan, contents, ways)):
        found = results.get([one.chunks for one in some if one.chunks])
        texts = {
            key.content: [chunk.text for chunk in codec.decode(Chunks, known.payload).chunks]
            for key, known in found.items()
        }
        first = {
            content: [way.question(chunks[0]) for way in ways if way.exact]
            for content, chunks in texts.items()
            if chunks
        }
        kept = account.answered(first)
        for one in some:
            if one.content not in texts:
                total += Estimate(documents=1, unread=1)
            else:
                total += of_document(texts[one.content], one.ways, kept.get(one.content, {}))
    return total


def _asked(
    project: str, plan: Plan, contents: Iterable[KnownContent], ways: Sequence[Way]
) -> Iterator[_Asked]:
    """Find the contents that a stage would run for which asks."""
    for content in contents:
        stages = stages_to_run(plan, content)
        asking = [way for way in ways if way.stage in stages]
        if asking:
            id_ = identity.content_id(project, content.sha256, content.media_type)
            chain = plan.follow(content.sha256, content.media_type, content.results)
            links = [link for link in chain.links if link.stage is StageName.CHUNK]
            key = CheckpointKey(id_, StageName.CHUNK, links[0].fingerprint) if links else None
            yield _Asked(id_, asking, key)


def _batches(asked: Iterator[_Asked]) -> Iterator[list[_Asked]]:
    while some := list(islice(asked, AT_ONCE)):
        yield some
