"""Settings of a Socket.IO client."""

from typing import Annotated, Any

from msgspec import Meta

from server.transports.call_settings import CallSettings

Namespace = Annotated[str, Meta(pattern=r"^/[\w/-]{0,100}$")]


class SocketioSettings(CallSettings, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="socketio"):
    """A Socket.IO server (protocol 5: Socket.IO 3 and later) that speaks to us."""

    namespace: Namespace = "/"
    path: str = "socket.io"
    join: Annotated[tuple[tuple[Any, ...], ...], Meta(max_length=20)] = ()
    """What is emitted after each connection, such as `[["WAIP", "520101"]]`: event and arguments."""
    events: tuple[str, ...] | None = None
    """Events that are taken; None: those of the format, or all."""
    polling: bool = False
    """True: begin with HTTP long polling, for proxies that let no WebSocket through."""

    def __post_init__(self) -> None:
        """Raises ValueError for what cannot be emitted."""
        super().__post_init__()
        if any(not words or not isinstance(words[0], str) for words in self.join):
            raise ValueError('join is a list of lists that begin with the name of an event: [["WAIP", "520101"]]')
