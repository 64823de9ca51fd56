"""Datagrams to a port of our own, handed on as they come; what the kernel had no room for is known."""

import contextlib
import fcntl
import ipaddress
import logging
import os
import socket
import sys
import termios
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from server import runtime
from server.edge import Bug, contained
from server.transports.serving import ACCEPT_PAUSE_S, Address, Sockets

log = logging.getLogger("lagebild.listeners")

DATAGRAM_BYTES = 65_535
KERNEL_BYTES = 4_194_304
"""Asked of the kernel for datagrams that wait; it gives what it is allowed (net.core.rmem_max)."""
KERNEL_TABLES = (Path("/proc/net/udp"), Path("/proc/net/udp6"))


class DatagramServer:
    """Listens for datagrams; with `groups` it joins these multicast groups on the interface of an address."""

    def __init__(
        self,
        host: str,
        port: int,
        received: Callable[[bytes, Address], bytes],
        *,
        groups: Iterable[str] = (),
        interface: str | None = None,
        name: str = "udp",
    ) -> None:
        self.host, self.port = host, port
        self._received = received
        self._groups, self._interface = tuple(groups), interface
        self._name = name
        self._inode: int | None = None
        self._descriptor: int | None = None
        self._sockets = Sockets()

    def start(self) -> None:
        """Begin to listen; `port` is then the one in use. Raises OSError."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        datagrams = socket.socket(family, socket.SOCK_DGRAM)
        try:
            datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL_BYTES)
            if self._groups:
                datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            datagrams.bind((self.host, self.port))
            for group in self._groups:
                _join(datagrams, group, self._interface)
        except OSError:
            datagrams.close()
            raise
        self.port = datagrams.getsockname()[1]
        self._descriptor = datagrams.fileno()
        self._inode = os.fstat(self._descriptor).st_ino
        if self._sockets.hold(datagrams):
            runtime.spawn(self._listen, datagrams, name=self._name)

    def lost(self) -> int:
        """Datagrams that the kernel had no room for since the start: they came faster than they were read."""
        return 0 if self._inode is None else kernel_drops(self._inode)

    def waiting(self) -> bool:
        """Whether datagrams are there that nobody has read yet."""
        return self._descriptor is not None and _unread(self._descriptor) > 0

    def stop(self) -> None:
        """Listen no more."""
        self._descriptor = None
        self._sockets.stop()

    def _listen(self, datagrams: socket.socket) -> None:
        while not self._sockets.over():
            try:
                body, address = datagrams.recvfrom(DATAGRAM_BYTES)
            except ConnectionError:
                continue  # the peer of the last answer has gone
            except OSError as error:
                if not self._sockets.over():
                    log.warning("cannot receive", extra={"listener": self._name, "reason": str(error)})
                    time.sleep(ACCEPT_PAUSE_S)
                continue
            if address is None:
                return  # shut down
            time.sleep(0)  # as above
            try:
                contained(self._answer, datagrams, body, address)
            except Bug:
                log.exception("a datagram was lost", extra={"listener": self._name})

    def _answer(self, datagrams: socket.socket, body: bytes, address: Any) -> None:
        """Hand it over, and answer if the sender can be: one that says it speaks from port 0 cannot."""
        if answer := self._received(body, address[:2]):
            with contextlib.suppress(OSError):
                datagrams.sendto(answer, address)


def _unread(descriptor: int) -> int:
    """Bytes that can be read at once."""
    found = fcntl.ioctl(descriptor, termios.FIONREAD, b"\0" * 4)
    return int.from_bytes(found, sys.byteorder)


def kernel_drops(inode: int) -> int:
    """The drops that Linux counts for a UDP socket: last column of /proc/net/udp; 0 where that cannot be read."""
    for table in KERNEL_TABLES:
        try:
            rows = table.read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            columns = row.split()
            if len(columns) >= 13 and columns[9] == str(inode):
                return int(columns[12])
    return 0


def _join(datagrams: socket.socket, group: str, interface: str | None) -> None:
    address = ipaddress.ip_address(group)
    if address.version == 4:
        request = address.packed + socket.inet_aton(interface or "0.0.0.0")  # noqa: S104  (any interface)
        datagrams.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
    else:
        number = socket.if_nametoindex(interface) if interface else 0
        datagrams.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, address.packed + number.to_bytes(4, "little"))
