"""Asks a smart building by JSON-RPC 2.0 over HTTP: one question, one answer, within time and size."""

import base64
import binascii
import time
from typing import Any
from urllib.parse import urlsplit

import msgspec
import urllib3

from server.feeds.iris import question
from server.transports.connection import Lost, refusal
from server.transports.iris_settings import IrisSettings
from server.transports.secret import SecretError

MAX_BYTES = 8_000_000
LONGEST_S = 30.0
"""For one answer, however slowly it drips."""
CHUNK_BYTES = 65_536
NO_SUCH_METHOD = -32601
DENYING = frozenset({401, 403, -32001, -32003})
"""HTTP statuses, and codes that servers of JSON-RPC use for the same."""
PATH = "/hook/iris"
PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}


class Fault(Exception):
    """The building answers that it will not: a method that it does not have, an order that it denies, an error."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.denied = code in DENYING


class IrisClient:
    """One building. Safe for several tasks. Never follows a redirect: the sign-in is for this address alone."""

    def __init__(self, settings: IrisSettings) -> None:
        self._settings = settings
        address = urlsplit(settings.url)
        self.url = settings.url if address.path.strip("/") else f"{address.scheme}://{address.netloc}{PATH}"
        self.where = address.netloc
        self._number = 0
        self._pool = urllib3.PoolManager(
            num_pools=1, maxsize=2, retries=False, ca_certs=settings.ca_file, cert_reqs="CERT_REQUIRED"
        )

    def close(self) -> None:
        """Let connections go."""
        self._pool.clear()

    def ask(self, method: str, **parameters: Any) -> tuple[bytes, Any]:
        """The bytes of an answer, and its result. Raises Lost (no answer), Fault (an answer that says no)."""
        self._number += 1
        number, until = self._number, time.monotonic() + LONGEST_S
        headers = {"Content-Type": "application/json", "Accept": "application/json", **self._sign_in()}
        try:
            response = self._pool.request(
                "POST",
                self.url,
                body=question(method, number, **parameters),
                headers=headers,
                timeout=urllib3.Timeout(connect=self._settings.timeout_s, read=self._settings.timeout_s),
                redirect=False,
                preload_content=False,
            )
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise Lost(f"it does not answer: {_words(error)}") from error
        try:
            if response.status != 200:
                if response.status in DENYING:
                    raise Fault(response.status, f"it answers {response.status}")
                raise Lost(f"it answers {response.status}")
            return _result(self._read(response, until), number)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise Lost(f"the answer broke off: {_words(error)}") from error
        finally:
            response.close()

    def _read(self, response: urllib3.BaseHTTPResponse, until: float) -> bytes:
        body = bytearray()
        for chunk in response.stream(CHUNK_BYTES):
            body += chunk
            if len(body) > MAX_BYTES:
                raise Lost(f"an answer of more than {MAX_BYTES} bytes")
            if time.monotonic() > until:
                raise Lost(f"an answer that takes longer than {LONGEST_S:g} s")
        return bytes(body)

    def _sign_in(self) -> dict[str, str]:
        if self._settings.username is None or self._settings.password is None:
            return {}
        try:
            word = self._settings.password.read()
        except SecretError as error:
            raise Lost(str(error)) from error
        return urllib3.make_headers(basic_auth=f"{self._settings.username}:{word}")


def picture(text: Any, most: int) -> tuple[bytes, str] | None:
    """A picture in Base64 (or a data URL) and its type; None for what is none, or larger than `most`."""
    if not isinstance(text, str) or not text or len(text) > most * 4 // 3 + 200:
        return None
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        body = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    mime = next((mime for magic, mime in PICTURES.items() if body.startswith(magic)), None)
    return None if mime is None or len(body) > most else (body, mime)


def _result(body: bytes, number: int) -> tuple[bytes, Any]:
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Lost(f"it answers no JSON: {str(error)[:100]}") from error
    if not isinstance(answer, dict):
        raise Lost("it answers no JSON-RPC")
    fault = answer.get("error")
    if fault is not None:
        code = fault.get("code") if isinstance(fault, dict) else None
        reason = fault.get("message") if isinstance(fault, dict) else fault
        raise Fault(code if isinstance(code, int) else 0, str(reason)[:200])
    if answer.get("id") != number or "result" not in answer:
        raise Lost("it answers another question")
    return body, answer["result"]


def _words(error: Exception) -> str:
    cause = getattr(error, "reason", None)
    return refusal(cause if isinstance(cause, BaseException) else error)
