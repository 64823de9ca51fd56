"""Settings of a connection to a TAK server."""

from typing import Annotated

from msgspec import Meta

from server.transports.connection import ConnectionSettings, Port, Positive
from server.transports.cot_server_settings import TokenId
from server.transports.secret import Secret


class CotClientSettings(ConnectionSettings, frozen=True, kw_only=True, tag="cot_client"):
    """Which server, how we show who we are, and whose view goes out to it."""

    host: str
    port: Port = 8087
    tls: bool = False
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    server_name: str | None = None
    """Name in the server's certificate, where it is not `host`."""
    username: str | None = None
    password: Secret | None = None
    publish_token: TokenId | None = None
    """Id of a token: what it sees goes out to the server. Without, nothing does."""
    layers: tuple[str, ...] | None = None
    interval_s: Annotated[float, Meta(ge=0, le=60)] = 1.0
    protobuf: bool = True
    """Whether protocol 1 is asked for where the server offers it."""
    answer_s: Positive = 60.0
    """So long the answer is waited for; the protocol says a minute or more."""
    connect_timeout_s: Positive = 10.0
    keepalive_s: Positive = 30.0
    """So often we ask the server whether it is there."""
    silent_s: Positive = 300.0
    """A server that sends nothing for so long, not even an answer, is tried anew (0 in vain: TAK servers answer)."""
