"""Tells others where a run is: `status` and notebooks, Prometheus, and the log of a stall."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from functools import partial

from actors.ledger_thread import LedgerThread
from actors.mode import Mode
from actors.progress import EMBEDDING, PERSISTENCE, REGISTRY, Snapshot, published
from actors.run_result import RunResult
from actors.tally import Tally
from actors.workplace import Workplace
from pipeline.errors import TemporaryError
from pipeline.llm.charging import MILLIONTHS
from pipeline.llm.spending import NOTHING_SPENT, Spent
from pipeline.stage import STAGES
from pipeline.stores.ledger import Ledger
from pipeline.stores.protocols import Backlog

SPENT_SECONDS = 10.0

logger = logging.getLogger(__name__)


class Broadcast:
    """What one run tells of itself every two seconds, by Redis, or by PostgreSQL while that is
    away and at the end; and what its `tally` and `mode` are for Prometheus.
    """

    def __init__(
        self,
        place: Workplace,
        ledger: Ledger,
        thread: LedgerThread,
        tally: Tally,
        mode: Mode,
    ) -> None:
        from pipeline import assembly

        self._tell = assembly.open_progress(place.settings, place.urls, place.run)
        self._write = partial(ledger.tell, place.run)
        account = assembly.open_account(place.urls, place.project)
        self._ask = partial(account.spent, [place.run]) if place.waits else None
        self._thread = thread
        self._tally = tally
        self._mode = mode
        self._meters = tally.meters
        self._asked = 0.0
        self.spent = NOTHING_SPENT

    async def look(self) -> Spent:
        """Say what language models cost so far, as it was some seconds ago."""
        if time.monotonic() - self._asked >= SPENT_SECONDS:
            await self._look()
        return self.spent

    async def _look(self) -> None:
        """Ask what they cost, if there are any."""
        self._asked = time.monotonic()
        if self._ask is not None:
            with suppress(TemporaryError):
                self.spent = await self._thread.ask_once(self._ask)

    async def send(self, snapshot: Snapshot, backlog: Backlog) -> None:
        """Tell where the run is. A stall is logged once, when it is one."""
        self._tally.heard_mode(self._mode.name, self._mode.reason)
        if self._tally.heard_stall(snapshot.stalled, snapshot.note):
            logger.warning("stalled: %s", snapshot.note, extra={"stage": snapshot.stalled})
        self._measure(snapshot, backlog)
        text = published(snapshot)
        # Not behind those who wait for PostgreSQL: that it is away is worth telling.
        if not await asyncio.to_thread(self._tell, text):
            await self._keep(text)

    async def _keep(self, text: str) -> None:
        with suppress(TemporaryError):
            await self._thread.ask_once(self._write, text)

    async def ended(self, result: RunResult, snapshot: Snapshot, backlog: Backlog) -> None:
        """Measure for the last time, keep where the run is as long as the run, and log how it
        ended.
        """
        await self._look()
        last = snapshot.model_copy(update={"spent": self.spent})
        self._measure(last, backlog)
        await self._keep(published(last))
        logger.info(
            "the run is %s: %d documents completed, %d failed, in %.1f s",
            result.outcome, result.completed, result.failed, result.seconds,
        )  # fmt: skip

    def _measure(self, snapshot: Snapshot, backlog: Backlog) -> None:
        """Write what is true at this moment."""
        meters = self._meters
        for state, count in (
            ("found", snapshot.total),
            ("processed", snapshot.processed),
            ("completed", snapshot.completed),
            ("failed", snapshot.failed),
        ):
            meters.set("casegraph_documents", count, state=state)
        for stage in STAGES:
            meters.set("casegraph_ready", snapshot.queued.get(stage, 0), stage=stage)
        for stage, busy in snapshot.at_work.items():
            meters.set("casegraph_slots", busy.slots, stage=stage)
            meters.set("casegraph_slots_used", busy.calls, stage=stage)
            meters.set("casegraph_oldest_call_seconds", busy.oldest, stage=stage)
        for where in (*STAGES, PERSISTENCE, EMBEDDING, REGISTRY):
            still = snapshot.still if where == snapshot.stalled else 0
            meters.set("casegraph_stalled_seconds", still, stage=where)
        meters.set("casegraph_write_behind_entries", backlog.entries)
        meters.set("casegraph_write_behind_bytes", backlog.bytes)
        meters.set("casegraph_changes", snapshot.changes)
        meters.set("casegraph_without_redis", self._mode.without)
        self._measure_models(snapshot.spent)

    def _measure_models(self, spent: Spent) -> None:
        meters, usage = self._meters, spent.usage
        for kind, tokens in (
            ("in", usage.tokens_in),
            ("cached", usage.tokens_cached),
            ("out", usage.tokens_out),
        ):
            meters.count_to("casegraph_llm_tokens_total", tokens, kind=kind)
        meters.count_to("casegraph_llm_dollars_total", spent.cost / MILLIONTHS)
        failed = sum(spent.failed.values())
        answered = spent.calls - failed - spent.lost - spent.under_way
        for outcome, calls in (("answered", answered), ("failed", failed), ("lost", spent.lost)):
            meters.count_to("casegraph_llm_calls_total", calls, outcome=outcome)
