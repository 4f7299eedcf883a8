"""What `doctor` finds of the services, the object store, the disk and the memory."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

from actors.diagnosis import PROBE_SECONDS, Checks, Finding, fail, ok, warn
from pipeline.errors import RedisAwayError
from pipeline.settings import Settings
from pipeline.stores import embedded, embedded_postgres, embedded_valkey

MB = 1 << 20
SHARED_MEMORY_BYTES = 128 * MB
DISK_LITTLE_BYTES = 2 << 30
MEMORY_FULL = 0.8
AWS_ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3")


def home(settings: Settings) -> Finding:
    """See whether the home folder can be used, or made."""
    folder = settings.home_folder
    there = next(path for path in (folder, *folder.parents) if path.exists())
    advice = "set CASEGRAPH_HOME to a folder of your own that you may write to"
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        return fail("home folder", f"{there} cannot be written", advice)
    if there == folder and folder.stat().st_uid != os.geteuid():
        return fail("home folder", f"{folder} belongs to another user", advice)
    return ok("home folder", str(folder) if there == folder else f"{folder} (not made yet)")


def disk(settings: Settings) -> Finding:
    """See how much room there is where the home folder is."""
    folder = settings.home_folder
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free
    seen = f"{free / (1 << 30):.1f} GB free at {there}"
    advice = "free some space, or set CASEGRAPH_HOME to a folder on another disk"
    if free < embedded.FREE_BYTES:
        return fail("free disk", seen, advice)
    if free < DISK_LITTLE_BYTES:
        return warn("free disk", seen, advice)
    return ok("free disk", seen)


def shared_memory(_: Settings) -> Finding:
    """See whether Ray has room for its object store."""
    folder = Path("/dev/shm")  # noqa: S108
    if not folder.is_dir():
        return ok("shared memory", "this system has no /dev/shm; Ray uses files")
    free = shutil.disk_usage(folder).free
    seen = f"{free // MB} MB free in /dev/shm"
    if free < SHARED_MEMORY_BYTES:
        return warn(
            "shared memory",
            seen,
            "give /dev/shm 128 MB or more (docker run --shm-size=256m), or Ray is slow",
        )
    return ok("shared memory", seen)


def postgres(settings: Settings) -> Finding:
    """See whether PostgreSQL answers, can be written, and has pgvector."""
    url = settings.database_url
    if url is not None:
        return _postgres(url.get_secret_value(), "configured")
    program = embedded_postgres.binary("postgres")
    if embedded_postgres.running(settings.home_folder) is None:
        return _embedded("postgres", program)
    urls = embedded.find_services(settings)
    return _postgres(urls.database_url, "embedded")


def _postgres(url: str, where: str) -> Finding:
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    from pipeline.stores.postgres import connect

    engine = connect(url, pool_size=1)
    try:
        with engine.connect() as connection:
            version, read_only, may, vector = connection.execute(
                text(
                    "SELECT current_setting('server_version'), pg_is_in_recovery() OR"
                    " current_setting('default_transaction_read_only') = 'on',"
                    " has_schema_privilege(current_schema(), 'CREATE'),"
                    " EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector')"
                )
            ).one()
    except DBAPIError as error:
        return fail("postgres", str(error.orig).strip(), "correct CASEGRAPH_DATABASE_URL")
    finally:
        engine.dispose()
    seen = f"{where}, PostgreSQL {version}"
    if read_only:
        return fail("postgres", f"{seen}, which is read-only", "use the primary server")
    if not may:
        return fail("postgres", f"{seen}, no right to create tables", "GRANT CREATE ON SCHEMA …")
    if not vector:
        return warn(
            "postgres", f"{seen}, without pgvector", "install pgvector to have `search --similar`"
        )
    return ok("postgres", f"{seen}, writable, with pgvector")


def redis(settings: Settings) -> Finding:
    """See whether Redis answers, evicts only what may be, takes writes, and has memory left."""
    if settings.acceleration == "off":
        return ok("redis", "not used: CASEGRAPH_ACCELERATION=off")
    url = settings.redis_url
    if url is not None:
        return _redis(url.get_secret_value(), "configured")
    program = embedded_valkey.binary()
    if embedded_valkey.running(settings.home_folder) is None:
        return _embedded("redis", program)
    return _redis(embedded.find_services(settings).redis_url, "embedded")


def _redis(url: str, where: str) -> Finding:
    from pipeline.stores import keys
    from pipeline.stores.redis_connection import answering, check_server, connect

    client = connect(url)
    try:
        with answering():
            check_server(client)
            facts = client.info()
            # A write that changes nothing: a replica, or a server whose disk fails, refuses it.
            client.delete(keys.run("doctor", "nothing"))
    except RedisAwayError as error:
        advice = "name a server in CASEGRAPH_REDIS_URL that takes writes, and see to its disk"
        return fail("redis", str(error), advice)
    finally:
        client.close()
    product = "Valkey" if "valkey_version" in facts else "Redis"
    version = facts.get("valkey_version") or facts.get("redis_version")
    used, limit = int(facts["used_memory"]), int(facts.get("maxmemory", 0))
    memory = f"{used // MB} MB used" + (f" of {limit // MB}" if limit else ", no limit")
    seen = f"{where}, {product} {version}, {facts.get('maxmemory_policy')}, {memory}"
    if limit and used > MEMORY_FULL * limit:
        return warn("redis", seen, "raise maxmemory, or let the queue drain")
    return ok("redis", seen)


def _embedded(check: str, program: Path) -> Finding:
    """See whether a server that does not run could be started."""
    try:
        answer = subprocess.run(
            [str(program), "--version"],
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return fail(check, f"{program.name} cannot be run ({error})", "reinstall its package")
    if answer.returncode:
        said = answer.stderr.strip() or f"{program.name} fails"
        return fail(check, said, "reinstall its package")
    return ok(check, "embedded, not running; `casegraph run` or `services start` starts it")


def object_store(settings: Settings) -> Finding:
    """Store, fetch and delete an object of a few bytes."""
    from pipeline import assembly
    from pipeline.stores.s3_blobs import S3Blobs

    if not settings.object_store_url:
        folder = settings.home_folder / "objects"
        there = next(path for path in (folder, *folder.parents) if path.exists())
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            return fail("object store", f"{there} cannot be written", "set CASEGRAPH_HOME")
        return ok("object store", f"the folder {folder}")
    blobs = assembly.open_blobs(settings)
    data = secrets.token_bytes(16)
    sha256 = hashlib.sha256(data).hexdigest()
    with tempfile.TemporaryDirectory() as folder_name:
        sent, back = Path(folder_name, "sent"), Path(folder_name, "back")
        sent.write_bytes(data)
        blobs.put_file(sent, sha256)
        blobs.fetch(sha256, back)
        blobs.delete([sha256])
        if back.read_bytes() != data:
            return fail("object store", "it gave back other bytes", "use another store")
    where = f" at {blobs.endpoint}" if isinstance(blobs, S3Blobs) else ""
    return ok("object store", f"{settings.object_store_url}{where}, writable")


def s3(settings: Settings) -> Finding:
    """See whether the endpoint answers that s3:// sources are read from; AWS itself is not asked
    where nothing in the settings says that S3 is used.
    """
    from pipeline.stores import s3_client
    from pipeline.stores.s3_client import Trouble, trouble_of, words_of

    client = s3_client.connect(settings.s3_endpoint_url)
    where = s3_client.endpoint_of(client)
    set_by_user = settings.s3_endpoint_url or any(map(os.environ.get, AWS_ENDPOINTS))
    if not set_by_user and not (settings.object_store_url or "").startswith("s3://"):
        return ok("s3", f"s3:// sources are read from {where}; not asked")
    try:
        client.list_buckets()
    except s3_client.errors() as error:
        trouble, words = trouble_of(error), words_of(error)
        if trouble is Trouble.AWAY:
            advice = "start it, or correct CASEGRAPH_S3_ENDPOINT_URL"
            return fail("s3", f"{where} does not answer ({words})", advice)
        if trouble is Trouble.REFUSED:
            return fail("s3", f"{where} refuses ({words})", "check the AWS credentials and region")
    return ok("s3", f"{where} answers")


CHECKS: Checks = (
    ("home folder", home),
    ("free disk", disk),
    ("shared memory", shared_memory),
    ("postgres", postgres),
    ("redis", redis),
    ("object store", object_store),
    ("s3", s3),
)
