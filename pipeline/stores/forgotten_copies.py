"""What Redis has of forgotten documents and deleted projects.

It goes at once: a copy that stayed would be a trace.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine

from pipeline.errors import TemporaryError
from pipeline.stores import keys
from pipeline.stores.forgetting import Copies
from pipeline.stores.forgotten_answers import redis_keys
from pipeline.stores.invalidation import drop_lone
from pipeline.stores.protocols import Blobs
from pipeline.stores.redis_link import RedisLink
from pipeline.stores.redis_registry import live_keys
from pipeline.stores.redis_removal import RedisRemoval


class ForgottenCopies:
    """Drops the copies of a batch. `trouble` says why Redis could not be asked; then the copies
    expire by themselves, and nobody takes them for persisted.
    """

    def __init__(self, link: RedisLink, blobs: Blobs | None = None) -> None:
        self._link = link
        self._blobs = blobs
        self._removal = RedisRemoval(link)
        self.trouble = ""

    def __call__(self, copies: Copies) -> str:
        """Remove checkpoints, live status, heads, answers of language models, examples and dead
        letters, each by its name, and the project's live state, which has words of theirs; return
        the trouble.
        """
        names = [
            *live_keys(copies.project),
            *(keys.checkpoint(*key) for key in copies.checkpoints),
            *(keys.document_status(document) for document in copies.documents),
            *(keys.document_context(content) for content in copies.contents),
            *(keys.sketches(content) for content in copies.contents),
            *redis_keys(copies.answers),
            *(keys.examples(domain, task) for domain, task in copies.examples),
        ]
        try:
            self._removal.drop(names)
            self._removal.drop_letters(set(copies.contents).intersection)
        except TemporaryError as error:
            self.trouble = str(error)
        return self.trouble

    def drop(self, names: Sequence[str]) -> None:
        """Remove what is read again from PostgreSQL where somebody else needs it, too."""
        try:
            self._removal.drop(names)
        except TemporaryError as error:
            self.trouble = str(error)

    def sweep(self, engine: Engine) -> str:
        """Remove what is left of contents and projects that are gone: what documents said once.
        Return the trouble.
        """
        if self.trouble:
            return self.trouble
        try:
            drop_lone(engine, self._link, self._blobs)
        except TemporaryError as error:
            self.trouble = str(error)
        return self.trouble
