"""A real HTTP server that misbehaves as told: each path has a list of answers, the last of which is given for ever."""

import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct


class Request(Struct):
    """What was asked."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


class Reply(Struct):
    """What is answered. `headers` may say a length that is not so; `pieces` are sent with a pause before each."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = {}
    drip: bool = False
    """Send the body byte by byte, and wait between them until the server is closed or the client has gone."""


Answers = list[Reply | Callable[[Request], Reply]]


class HttpServer:
    """See the module. With certificate and key it speaks TLS."""

    def __init__(self, tls: tuple[Path, Path] | None = None) -> None:
        self.answers: dict[str, Answers] = {}
        self.requests: list[Request] = []
        self.closed = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer._serve(self)

            def do_POST(self) -> None:
                outer._serve(self)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_port}"

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        length = int(handler.headers.get("Content-Length") or 0)
        asked = Request(
            handler.command, parts.path, parse_qs(parts.query), dict(handler.headers), handler.rfile.read(length)
        )
        self.requests.append(asked)
        answers = self.answers.get(parts.path) or [Reply(404)]
        answer = answers[0] if len(answers) == 1 else answers.pop(0)
        reply = answer if isinstance(answer, Reply) else answer(asked)
        try:
            handler.send_response(reply.status)
            for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                handler.send_header(name, value)
            handler.end_headers()
            pieces = [reply.body[at : at + 1] for at in range(len(reply.body))] if reply.drip else [reply.body]
            for piece in pieces:
                handler.wfile.write(piece)
                if reply.drip and self.closed.wait(0.2):
                    return
        except OSError:
            return  # the client has had enough

    def asked(self, path: str) -> list[Request]:
        """The requests for a path."""
        return [request for request in self.requests if request.path == path]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self.closed.set()
        self._server.shutdown()
        self._server.server_close()
