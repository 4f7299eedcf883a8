"""An OpenAI-compatible server on loopback that answers as it is told, well or badly.

What it does with a request is a `Behaviour`; which one, its script says: always the same, one after
the other (`in_turn`), or by what is asked (any function of `Asked`). It remembers all requests.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CHARACTERS_PER_TOKEN = 4
DRIP_SECONDS = 0.02
PATH = "/v1/chat/completions"


@dataclass(frozen=True)
class Asked:
    """A request. `number` counts from 0."""

    number: int
    path: str
    headers: Message
    body: dict[str, Any]

    @property
    def text(self) -> str:
        """All messages, one after the other."""
        return "\n\n".join(message["content"] for message in self.body["messages"])

    @property
    def form_name(self) -> str:
        """The name of the schema that is asked for; empty for none."""
        return self.body.get("response_format", {}).get("json_schema", {}).get("name", "")

    @property
    def key(self) -> str:
        return self.headers["Authorization"].removeprefix("Bearer ")


class Exchange(BaseHTTPRequestHandler):
    """One connection. Behaviours answer with `send`, or take hold of it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.owner.serve(self, body)

    def do_GET(self) -> None:
        """Answer what is asked beside questions: which models there are."""
        self.server.owner.answer_get(self)

    def send(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, length: int = -1
    ) -> None:
        """Send an answer; `length` may promise more than comes."""
        named = {"Content-Type": "application/json"} | (headers or {})
        lines = [f"HTTP/1.1 {status} {self.responses.get(status, ('Unknown',))[0]}"]
        lines += [f"{name}: {value}" for name, value in named.items()]
        lines += [f"Content-Length: {len(body) if length < 0 else length}", "", ""]
        self.wfile.write("\r\n".join(lines).encode() + body)

    def send_json(self, status: int, value: object, headers: dict[str, str] | None = None) -> None:
        self.send(status, json.dumps(value).encode(), headers)

    def reset(self) -> None:
        """End the connection as a machine does that knows nothing of it."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())

    def wait(self, seconds: float | None = None) -> bool:
        """Wait, at most until the server closes; say whether it does."""
        return self.server.owner.closing.wait(seconds)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


Behaviour = Callable[[Exchange, Asked], None]
Script = Callable[[Asked], Behaviour]


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True
    owner: ScriptedLlm

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away."""


class ScriptedLlm:
    """The server, from its making to `close`."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.asked: list[Asked] = []
        self.at_once = self.most_at_once = 0
        self.gets: Callable[[Exchange], None] = listing("small")
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), Exchange)
        self._server.owner = self
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="scripted llm", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def serve(self, exchange: Exchange, body: dict[str, Any]) -> None:
        if self.closing.is_set():
            exchange.reset()
            return
        with self._lock:
            asked = Asked(len(self.asked), exchange.path, exchange.headers, body)
            self.asked.append(asked)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            known = exchange.path == PATH
            behave = self.script(asked) if known else failing(404, "Invalid URL")
            behave(exchange, asked)
        except ConnectionError:
            exchange.close_connection = True
        finally:
            with self._lock:
                self.at_once -= 1

    def answer_get(self, exchange: Exchange) -> None:
        if self.closing.is_set():
            exchange.reset()
        else:
            self.gets(exchange)

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def listing(*models: str) -> Callable[[Exchange], None]:
    """List models."""
    data = [{"id": name, "object": "model", "created": 1, "owned_by": "me"} for name in models]
    return lambda exchange: exchange.send_json(200, {"object": "list", "data": data})


def always(behaviour: Behaviour) -> Script:
    return lambda _: behaviour


def in_turn(*behaviours: Behaviour) -> Script:
    """Do one after the other, and then the last of them."""
    return lambda asked: behaviours[min(asked.number, len(behaviours) - 1)]


def completion(
    asked: Asked, text: str | None, finish_reason: str = "stop", *, refusal: str | None = None
) -> dict[str, Any]:
    """Make the JSON of an answer."""
    return {
        "id": f"chatcmpl-{asked.number}",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": asked.body["model"],
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": refusal},
                "finish_reason": finish_reason,
                "logprobs": None,
            }
        ],
        "usage": usage(asked, text or refusal or ""),
    }


def usage(asked: Asked, text: str) -> dict[str, Any]:
    tokens = [len(asked.text) // CHARACTERS_PER_TOKEN, len(text) // CHARACTERS_PER_TOKEN]
    return {
        "prompt_tokens": tokens[0],
        "completion_tokens": tokens[1],
        "total_tokens": sum(tokens),
        "prompt_tokens_details": {"cached_tokens": tokens[0] // 2},
    }


def saying(text: str, finish_reason: str = "stop") -> Behaviour:
    """Answer with that text, whatever is asked."""
    return lambda exchange, asked: exchange.send_json(200, completion(asked, text, finish_reason))


def answering(value: object | Callable[[Asked], object]) -> Behaviour:
    """Answer with JSON: a value, or what a function makes of what is asked."""

    def behave(exchange: Exchange, asked: Asked) -> None:
        text = json.dumps(value(asked) if callable(value) else value, ensure_ascii=False)
        exchange.send_json(200, completion(asked, text))

    return behave


def refusing(words: str = "I'm sorry, but I can't help with that.") -> Behaviour:
    return lambda exchange, asked: exchange.send_json(200, completion(asked, None, refusal=words))


def failing(
    status: int, message: str = "", code: str | None = None, headers: dict[str, str] | None = None
) -> Behaviour:
    """Answer with an error. `{key}` in its message is what the key was, `{masked}` how OpenAI
    shows it, `{last}` how others do.
    """

    def behave(exchange: Exchange, asked: Asked) -> None:
        masked = f"{asked.key[:8]}****{asked.key[-4:]}"
        words = message.replace("{key}", asked.key).replace("{masked}", masked)
        words = words.replace("{last}", asked.key[-4:])
        error = {"message": words or f"status {status}", "type": "error", "code": code}
        exchange.send_json(status, {"error": error}, headers)

    return behave


def sending(
    body: bytes, status: int = 200, headers: dict[str, str] | None = None, length: int = -1
) -> Behaviour:
    """Send just these bytes; `length` may promise more than comes."""

    def behave(exchange: Exchange, asked: Asked) -> None:
        exchange.send(status, body, headers, length)
        exchange.close_connection = length >= 0

    return behave


def hanging(exchange: Exchange, asked: Asked) -> None:
    """Take the question and say nothing."""
    exchange.wait()
    exchange.close_connection = True


def dripping(exchange: Exchange, asked: Asked) -> None:
    """Send an answer byte by byte, never to its end."""
    exchange.send(200, b"{", length=1 << 20)
    while not exchange.wait(DRIP_SECONDS):
        exchange.wfile.write(b" ")
    exchange.close_connection = True


def resetting(exchange: Exchange, asked: Asked) -> None:
    """Break the connection without a word."""
    exchange.reset()


def breaking_off(exchange: Exchange, asked: Asked) -> None:
    """Break the connection in the middle of an answer."""
    exchange.send(200, b'{"choices": [', length=1000)
    time.sleep(DRIP_SECONDS)  # a reset takes back what is not read yet
    exchange.reset()


def slowly(seconds: float, then: Behaviour) -> Behaviour:
    """Behave so after a while."""

    def behave(exchange: Exchange, asked: Asked) -> None:
        if not exchange.wait(seconds):
            then(exchange, asked)

    return behave


def packed(size: int) -> Behaviour:
    """Send a few bytes that are very many once they are unpacked."""
    return sending(gzip.compress(b" " * size), headers={"Content-Encoding": "gzip"})


def echoing(exchange: Exchange, asked: Asked) -> None:
    """Answer with all headers of the request, as some proxies do."""
    told = {name: value for name, value in asked.headers.items() if name != "Content-Length"}
    value = base64.b64encode(asked.key.encode()).decode()
    answer = completion(asked, json.dumps(told)) | {"request": told}
    exchange.send_json(200, answer, {"X-Echo": asked.headers["Authorization"], "X-Form": value})
