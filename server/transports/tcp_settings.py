"""Settings of a TCP listener."""

import ipaddress
from typing import Annotated

from msgspec import Meta

from server.feeds._stream import Framing
from server.transports.connection import ConnectionSettings, Count, Port, Positive


class TcpSettings(ConnectionSettings, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="tcp"):
    """Where to listen for senders that connect, and what they may do."""

    host: str = "127.0.0.1"
    port: Port
    """0: a free one."""
    framing: Framing | None = None
    """How messages follow each other; None: as the format usually does."""
    message_bytes: Annotated[int, Meta(ge=16, le=64_000_000)] = 1_048_576
    """Longest message; the feed's own limit holds besides."""
    connections: Count = 50
    """Senders connected at once; one more is closed at once."""
    per_address: Count | None = None
    """Of these from one address (IPv6: from one /64); None: half of them."""
    idle_s: Positive = 600.0
    """A sender that says nothing complete for so long is let go."""
    peers: tuple[str, ...] = ()
    """Addresses and networks that may connect (`10.1.2.0/24`); empty: everybody."""
    cert_file: str | None = None
    """With it the listener speaks TLS only."""
    key_file: str | None = None
    """None: the key is in `cert_file`."""
    client_ca_file: str | None = None
    """With it a sender must show a certificate of this authority."""

    def __post_init__(self) -> None:
        """Raises ValueError for a peer that is no network, and for half of TLS."""
        for peer in self.peers:
            ipaddress.ip_network(peer, strict=False)
        if self.cert_file is None and (self.key_file or self.client_ca_file):
            raise ValueError("key_file and client_ca_file need a cert_file")
