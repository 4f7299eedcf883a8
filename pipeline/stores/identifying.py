"""Ties claimed documents to their contents, and completes those whose content is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline import identity
from pipeline.errors import TemporaryError
from pipeline.stage import STAGES, Chain
from pipeline.stores import ledger_queries as queries
from pipeline.stores.blame import blame_content, refusal
from pipeline.stores.ledger_values import Identified, Work
from pipeline.stores.lost_results import remove_rows
from pipeline.stores.payloads import (
    LostResultsError,
    NoObjectStoreError,
    RefusedContentError,
    TooMuchError,
)
from pipeline.stores.postgres import is_about_data
from pipeline.stores.publishing import (
    KnownResults,
    LockedContent,
    Publication,
    known_checkpoints,
    lock_contents,
    publish,
)
from pipeline.stores.removal import remove_unseen_contents

HOLD_TRIES = 5


def identify(way: Publication, run: str, batch: Sequence[Identified]) -> list[Work]:
    """Set what documents' next content is, publish what is complete, and say what is left."""
    content_of = {
        x.document_id: identity.content_id(way.project, x.sha256, x.media_type) for x in batch
    }
    contents = _hold(way, {content_of[x.document_id]: x for x in batch})
    claim_of = {x.document_id: x.claim for x in batch}
    mine = way.connection.execute(
        queries.MINE, {"run": run, "ids": list(claim_of), "claims": list(claim_of.values())}
    ).all()
    documents = [row.id for row in mine]
    way.connection.execute(
        queries.SET_NEXT,
        {"ids": documents, "contents": [content_of[id_] for id_ in documents]},
    )
    chains = _published(way, contents, known_checkpoints(way.connection, list(contents)))
    loose = {row.next_content_id for row in mine} - {None, *contents}
    unclaimed = contents.keys() - {content_of[id_] for id_ in documents}
    remove_unseen_contents(way.connection, way.project, loose | unclaimed)
    statuses = way.connection.execute(
        queries.STATUSES,
        {
            "run": run,
            "ids": list(claim_of),
            "claims": list(claim_of.values()),
            "contents": [content_of[id_] for id_ in claim_of],
        },
    )
    return [
        Work(
            document_id=row.id,
            content_id=content_of[row.id],
            chain=chains[content_of[row.id]],
            published=row.status == "completed",
            failed=row.status == "failed",
        )
        for row in statuses
    ]


def _hold(way: Publication, wanted: Mapping[str, Identified]) -> dict[str, LockedContent]:
    """Insert contents that are not there, and lock all.

    Another transaction may delete one that lost its last document between the insertion, which
    finds it there, and the lock, which does not: then it is inserted again.
    """
    ids = sorted(wanted)
    rows = {
        "project": way.project,
        "ids": ids,
        "hashes": [wanted[id_].sha256 for id_ in ids],
        "types": [wanted[id_].media_type for id_ in ids],
        "sizes": [wanted[id_].size for id_ in ids],
    }
    for _ in range(HOLD_TRIES):
        if ids:
            way.connection.execute(queries.INSERT_CONTENTS, rows)
        contents = lock_contents(way.connection, list(wanted))
        if len(contents) == len(wanted):
            return contents
    raise TemporaryError("contents were deleted as fast as they were written")


def _published(
    way: Publication, contents: Mapping[str, LockedContent], known: KnownResults
) -> dict[str, Chain]:
    """Publish the contents whose chain is complete: all at once, and one by one if that fails.
    Return how far the chain of each reaches.

    One with a result that nobody can read has a gap there, and is not complete.
    """
    while True:
        chains = {id_: content.follow(way.plan, known[id_]) for id_, content in contents.items()}
        complete = {id_: chain for id_, chain in chains.items() if chain.gap is None}
        try:
            if complete and not _tried(way, contents, known, complete):
                for id_, chain in complete.items():
                    _tried(way, contents, known, {id_: chain})
        except LostResultsError as error:
            remove_rows(way.connection, way.payloads.blobs, error.lost)
            known = known_checkpoints(way.connection, list(contents))
        else:
            return chains


def _tried(
    way: Publication,
    contents: Mapping[str, LockedContent],
    known: KnownResults,
    chains: Mapping[str, Chain],
) -> bool:
    """Publish, or undo it and, if it is about one content alone, fail its documents.

    Raises LostResultsError, with all undone.
    """
    attempt = way.connection.begin_nested()
    try:
        publish(way, contents, known, chains)
    except LostResultsError:
        attempt.rollback()
        raise
    except TooMuchError:
        attempt.rollback()
        return False
    except RefusedContentError as error:
        refused = error
    except Exception as error:
        if not is_about_data(error):
            raise
        refused = refusal(min(chains), STAGES[-1], error)
    else:
        attempt.commit()
        return True
    attempt.rollback()
    if len(chains) == 1 and not isinstance(refused, NoObjectStoreError):
        blame_content(way.connection, refused)
    return False
