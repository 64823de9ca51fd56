"""Settings of our own TAK server."""

from typing import Annotated, Literal

from msgspec import Meta, field

from server.transports.connection import ConnectionSettings, Count, Port, Positive

Sender = Literal["feed", "crew", "control", "planner", "liaison", "admin"]
TokenId = Annotated[str, Meta(pattern="^[0-9a-f]{8}$")]


class CotServerSettings(ConnectionSettings, frozen=True, kw_only=True, tag="cot_server"):
    """Where TAK clients connect, and whose token each of them has."""

    host: str = "127.0.0.1"
    port: Port = 8087
    udp_port: Port | None = None
    """Datagrams, of `peers` alone."""
    cert_file: str | None = None
    key_file: str | None = None
    client_ca_file: str | None = None
    """With it who connects must show a certificate of this authority."""
    certificates: dict[str, TokenId] = field(default_factory=dict)
    """SHA-256 of a client's certificate (64 hex digits), or its common name = id of a token."""
    peers: dict[str, TokenId] = field(default_factory=dict)
    """Address of a client = id of a token. Whoever can send from the address has what the token has."""
    senders: tuple[Sender, ...] = ("feed", "crew", "control")
    """Roles whose clients' events are taken."""
    layers: tuple[str, ...] | None = None
    protobuf: bool = True
    """Offer TAK protocol 1."""
    connections: Count = 200
    per_address: Count | None = None
    """Of these from one address (IPv6: from one /64); None: half of them."""
    sign_in_s: Positive = 10.0
    interval_s: Annotated[float, Meta(ge=0, le=60)] = 1.0
    """A client is told what changed at most so often."""
    events_per_min: Positive = 1200.0
    """Events of one client; of one that sends more we read no further for a while."""
    multicast: Annotated[str, Meta(pattern=r"^\d{1,3}(\.\d{1,3}){3}:\d{1,5}$")] | None = None
    """Also send to this group and port, such as 239.2.3.1:6969; what `multicast_token` sees."""
    multicast_token: TokenId | None = None
    multicast_interface: str = "0.0.0.0"  # noqa: S104  (any interface)
    announce_s: Positive = 60.0
    """So often the whole view is sent there again, for who came later."""
