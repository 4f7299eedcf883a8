"""One real PostgreSQL and one real Valkey for the whole session; a fresh database for each test.

The servers are the embedded ones, in a temporary home, and are ended with the session also when
tests fail. What Ray and the model libraries read from the environment is set before any of them
is imported.
"""

from __future__ import annotations

import getpass
import itertools
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

os.environ.update(
    HF_HUB_OFFLINE="1",
    TRANSFORMERS_OFFLINE="1",
    OMP_NUM_THREADS="1",
    TOKENIZERS_PARALLELISM="false",
    RAY_AUTH_MODE="token",
    RAY_AUTH_TOKEN=secrets.token_hex(16),
    RAY_USAGE_STATS_ENABLED="0",
    RAY_ENABLE_AUTO_CONNECT="0",  # no Ray that a test did not start
)
for _name in [name for name in os.environ if name.startswith("CASEGRAPH_")]:
    del os.environ[_name]

import psutil  # noqa: E402
import psycopg2  # noqa: E402
import pytest  # noqa: E402
import redis  # noqa: E402
from databases import Databases  # noqa: E402
from hypothesis import settings as hypothesis_settings  # noqa: E402
from tiers import is_slow  # noqa: E402
from xdist.scheduler import LoadScopeScheduling  # noqa: E402

from pipeline.settings import Settings  # noqa: E402
from pipeline.stores import embedded  # noqa: E402

hypothesis_settings.register_profile("casegraph", deadline=None, print_blob=True)
hypothesis_settings.load_profile("casegraph")

HOMES = "casegraph-tests-of-"
SHARING = {
    "tests/cluster/": "a cluster",
    "tests/acceptance/test_demo_corpus.py": "the demo",
    "tests/acceptance/test_notebook_runs.py": "the demo",
}

_numbers = itertools.count()


def _sweep() -> None:
    """Stop and remove what sessions left that were killed; a home's name tells whose it is."""
    for home in Path(tempfile.gettempdir()).glob(f"{HOMES}*"):
        owner = home.name.removeprefix(HOMES).partition("-")[0]
        with suppress(FileNotFoundError):  # another worker removes it, too
            if home.owner() == getpass.getuser() and not psutil.pid_exists(int(owner)):
                embedded.stop_services(Settings(home=home))
                shutil.rmtree(home)


@pytest.fixture(scope="session")
def services_home() -> Iterator[Path]:
    """Give the home of the session's servers; at the end they are stopped and it is removed."""
    _sweep()
    home = Path(tempfile.mkdtemp(prefix=f"{HOMES}{os.getpid()}-"))
    try:
        yield home
    finally:
        embedded.stop_services(Settings(home=home))
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def services(services_home: Path) -> embedded.ServiceUrls:
    """Give the URLs of the session's PostgreSQL and Valkey."""
    return embedded.ensure_services(Settings(home=services_home))


@pytest.fixture(scope="module", autouse=True)
def _no_mirror_goes_on() -> Iterator[None]:
    """See that what a file's tests opened has ended: it would talk to servers that are gone by
    then, and write into the log of others.
    """
    yield
    left = [thread for thread in threading.enumerate() if thread.name == "live state"]
    assert not left, f"{len(left)} mirrors of live state go on"


@pytest.fixture(scope="session")
def databases(services: embedded.ServiceUrls) -> Iterator[Databases]:
    """Give copies of a database with the schema and no rows."""
    from pipeline.stores import migrating

    with closing(psycopg2.connect(services.database_url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("CREATE DATABASE migrated")
    migrating.migrate(services.database_url.replace("/casegraph?", "/migrated?"))
    with closing(Databases(services.database_url, "migrated")) as databases:
        yield databases


@pytest.fixture
def postgres_url(databases: Databases) -> Iterator[str]:
    """Give the URL of an empty database that is this test's own."""
    with databases.empty() as url:
        yield url


@pytest.fixture
def migrated_url(databases: Databases) -> Iterator[str]:
    """Give the URL of a database with the schema and no rows that is this test's own."""
    with databases.fresh() as url:
        yield url


@pytest.fixture
def migrated_urls(databases: Databases) -> Iterator[Callable[[], str]]:
    """Give a function that gives one more such database each time (to compare two of them)."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(databases.fresh())


@pytest.fixture
def valkey_url(services: embedded.ServiceUrls) -> Iterator[str]:
    """Give the URL of an empty logical database that is this test's own."""
    url = services.redis_url.replace("?db=0", f"?db={1 + next(_numbers) % 15}")
    client = redis.Redis.from_url(url)
    client.flushdb()
    try:
        yield url
    finally:
        client.flushdb()
        client.close()


@pytest.fixture
def valkey(valkey_url: str) -> Iterator[redis.Redis]:
    """Give a client of this test's own logical database; answers are bytes."""
    client = redis.Redis.from_url(valkey_url)
    try:
        yield client
    finally:
        client.close()


@pytest.fixture
def settings(migrated_url: str, valkey_url: str, tmp_path: Path) -> Settings:
    """Give settings that point to this test's own database, Valkey and home."""
    return Settings(
        home=tmp_path / "home",
        database_url=migrated_url,  # type: ignore[arg-type]
        redis_url=valkey_url,  # type: ignore[arg-type]
    )


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Give what files share, and takes long to make, to one worker: it is made once."""
    return _BySharing(config, log)


class _BySharing(LoadScopeScheduling):
    """A file goes to one worker, and so do all files of `SHARING`."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return next((shared for name, shared in SHARING.items() if file.startswith(name)), file)


@pytest.hookimpl(tryfirst=True)  # before tests are left out by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `make test` leaves to `make test-slow`."""
    for item in items:
        if is_slow(item.nodeid.partition("[")[0]):
            item.add_marker(pytest.mark.slow)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail the run in CI when a test was skipped: what needs a real part must have it there."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if reporter else []
    if os.environ.get("CI") and skipped and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
