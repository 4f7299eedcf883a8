"""Servers of a test's own are really killed, paused and emptied, and leave nothing behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psutil
import psycopg2
import pytest
import redis

from faults.servers import OwnPostgres, OwnValkey, own_postgres, own_valkey
from pipeline.stores.server_process import alive


@pytest.fixture(scope="module")
def postgres() -> Iterator[OwnPostgres]:
    with own_postgres(deadlock_timeout="50ms") as server:
        yield server


def test_a_killed_postgres_keeps_what_was_committed(postgres: OwnPostgres) -> None:
    with postgres.cursor() as cursor:
        cursor.execute("SHOW deadlock_timeout")
        assert cursor.fetchone() == ("50ms",)
        cursor.execute("CREATE TABLE kept AS SELECT 1 AS id")
        before = postgres.processes
        postgres.kill()
        assert len(before) > 3
        assert not any(alive(process) for process in before)
        with pytest.raises(psycopg2.OperationalError):
            cursor.execute("SELECT 1")
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(postgres.url)

    postgres.start()

    with postgres.cursor() as cursor:
        cursor.execute("SELECT id FROM kept")
        assert cursor.fetchone() == (1,)
        cursor.execute("SHOW deadlock_timeout")
        assert cursor.fetchone() == ("50ms",)


def test_a_paused_postgres_answers_nobody_until_it_goes_on(postgres: OwnPostgres) -> None:
    answers: list[object] = []
    with postgres.cursor() as cursor:

        def ask() -> None:
            cursor.execute("SELECT 7")
            answers.append(cursor.fetchone())

        postgres.pause()
        try:
            asking = threading.Thread(target=ask)
            asking.start()
            asking.join(0.3)
            assert answers == []
            # One that ended meanwhile waits for its parent, which is stopped, to hear of it.
            states = {process.status() for process in postgres.processes}
            assert states - {psutil.STATUS_ZOMBIE} == {psutil.STATUS_STOPPED}
        finally:
            postgres.resume()
        asking.join(30)
    assert answers == [(7,)]


def test_a_parameter_holds_for_new_sessions(postgres: OwnPostgres) -> None:
    postgres.set("default_transaction_read_only", "on")
    try:
        connection = psycopg2.connect(postgres.url)
        with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction), connection.cursor() as cursor:
            cursor.execute("CREATE TABLE refused (id int)")
        connection.close()
    finally:
        postgres.set("default_transaction_read_only", "off")


def test_a_valkey_is_killed_and_comes_back_with_its_data_or_empty(
    valkey_server: OwnValkey,
) -> None:
    with valkey_server.client() as client:
        client.set("kept", "1")
        # Its file is written every second; what was there is written when it says so.
        client.config_set("appendfsync", "always")
        client.set("kept", "2")
        valkey_server.kill()
        with pytest.raises(redis.ConnectionError):
            client.get("kept")
    valkey_server.start()
    with valkey_server.client() as client:
        assert client.get("kept") == b"2"

    valkey_server.restart(empty=True)

    with valkey_server.client() as client:
        assert client.dbsize() == 0


def test_a_valkey_is_flushed_filled_and_paused(valkey_server: OwnValkey) -> None:
    with valkey_server.client() as client:
        client.set("kept", "1")
        valkey_server.flush()
        assert client.dbsize() == 0
        valkey_server.limit_memory()
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            client.set("large", "x" * 1_000_000)
        valkey_server.limit_memory(1 << 30)
        client.set("large", "x" * 1_000_000)
    with redis.Redis.from_url(valkey_server.url, socket_timeout=0.3) as hasty:
        valkey_server.pause()
        try:
            with pytest.raises(redis.TimeoutError):
                hasty.ping()
        finally:
            valkey_server.resume()
        assert hasty.ping()


def test_nothing_is_left_of_a_paused_server() -> None:
    with own_valkey() as server:
        processes, home = server.processes, server.home
        server.pause()
    assert not any(alive(process) for process in processes)
    assert not home.exists()
