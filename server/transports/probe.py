"""Tries a connection once without a server: what comes is decoded and shown; nothing is kept or acknowledged."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from server import runtime
from server.config import FeedSettings
from server.edge import Bug, contained
from server.feeds import Context, Decoded, DecodeError, Limits, feeds
from server.transports.connection import ConnectionSettings, Lost, Stopped, Transport
from server.transports.kinds import transport

Show = Callable[[bytes, Decoded | DecodeError], None]


class Probe:
    """A link that leads nowhere but to `show`; it ends after `most` messages. See `Link` for what the words mean."""

    probing = True
    folder: Path | None = None

    def __init__(self, name: str, settings: FeedSettings, show: Show, most: int) -> None:
        self.feed, _, self.instance = name.partition("/")
        self.stopping = threading.Event()
        self.stood: str | None = None
        self.trouble: str | None = None
        self.messages = 0
        self._name = name
        self._settings = settings
        self._show = show
        self._most = most
        self._transport: Transport[Any] | None = None

    def up(self, peer: str | None = None, trouble: str | None = None) -> None:
        """See Link."""
        self.stood, self.trouble = peer or self.stood or self._name, trouble

    def take(self, body: bytes, sender: str | None = None, part: str | None = None, *, last: bool = False) -> bool:  # noqa: ARG002  (see Link)
        """See Link."""
        if self.stopping.is_set():
            raise Stopped
        source = self._name if part is None else f"{self._name}.{part}"
        found = _decoded(self.feed, source, body, self._settings)
        self.messages += 1
        self._show(body, found)
        if self.messages >= self._most:
            self.end()
        return not isinstance(found, DecodeError)

    def refuse(self, reason: str, start: bytes = b"", size: int | None = None, sender: str | None = None) -> None:  # noqa: ARG002  (see Link)
        """See Link."""
        self._show(start, DecodeError(reason))

    def count(self, **more: int) -> None:
        """See Link; nobody reads it."""

    def wait(self, seconds: float) -> None:
        """See Link."""
        if self.stopping.wait(seconds):
            raise Stopped

    def end(self) -> None:
        """Enough."""
        self.stopping.set()
        if self._transport is not None:
            self._transport.stop()

    def run(self, settings: ConnectionSettings, within_s: float) -> str | None:
        """Make the connection and listen for so long; why it could not be made or was lost, None when it stood."""
        self._transport = transport(settings)
        failed: list[str] = []
        over = threading.Event()
        runtime.spawn(self._once, self._transport, failed, over, name="check")
        if not over.wait(within_s):
            self.end()
            over.wait(5.0)
        return failed[0] if failed else None if self.stood is not None else "no answer"

    def _once(self, tried: Transport[Any], failed: list[str], over: threading.Event) -> None:
        try:
            contained(tried.run, self)
        except Bug as bug:
            cause = bug.__cause__
            if isinstance(cause, Lost):
                failed.append(cause.reason)
            elif not isinstance(cause, Stopped):
                failed.append(str(bug))
        finally:
            over.set()


def _decoded(name: str, source: str, body: bytes, settings: FeedSettings) -> Decoded | DecodeError:
    feed = feeds()[name]
    own = {**settings.sources.get(name, {}), **settings.sources.get(source, {})}
    zone = own.pop("zone", None) or feed.zone or settings.zone
    context = Context(
        source=source, received_at=datetime.now(UTC), zone=zone, limits=Limits(body_bytes=feed.max_bytes), options=own
    )
    if len(body) > feed.max_bytes:
        return DecodeError(f"the message has {len(body)} bytes, more than {feed.max_bytes}")
    try:
        return feed.decode(body if feed.clean is None else feed.clean(body), context)
    except DecodeError as error:
        return error
