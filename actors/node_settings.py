"""What each node of a cluster knows from its own environment, and a run does not carry to it.

Endpoints and secrets stand in the environment of the nodes: what a job is started with, and what
actors are built with, Ray keeps and shows. So a run sends its settings without them, and each node
adds its own. That these lead to the same places is told by marks: hashes with a salt of the run, of
what a URL names, without user and password.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import socket
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import BaseModel, SecretStr

from pipeline.documents import Value
from pipeline.errors import UsageError
from pipeline.settings import PREFIX, Settings

ENDPOINTS = ("database_url", "redis_url", "object_store_url", "s3_endpoint_url", "llm.base_url")
SECRETS = ("llm.key", "ocr.pdf_password")

_PORTS = {
    "postgresql": "5432", "postgres": "5432", "redis": "6379", "rediss": "6379",
    "http": "80", "https": "443",
}  # fmt: skip
_LOOPBACK = "[loopback]"
"""Stands for a machine's own address, however it is written; no host is called so."""
_HOST = re.compile(r"(\[[^\]]*\]|[^:]*)(?::([0-9]*))?")
_BOOT = Path("/proc/sys/kernel/random/boot_id")


class Marks(Value):
    """Which of the settings that a node has to know are set, and a hash of what each names; of a
    secret only that there is one.
    """

    salt: str
    of: Mapping[str, str]

    @classmethod
    def made(cls, settings: Settings, machine: str, salt: str | None = None) -> Marks:
        """Mark settings as `machine` has them: what they name on itself is another one's not."""
        salt = salt or secrets.token_hex(16)
        marks = {name: "set" for name in SECRETS if _value(settings, name)}
        for name in ENDPOINTS:
            if url := _value(settings, name):
                named = f"{name} {place_of(url, machine)}".encode()
                marks[name] = hashlib.blake2b(named, key=salt.encode()).hexdigest()
        return cls(salt=salt, of=marks)

    def difference(self, settings: Settings, machine: str, *, asks: bool) -> str:
        """Say which of them a machine lacks, or has otherwise, and what to do; else nothing. Where
        a language model is is looked at if the run `asks` one.
        """
        here = Marks.made(settings, machine, self.salt)
        looked_at = [name for name in (*ENDPOINTS, *SECRETS) if asks or not name.startswith("llm.")]
        lacking = [name for name in looked_at if name in self.of and name not in here.of]
        if lacking:
            return (
                f"has no {_variables(lacking)}; set what the run was started with in the "
                "environment of its `ray start`"
            )
        other = [name for name in looked_at if self.of.get(name) != here.of.get(name)]
        if other := [name for name in other if name in ENDPOINTS]:
            return (
                f"has another {_variables(other)} than the run was started with; give all nodes "
                "the same, by a name that all of them can reach"
            )
        if settings.object_store_url is None and not _objects(settings).is_dir():
            return (
                f"does not see {_objects(settings)}; mount it there, or set "
                f"{variable('object_store_url')}"
            )
        return ""


def this_machine() -> str:
    """Name this machine, or container, so that no other is called so until it is started anew."""
    boot = _BOOT.read_text("ascii").strip() if _BOOT.exists() else ""
    return f"{socket.gethostname()} {boot}"


def place_of(url: str, machine: str) -> str:
    """Say what a URL names, without user and password: two machines that reach the same place by
    the same name say the same, and what is on a machine itself is named with it.
    """
    parts = urlsplit(url)
    query = {name: ",".join(values) for name, values in parse_qs(parts.query).items()}
    scheme = parts.scheme.partition("+")[0]
    port = query.get("port") or _PORTS.get(scheme, "")
    named = parts.netloc.rpartition("@")[2] or query.get("host", "")
    hosts = [_host_of(unquote(one), port) for one in named.split(",")]
    own = any(host.startswith((_LOOPBACK, "/", ":")) or not host for host in hosts)
    within = parts.path.strip("/")
    if scheme in ("redis", "rediss"):
        within = query.get("db") or within or "0"
    elif scheme == "unix":
        within = f"{within} {query.get('db', '0')}"
    else:
        within = query.get("dbname") or within
    return f"{machine if own else ''} {','.join(hosts)}/{within}"


def _host_of(named: str, port: str) -> str:
    """Name a host and the port that is asked there, `port` where none is named; a folder of sockets
    is a host, too.
    """
    split = _HOST.fullmatch(named)
    host, said = (split[1], split[2]) if split else (named, None)
    port = said or port
    try:
        address = ip_address(host.strip("[]"))
        host = _LOOPBACK if address.is_loopback else str(address)
    except ValueError:
        host = _LOOPBACK if host.lower() == "localhost" else host
    host = host if host.startswith("/") else host.lower()
    return f"{host}:{port}" if port else host


def without_own(settings: Settings) -> Settings:
    """Give the settings of a run without what each node knows from its own environment."""
    return _with(settings, {name: _default(name) for name in (*ENDPOINTS, *SECRETS)})


def with_own(settings: Settings, own: Settings) -> Settings:
    """Add what a node knows to the settings of a run."""
    return _with(settings, {name: _field(own, name) for name in (*ENDPOINTS, *SECRETS)})


def check_cluster(settings: Settings) -> None:
    """See that all nodes of a cluster can reach what the settings name. Raises UsageError: what is
    embedded is on one machine, and so is a folder, unless it is said to be shared.
    """
    wanted = []
    if settings.database_url is None:
        wanted.append(variable("database_url"))
    if settings.redis_url is None and settings.acceleration == "on":
        wanted.append(f"{variable('redis_url')} (or {PREFIX}ACCELERATION=off)")
    if settings.object_store_url is None and not settings.run.shared_files:
        wanted.append(
            f"{variable('object_store_url')}=s3://… (or {variable('run.shared_files')}=true, where "
            f"all nodes see the sources and {PREFIX}HOME under the same paths)"
        )
    if wanted:
        raise UsageError(
            "embedded services and folders are on this machine alone, and a cluster has others; "
            f"set on every node, this one too: {', '.join(wanted)}"
        )


def variable(name: str) -> str:
    """Name a setting as the environment does."""
    return PREFIX + name.replace(".", "__").upper()


def _variables(names: Sequence[str]) -> str:
    return ", ".join(variable(name) for name in names)


def _field(settings: BaseModel, name: str) -> object:
    value: object = settings
    for part in name.split("."):
        value = getattr(value, part)
    return value


def _value(settings: Settings, name: str) -> str:
    """Give a setting's text; nothing for one that is not set."""
    value = _field(settings, name)
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value) if value else ""


def _default(name: str) -> object:
    section, _, field = name.rpartition(".")
    model = Settings.model_fields[section].annotation if section else Settings
    return model.model_fields[field].default  # type: ignore[union-attr]


def _with(settings: Settings, values: Mapping[str, object]) -> Settings:
    """Copy settings, with other values in some places."""
    update: dict[str, object] = {}
    for name, value in values.items():
        section, _, field = name.rpartition(".")
        if not section:
            update[field] = value
            continue
        inner = update.get(section, getattr(settings, section))
        update[section] = inner.model_copy(update={field: value})  # type: ignore[attr-defined]
    return settings.model_copy(update=update)


def _objects(settings: Settings) -> Path:
    return settings.home_folder / "objects"
