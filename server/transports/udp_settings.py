"""Settings of a UDP listener."""

import ipaddress
from typing import Annotated

from msgspec import Meta

from server.transports.connection import ConnectionSettings, Count, Port

GATHER_MAX_S = 5.0


class UdpSettings(ConnectionSettings, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="udp"):
    """Where to listen for datagrams."""

    host: str = "127.0.0.1"
    port: Port
    """0: a free one."""
    groups: tuple[str, ...] = ()
    """Multicast groups that are joined; `host` is then best 0.0.0.0 or the group itself."""
    interface: str | None = None
    """Where groups are joined: an address of ours (IPv4), the name of an interface (IPv6); None: the system decides."""
    peers: tuple[str, ...] = ()
    """Addresses and networks that may send (`10.1.2.0/24`); empty: everybody."""
    senders: Count = 100
    """Senders whose streams are put together at once, where the format spans datagrams."""
    queue: Count = 10_000
    """Datagrams that wait for the desk; of more the newest are dropped and counted: nobody sends them again."""
    gather_s: Annotated[float, Meta(ge=0, le=GATHER_MAX_S)] | None = None
    """What comes within so long is read together; None: as the format needs it."""

    def __post_init__(self) -> None:
        """Raises ValueError for what is no network or no group."""
        for peer in self.peers:
            ipaddress.ip_network(peer, strict=False)
        for group in self.groups:
            if not ipaddress.ip_address(group).is_multicast:
                raise ValueError(f"{group} is no multicast group")
