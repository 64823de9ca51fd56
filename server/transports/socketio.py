"""Socket.IO client: connects to a namespace, joins rooms, takes events as `[event, arguments...]` in their order.

The library gives each event a thread of its own, so that they may overtake each other; here they are taken one after
the other where they are read. While the desk is busy nothing is read on. Reconnecting is the supervisor's, not the
library's.
"""

import contextlib
import threading
from typing import Any

import engineio
import msgspec
import socketio
import websocket

from server import runtime
from server.feeds import feeds
from server.transports.calls import Bounded, headers, options
from server.transports.connection import Link, Lost, Stopped, Transport, refusal
from server.transports.socketio_settings import SocketioSettings

LOOK_S = 1.0


class _OrderedEngine(engineio.Client):  # type: ignore[misc]
    """Handles messages where they are read, and closes a socket that the other side has ended."""

    def _trigger_event(self, event: str, *args: Any, **more: Any) -> Any:
        return super()._trigger_event(event, *args, **more | {"run_async": False})

    def _reset(self) -> None:
        wire = getattr(self, "ws", None)
        super()._reset()
        if wire is not None:
            wire.shutdown()


class _Ordered(socketio.Client):  # type: ignore[misc]
    def _engineio_client_class(self) -> type[engineio.Client]:
        return _OrderedEngine


class Socketio(Transport[SocketioSettings]):
    """See the module."""

    def __init__(self, settings: SocketioSettings) -> None:
        super().__init__(settings)
        self._client: Any = None
        self._over = threading.Event()

    def where(self) -> str:
        """Address and namespace."""
        return f"{self.settings.shown} {self.settings.namespace}"

    def plan(self) -> list[str]:
        """What is joined and taken."""
        one = self.settings
        joined = ", ".join(str(words[0]) for words in one.join) or "nothing"
        taken = "those of the format" if one.events is None else ", ".join(one.events) or "all"
        return [f"joins with {joined}", f"events: {taken}", "long polling first" if one.polling else "WebSocket"]

    def run(self, link: Link) -> None:
        """See Transport."""
        one = self.settings
        self._over.clear()
        ended: list[Lost] = []
        client = self._made(link, ended)
        self._client = client
        try:
            self._connect(client)
            for words in one.join:
                client.emit(words[0], _arguments(words[1:]), namespace=one.namespace)
            link.up(self.where())
            while not self._over.wait(LOOK_S):
                if link.stopping.is_set():
                    raise Stopped
            raise ended[0] if ended else Lost("the connection was closed")
        except socketio.exceptions.SocketIOError as error:
            raise Lost(refusal(_origin(error))) from error
        finally:
            self._client = None
            runtime.spawn(_hang_up, client, name="hang up")

    def stop(self) -> None:
        """See Transport."""
        self._over.set()

    def _made(self, link: Link, ended: list[Lost]) -> Any:
        one = self.settings
        wanted = feeds()[link.feed].stream.events if one.events is None else one.events
        extra = options(one) | {"class_": Bounded, "max_bytes": one.message_bytes, "suppress_origin": True}
        client = _Ordered(
            reconnection=False, handle_sigint=False, request_timeout=one.timeout_s, websocket_extra_options=extra
        )

        def heard(event: str, *arguments: Any) -> None:
            if wanted and event not in wanted:
                return
            try:
                link.take(msgspec.json.encode([event, *arguments]))
            except Stopped:
                self._over.set()

        def gone(reason: Any = None) -> None:
            ended.append(Lost(f"the connection was closed ({str(reason)[:100]})" if reason else "closed"))
            self._over.set()

        client.on("*", heard, namespace=one.namespace)
        client.on("disconnect", gone, namespace=one.namespace)
        return client

    def _connect(self, client: Any) -> None:
        one = self.settings
        own = headers(one)
        auth = {"token": one.secret.read()} if one.auth == "bearer" and one.secret is not None else None
        try:
            client.connect(
                one.url,
                headers=own,
                auth=auth,
                transports=["polling", "websocket"] if one.polling else ["websocket"],
                namespaces=[one.namespace],
                socketio_path=one.path,
                wait_timeout=one.timeout_s,
            )
        except (OSError, ValueError, websocket.WebSocketException) as error:
            raise Lost(refusal(error)) from error


def _arguments(words: tuple[Any, ...]) -> Any:
    """What `emit` wants: nothing, one, or several arguments as a tuple."""
    return None if not words else words[0] if len(words) == 1 else tuple(words)


def _origin(error: BaseException) -> BaseException:
    """What the system said, where the library only says that there was an error."""
    inner: BaseException | None = error
    while inner is not None:
        if isinstance(inner, OSError):
            return inner
        inner = inner.__cause__ or inner.__context__
    return error


def _hang_up(client: Any) -> None:
    with contextlib.suppress(OSError, socketio.exceptions.SocketIOError, websocket.WebSocketException):
        client.disconnect()
    with contextlib.suppress(OSError, websocket.WebSocketException):
        client.eio.disconnect(abort=True)


TRANSPORT = Socketio
