"""How Redis is reached, and which Redis will do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry

from pipeline.errors import RedisAwayError, UnavailableError, UsageError

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 2.0
SCHEMES = ("redis", "rediss", "unix")
MINIMUM_VERSION = (7, 0)
KEEPING_POLICIES = ("volatile-", "noeviction")
AWAY_HINT = "start it, correct CASEGRAPH_REDIS_URL, or unset it to use the embedded one"
TLS_HINT = (
    "name the CA that signed the server's certificate with ?ssl_ca_certs=FILE in "
    "CASEGRAPH_REDIS_URL, and the host as the certificate does"
)

_SCRIPT = re.compile(r"\buser_script:\d")
"""How an error names the line of a script that it comes from."""

_CONNECTING = re.compile(r" connecting to \S+?\. (.+?)\.?$")
"""What stands after the place in the words of a client that gets no connection, several sentences
where it is about TLS. The path of a socket, which may hold blanks, is not found by it.
"""

_SERVERS_WORDS = re.compile(
    r"[A-Z]{3,} |The user executing the script|ACL failure in script|Script killed|"
    r"Unknown (\w+ )?command called|This (\w+ )?command is not allowed"
)
"""How an error of a script begins that the server caused: with a code other than ERR, which
redis-py takes away, or in these words. The server says them at other times of other commands.
"""


def masked(url: str) -> str:
    """Write a URL as it may be shown: without its password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "(a URL that cannot be read)"
    place = parts.netloc.rpartition("@")
    user = place[0].partition(":")[0]
    netloc = f"{user}:***@{place[2]}" if ":" in place[0] else parts.netloc
    kept = [pair for pair in parts.query.split("&") if not pair.lower().startswith("password=")]
    query = f"?{'&'.join(kept)}" if any(kept) else ""
    return f"{parts.scheme}://{netloc}{parts.path}{query}" if parts.scheme else parts.path


def client_of(url: str, answer_seconds: float = ANSWER_SECONDS) -> redis.Redis:
    """Make a client for `redis://`, `rediss://` or `unix://`; nothing is sent yet.

    Timeouts are short: who waits for a store that is gone does no work. Raises UsageError for a
    URL that cannot be right, without its password.
    """
    scheme = url.partition("://")[0]
    if scheme not in SCHEMES:
        raise UsageError(
            f"CASEGRAPH_REDIS_URL {masked(url)!r} is not a Redis URL: it must begin with "
            "redis://, rediss:// or unix://"
        )
    # A connection that the server dropped is opened anew, once; all that is sent may be sent
    # twice. What hangs is not asked again: that would only double the wait.
    again = Retry(ExponentialWithJitterBackoff(base=0.02, cap=0.1), 1, (redis.ConnectionError,))
    try:
        client: redis.Redis = redis.Redis.from_url(
            url,
            socket_connect_timeout=min(CONNECT_SECONDS, answer_seconds),
            socket_timeout=answer_seconds,
            decode_responses=False,
            retry=again,
        )
    except (ValueError, TypeError) as error:
        raise UsageError(f"CASEGRAPH_REDIS_URL {masked(url)!r} cannot be read") from error
    return client


def connect(url: str) -> redis.Redis:
    """Make a client and see that Redis answers.

    Raises UsageError for a URL that cannot be right, UnavailableError if nothing answers there, or
    refuses even that, as a server does whose disk fails; neither shows a password.
    """
    client = client_of(url)
    try:
        client.ping()
    except (redis.AuthenticationError, redis.exceptions.NoPermissionError) as error:
        raise UnavailableError(
            f"Redis at {masked(url)} refuses the user or password; correct CASEGRAPH_REDIS_URL"
        ) from error
    except redis.ResponseError as error:
        raise UnavailableError(
            f"Redis at {masked(url)} refuses ({short(error)}); see to its disk and its settings, "
            "or name a server in CASEGRAPH_REDIS_URL that takes writes"
        ) from error
    except (redis.RedisError, OSError) as error:
        why = short(error)
        hint = TLS_HINT if "certificate" in why.lower() else AWAY_HINT
        raise UnavailableError(f"Redis at {masked(url)} does not answer ({why}); {hint}") from error
    return client


def check_server(client: redis.Redis) -> None:
    """Refuse a server that could drop what PostgreSQL does not have yet, or is too old.

    Raises UnavailableError that says what to set, and what Redis says if it takes no scripts: it
    would serve readers, and be taken for one that answers again.
    """
    policy, version = eviction_policy(client), server_version(client)
    if in_cluster_mode(client):
        raise UnavailableError(
            "Redis is in cluster mode, which takes no script over keys of several slots; "
            "set CASEGRAPH_REDIS_URL to a server with cluster-enabled no"
        )
    if version < MINIMUM_VERSION:
        raise UnavailableError(
            f"Redis is version {'.'.join(map(str, version))}; casegraph needs "
            f"{'.'.join(map(str, MINIMUM_VERSION))} or later, or any Valkey"
        )
    if policy is not None and not policy.startswith(KEEPING_POLICIES):
        raise UnavailableError(
            f"Redis has maxmemory-policy {policy}, under which it drops results that are not yet "
            "in PostgreSQL; set it to volatile-lru "
            "(redis-cli CONFIG SET maxmemory-policy volatile-lru, and in redis.conf)"
        )
    client.evalsha(client.script_load("return 1"), 0)


def eviction_policy(client: redis.Redis) -> str | None:
    """Read the eviction policy; None where the server does not tell."""
    policy = client.info("memory").get("maxmemory_policy")
    return str(policy) if policy else None


def memory_limit(client: redis.Redis) -> int:
    """Read how many bytes Redis may use; 0 for no limit."""
    return int(client.info("memory").get("maxmemory", 0))


def in_cluster_mode(client: redis.Redis) -> bool:
    """Say whether the server is a node of a cluster, be it the only one."""
    return bool(int(client.info("cluster").get("cluster_enabled", 0)))


def server_version(client: redis.Redis) -> tuple[int, ...]:
    """Read the version of Redis that the server is compatible with."""
    version = str(client.info("server").get("redis_version", "0"))
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


@contextmanager
def answering() -> Iterator[None]:
    """Turn what Redis raises when it is away, full, or refuses, into a RedisAwayError.

    What is wrong with a script, or a value of another type, comes through: a fault of ours.
    """
    try:
        yield
    except redis.exceptions.OutOfMemoryError as error:
        raise RedisAwayError(
            "Redis is full of results that PostgreSQL does not have yet; "
            "wait until they are written, or raise maxmemory"
        ) from error
    except (redis.RedisError, OSError) as error:
        if not (trouble := trouble_of(error)):
            raise
        raise RedisAwayError(trouble) from error


def trouble_of(error: BaseException) -> str:
    """Say why Redis does not serve, if it is that what an error tells; else nothing, and of one
    that is full neither: it serves readers.
    """
    if isinstance(error, redis.AuthenticationError | redis.exceptions.AuthorizationError):
        return f"Redis refuses ({short(error)})"
    if isinstance(error, redis.ConnectionError | redis.TimeoutError | OSError):
        return f"Redis does not answer ({short(error)})"
    if isinstance(error, redis.exceptions.InvalidResponse):
        return f"what answers is not Redis ({short(error)})"
    if isinstance(error, redis.exceptions.OutOfMemoryError):
        return ""
    if isinstance(error, redis.ResponseError) and not _is_fault_of_ours(error):
        return f"Redis refuses ({short(error)})"
    return ""


def is_wrong_type(error: object) -> bool:
    """Say whether Redis refused a command because its key holds a value of another type."""
    return isinstance(error, redis.ResponseError) and _words_of(error).startswith("WRONGTYPE ")


def sizes_of(answers: Iterable[Any]) -> list[int | None]:
    """Give what a pipeline of STRLEN was answered, None for a key of another type. Raises whatever
    else it was answered.
    """
    sizes: list[int | None] = []
    for answer in answers:
        if isinstance(answer, Exception) and not is_wrong_type(answer):
            raise answer
        sizes.append(None if isinstance(answer, Exception) else int(answer))
    return sizes


def value_at(client: Any, key: str | bytes) -> bytes | None:
    """Read a value; None where there is none, or one of another type."""
    try:
        value: bytes | None = client.get(key)
    except redis.ResponseError as error:
        if not is_wrong_type(error):
            raise
        return None
    return value


def _is_fault_of_ours(error: redis.ResponseError) -> bool:
    """Say whether a command or a script is wrong, whatever the server. All else that a server may
    say is its own trouble: no list could hold the words of all versions and makes.
    """
    words = _words_of(error)
    raised = _SCRIPT.search(words) and not _SERVERS_WORDS.match(words)
    return is_wrong_type(error) or bool(raised)


def short(error: BaseException) -> str:
    """Say what went wrong in a few words, without the URL that some messages repeat."""
    if isinstance(error, redis.TimeoutError | TimeoutError):
        return "no answer in time"
    # redis-py says "Error 111 connecting to URL. Connection refused."
    words = _words_of(error)
    if after := _CONNECTING.search(words):
        words = after[1]
    elif " connecting to " in words:
        words = words.rstrip(".").rpartition(". ")[2]
    return words[:120] or type(error).__name__


def _words_of(error: BaseException) -> str:
    """Give an error's first line, without the command that a pipeline puts before it."""
    line = (str(error).splitlines() or [""])[0]
    return line.rpartition(" of pipeline caused error: ")[2]
