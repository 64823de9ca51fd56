"""Settings of a WebSocket client."""

from typing import Annotated

from msgspec import Meta

from server.transports.call_settings import CallSettings
from server.transports.connection import Positive


class WebsocketSettings(CallSettings, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="websocket"):
    """A WebSocket that speaks to us."""

    subprotocols: tuple[str, ...] = ()
    hello: Annotated[tuple[str, ...], Meta(max_length=20)] | None = None
    """What we say first, one text message each; None: what the format asks for."""
    ping_s: Positive = 20.0
    """After so long a silence we ask whether the other side is there; after twice as long without a word it is lost."""
