"""The order of messages: a server that sends a burst of pictures as bytes, and a client that must hear them in turn."""

import queue
import threading
from collections.abc import Iterator

import pytest
import socketio
from werkzeug.serving import make_server

from mobile.ordered import OrderedClient

BURST = 400


@pytest.fixture
def address() -> Iterator[str]:
    """A Socket.IO server that answers `burst` with numbered messages, each with bytes beside its text."""
    server = socketio.Server(async_mode="threading")

    def burst(sid: str) -> None:
        for number in range(BURST):
            server.emit("delta", number.to_bytes(4, "big") * 50, to=sid)

    server.on("burst", burst)
    web = make_server("127.0.0.1", 0, socketio.WSGIApp(server), threaded=True)
    thread = threading.Thread(target=web.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{web.server_port}"
    web.shutdown()
    thread.join(10)
    web.server_close()


def test_bytes_never_overtake_what_announces_them(address: str) -> None:
    heard: queue.Queue[int] = queue.Queue()
    client = OrderedClient(reconnection=False, handle_sigint=False)
    client.on("delta", lambda data: heard.put(int.from_bytes(data[:4], "big")))
    client.connect(address, transports=["websocket"], wait=True)
    try:
        client.emit("burst")
        assert [heard.get(timeout=30) for _ in range(BURST)] == list(range(BURST))
    finally:
        client.disconnect()
        client.wait()
