"""Connections, migrations and bulk writes with a real PostgreSQL."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from faults import small_stages
from faults.proxy import proxy_for
from hypothesis import given
from hypothesis import strategies as st
from ledger_case import LedgerCase
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from pipeline.errors import TemporaryError, UnavailableError
from pipeline.settings import Settings
from pipeline.stores import idling, migrating, postgres, project_reader
from pipeline.stores.chunk_vectors import has_vectors
from pipeline.stores.copying import BLOCK_ROWS, copy_rows
from pipeline.stores.embedded import ServiceUrls
from pipeline.stores.graph_reader import GraphReader
from pipeline.stores.ledger import Ledger
from pipeline.stores.migrations import HEAD
from pipeline.stores.tables import metadata
from pipeline.stores.verifying import stored_project


def tables_of(url: str) -> set[str]:
    engine = postgres.connect(url)
    with engine.connect() as connection:
        found = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = set(connection.scalars(found))
    engine.dispose()
    return names


def test_migrating_makes_every_table_and_view(postgres_url: str) -> None:
    assert tables_of(postgres_url) == set()

    migrating.migrate(postgres_url)
    migrating.migrate(postgres_url)

    assert tables_of(postgres_url) == {*metadata.tables, "alembic_version"}
    engine = postgres.connect(postgres_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM published_entities")) == 0
        assert has_vectors(connection)
    engine.dispose()


def test_many_may_migrate_at_once(postgres_url: str) -> None:
    errors: list[BaseException] = []

    def work() -> None:
        try:
            migrating.migrate(postgres_url)
        except BaseException as error:  # noqa: BLE001 - the thread's border
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert "documents" in tables_of(postgres_url)


@pytest.mark.filterwarnings("ignore:Did not recognize type 'vector'")  # reflected, not ours
def test_the_migrations_make_what_the_tables_say(migrated_url: str) -> None:
    own = {"alembic_version", "vector", "vector_model", "ix_chunks_no_vector"}

    def ours(_: object, name: str | None, *__: object) -> bool:
        return name not in own

    engine = postgres.connect(migrated_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": ours, "compare_server_default": True}
        )
        differences = compare_metadata(context, metadata)
        script = ScriptDirectory.from_config(migrating.alembic_config(connection))
        assert script.get_current_head() == HEAD
    engine.dispose()
    assert differences == []


def test_a_database_of_a_newer_version_is_left_alone(migrated_url: str) -> None:
    engine = postgres.connect(migrated_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()

    with pytest.raises(UnavailableError, match="newer casegraph"):
        migrating.migrate(migrated_url)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("rubbish", "cannot be read"),
        ("mysql://u:s3cret@h/d", "not a PostgreSQL URL"),
        ("postgresql://u:s3cret@127.0.0.1:1/d", "refused"),
        ("postgresql://u@127.0.0.1:1/d?password=s3cret", "refused"),
    ],
)
def test_what_cannot_be_reached_is_said_without_the_password(url: str, words: str) -> None:
    with pytest.raises(UnavailableError) as caught:
        postgres.connect(url)

    assert words in str(caught.value)
    assert "CASEGRAPH_DATABASE_URL" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_missing_database_is_named(services: ServiceUrls) -> None:
    with pytest.raises(UnavailableError, match='"nowhere" does not exist'):
        postgres.connect(services.database_url.replace("/casegraph?", "/nowhere?"))


def test_a_deadlock_is_temporary(migrated_url: str) -> None:
    engine = postgres.connect(migrated_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE two (id int); INSERT INTO two VALUES (1), (2)"))
    barrier, errors = threading.Barrier(2), []

    def work(first: int, second: int) -> None:
        update = text("UPDATE two SET id = id WHERE id = :id")
        try:
            with postgres.transaction(engine) as connection:
                connection.execute(update, {"id": first})
                barrier.wait()
                connection.execute(update, {"id": second})
        except TemporaryError as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=pair) for pair in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    engine.dispose()

    assert len(errors) == 1
    assert "deadlock" in str(errors[0])


def test_a_lost_connection_is_temporary(migrated_url: str) -> None:
    engine = postgres.connect(migrated_url)
    with pytest.raises(TemporaryError), postgres.transaction(engine) as connection:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    with postgres.transaction(engine) as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    engine.dispose()


@pytest.mark.parametrize(
    ("code", "temporary"),
    [
        ("25006", True),  # read-only
        ("25P03", True),  # idle in a transaction for too long
        ("25P04", True),  # too long a transaction
        ("40000", True),
        ("40001", True),
        ("40002", False),  # a constraint
        ("40003", True),
        ("53100", True),  # disk full
        ("57P01", True),
        ("58030", True),  # I/O
        ("22003", False),
        ("23505", False),
        ("25P02", False),  # an error of ours went before
        ("42703", False),  # what only a mistake of ours asks for
    ],
)
def test_what_may_go_well_next_time_is_temporary(
    migrated_url: str, code: str, temporary: bool
) -> None:
    engine = postgres.connect(migrated_url)
    raising = f"DO $$ BEGIN RAISE EXCEPTION 'said' USING ERRCODE = '{code}'; END $$"
    with (
        pytest.raises(TemporaryError if temporary else DBAPIError, match="said"),
        postgres.transaction(engine) as connection,
    ):
        connection.exec_driver_sql(raising)
    engine.dispose()


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("REVOKE INSERT ON projects FROM {role}", "permission denied for table projects"),
        ("ALTER TABLE projects RENAME TO elsewhere", 'relation "projects" does not exist'),
    ],
)
def test_what_an_administrator_has_to_mend_is_one_line(
    migrated_url: str, harm: str, words: str
) -> None:
    role = f"clerk_{uuid.uuid4().hex}"
    owner = postgres.connect(migrated_url)
    with postgres.transaction(owner) as connection:
        granting = f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}"
        connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD 'clerk'; {granting}"))
        connection.execute(text(harm.format(role=role)))
    url = owner.url.set(username=role, password="clerk")
    clerk = postgres.connect(url.render_as_string(hide_password=False))
    try:
        with pytest.raises(UnavailableError, match=words) as caught:
            Ledger(clerk).open_project("a project", small_stages.plan(Settings()))
    finally:
        clerk.dispose()
        with postgres.transaction(owner) as connection:
            connection.execute(text(f"DROP OWNED BY {role}; DROP ROLE {role}"))
        owner.dispose()
    assert len(str(caught.value).splitlines()) == 1


def test_a_dead_line_is_noticed_and_the_url_has_the_last_word(services: ServiceUrls) -> None:
    with proxy_for(services.database_url) as line:
        url = line.url(services.database_url)
        for words, idle in (("", 30), ("?keepalives_idle=7", 7)):
            engine = postgres.connect(url + words)
            with engine.connect() as connection:
                raw = connection.connection.driver_connection
                assert raw is not None
                said = raw.info.dsn_parameters
                with socket.fromfd(raw.fileno(), socket.AF_INET, socket.SOCK_STREAM) as line_end:
                    tcp = socket.IPPROTO_TCP
                    assert line_end.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
                    assert line_end.getsockopt(tcp, socket.TCP_KEEPIDLE) == idle
                    assert line_end.getsockopt(tcp, socket.TCP_KEEPINTVL) == 10
                    assert line_end.getsockopt(tcp, socket.TCP_KEEPCNT) == 3
                    assert line_end.getsockopt(tcp, socket.TCP_USER_TIMEOUT) == 60_000
                assert said["application_name"] == "casegraph"
            engine.dispose()


IDLE = text("SHOW idle_in_transaction_session_timeout")


@pytest.mark.parametrize(("said", "limit"), [("", "2min"), ("7s", "7s"), ("0", "0")])
def test_who_writes_may_not_idle_for_long_and_the_url_has_the_last_word(
    migrated_url: str, said: str, limit: str
) -> None:
    options = f"&options=-cidle_in_transaction_session_timeout%3D{said}" if said else ""
    engine = postgres.connect(migrated_url + options)
    with postgres.transaction(engine) as connection:
        assert connection.scalar(IDLE) == limit
    engine.dispose()


LEVEL = text("SHOW transaction_isolation")


@pytest.mark.parametrize("said", ["", "serializable", "repeatable%5C%20read"])
def test_transactions_see_what_was_committed_before_each_statement(
    migrated_url: str, said: str
) -> None:
    """Whatever the server says: what is looked at under a lock must be what is there."""
    options = f"?options=-cdefault_transaction_isolation%3D{said}" if said else ""
    with proxy_for(migrated_url) as line:
        engine = postgres.engine_of(line.url(migrated_url) + options, pool_size=1)
        for _ in range(2):
            with postgres.transaction(engine) as connection:
                assert connection.scalar(LEVEL) == "read committed"
            before = line.traffic
            with postgres.alone(engine) as connection:
                connection.scalar(LEVEL)
            spent = line.traffic - before
            assert (spent.queries, spent.round_trips) == (1, 1)
        with GraphReader(engine, "").snapshot() as reader:
            assert reader._rows(str, LEVEL) == ["repeatable read"]
        with postgres.transaction(engine) as connection:
            assert connection.scalar(LEVEL) == "read committed"
        engine.dispose()


def idle_until_ended(engine: Engine) -> None:
    """Idle inside a transaction that may not, until PostgreSQL has had enough of it."""
    looking = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    with looking, postgres.transaction(engine) as connection:
        mine = connection.scalar(text("SELECT pg_backend_pid()"))
        there = text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid")
        deadline = time.monotonic() + 60
        while looking.scalar(there, {"pid": mine}):
            assert time.monotonic() < deadline
        connection.scalar(IDLE)


def test_who_reads_for_somebody_slow_may_idle(
    migrated_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The witness writes, and begins after all of them: once it has been ended, they would be."""
    monkeypatch.setattr(idling, "IDLE_SECONDS", 0.2)
    engine = postgres.connect(migrated_url, pool_size=10)
    case = LedgerCase(engine)
    case.ledger.record_documents(case.project, [case.found("a.txt")])
    case.ledger.record_skipped(
        case.project, [(case.found(f"{number}.txt"), "left out") for number in range(3)]
    )
    monkeypatch.setattr(project_reader, "STREAMED", {"yield_per": 1})
    skipped = project_reader.skipped(engine, case.project)
    next(skipped)

    with (
        GraphReader(engine, case.project).snapshot() as reader,
        stored_project(engine, case.project, case.plan, case.blobs) as stored,
        case.ledger.roll_call(case.project) as roll,
        case.ledger.forecasting(case.project) as forecast,
    ):
        with pytest.raises(TemporaryError):
            idle_until_ended(engine)

        assert list(reader.documents()) == []
        assert list(stored.findings()) == []
        assert roll.missing(["file:///"]) == 4
        assert forecast.not_found(["file:///"]) == 4
        assert len(list(skipped)) == 2
    engine.dispose()


texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
specials = st.text(st.sampled_from('\\\t\n\r\x1d\x1e\x1f"{},N.\u2028😀'), max_size=6)
words = st.one_of(texts, specials)
row = st.tuples(
    st.none() | words,
    st.none() | st.lists(words, max_size=3),
    st.none() | st.binary(max_size=8),
    st.none() | st.integers(-(2**60), 2**60),
    st.none() | st.floats(allow_nan=False),
    st.none() | st.booleans(),
)


@given(st.lists(row, max_size=6))
def test_what_is_copied_comes_back_as_it_was(
    services: ServiceUrls, rows: list[tuple[object, ...]]
) -> None:
    url = services.database_url.replace("postgresql://", "postgresql+psycopg2://")
    engine = _engines.setdefault(url, create_engine(url, pool_size=1))
    with engine.connect() as connection:
        connection.execute(
            text(
                "CREATE TEMPORARY TABLE copied (n serial, a text, b text[], c bytea, d bigint,"
                " e double precision, f boolean)"
            )
        )
        copy_rows(connection, "copied", ("a", "b", "c", "d", "e", "f"), rows)
        found = connection.execute(text("SELECT a, b, c, d, e, f FROM copied ORDER BY n")).all()
        connection.rollback()
    assert [(a, b, None if c is None else bytes(c), d, e, f) for a, b, c, d, e, f in found] == rows


def test_copy_tells_what_cannot_be_written_wherever_it_stands(postgres_url: str) -> None:
    good = [(number, "words " * 50) for number in range(2 * BLOCK_ROWS)]
    engine = postgres.connect(postgres_url)
    with engine.connect() as connection:
        connection.execute(text("CREATE TEMPORARY TABLE many (n integer, words text)"))
        copy_rows(connection, "many", ("n", "words"), good)
        assert connection.scalar(text("SELECT sum(n) FROM many")) == sum(row[0] for row in good)
        for bad, expected in (("half a pair: \ud800", UnicodeEncodeError), (object(), TypeError)):
            with pytest.raises(expected), connection.begin_nested():
                copy_rows(connection, "many", ("n", "words"), [*good, (0, bad)])
        assert connection.scalar(text("SELECT count(*) FROM many")) == len(good)
    engine.dispose()


_engines: dict[str, object] = {}


@pytest.fixture(autouse=True, scope="module")
def _close_engines():  # type: ignore[no-untyped-def]
    yield
    for engine in _engines.values():
        engine.dispose()  # type: ignore[attr-defined]


def test_migrations_are_found_from_anywhere(postgres_url: str, tmp_path: Path) -> None:
    code = f"from pipeline.stores import migrating; migrating.migrate({postgres_url!r})"

    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, env={**os.environ})

    assert "documents" in tables_of(postgres_url)
