"""Reads along in PostgreSQL's protocol: which queries a client sends and when they are answered.

Messages may come in any pieces. Only plain connections can be read; what follows a request for
encryption that the server grants is passed on unread.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

_HEAD = 4
_SSL, _GSS = 80877103, 80877104
_LONGEST_KEPT = 4096
_ENCRYPTED = b"SG"


@dataclass
class Messages:
    """One direction of a connection, cut into messages: (type, first 4096 bytes of the body).

    Before `typed`, messages have no type byte (a client's first ones) and count as type b"".
    """

    typed: bool = True
    _buffer: bytearray = field(default_factory=bytearray)
    _kind: bytes = b""
    _left: int = 0
    _body: bytearray = field(default_factory=bytearray)

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Take in bytes, and give the messages that they complete."""
        self._buffer += data
        while self._buffer or self._left == 0:
            if self._left == 0 and not self._begin():
                return
            taken = self._buffer[: self._left]
            del self._buffer[: self._left]
            self._left -= len(taken)
            self._body += taken[: _LONGEST_KEPT - len(self._body)]
            if self._left:
                return
            kind, body = self._kind, bytes(self._body)
            self._body.clear()
            yield kind, body

    def _begin(self) -> bool:
        """Read a message's type and length; False while they are not all there."""
        start = 1 if self.typed else 0
        if len(self._buffer) < start + _HEAD:
            return False
        self._kind = bytes(self._buffer[:start])
        self._left = int.from_bytes(self._buffer[start : start + _HEAD], "big") - _HEAD
        del self._buffer[: start + _HEAD]
        return True


class PostgresWire:
    """What one connection has said: `requests` and `answers` are fed in the order of the wire."""

    def __init__(self) -> None:
        self._requests, self._answers = Messages(typed=False), Messages()
        self._asked_encryption = self._blind = False

    def requests(self, data: bytes) -> list[str]:
        """Give the texts of the queries that these bytes complete."""
        if self._blind:
            return []
        queries = []
        for kind, body in self._requests.feed(data):
            if kind == b"Q":
                queries.append(body.rstrip(b"\0").decode("utf-8", "replace"))
            elif not self._requests.typed:
                code = int.from_bytes(body[:4], "big")
                self._asked_encryption = code in {_SSL, _GSS}
                # After the first message with a version, all have a type.
                self._requests.typed = not self._asked_encryption
        return queries

    def answers(self, data: bytes) -> list[str]:
        """Give what these bytes complete: tags ("COMMIT"), and "READY" at the client's turn."""
        if self._asked_encryption:
            self._asked_encryption = False
            self._blind = data[:1] in {_ENCRYPTED[:1], _ENCRYPTED[1:]}
            data = data[1:]
        if self._blind:
            return []
        said = []
        for kind, body in self._answers.feed(data):
            if kind == b"C":
                said.append(body.rstrip(b"\0").decode("ascii", "replace"))
            elif kind in {b"Z", b"G"}:  # the end of an answer, or COPY may begin
                said.append("READY")
        return said
