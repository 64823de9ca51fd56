"""Settings of a connection that we open and that the other side then speaks on (WebSocket, Socket.IO)."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, field

from server.transports.connection import ConnectionSettings, Positive
from server.transports.secret import Secret

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
OURS = frozenset({"authorization", "cookie", "host", "connection", "upgrade", "origin"})
"""Headers that are not set by hand."""


class CallSettings(ConnectionSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whom to call, who we are, and what is let in."""

    url: Annotated[str, Meta(min_length=6, max_length=4_000)]
    headers: dict[str, str] = field(default_factory=dict)
    auth: Literal["none", "basic", "bearer"] = "none"
    """How `secret` is sent: with `username`, or as a bearer token."""
    username: str | None = None
    secret: Secret | None = None
    plain_secret: bool = False
    """True: the secret may go without TLS, too."""
    ca_file: str | None = None
    """Own certificate authority; None: those of the system."""
    cert_file: str | None = None
    key_file: str | None = None
    """Certificate and key by which we prove who we are."""
    message_bytes: Annotated[int, Meta(ge=1_000, le=64_000_000)] = 8_000_000
    """Longest message; a longer one ends the connection before it is read."""
    timeout_s: Positive = 10.0
    """Longest time for connection and handshake, each."""

    def __post_init__(self) -> None:
        """Raises ValueError for what does not go together."""
        parts = urlsplit(self.url)
        if parts.scheme not in ("ws", "wss", "http", "https") or not parts.hostname or parts.username is not None:
            raise ValueError("url is ws://host/... or wss://host/... (http, https), without user and password")
        if self.auth == "basic" and (self.username is None or self.secret is None):
            raise ValueError('auth = "basic" needs username and secret')
        if self.auth == "bearer" and self.secret is None:
            raise ValueError('auth = "bearer" needs secret')
        if self.auth == "none" and self.secret is not None:
            raise ValueError('a secret needs auth = "basic" or "bearer"')
        if self.secret is not None and not self.plain_secret and not self.secured and parts.hostname not in LOOPBACK:
            raise ValueError("a secret goes over wss only, unless plain_secret = true")
        if wrong := sorted(name for name in self.headers if name.casefold() in OURS):
            raise ValueError(f"the header {wrong[0]} is not set by hand")

    @property
    def secured(self) -> bool:
        """Whether it is TLS."""
        return urlsplit(self.url).scheme in ("wss", "https")

    @property
    def shown(self) -> str:
        """The address without its query, which may hold a secret."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}{parts.path}"
