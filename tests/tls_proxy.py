"""TLS in front of a server that has none: the packages' PostgreSQL and Valkey are built without.

What a client sees is TLS as a server of its own speaks it, with a certificate of a CA made here.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import ssl
import struct
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SSL_REQUEST = struct.pack(">II", 8, 80877103)
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """A CA, and what it signed: files that clients and servers read."""

    root: Path
    chain: Path


def authority(folder: Path, name: str, *, host: str = "localhost", days: int = 1) -> Authority:
    """Make a CA and a certificate for a host, and for 127.0.0.1 where that is `localhost`; for
    negative `days` one that has run out.
    """
    folder.mkdir()
    key, root_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _signed(name, root_key, name, root_key, [], days=2, is_root=True)
    places: list[x509.GeneralName] = [x509.DNSName(host)]
    if host == "localhost":
        places.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    leaf = _signed(host, key, name, root_key, places, days=days, is_root=False)
    pem = serialization.Encoding.PEM
    made = Authority(folder / "root.crt", folder / "server.pem")
    made.root.write_bytes(root.public_bytes(pem))
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    made.chain.write_bytes(private + leaf.public_bytes(pem))
    return made


def _signed(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    places: list[x509.GeneralName],
    *,
    days: int,
    is_root: bool,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 10 * DAY)
        .not_valid_after(now + days * DAY)
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
    )
    if places:
        builder = builder.add_extension(x509.SubjectAlternativeName(places), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


class TlsProxy:
    """Speaks TLS on loopback and passes on what is said to a Unix socket.

    With `postgres` it waits until the client asks for TLS, as PostgreSQL does.
    """

    def __init__(self, upstream: str, certificate: Authority, *, postgres: bool = False) -> None:
        self._upstream, self._postgres = upstream, postgres
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate.chain)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tls", daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.served = 0

    def __enter__(self) -> Self:
        self._thread.start()
        started = asyncio.run_coroutine_threadsafe(self._listen(), self._loop)
        self._server = started.result(30)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> asyncio.Server:
        at_once = None if self._postgres else self._context
        return await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=at_once)

    async def _close(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            if self._postgres:
                assert await reader.readexactly(8) == SSL_REQUEST
                writer.write(b"S")
                await writer.start_tls(self._context)
            self.served += 1
            there, back = await asyncio.open_unix_connection(self._upstream)
            try:
                await asyncio.gather(_pass(reader, back), _pass(there, writer))
            finally:
                back.close()
        writer.close()
        self._tasks.discard(task)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
    with contextlib.suppress(OSError, NotImplementedError):
        writer.close()
