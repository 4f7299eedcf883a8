"""PostgreSQL and Redis by TLS: what the URL asks for is held to, and what fails says what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text
from tls_proxy import Authority, TlsProxy, authority

from pipeline.errors import UnavailableError
from pipeline.stores import embedded_postgres, postgres, redis_connection

Front = Callable[[Authority], TlsProxy]


@pytest.fixture
def trusted(tmp_path: Path) -> Authority:
    return authority(tmp_path / "trusted", "casegraph test CA")


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


@pytest.fixture
def before_postgres(postgres_url: str, stack: ExitStack) -> Front:
    """Give what puts TLS before the PostgreSQL of the test."""
    folder = parse_qs(urlsplit(postgres_url).query)["host"][0]
    socket = f"{folder}/{embedded_postgres.SOCKET}"
    return lambda signed: stack.enter_context(TlsProxy(socket, signed, postgres=True))


@pytest.fixture
def before_redis(valkey_url: str, stack: ExitStack) -> Front:
    socket = urlsplit(valkey_url).path
    return lambda signed: stack.enter_context(TlsProxy(socket, signed))


def database(url: str, proxy: TlsProxy, root: Path, host: str = "localhost") -> str:
    name = urlsplit(url).path
    return (
        f"postgresql://postgres:geheim@{host}:{proxy.port}{name}"
        f"?sslmode=verify-full&sslrootcert={root}"
    )


def redis_url(proxy: TlsProxy, root: Path, host: str = "localhost") -> str:
    return f"rediss://{host}:{proxy.port}/0?ssl_ca_certs={root}"


def test_postgresql_by_tls(postgres_url: str, before_postgres: Front, trusted: Authority) -> None:
    proxy = before_postgres(trusted)
    engine = postgres.connect(database(postgres_url, proxy, trusted.root))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1
        assert connection.connection.dbapi_connection.info.ssl_in_use
    engine.dispose()


def test_redis_by_tls(before_redis: Front, trusted: Authority) -> None:
    proxy = before_redis(trusted)
    client = redis_connection.connect(redis_url(proxy, trusted.root))
    redis_connection.check_server(client)
    assert client.ping()
    assert proxy.served
    client.close()


@pytest.mark.parametrize("wrong", ["authority", "host", "date"])
def test_a_certificate_that_is_wrong_is_refused_in_words(
    postgres_url: str,
    before_postgres: Front,
    before_redis: Front,
    trusted: Authority,
    tmp_path: Path,
    wrong: str,
) -> None:
    host = "elsewhere.example" if wrong == "host" else "localhost"
    shown = authority(tmp_path / wrong, "another CA", host=host, days=-1 if wrong == "date" else 1)
    root = trusted.root if wrong == "authority" else shown.root
    url = database(postgres_url, before_postgres(shown), root)
    with pytest.raises(UnavailableError) as caught:
        postgres.connect(url)
    said = str(caught.value)
    assert "sslrootcert=FILE in CASEGRAPH_DATABASE_URL" in said
    assert "geheim" not in said
    assert "\n" not in said
    with pytest.raises(UnavailableError) as caught:
        redis_connection.connect(redis_url(before_redis(shown), root))
    said = str(caught.value)
    assert "ssl_ca_certs=FILE in CASEGRAPH_REDIS_URL" in said
    assert "\n" not in said
