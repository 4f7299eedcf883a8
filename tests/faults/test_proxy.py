"""The proxy does to real connections what it says, and nothing while it is told nothing."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import psycopg2
import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from faults.postgres_wire import Messages
from faults.proxy import Proxy, proxy_for
from pipeline.stores.embedded import ServiceUrls


@pytest.fixture
def proxy(services: ServiceUrls) -> Iterator[Proxy]:
    with proxy_for(services.database_url) as made:
        yield made


@pytest.fixture
def url(proxy: Proxy, migrated_url: str) -> str:
    return proxy.url(migrated_url)


def opened(url: str) -> Any:
    connection = psycopg2.connect(url)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS done (id int)")
    connection.commit()
    return closing(connection)


def answer(connection: Any, query: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0] if cursor.description else None


def test_what_passes_is_as_it_was_and_counted(proxy: Proxy, url: str) -> None:
    words = "ü" * 300_000
    with opened(url) as connection:
        before = proxy.traffic
        assert answer(connection, f"SELECT '{words}'") == words
        connection.rollback()
        passed = proxy.traffic - before

    assert proxy.traffic.connections == 1
    assert (passed.queries, passed.rollbacks, passed.commits) == (3, 1, 0)  # BEGIN is one
    assert passed.round_trips == 3
    assert min(passed.bytes_up, passed.bytes_down) > 600_000


def test_each_round_trip_is_delayed(proxy: Proxy, url: str) -> None:
    with opened(url) as connection:
        connection.autocommit = True
        proxy.delay(0.05)
        before, started = proxy.traffic, time.monotonic()
        for _ in range(4):
            answer(connection, "SELECT 1")
        spent, trips = time.monotonic() - started, (proxy.traffic - before).round_trips

    assert trips == 4
    assert spent >= 4 * 0.05


def test_what_is_sent_together_is_delayed_once(services: ServiceUrls, valkey_url: str) -> None:
    with proxy_for(valkey_url) as proxy, redis.Redis.from_url(proxy.url(valkey_url)) as client:
        client.ping()
        proxy.delay(0.2)
        before, started = proxy.traffic, time.monotonic()
        sent = client.pipeline(transaction=False)
        for number in range(500):
            sent.set(f"key{number}", "x" * 1000)
        assert len(sent.execute()) == 500
        spent, trips = time.monotonic() - started, (proxy.traffic - before).round_trips

    assert trips < 50
    assert 0.2 <= spent < 0.2 * 500  # one after another, they would take that long


def test_connections_are_cut_by_a_reset(proxy: Proxy, services: ServiceUrls) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port)) as plain:
        while proxy.traffic.connections < 1:
            time.sleep(0.01)
        assert proxy.cut() == 1
        with pytest.raises(ConnectionResetError):
            plain.recv(1)
    assert proxy.cut() == 0


def test_a_query_on_a_cut_connection_fails_and_a_new_connection_works(
    proxy: Proxy, url: str
) -> None:
    with opened(url) as connection:
        proxy.cut()
        with pytest.raises(psycopg2.OperationalError):
            answer(connection, "SELECT 1")
    with opened(url) as connection:
        assert answer(connection, "SELECT 1") == 1


def test_new_connections_are_refused_and_old_ones_stay(proxy: Proxy, url: str) -> None:
    with opened(url) as connection:
        proxy.refuse()
        with pytest.raises(psycopg2.OperationalError, match="refused"):
            psycopg2.connect(url)
        assert answer(connection, "SELECT 1") == 1
        proxy.heal()
        with opened(url) as other:
            assert answer(other, "SELECT 1") == 1


def test_a_hanging_server_accepts_and_never_answers(proxy: Proxy, url: str) -> None:
    with opened(url) as connection:
        proxy.hang()
        with socket.create_connection(("127.0.0.1", proxy.port)) as new:
            new.settimeout(0.3)
            new.sendall(b"x")
            with pytest.raises(TimeoutError):
                new.recv(1)
        answers: list[int] = []
        asking = threading.Thread(target=lambda: answers.append(answer(connection, "SELECT 7")))
        asking.start()
        asking.join(0.3)
        assert answers == []
        proxy.heal()
        asking.join(30)
        assert answers == [7]


def test_small_pieces_arrive_whole(proxy: Proxy, url: str) -> None:
    proxy.slice(3)
    with opened(url) as connection:
        assert answer(connection, "SELECT repeat('ab', 2000)") == "ab" * 2000
    assert proxy.traffic.bytes_down > 4000


@pytest.mark.parametrize("answered", [True, False])
def test_a_commit_is_lost_before_the_server_or_after_it(
    proxy: Proxy, url: str, migrated_url: str, answered: bool
) -> None:
    with opened(url) as connection:
        proxy.lose("COMMIT", skip=1, answered=answered)
        answer(connection, "INSERT INTO done VALUES (1)")
        connection.commit()
        assert not proxy.lost
        answer(connection, "INSERT INTO done VALUES (2)")
        with pytest.raises(psycopg2.OperationalError, match=r"closed|reset"):
            connection.commit()
        assert proxy.lost
    with opened(migrated_url) as direct:
        assert answer(direct, "SELECT count(*) FROM done") == (2 if answered else 1)


def test_nothing_behind_the_proxy_is_seen_as_a_cut(tmp_path: Any) -> None:
    with (
        Proxy(str(tmp_path / "no.sock")) as proxy,
        socket.create_connection(("127.0.0.1", proxy.port)) as plain,
    ):
        with pytest.raises(ConnectionResetError):
            plain.recv(1)
        assert proxy.traffic.refused == 1


message = st.tuples(st.sampled_from([b"Q", b"d", b"Z"]), st.binary(max_size=9000))


@given(st.lists(message, max_size=5), st.data())
def test_messages_are_read_in_any_pieces(
    messages: list[tuple[bytes, bytes]], data: st.DataObject
) -> None:
    stream = b"".join(kind + (len(body) + 4).to_bytes(4, "big") + body for kind, body in messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    reader, found = Messages(), []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += reader.feed(stream[start:end])
    assert found == [(kind, body[:4096]) for kind, body in messages]
