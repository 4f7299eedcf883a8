"""The object that marks a store as the one that this database's objects are in.

An object that is not there is gone only if the store is the right one: a share that is not mounted,
or another home, has none of them, and to take that for a loss would delete what they are named by.
The mark is an object like any other, so it moves along when somebody copies them.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, text

from pipeline.errors import PermanentError, TemporaryError, UnavailableError
from pipeline.scratch import scratch
from pipeline.stores.postgres import alone, transaction
from pipeline.stores.protocols import Blobs

logger = logging.getLogger(__name__)

_MARK = text("SELECT mark::text FROM object_store")
_SET = text("INSERT INTO object_store (mark) VALUES (CAST(:mark AS uuid)) ON CONFLICT DO NOTHING")
_REPLACE = text("""
UPDATE object_store SET mark = CAST(:mark AS uuid) WHERE mark = CAST(:before AS uuid)
""")

# Some of each kind: one of them tells the store of a database that named objects before there were
# marks, though others be lost.
_SOME_NAMED = text("""
(SELECT blob FROM documents WHERE blob IS NOT NULL LIMIT 10)
UNION (SELECT payload_ref FROM stage_results WHERE payload_ref IS NOT NULL LIMIT 10)
UNION (SELECT m FROM stage_results CROSS JOIN unnest(members) AS m LIMIT 10)
""")

_ADVICE = (
    "the object store is not the one that the objects of this database are in ({why}); mount it, "
    "correct CASEGRAPH_OBJECT_STORE_URL or CASEGRAPH_HOME, or copy the objects"
)
LACKS_MARK = _ADVICE.format(why="it lacks their mark")
HAS_NONE = _ADVICE.format(why="it has none of those that were looked for")


class _AwayError(TemporaryError):
    """The store does not answer; what PostgreSQL does not is another matter."""


def bind(engine: Engine, blobs: Blobs) -> None:
    """See that a store is this database's, or make it so: the first time, and while nothing names
    an object. A mark is in one store only, but for copies: the one that was marked before is
    not the right one any more.

    Raises UnavailableError for another one, TemporaryError if PostgreSQL is away. A store that is
    away is not judged.
    """
    try:
        _bind(engine, blobs)
    except _AwayError as error:
        logger.warning("whether the object store is the right one cannot be seen: %s", error)


def _bind(engine: Engine, blobs: Blobs) -> None:
    with alone(engine) as connection:
        before = connection.scalar(_MARK)
    if before is not None and _has(blobs, before):
        return
    with alone(engine) as connection:
        named = connection.scalars(_SOME_NAMED).all()
    if named and before is not None:
        raise UnavailableError(LACKS_MARK)
    if named and not any(_is_there(blobs, sha256) for sha256 in named):
        raise UnavailableError(HAS_NONE)
    # The store first: what the row says was there.
    mark = str(uuid.uuid4())
    _put(blobs, mark)
    with transaction(engine, "bind") as connection:
        connection.execute(_REPLACE if before else _SET, {"mark": mark, "before": before})
        now = str(connection.scalar(_MARK))
    if now != mark and not _has(blobs, now):
        raise UnavailableError(LACKS_MARK)


def check(connection: Connection, blobs: Blobs | None) -> None:
    """See that a store is the right one, before what it lacks is taken for gone, and before rows
    name what was put there. Raises TemporaryError for another one; a database that never marked
    one believes it.
    """
    mark = connection.scalar(_MARK)
    if mark is not None and (blobs is None or not _has(blobs, str(mark))):
        raise TemporaryError(LACKS_MARK)


def see(engine: Engine, blobs: Blobs) -> None:
    """Do as `check`, for who has no transaction."""
    with alone(engine) as connection:
        check(connection, blobs)


def _bytes(mark: str) -> bytes:
    return f"casegraph keeps objects of one database here, {mark}\n".encode("ascii")


def _put(blobs: Blobs, mark: str) -> None:
    data = _bytes(mark)
    with _asking(), scratch() as folder:
        blobs.establish()
        (folder / "mark").write_bytes(data)
        blobs.put_file(folder / "mark", hashlib.sha256(data).hexdigest())


def _has(blobs: Blobs, mark: str) -> bool:
    return _is_there(blobs, hashlib.sha256(_bytes(mark)).hexdigest())


def _is_there(blobs: Blobs, sha256: str) -> bool:
    with _asking(), scratch() as folder:
        try:
            blobs.fetch(sha256, folder / "object")
        except PermanentError:
            return False
    return True


@contextmanager
def _asking() -> Iterator[None]:
    """Tell what a store raises from what PostgreSQL does."""
    try:
        yield
    except TemporaryError as error:
        raise _AwayError(str(error)) from error
