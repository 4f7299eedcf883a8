"""A TCP proxy on loopback that delays, cuts, refuses, hangs and slices, and counts what passes.

It runs in a thread of its own, so a test or a benchmark in any thread, and any number of other
processes, may use it at once. Everything it does is done to real connections: a client sees what
it would see of a network or a server that fails.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Self, TypeVar
from urllib.parse import parse_qs, unquote, urlsplit

from faults.proxy_connection import Connection, Line, Loss, Traffic

__all__ = ["Proxy", "Traffic", "proxy_for", "upstream_of"]

_T = TypeVar("_T")


class Proxy:
    """A proxy in front of `upstream`: (host, port), or the path of a Unix socket.

    All methods may be called from any thread, and have taken effect when they return.
    """

    def __init__(self, upstream: tuple[str, int] | str, *, postgres: bool = False) -> None:
        self._upstream, self._postgres = upstream, postgres
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._connections: dict[asyncio.Task[None], Connection] = {}
        self._line = Line()
        self._listener = socket.socket()
        self.port = 0

    def __enter__(self) -> Self:
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread.start()
        self._call(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def traffic(self) -> Traffic:
        """Give the counts; two of them can be subtracted."""
        return self._call(_as_coroutine(lambda: self._line.traffic))

    def url(self, original: str) -> str:
        """Write a URL of the server behind (`postgresql://…`, `redis://…`, `unix://…`) so that it
        leads through the proxy; the database stays.
        """
        parts = urlsplit(original)
        at = f"127.0.0.1:{self.port}"
        if parts.scheme == "unix":
            return f"redis://{at}/{parse_qs(parts.query).get('db', ['0'])[0]}"
        if parts.scheme.startswith("redis"):
            return parts._replace(netloc=_with_user(parts.netloc, at)).geturl()
        return parts._replace(netloc=_with_user(parts.netloc, at), query="").geturl()

    def delay(self, seconds: float) -> None:
        """Add to every round trip from now on, also to that of opening a connection. What is sent
        without waiting for an answer travels together, as on a real line.
        """
        self._call(_as_coroutine(lambda: setattr(self._line, "delay_seconds", seconds)))

    def slice(self, piece_bytes: int) -> None:
        """Pass on at most so many bytes at a time, each in a packet of its own."""
        self._call(_as_coroutine(lambda: setattr(self._line, "piece_bytes", piece_bytes)))

    def cut(self) -> int:
        """Reset all connections now, on both sides; return how many there were."""
        return self._call(_as_coroutine(lambda: sum(x.cut() for x in self._connections.values())))

    def refuse(self) -> None:
        """Refuse new connections, as where nothing listens; those that are there stay."""
        self._call(self._refuse())

    def hang(self) -> None:
        """Accept and never answer: nothing passes any more, on old connections and new ones."""
        self._call(_as_coroutine(self._line.flowing.clear))

    def lose(self, words: str = "COMMIT", *, skip: int = 0, answered: bool = True) -> None:
        """Cut the connection at a query of PostgreSQL that begins with `words` (any, for "").

        `answered`: the server has done it and has said so, and only the answer is lost. Otherwise
        it never hears of it. The client cannot tell one from the other. Once; `skip` lets so many
        of them pass before.
        """
        self._call(
            _as_coroutine(lambda: setattr(self._line, "loss", Loss(words.upper(), skip, answered)))
        )

    @property
    def lost(self) -> bool:
        """Say whether what `lose` asked for has happened."""
        return self._call(_as_coroutine(lambda: self._line.loss is None))

    def heal(self) -> None:
        """End every fault: listen, pass everything, without delay."""
        self._call(self._heal())

    def _call(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Do something in the proxy's thread and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _listen(self) -> None:
        self._listener.setblocking(False)
        self._listener.listen(128)
        self._loop.add_reader(self._listener, self._accept)

    async def _refuse(self) -> None:
        # Bound and not listening: the port stays ours, and who connects is refused.
        self._stop_listening()
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", self.port))

    async def _heal(self) -> None:
        self._line.heal()
        await self._listen()

    def _stop_listening(self) -> None:
        self._loop.remove_reader(self._listener)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError):
            client, _ = self._listener.accept()
            client.setblocking(False)
            # As servers do: else the end of an answer waits for the client's late acknowledgement.
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._line.count(connections=1)
            connection = Connection(self._line, client, postgres=self._postgres)
            task = self._loop.create_task(connection.serve(self._upstream))
            self._connections[task] = connection
            task.add_done_callback(self._connections.pop)

    async def _close(self) -> None:
        self._stop_listening()
        for task, connection in [*self._connections.items()]:
            connection.cut()
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await asyncio.sleep(0)  # what was aborted is closed in the loop's next turn


async def _as_coroutine(work: Callable[[], _T]) -> _T:
    return work()


def _with_user(netloc: str, at: str) -> str:
    """Put another host and port behind the user and password."""
    user, found, _ = netloc.rpartition("@")
    return f"{user}{found}{at}"


def upstream_of(url: str) -> tuple[str, int] | str:
    """Find what a URL of PostgreSQL or Redis connects to: (host, port), or a socket's path."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return unquote(parts.path)
    postgres = parts.scheme.startswith("postgres")
    host = parse_qs(parts.query).get("host", [parts.hostname or "127.0.0.1"])[0]
    port = parts.port or (5432 if postgres else 6379)
    return f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)


def proxy_for(url: str) -> Proxy:
    """Make a proxy for the server that a URL names; `proxy.url(url)` leads through it."""
    return Proxy(upstream_of(url), postgres=urlsplit(url).scheme.startswith("postgres"))
