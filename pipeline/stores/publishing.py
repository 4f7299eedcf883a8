"""Publishes contents whose chain is complete, inside a transaction that the caller opens.

Readers see a content's new results all at once: its rows are replaced, the documents that wait
for it point to it, the members of a container become documents, and what nothing points to any
more goes, in that one transaction. Locks are taken in one order everywhere: project, contents,
documents, names, each by id.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from pipeline import publication
from pipeline.documents import StageName
from pipeline.errors import PermanentError
from pipeline.publication import PublishedRows
from pipeline.published_record import PublishedRecord
from pipeline.settings import ArchiveLimits
from pipeline.stage import Chain, Plan
from pipeline.stores import store_mark
from pipeline.stores.chunk_vectors import CachedVectors
from pipeline.stores.content_rows import copy_chunks, fill_contents, hold_names
from pipeline.stores.copying import copy_rows
from pipeline.stores.members import Admission, Parent, admit
from pipeline.stores.payloads import LostResultsError, Payloads, RefusedContentError
from pipeline.stores.protocols import CheckpointKey
from pipeline.stores.removal import (
    append_changes,
    clear_rows,
    names_of,
    remove_replaced_results,
    remove_unseen_contents,
    remove_unused_names,
)

KnownResults = Mapping[str, Mapping[tuple[StageName, str], str]]
"""Which checkpoints PostgreSQL has: content → (stage, fingerprint) → digest."""


@dataclass(frozen=True)
class LockedContent:
    """A content's row, locked. `published` is the chain that readers see."""

    id: str
    sha256: str
    media_type: str
    published: tuple[tuple[StageName, str, str], ...]
    members: Sequence[Mapping[str, Any]]

    def follow(self, plan: Plan, known: Mapping[tuple[StageName, str], str]) -> Chain:
        """Follow the chain through checkpoints: (stage, fingerprint) → digest."""
        return plan.follow(self.sha256, self.media_type, known)

    def shows(self, chain: Chain) -> bool:
        """Say whether readers see this chain already."""
        links = tuple((link.stage, link.fingerprint, link.digest) for link in chain.links)
        return bool(links) and links == self.published


@dataclass
class Published:
    """What became visible. `claimed` are those of `documents` that a run at work has, with the run.
    `refused` are contents none of whose documents could be completed, with the reason; `removed`
    are contents that are gone.
    """

    contents: list[str] = field(default_factory=list)
    documents: list[str] = field(default_factory=list)
    claimed: list[tuple[str, str]] = field(default_factory=list)
    members_admitted: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    dropped: int = 0


@dataclass(frozen=True)
class Publication:
    """Where and how to publish. `vectors` has those that chunks may be given at once; None where
    they have no column for one.
    """

    connection: Connection
    project: str
    plan: Plan
    payloads: Payloads
    archive: ArchiveLimits
    vectors: CachedVectors | None = None


_LOCK_CONTENTS = text("""
SELECT id::text, sha256, media_type, chain, members FROM contents
WHERE id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR NO KEY UPDATE
""")

_STORED = text("""
SELECT content_id::text, stage, fingerprint, part, digest FROM stage_results
WHERE content_id = ANY(CAST(:ids AS uuid[]))
""")

_WAITING = text("""
SELECT id::text, uri, source, depth, coalesce(root_id, id)::text AS root, content_id::text,
       next_content_id::text AS next,
       EXISTS (SELECT 1 FROM documents m WHERE m.parent_id = d.id) AS has_members
FROM documents d
WHERE next_content_id = ANY(CAST(:ids AS uuid[])) AND NOT unread
  AND status IN ('running', 'pending')
ORDER BY id FOR UPDATE
""")

_COMPLETE = text("""
UPDATE documents SET content_id = next_content_id, next_content_id = NULL, status = 'completed',
       stale = false, reason = NULL, updated_at = now(),
       partial = EXISTS (SELECT 1 FROM contents c WHERE c.id = next_content_id
                         AND c.pages @> '[{"source": "unread"}]')
WHERE id = ANY(CAST(:ids AS uuid[]))
RETURNING id::text, (SELECT r.id::text FROM runs r WHERE r.id = claimed_by AND r.ended_at IS NULL
                     AND r.lease_until > statement_timestamp()) AS run
""")


def lock_contents(connection: Connection, ids: Sequence[str]) -> dict[str, LockedContent]:
    """Lock contents so that of two transactions that complete a chain, the second sees both."""
    return {
        row.id: LockedContent(
            id=row.id,
            sha256=row.sha256,
            media_type=row.media_type,
            published=tuple(
                (StageName(link["stage"]), link["fingerprint"], link["digest"])
                for link in row.chain or ()
            ),
            members=row.members or (),
        )
        for row in connection.execute(_LOCK_CONTENTS, {"ids": sorted(set(ids))})
    }


def stored_digests(connection: Connection, ids: Sequence[str]) -> dict[CheckpointKey, str]:
    """Read which checkpoints PostgreSQL has of contents, with their digests."""
    rows = connection.execute(_STORED, {"ids": sorted(set(ids))})
    return {CheckpointKey(row[0], StageName(row[1]), row[2], row[3]): row[4] for row in rows}


def known_results(ids: Iterable[str], stored: Mapping[CheckpointKey, str]) -> KnownResults:
    """Order by content what is there of whole contents."""
    known: dict[str, dict[tuple[StageName, str], str]] = {id_: {} for id_ in ids}
    for key, digest in stored.items():
        if not key.part:
            known[key.content][key.stage, key.fingerprint] = digest
    return known


def known_checkpoints(connection: Connection, ids: Sequence[str]) -> KnownResults:
    """Read which checkpoints PostgreSQL has of contents."""
    return known_results(ids, stored_digests(connection, ids))


def publish(
    way: Publication,
    contents: Mapping[str, LockedContent],
    known: KnownResults,
    chains: Mapping[str, Chain],
) -> Published:
    """Publish those contents whose chain is complete and that a document waits for.

    What PostgreSQL has of them under other fingerprints goes: no more than one chain of a content
    is kept. `known` was read under the lock that all have who write, so it is all there is.
    Raises RefusedContentError for the first content that no repetition would publish,
    LostResultsError for what is stored and cannot be read, database errors as they come.
    """
    complete = sorted(id_ for id_, chain in chains.items() if chain.gap is None)
    waiting = way.connection.execute(_WAITING, {"ids": complete}).all() if complete else []
    wanted = {document.next for document in waiting}
    fresh = {id_: chains[id_] for id_ in sorted(wanted) if not contents[id_].shows(chains[id_])}
    rows = _rows(way, fresh)
    admission = _admit(way, waiting, contents, rows)
    done = [document for document in waiting if document.root not in admission.bombs]
    shown = {document.next for document in done}
    written = {id_: part for id_, part in rows.items() if id_ in shown}
    left = _write(way, written, {id_ for id_ in written if contents[id_].published})
    remove_replaced_results(way.connection, {id_: (known[id_], chains[id_]) for id_ in shown})
    completed = way.connection.execute(_COMPLETE, {"ids": [document.id for document in done]})
    claimed = [(row.id, row.run) for row in completed if row.run]
    loose = admission.loose | {document.content_id for document in done if document.content_id}
    unseen = remove_unseen_contents(way.connection, way.project, loose)
    remove_unused_names(way.connection, itertools.chain.from_iterable(left.values()))
    seen = written.keys() - {*unseen.gone, *unseen.hidden}
    append_changes(way.connection, way.project, "published", seen, left)
    return Published(
        contents=sorted(shown),
        documents=[document.id for document in done],
        claimed=claimed,
        members_admitted=admission.admitted,
        refused={
            document.next: admission.bombs[document.root]
            for document in waiting
            if document.next not in shown
        },
        removed=list(unseen.gone),
        dropped=sum(part.dropped for part in written.values()),
    )


def _rows(way: Publication, chains: Mapping[str, Chain]) -> dict[str, PublishedRows]:
    """Make the rows of contents from the payloads of their chains."""
    way.payloads.load(way.connection, chains)
    rows: dict[str, PublishedRows] = {}
    lost: list[CheckpointKey] = []
    for content, chain in chains.items():
        try:
            parts = {link.stage: way.payloads.read(content, link) for link in chain.links}
        except LostResultsError as error:
            lost += error.lost
            continue
        try:
            record = PublishedRecord(
                pages=parts[StageName.OCR],
                chunks=parts[StageName.CHUNK],
                mentions=parts[StageName.EXTRACT],
                names=parts[StageName.RESOLVE],
                relationships=parts[StageName.RELATE],
            )
            rows[content] = publication.rows_of(way.project, content, chain, way.plan, record)
        except PermanentError as error:
            raise RefusedContentError(
                content, StageName.RELATE, error.code, error.message
            ) from error
    if lost:
        raise LostResultsError(lost)
    return rows


def _write(
    way: Publication, rows: Mapping[str, PublishedRows], replaced: Collection[str]
) -> dict[str, list[str]]:
    """Write the rows of contents in the place of those that `replaced` ones have; return the names
    that each of these mentioned before.
    """
    if not rows:
        return {}
    connection, ids = way.connection, sorted(rows)
    left = names_of(connection, sorted(replaced)) if replaced else {}
    if replaced:
        clear_rows(connection, sorted(replaced))
    fill_contents(connection, {id_: rows[id_].content for id_ in ids})
    hold_names(connection, [row for id_ in ids for row in rows[id_].names])
    copy_chunks(connection, way.vectors, [row for id_ in ids for row in rows[id_].chunks])
    copied = {
        "mentions": (publication.MENTION_COLUMNS, [rows[id_].mentions for id_ in ids]),
        "relationships": (
            publication.RELATIONSHIP_COLUMNS, [rows[id_].relationships for id_ in ids],
        ),
    }  # fmt: skip
    for table, (columns, parts) in copied.items():
        copy_rows(connection, table, columns, itertools.chain.from_iterable(parts))
    return left


def _admit(
    way: Publication,
    waiting: Sequence[Any],
    contents: Mapping[str, LockedContent],
    rows: Mapping[str, PublishedRows],
) -> Admission:
    """Bring the members of documents to what their new content holds."""
    parents: list[Parent] = []
    for document in waiting:
        part = rows.get(document.next)
        members = part.content["members"] if part else contents[document.next].members
        if members or document.has_members:
            parents.append(
                Parent(
                    id=document.id,
                    content=document.next,
                    uri=document.uri,
                    source=document.source,
                    root=document.root,
                    depth=document.depth,
                    members=members or (),
                )
            )
    if any(parent.members for parent in parents):
        store_mark.check(way.connection, way.payloads.blobs)
    return admit(way.connection, way.project, parents, way.archive)
