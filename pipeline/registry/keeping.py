"""Keeps a project's registry up to date for as long as a process lives: lease, turns, the end.

The lease is there so that two processes do not do one work twice. That what is written is right
rests on the epoch alone, which is raised by each update and asked for by each: whoever worked an
update out before the last one was written cannot write it, be its lease good or not.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NamedTuple, Protocol

from pipeline.documents import Value
from pipeline.errors import TemporaryError
from pipeline.patience import LOOK_SECONDS, Stopping, lost_patience, never, patient
from pipeline.registry.owner import RegistryOwner
from pipeline.registry.updates import LostLeaseError, RegistryStore, Update

LONGEST_LEASE_SECONDS = 30.0
TURN_SECONDS = 2.0
"""After so long a turn begins no further update: who asked for it wants to hear."""
SHOWN_SECONDS = 1.0
"""Who leaves waits so long for what it wrote to be seen: the next owner shows it otherwise."""
FOREVER = float("inf")

logger = logging.getLogger(__name__)


class Behind(NamedTuple):
    """How far a registry is: `pending` changes, of which these are the `first` and the `last`."""

    epoch: int
    version: str | None
    pending: int
    first: int | None = None
    last: int | None = None


class KeptStore(RegistryStore, Protocol):
    """Where a registry is kept that says how far it is."""

    def behind(self) -> Behind | None:
        """Say how far it is; None for a project that is gone."""
        ...


class Mirror(Protocol):
    """Where the registry is shown to others, such as Redis. It never raises for being away."""

    def begin(self) -> None:
        """Look after what is shown from now on, also before there is anything new."""
        ...

    def show(self, update: Update) -> None:
        """Show what was just written, soon."""
        ...

    def settle(self, seconds: float) -> bool:
        """Wait until all is shown; say whether it is."""
        ...

    def close(self, seconds: float) -> bool:
        """Wait so, and rest until there is something new to show."""
        ...


class Turn(Value):
    """What one turn did, and what is left then. `held` says whether the lease was had, or not
    needed; `settled` counts the names that were looked at, `compared` the pairs. `stale` says that
    the entities are those of another version of the rules.
    """

    held: bool = True
    epoch: int = 0
    updates: int = 0
    settled: int = 0
    compared: int = 0
    pending: int = 0
    first: int | None = None
    last: int | None = None
    stale: bool = False

    @property
    def is_done(self) -> bool:
        """Say whether entities are those of what is published."""
        return not self.pending and not self.stale

    def is_past(self, mark: int | None) -> bool:
        """Say whether all changes up to one are applied; None for there was none."""
        return not self.stale and (self.first is None or mark is None or self.first > mark)

    def followed_by(self, other: Turn) -> Turn:
        """Add what came after."""
        return other.model_copy(
            update={
                "updates": self.updates + other.updates,
                "settled": self.settled + other.settled,
                "compared": self.compared + other.compared,
            }
        )


class RegistryKeeper:
    """One process's hold on a project's registry. Not to be used by two threads."""

    def __init__(
        self,
        store: KeptStore,
        owner: RegistryOwner,
        *,
        lease_seconds: float,
        patience_seconds: float,
        mirror: Mirror | None = None,
    ) -> None:
        self.holder = str(uuid.uuid4())
        self._store = store
        self._owner = owner
        self._lease_seconds = min(lease_seconds, LONGEST_LEASE_SECONDS)
        self._patience_seconds = patience_seconds
        self._mirror = mirror
        self._may_hold = False

    def look(self) -> Turn:
        """Say how far the registry is, and do nothing."""
        behind = self._store.behind()
        if behind is None:
            return Turn()
        return Turn(
            epoch=behind.epoch,
            pending=behind.pending,
            first=behind.first,
            last=behind.last,
            stale=behind.version != self._owner.version,
        )

    def turn(self) -> Turn:
        """Take the lease, or renew it, and apply what is pending.

        Raises TemporaryError for what may go well next time; who has lost the lease on the way
        hears that by `held`.
        """
        before = self.look()
        if before.is_done:
            return before
        self._may_hold = True
        if not self._store.hold(self.holder, self._lease_seconds):
            self._may_hold = False
            return before.model_copy(update={"held": False})
        try:
            done = self._apply()
        except LostLeaseError as error:
            # Renewing may have taken it once more, since nobody had it.
            self._let_go(self._mirror is None or self._mirror.settle(SHOWN_SECONDS))
            logger.info("the registry: %s", error)
            return before.model_copy(update={"held": False})
        return done.followed_by(self.look())

    def finish(
        self,
        wait_seconds: float = FOREVER,
        *,
        stopping: Stopping = never,
        tell: Callable[[Turn], None] = lambda _turn: None,
    ) -> Turn:
        """Go on until all is applied that is pending now, by whomever, or until it is to stop.

        Another process that holds the lease is waited for, for so long; one that has died loses it
        meanwhile. Changes that come later are waited for by those who made them.
        Raises UnavailableError where PostgreSQL is away for longer than the run's patience.
        """
        total, late = self._patiently(self.look, stopping), time.monotonic() + wait_seconds
        mark = total.last
        while not total.is_past(mark) and not stopping():
            tell(total)
            turn = self._patiently(self.turn, stopping)
            total = total.followed_by(turn)
            if turn.held:
                late = time.monotonic() + wait_seconds
            elif time.monotonic() > late:
                break
            else:
                time.sleep(LOOK_SECONDS)
        return total

    def look_after_live_state(self) -> None:
        """Keep what others see complete from now on, also before there is anything to do."""
        if self._mirror is not None:
            self._mirror.begin()

    def leave(self) -> None:
        """Give the lease back, once others see what was written; where that does not arrive, it
        lapses. It may be kept again later.
        """
        self._let_go(self._mirror is None or self._mirror.close(SHOWN_SECONDS))

    def _let_go(self, shown: bool) -> None:
        if not shown:
            logger.info("what others see of the registry is not up to date yet")
        if self._may_hold:
            with suppress(TemporaryError):
                self._store.let_go(self.holder)
            self._may_hold = False

    def _apply(self) -> Turn:
        """Write updates until nothing is pending, or others wait to hear."""
        done, late = Turn(), time.monotonic() + TURN_SECONDS
        with self._renewed():
            while (update := self._owner.catch_up(self.holder)) is not None:
                if self._mirror is not None:
                    self._mirror.show(update)
                done = done.followed_by(
                    Turn(updates=1, settled=len(update.nodes), compared=update.compared)
                )
                if time.monotonic() > late:
                    break
        return done

    @contextmanager
    def _renewed(self) -> Iterator[None]:
        """Renew the lease beside the work. Nothing that is written needs it, but without it nothing
        would ever be: where settling all names takes longer than the lease lasts, each process that
        waits would take it from the one before, and each would work in vain for ever. One that is
        paused, or dies, does not renew it; nor does one whose libraries load, which hold Python's
        lock meanwhile, but they do so once.
        """
        over = threading.Event()

        def renew() -> None:
            while not over.wait(self._lease_seconds / 3):
                with suppress(TemporaryError):
                    self._store.hold(self.holder, self._lease_seconds)

        thread = threading.Thread(target=renew, name="registry lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _patiently(self, ask: Callable[[], Turn], stopping: Stopping) -> Turn:
        """Repeat what is temporary for as long as a run would."""
        try:
            return patient(self._patience_seconds, stopping)(ask)
        except TemporaryError as error:
            raise lost_patience(error, self._patience_seconds, stopping) from error
