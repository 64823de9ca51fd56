"""Listening sockets of our own: who connects gets a session in a task of its own (datagrams: `datagrams.py`).

Bounded: connections, time without a word, time for one message. Who is not on the list of peers is turned away. What
the sessions do with the bytes is theirs. Works in both async modes.
"""

import contextlib
import ipaddress
import logging
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Protocol

from msgspec import Struct

from server import runtime
from server.places import Places

log = logging.getLogger("lagebild.listeners")

RECEIVE_BYTES = 65_536
HANDSHAKE_S = 10.0
DRAIN_LOOK_S = 0.01
ACCEPT_PAUSE_S = 0.1
"""Pause where the system has no more sockets to give."""

Address = tuple[str, int]


class Session(Protocol):
    """One connection. Raises OSError, ValueError or OverflowError to end it."""

    def received(self, chunk: bytes) -> bytes:
        """What came; what is answered, empty for nothing."""

    def pause_s(self) -> float | None:
        """Seconds until `due` wants to be called; None: not at all."""

    def due(self) -> bytes:
        """The time has come; what is answered."""

    def progress(self) -> int:
        """A number that grows with each complete message."""

    def ended(self) -> None:
        """The connection is over."""


class ServingStats(Struct):
    """Counters since the start."""

    connections: int = 0
    open: int = 0
    turned_away: int = 0
    idle: int = 0
    """Closed because nothing came, or a message did not end."""


class Peers:
    """Who may send: addresses and networks; an empty list is everybody."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._networks = [ipaddress.ip_network(one, strict=False) for one in allowed]

    def __contains__(self, host: str) -> bool:
        if not self._networks:
            return True
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None) or address
        return any(mapped in network for network in self._networks)


def told(address: Address) -> str:
    """An address as people write it."""
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Sockets:
    """Sockets that must be closed at the end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: set[socket.socket] = set()
        self._stopped = False

    def hold(self, one: socket.socket) -> bool:
        """Keep it; False (and it is closed) where the end has come."""
        with self._lock:
            if not self._stopped:
                self._held.add(one)
                return True
        close(one)
        return False

    def over(self) -> bool:
        """Whether the end has come."""
        return self._stopped

    def finish(self) -> None:
        """Take nothing more in: what was received already can still be read, then each sees its end."""
        with self._lock:
            self._stopped = True
            held = list(self._held)
        for one in held:
            # By a twin: a TLS socket that is shut down itself forgets its keys, and what came could not be read.
            with contextlib.suppress(OSError, ValueError), socket.socket(fileno=os.dup(one.fileno())) as twin:
                twin.shutdown(socket.SHUT_RD)

    def drop(self, one: socket.socket) -> None:
        """Close it."""
        with self._lock:
            self._held.discard(one)
        close(one)

    def stop(self) -> None:
        """Close all."""
        with self._lock:
            self._stopped = True
            held, self._held = list(self._held), set()
        for one in held:
            close(one)


class StreamServer:
    """Listens for connections."""

    def __init__(
        self,
        host: str,
        port: int,
        session: Callable[[str], Session],
        *,
        connections: int,
        per_address: int | None = None,
        idle_s: float,
        peers: Peers | None = None,
        tls: ssl.SSLContext | None = None,
        stats: ServingStats | None = None,
        turned_away: Callable[[str], None] | None = None,
        name: str = "tcp",
    ) -> None:
        self.host, self.port = host, port
        self.stats = stats or ServingStats()
        self._session = session
        self._places, self._idle_s = Places(connections, per_address), idle_s
        self._peers, self._tls = peers or Peers(), tls
        self._tell = turned_away or _nobody
        self._name = name
        self._sockets = Sockets()

    def start(self) -> None:
        """Begin to listen; `port` is then the one in use. Raises OSError."""
        listener = runtime.listen(self.host, self.port)
        self.port = listener.getsockname()[1]
        if self._sockets.hold(listener):
            runtime.spawn(self._accept, listener, name=self._name)

    def drain(self, within_s: float) -> None:
        """Listen no more, and let each session read to its end what had come: that was said before the end."""
        self._sockets.finish()
        until = time.monotonic() + within_s
        while self.stats.open > 0 and time.monotonic() < until:
            time.sleep(DRAIN_LOOK_S)

    def stop(self) -> None:
        """End every connection and listen no more."""
        self._sockets.stop()

    def _accept(self, listener: socket.socket) -> None:
        while not self._sockets.over():
            try:
                peer, address = listener.accept()
            except OSError as error:
                if self._sockets.over():
                    return
                log.warning("cannot accept", extra={"listener": self._name, "reason": str(error)})
                time.sleep(ACCEPT_PAUSE_S)
                continue
            self.stats.connections += 1
            if address[0] not in self._peers:
                self._turn_away(peer, f"{address[0]} is not among the peers")
            elif (full := self._places.take(address[0])) is not None:
                self._turn_away(peer, full)
            elif self._sockets.hold(peer):
                self.stats.open += 1
                runtime.spawn(self._serve, peer, address, name=self._name)
            else:
                self._places.leave(address[0])

    def _turn_away(self, peer: socket.socket, reason: str) -> None:
        self.stats.turned_away += 1
        close(peer)
        self._tell(reason)

    def _serve(self, peer: socket.socket, address: Address) -> None:
        session: Session | None = None
        connection, where = peer, told(address)
        try:
            if self._tls is not None:
                with limited(peer, HANDSHAKE_S):
                    connection = self._tls.wrap_socket(peer, server_side=True)
                if not self._sockets.hold(connection):
                    return
            session = self._session(where)
            self._converse(connection, session)
        except (OSError, ValueError, OverflowError) as error:
            log.info("peer gone", extra={"listener": self._name, "peer": where, "reason": str(error)[:200]})
        finally:
            try:
                if session is not None:
                    session.ended()
            finally:
                self.stats.open -= 1
                self._places.leave(address[0])
                self._sockets.drop(peer)
                self._sockets.drop(connection)

    def _converse(self, peer: socket.socket, session: Session) -> None:
        """Until the peer closes, or says nothing complete for too long: an octet now and then keeps nobody here."""
        until = time.monotonic() + self._idle_s
        while (left_s := until - time.monotonic()) > 0:
            pause_s = session.pause_s()
            peer.settimeout(left_s if pause_s is None else max(0.001, min(left_s, pause_s)))
            try:
                chunk = peer.recv(RECEIVE_BYTES)
            except TimeoutError:
                if pause_s is not None and pause_s <= left_s:
                    self._send(peer, session.due())
                continue
            if not chunk:
                return
            before = session.progress()
            self._send(peer, session.received(chunk))
            time.sleep(0)  # reading what is there already never waits: without it nobody else would get a turn
            if session.progress() != before:
                until = time.monotonic() + self._idle_s
        self.stats.idle += 1
        raise TimeoutError(f"nothing complete came within {self._idle_s:g} s")

    def _send(self, peer: socket.socket, answer: bytes) -> None:
        if answer:
            peer.settimeout(self._idle_s)
            peer.sendall(answer)


def server_tls(cert_file: str, key_file: str | None, client_ca_file: str | None) -> ssl.SSLContext:
    """What a listener shows of itself; with `client_ca_file` who connects must have one of it. Raises OSError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(cert_file, key_file)
    if client_ca_file is not None:
        context.load_verify_locations(client_ca_file)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def _nobody(_reason: str) -> None:
    return


@contextmanager
def limited(peer: socket.socket, seconds: float) -> Iterator[None]:
    """End the connection unless the block ends in time: a handshake of an octet now and then keeps nobody here."""
    peer.settimeout(seconds)
    clock = threading.Timer(seconds, _hang_up, (peer,))
    clock.daemon = True
    clock.start()
    try:
        yield
    finally:
        clock.cancel()


def _hang_up(peer: socket.socket) -> None:
    with contextlib.suppress(OSError):
        peer.shutdown(socket.SHUT_RDWR)  # closing it is for whoever reads it


def close(one: socket.socket) -> None:
    """End a connection, whoever waits for it."""
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    finally:
        one.close()
