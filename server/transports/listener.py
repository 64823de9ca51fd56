"""Settings of a listener: small, so that the settings of the server load no format."""

from typing import Annotated

from msgspec import Meta, Struct

Port = Annotated[int, Meta(ge=0, le=65535)]
Positive = Annotated[float, Meta(gt=0)]
Count = Annotated[int, Meta(ge=1)]


class ListenerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to listen (port 0: a free one; None: not at all) and for how long to wait for a panel that says nothing."""

    host: str = "127.0.0.1"
    tcp_port: Port | None = None
    udp_port: Port | None = None
    idle_s: Positive = 90.0
    connections: Count = 200
    """Panels connected at once; one more is closed at once."""
    per_address: Count | None = None
    """Of these from one address (IPv6: from one /64); None: half of them."""
    peers: tuple[str, ...] = ()
    """Addresses and networks that may connect (`10.1.2.0/24`); empty: everybody."""
    exercise: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    """A scenario (or the id of an exercise): panels are heard for it while it runs, and not answered else."""
