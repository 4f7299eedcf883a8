"""What is known around chunks: from Redis, from PostgreSQL where Redis cannot tell, and the same
from both. While PostgreSQL serves, the copy in Redis is brought together again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from pipeline.documents import Chunk
from pipeline.errors import PermanentError, TemporaryError, UnavailableError
from pipeline.llm.around import Around, ChunksAround
from pipeline.llm.context import Context
from pipeline.llm.snapshot import told
from pipeline.stores.content_sketches import ContentSketches
from pipeline.stores.redis_snapshot import RedisSnapshot
from pipeline.stores.snapshot_rows import StoredSnapshot

FILLING_PAUSE_SECONDS = 10.0
CLOSE_SECONDS = 5.0

logger = logging.getLogger(__name__)


class KnownSnapshot:
    """A snapshot in both stores. Safe in any thread; `close` ends what goes on beside."""

    def __init__(
        self,
        fast: RedisSnapshot | None,
        sure: StoredSnapshot,
        pause_seconds: float = FILLING_PAUSE_SECONDS,
    ) -> None:
        self._fast = fast
        self._sure = sure
        self._pause = pause_seconds
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._due = 0.0
        self._over = False

    def tell(self, text: str, sketch: bytes) -> Context:
        """Say what the project knows around a chunk.

        Raises TemporaryError where PostgreSQL is needed and does not answer, and UnavailableError
        for a snapshot that is gone.
        """
        if self._fast is not None:
            # What cannot be read there is as good as nothing.
            with suppress(PermanentError):
                context = told(self._fast, text, sketch)
                if context is not None:
                    return context
            self._fill_soon(self._fast)
        context = told(self._sure, text, sketch)
        if context is None:
            raise UnavailableError(
                "the context that this project's questions were asked with is gone; "
                "make a new one with --refresh-context"
            )
        return context

    def close(self) -> None:
        """End what goes on beside."""
        with self._lock:
            self._over = True
            thread = self._thread
        if thread is not None:
            thread.join(CLOSE_SECONDS)

    def _fill_soon(self, fast: RedisSnapshot) -> None:
        """Bring the copy together in a thread, unless that goes on, or was tried just now."""
        with self._lock:
            at_work = self._thread is not None and self._thread.is_alive()
            if at_work or self._over or time.monotonic() < self._due:
                return
            self._thread = threading.Thread(
                target=self._fill, args=(fast,), name="snapshot", daemon=True
            )
            self._thread.start()

    def _fill(self, fast: RedisSnapshot) -> None:
        try:
            fast.fill(self._sure.entries(), lambda: self._over)
        except TemporaryError as error:
            logger.debug("a snapshot is not copied into Redis: %s", error)
        except Exception:
            logger.exception("a snapshot is not copied into Redis")
        finally:
            self._due = time.monotonic() + self._pause


class KnownContexts:
    """What a document says around its chunks, and a snapshot of its project where there is one."""

    def __init__(self, sketches: ContentSketches, snapshot: KnownSnapshot | None = None) -> None:
        self._sketches = sketches
        self._snapshot = snapshot

    def around(self, content: str | None, chunks: Sequence[Chunk]) -> Around:
        """Give what is known around the chunks of a document (see `Contexts`)."""
        texts = [chunk.text for chunk in chunks]

        def sketch() -> Sequence[bytes]:
            if content is None:
                return self._sketches.make(texts)
            return self._sketches.of([(content, texts)])[0]

        return ChunksAround(chunks, sketch, self._snapshot.tell if self._snapshot else None)

    def close(self) -> None:
        """End what goes on beside."""
        if self._snapshot is not None:
            self._snapshot.close()
