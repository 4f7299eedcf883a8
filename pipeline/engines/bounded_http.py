"""An HTTP client that reads no more of an answer than a bound, also of a packed one."""

from __future__ import annotations

from typing import Any

import httpx2

UNPACKED = ("content-encoding", "content-length", "transfer-encoding")
"""Headers that say how a body was sent: once it is read they are no longer true."""


class TooLongError(Exception):
    """An answer is longer than its bound; the rest was not read."""


class BoundedClient(httpx2.AsyncClient):
    """Reads answers whole, as httpx2 does unless it is told to stream, up to `largest` bytes.

    It honours the proxies of the environment. Where an address has moved the answer says so: a
    question that is sent on would arrive without its body, or its key at somebody else.
    """

    def __init__(self, largest: int, **options: Any) -> None:
        super().__init__(follow_redirects=False, **options)
        self._largest = largest

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send a request and read its answer. Raises TooLongError, and what httpx2 raises."""
        response = await super().send(request, **(options | {"stream": True}))
        body = bytearray()
        try:
            async for part in response.aiter_bytes():
                body += part
                if len(body) > self._largest:
                    raise TooLongError
        finally:
            await response.aclose()
        kept = [
            (name, value)
            for name, value in response.headers.multi_items()
            if name.lower() not in UNPACKED
        ]
        return httpx2.Response(
            response.status_code, headers=kept, content=bytes(body), request=request
        )
