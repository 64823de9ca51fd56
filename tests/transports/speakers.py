"""Real servers that speak to our clients: a WebSocket (RFC 6455), a Socket.IO server."""

import threading
from collections.abc import Callable
from typing import Any, Self

import simple_websocket
import socketio
from werkzeug.serving import make_server

Talk = Callable[[simple_websocket.Server], None]


class Web:
    """A WSGI application on a free port, each request in a thread; with TLS where certificate and key are given."""

    def __init__(self, application: Any, tls: tuple[str, str] | None = None, port: int = 0) -> None:
        self._server = make_server("127.0.0.1", port, application, threaded=True, ssl_context=tls)
        self.port = int(self._server.server_port)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join(30)
        self._server.server_close()


class Speaker(Web):
    """Accepts WebSockets and talks on each as `talk` says; the heads of the requests are in `asked`."""

    def __init__(self, talk: Talk, tls: tuple[str, str] | None = None, refuse: str | None = None) -> None:
        self.asked: list[dict[str, Any]] = []
        self.talk = talk
        self.refuse = refuse
        super().__init__(self._application, tls)

    def _application(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.asked.append({key: value for key, value in environ.items() if isinstance(value, str)})
        if self.refuse is not None:
            extra = [("Location", "http://127.0.0.1:1/"), ("Retry-After", "7"), ("Content-Length", "0")]
            start_response(self.refuse, extra)
            return [b""]
        wire = simple_websocket.Server.accept(environ, subprotocols=["lage"])
        try:
            self.talk(wire)
            wire.close()
        except (simple_websocket.ConnectionClosed, OSError):
            pass
        raise ConnectionError("taken over")  # nothing more is to be written


class Alarms(Web):
    """A Socket.IO server of alarms: whoever emits WAIP joins a room; others may only connect where `token` is right."""

    def __init__(self, token: str | None = None, port: int = 0) -> None:
        self.io = socketio.Server(async_mode="threading")
        self.joined: list[Any] = []
        self.auths: list[Any] = []
        self.acknowledged = threading.Event()

        def connect(sid: str, environ: dict[str, Any], auth: Any) -> bool:
            self.auths.append(auth)
            return token is None or (auth or {}).get("token") == token

        def waip(sid: str, *words: Any) -> None:
            self.joined.append(words)
            self.io.enter_room(sid, str(words[0]), namespace="/waip")

        self.io.on("connect", connect, namespace="/waip")
        self.io.on("WAIP", waip, namespace="/waip")
        super().__init__(socketio.WSGIApp(self.io), port=port)

    def say(self, event: str, *words: Any, room: str | None = None) -> None:
        """Emit to everybody, or to a room."""
        self.io.emit(event, words if len(words) != 1 else words[0], namespace="/waip", room=room)
