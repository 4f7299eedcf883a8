"""One connection through the proxy: what passes, when it leaves, and where it is cut."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace

from faults.postgres_wire import PostgresWire

PIECE = 65_536
_WINDOW = 256
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST and waits for nothing


@dataclass(frozen=True)
class Traffic:
    """What has passed since the proxy began. A round trip is a turn: bytes went to the server,
    then some came back, however many of each. `queries`, `commits` and `rollbacks` are those of
    simple queries of PostgreSQL; `lost` counts the connections that the proxy cut.
    """

    connections: int = 0
    refused: int = 0
    lost: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    round_trips: int = 0
    queries: int = 0
    commits: int = 0
    rollbacks: int = 0

    def __sub__(self, before: Traffic) -> Traffic:
        """Say what has passed since another look."""
        mine, earlier = asdict(self), asdict(before)
        return Traffic(**{name: mine[name] - earlier[name] for name in mine})


@dataclass(frozen=True)
class Loss:
    """A query to be lost: the one that begins with `words`, after `skip` others that do. `answered`
    says whether the server gets it and does it, so that only the answer is lost.
    """

    words: str
    skip: int
    answered: bool


def _flowing() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


@dataclass
class Line:
    """What all connections of a proxy go through: the faults of now, and the counts."""

    delay_seconds: float = 0.0
    piece_bytes: int = PIECE
    loss: Loss | None = None
    flowing: asyncio.Event = field(default_factory=_flowing)
    traffic: Traffic = field(default_factory=Traffic)

    def count(self, **more: int) -> None:
        """Add to the counts."""
        now = self.traffic
        self.traffic = replace(now, **{x: getattr(now, x) + more[x] for x in more})

    def heal(self) -> None:
        """End every fault of connections."""
        self.delay_seconds, self.piece_bytes, self.loss = 0.0, PIECE, None
        self.flowing.set()

    def take_loss(self, query: str) -> Loss | None:
        """Say whether this query is the one to be lost."""
        loss = self.loss
        if loss is None or not query.lstrip().upper().startswith(loss.words):
            return None
        self.loss = replace(loss, skip=loss.skip - 1) if loss.skip else None
        return None if loss.skip else loss


class Connection:
    """One client with its own connection to the server behind."""

    def __init__(self, line: Line, client: socket.socket, *, postgres: bool) -> None:
        self._line, self._client = line, client
        self._wire = PostgresWire() if postgres else None
        self._writers: list[asyncio.StreamWriter] = []
        self._asked = self._losing_answer = self._is_cut = False

    def cut(self) -> bool:
        """Reset both sides."""
        if self._is_cut:
            return False
        self._is_cut = True
        self._line.count(lost=1)
        self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        for writer in self._writers:
            writer.transport.abort()
        if not self._writers:
            self._client.close()
        return True

    async def serve(self, upstream: tuple[str, int] | str) -> None:
        """Pass everything on until one side closes."""
        try:
            with contextlib.suppress(OSError):
                await self._serve(upstream)
        finally:
            for writer in self._writers:
                writer.close()
            self._client.close()

    async def _serve(self, upstream: tuple[str, int] | str) -> None:
        """Open both sides, and pass on both ways until one ends."""
        await asyncio.sleep(self._line.delay_seconds)  # the handshake's round trip
        await self._line.flowing.wait()
        if self._is_cut:
            return
        reader, writer = await asyncio.open_connection(sock=self._client)
        self._writers.append(writer)
        try:
            if isinstance(upstream, str):
                server_reader, server = await asyncio.open_unix_connection(upstream)
            else:
                server_reader, server = await asyncio.open_connection(*upstream)
        except OSError:
            self._line.count(refused=1)
            self.cut()
            return
        self._writers.append(server)
        if self._is_cut:  # while it was being opened
            return
        ways = {
            asyncio.create_task(self._pass(reader, server, self._request, delay=True)),
            asyncio.create_task(self._pass(server_reader, writer, self._answer, delay=False)),
        }
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pass(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        look: Callable[[bytes], bytes],
        *,
        delay: bool,
    ) -> None:
        """Move bytes one way: read into a queue of pieces, each of which leaves when it is due."""
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_WINDOW)
        reading = asyncio.create_task(self._read(source, queue, delay=delay))
        try:
            while True:
                due, data = await queue.get()
                if (left := due - time.monotonic()) > 0:
                    await asyncio.sleep(left)
                await self._line.flowing.wait()
                passed = look(data)
                if self._is_cut or not data:
                    return
                await self._send(target, passed)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _read(
        self,
        source: asyncio.StreamReader,
        queue: asyncio.Queue[tuple[float, bytes]],
        *,
        delay: bool,
    ) -> None:
        """Put what arrives into the queue; the end of the stream is an empty piece."""
        data = b"-"
        while data:
            try:
                data = await source.read(PIECE)
            except OSError:
                data = b""
            wait = self._line.delay_seconds if delay and data else 0.0
            await queue.put((time.monotonic() + wait, data))

    async def _send(self, target: asyncio.StreamWriter, data: bytes) -> None:
        """Write bytes, in pieces while the proxy slices."""
        size = self._line.piece_bytes
        for start in range(0, len(data), size):
            target.write(data[start : start + size])
            await target.drain()
            if size < PIECE:
                await asyncio.sleep(0)

    def _request(self, data: bytes) -> bytes:
        """Look at what goes to the server."""
        self._line.count(bytes_up=len(data))
        self._asked = self._asked or bool(data)
        for query in self._wire.requests(data) if self._wire else ():
            self._line.count(queries=1)
            if loss := self._line.take_loss(query):
                if not loss.answered:
                    self.cut()
                self._losing_answer = loss.answered
        return data

    def _answer(self, data: bytes) -> bytes:
        """Look at what comes back; hold it back when the answer is to be lost, until it ends."""
        self._line.count(bytes_down=len(data), round_trips=int(self._asked and bool(data)))
        self._asked = self._asked and not data
        said = self._wire.answers(data) if self._wire else []
        self._line.count(commits=said.count("COMMIT"), rollbacks=said.count("ROLLBACK"))
        if not self._losing_answer:
            return data
        if "READY" in said:
            self.cut()
        return b""
