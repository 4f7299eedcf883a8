"""The circuit breaker around Redis: when it opens, when it asks again, when it closes."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import pytest
import redis
from waiting import until

from faults.proxy import Proxy, proxy_for
from faults.servers import OwnValkey
from pipeline.errors import RedisAwayError
from pipeline.stores.redis_link import RedisLink

PROBE_SECONDS = 0.1


@pytest.fixture
def line(valkey_server: OwnValkey) -> Iterator[Proxy]:
    with proxy_for(valkey_server.url) as line:
        yield line


@pytest.fixture
def link(line: Proxy, valkey_server: OwnValkey) -> Iterator[RedisLink]:
    link = RedisLink(line.url(valkey_server.url), answer_seconds=0.2, probe_seconds=PROBE_SECONDS)
    yield link
    link.client.close()


def serves(link: RedisLink) -> bool:
    """Use Redis once."""
    try:
        with link.answering() as client:
            return bool(client.ping())
    except RedisAwayError:
        return False


def lose(link: RedisLink, line: Proxy) -> None:
    """Let Redis go away, until it is left alone."""
    line.hang()
    line.cut()
    assert not serves(link)
    assert not serves(link)


def test_it_is_left_alone_and_asked_again_and_used_again(
    link: RedisLink, line: Proxy, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    assert serves(link)
    assert link.trouble == ""
    lose(link, line)
    assert "does not answer" in link.trouble
    asked = line.traffic.connections
    for _ in range(100):
        serves(link)
    assert line.traffic.connections - asked <= 1, "a hundred uses, and hardly a question"

    line.heal()
    until(lambda: serves(link))

    assert link.trouble == ""
    told = [record.message.split(":")[0] for record in caplog.records]
    assert told == ["database mode", "accelerated mode"]


def test_it_is_asked_more_and_more_rarely(link: RedisLink, line: Proxy) -> None:
    """Probes come 0.1, 0.2, 0.4, 0.8, 1.6 seconds apart; as often as at first, it were dozens."""
    lose(link, line)
    asked, end = line.traffic.connections, time.monotonic() + 3.0
    while time.monotonic() < end:
        serves(link)
        time.sleep(0.005)

    assert 2 <= line.traffic.connections - asked <= 6


def test_after_an_outage_the_next_is_probed_as_soon_as_the_first(
    link: RedisLink, line: Proxy
) -> None:
    lose(link, line)
    asked = line.traffic.connections
    until(lambda: serves(link) or line.traffic.connections - asked >= 4)
    line.heal()
    until(lambda: serves(link))

    lose(link, line)
    line.heal()
    began = time.monotonic()
    until(lambda: serves(link))

    assert time.monotonic() - began < 10 * PROBE_SECONDS


def test_two_slow_answers_are_an_outage(
    link: RedisLink, line: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.stores.redis_link.SLOW_SECONDS", 0.05)
    assert serves(link)
    line.delay(0.1)
    assert serves(link)
    assert serves(link)

    assert not serves(link)
    assert "answers take over" in link.trouble


def test_after_slow_answers_it_is_seen_again_whether_the_server_keeps_what_it_is_given(
    link: RedisLink,
    line: Proxy,
    valkey_server: OwnValkey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipeline.stores.redis_link.SLOW_SECONDS", 0.05)
    assert serves(link)
    line.delay(0.1)
    until(lambda: not serves(link))
    line.heal()
    with valkey_server.client() as client:
        before = client.config_get("maxmemory-policy")["maxmemory-policy"]
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            until(lambda: serves(link) or "allkeys-lru" in link.trouble)
            assert not serves(link)
        finally:
            client.config_set("maxmemory-policy", before)
    until(lambda: serves(link))


def test_a_refusal_of_one_value_is_no_outage(link: RedisLink) -> None:
    link.client.set("text", "1")
    for _ in range(5):
        with pytest.raises(redis.ResponseError), link.answering() as client:
            client.lpush("text", "2")
    assert serves(link)
