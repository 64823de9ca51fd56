"""A TAK client as plain as can be: a socket, our framer, and what came."""

import datetime
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from layers.cot import Event
from server.feeds.cot import piece_event
from server.feeds.cot.framing import Framer
from tests.server import Server, lagebild, make_token, wait_until

WAIT_S = 30.0


class Tak:
    """A connected client."""

    def __init__(
        self, port: int, token: str | None = None, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1"
    ) -> None:
        plain = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S, source_address=(address, 0))
        self.socket = plain if tls is None else tls.wrap_socket(plain, server_hostname="localhost")
        self.framer = Framer()
        self.events: list[Event] = []
        self.raw = b""
        self.closed = False
        if token is not None:
            self.send(f"<auth><cot username='tablet' password='{token}' uid='T'/></auth>".encode())

    def send(self, data: bytes) -> None:
        """Say something."""
        self.socket.sendall(data)

    def read(self, wait_s: float = 0.2) -> bool:
        """Take what comes for so long; whether the server has ended it."""
        self.socket.settimeout(wait_s)
        try:
            chunk = self.socket.recv(65_536)
        except TimeoutError:
            return False
        except (ConnectionError, ssl.SSLError):
            chunk = b""
        self.closed = self.closed or not chunk
        self.raw += chunk
        self.events += [event for piece in self.framer.feed(chunk) if (event := piece_event(piece)) is not None]
        return self.closed

    def until(self, condition: Callable[[Event], bool], what: str = "the event") -> Event:
        """The first event for which it holds, waited for."""
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline and not self.closed:
            found = next((event for event in self.events if condition(event)), None)
            if found is not None:
                return found
            self.read()
        raise AssertionError(
            f"{what} never came; {[(one.type, one.value('contact', 'callsign')) for one in self.events]}"
        )

    def named(self, callsign: str) -> Event:
        """The event with the call sign."""
        return self.until(lambda one: one.value("contact", "callsign") == callsign, callsign)

    def gone(self, uid: str) -> Event:
        """The event that takes another away."""
        return self.until(
            lambda one: one.type == "t-x-d-d" and any(link.get("uid") == uid for link in one.find("link")),
            f"end of {uid}",
        )

    def until_closed(self) -> None:
        """Wait until the server has ended it."""
        wait_until(self.read, "the end")

    def close(self) -> None:
        """Go."""
        self.socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def bound_token(data: Path, role: str, *options: str) -> tuple[str, str]:
    """A token made before the server runs, and its id."""
    secret = make_token(data, role, f"bound-{role}", *options)
    listed = lagebild("token", "list", "--data", data).stdout
    line = next(line for line in listed.splitlines() if f"bound-{role}" in line)
    return secret, line.split()[0]


def port_of(server: Server, token: str, name: str) -> int:
    """Where a connection listens, as the picture tells."""

    def told() -> int:
        features = server.get("/picture?situation=live&layers=sources", token)["features"]
        peer = next((one["properties"]["peer"] for one in features if one["id"] == f"source:{name}"), None)
        state = next((one["properties"]["link_state"] for one in features if one["id"] == f"source:{name}"), None)
        return int(peer.partition(",")[0].rpartition(":")[2]) if peer and state == "connected" else 0

    return int(wait_until(told, name))


def feature(server: Server, token: str, name: str) -> Any:
    """A feature of live, None where it is not."""
    found = server.get("/picture?situation=live", token)["features"]
    return next((one for one in found if one["id"] == name), None)


class Certificates:
    """An authority of our own, a server's certificate and a client's, in files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.authority = self._sign("Testbehörde", self.key, None)
        self._write("ca", self.authority, None)

    def make(self, name: str) -> tuple[Path, Path, str]:
        """Certificate, key and fingerprint of somebody."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._sign(name, key, self.authority)
        self._write(name, certificate, key)
        return self.folder / f"{name}.pem", self.folder / f"{name}.key", certificate.fingerprint(hashes.SHA256()).hex()

    @property
    def ca(self) -> Path:
        """The authority's certificate."""
        return self.folder / "ca.pem"

    def _sign(self, name: str, key: ec.EllipticCurvePrivateKey, issuer: x509.Certificate | None) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        build = x509.CertificateBuilder().subject_name(subject).public_key(key.public_key())
        build = build.issuer_name(subject if issuer is None else issuer.subject).serial_number(
            x509.random_serial_number()
        )
        build = build.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(
            now + datetime.timedelta(days=9)
        )
        build = build.add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        build = build.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        build = build.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        own = self.key.public_key()
        build = build.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(own), critical=False)
        usage = x509.KeyUsage(*([True] + [False] * 4 + [issuer is None, issuer is None] + [False] * 2))
        return build.add_extension(usage, critical=True).sign(self.key, hashes.SHA256())

    def _write(self, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey | None) -> None:
        (self.folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        if key is not None:
            plain = serialization.NoEncryption()
            text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
            (self.folder / f"{name}.key").write_bytes(text)
