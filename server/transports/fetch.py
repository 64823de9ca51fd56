"""One request over HTTP as a stranger's server deserves: bounded in bytes, time, redirects, rate; TLS always verified.

Failed      there is no answer to be used; `retry_after_s` is what the server asked for
"""

import ssl
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

import urllib3
from msgspec import Struct
from urllib3.exceptions import HTTPError
from urllib3.util import Timeout, make_headers

from server.throttle import Throttle
from server.transports.connection import refusal
from server.transports.poll_settings import PollSettings
from server.transports.secret import SecretError

CHUNK_BYTES = 65_536
MAX_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
HOST_AT_ONCE = 2
"""Requests under way to one host, of all connections."""
HOST_PER_MIN, HOST_BURST = 120.0, 20.0
"""Requests to one host in the long run and at once, of all connections."""
MAX_HOSTS = 1_000


WORDS: dict[type[Exception], str] = {
    urllib3.exceptions.DecodeError: "the answer cannot be unpacked",
    urllib3.exceptions.TimeoutError: "the server does not answer in time",
    urllib3.exceptions.ProtocolError: "the server ended the connection in the midst of it",
}


class Failed(Exception):
    """See the module."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after_s = retry_after_s


class Answer(Struct, frozen=True):
    """An answer. `body` is None where the server says that nothing changed, or nothing is there."""

    url: str
    body: bytes | None
    headers: Mapping[str, str]


class Hosts:
    """Keeps requests to one host few, whoever asks."""

    def __init__(self, per_minute: float = HOST_PER_MIN, burst: float = HOST_BURST) -> None:
        self._throttle = Throttle(per_minute, burst)
        self._slots: dict[str, threading.BoundedSemaphore] = {}
        self._lock = threading.Lock()

    def slot(self, host: str) -> threading.BoundedSemaphore:
        """To be held while a request is under way."""
        with self._lock:
            if len(self._slots) >= MAX_HOSTS:
                self._slots.clear()
            return self._slots.setdefault(host, threading.BoundedSemaphore(HOST_AT_ONCE))

    def wait_s(self, host: str) -> float:
        """Seconds until the next request may be made; 0.0 counts one."""
        with self._lock:
            return self._throttle.take(host)


HOSTS = Hosts()


def origin(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def shown(url: str) -> str:
    """An address without the values of its parameters: keys may be among them."""
    parts = urlsplit(url)
    names = "&".join(f"{name}=…" for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    return urlunsplit((parts.scheme, parts.netloc, parts.path, names, ""))[:300]


def with_parameter(url: str, name: str, value: str) -> str:
    """The address with a parameter set."""
    parts = urlsplit(url)
    kept = [(key, old) for key, old in parse_qsl(parts.query, keep_blank_values=True) if key != name]
    return urlunsplit(parts._replace(query=urlencode([*kept, (name, value)])))


class Fetcher:
    """Makes the requests of one connection. Raises OSError where its certificates cannot be read."""

    def __init__(self, settings: PollSettings, agent: str) -> None:
        self.settings = settings
        self._agent = agent
        self._home = {origin(url) for url in (*settings.urls, *settings.details)}
        self._allowed = self._home | {origin(url) for url in settings.origins}
        context = None
        if any(scheme == "https" for scheme, _, _ in self._allowed):
            context = ssl.create_default_context(cafile=settings.ca_file)
            if settings.cert_file is not None:
                context.load_cert_chain(settings.cert_file, settings.key_file)
        timeout = Timeout(connect=settings.timeout_s, read=settings.timeout_s)
        common: dict[str, Any] = {"retries": False, "ssl_context": context, "timeout": timeout, "maxsize": HOST_AT_ONCE}
        self._pool: urllib3.PoolManager = (
            urllib3.PoolManager(num_pools=10, **common)
            if settings.proxy is None
            else urllib3.ProxyManager(settings.proxy, num_pools=10, **common)
        )

    def close(self) -> None:
        """Close what is open."""
        self._pool.clear()

    def get(self, url: str, conditions: Mapping[str, str]) -> Answer:
        """Ask. `conditions` are the headers of a conditional request. Raises Failed."""
        began, here = time.monotonic(), url
        for _ in range(MAX_REDIRECTS + 1):
            host = urlsplit(here).hostname or ""
            self._wait_for(host)
            with HOSTS.slot(host):
                response = self._request(here, conditions)
                try:
                    if response.status not in REDIRECTS:
                        return self._answer(here, response, began)
                    here = self._redirected(here, response)
                finally:
                    response.close()
                    response.release_conn()
        raise Failed(f"more than {MAX_REDIRECTS} redirects")

    def _wait_for(self, host: str) -> None:
        until = time.monotonic() + self.settings.total_s
        while (wait_s := HOSTS.wait_s(host)) > 0:
            if time.monotonic() + wait_s > until:
                raise Failed(f"too many requests to {host}", wait_s)
            time.sleep(wait_s)

    def allowed(self, url: str) -> str:
        """The address, where it is one that we may go to. Raises Failed."""
        if origin(url) not in self._allowed:
            scheme, host, _ = origin(url)
            raise Failed(f"it leads to {scheme}://{host}, which is not among its origins")
        return url

    def _request(self, url: str, conditions: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        one = self.settings
        asked, headers = self._authorised(url)
        headers |= {**conditions, "User-Agent": self._agent, "Accept-Encoding": "gzip, deflate"}
        body = None if one.body is None else one.body.encode()
        if body is not None:
            headers["Content-Type"] = one.content_type
        verb = "GET" if body is None else "POST"
        try:
            return self._pool.request(verb, asked, body=body, headers=headers, preload_content=False, redirect=False)
        except (HTTPError, OSError, UnicodeError) as error:
            raise Failed(_words(error)) from error

    def _authorised(self, url: str) -> tuple[str, dict[str, str]]:
        """Address and headers with the secret; both go to nobody but those of whom the settings speak."""
        one = self.settings
        if origin(url) not in self._home:
            return url, {}
        headers = dict(one.headers)
        if one.secret is None:
            return url, headers
        try:
            secret = one.secret.read()
        except SecretError as error:
            raise Failed(str(error)) from error
        if one.auth == "basic":
            basic = make_headers(basic_auth=f"{one.username}:{secret}")["authorization"]
            return url, headers | {"Authorization": basic}
        if one.auth == "bearer":
            return url, headers | {"Authorization": f"Bearer {secret}"}
        if one.auth == "header":
            return url, headers | {one.auth_name or "": secret}
        return with_parameter(url, one.auth_name or "", secret), headers

    def _redirected(self, here: str, response: urllib3.BaseHTTPResponse) -> str:
        if self.settings.body is not None and response.status not in (307, 308):
            raise Failed(f"{response.status}: a POST is not sent elsewhere")
        try:
            return self.allowed(urljoin(here, response.headers.get("Location", "")))
        except ValueError as error:
            raise Failed("a redirect to no address") from error

    def _answer(self, url: str, response: urllib3.BaseHTTPResponse, began: float) -> Answer:
        headers = {name.casefold(): value for name, value in response.headers.items()}
        if response.status in (204, 304):
            return Answer(url, None, headers)
        if not 200 <= response.status < 300:
            raise Failed(
                f"{response.status} {response.reason or ''}".strip(), retry_after_s(headers.get("retry-after"))
            )
        return Answer(url, self._body(response, began), headers)

    def _body(self, response: urllib3.BaseHTTPResponse, began: float) -> bytes:
        most, found = self.settings.max_bytes, bytearray()
        told = response.headers.get("Content-Length", "")
        if told.isdecimal() and int(told) > most:
            raise Failed(f"the answer has {told} bytes, more than {most}")
        try:
            while chunk := response.read1(CHUNK_BYTES, decode_content=True):
                found += chunk
                if len(found) > most:
                    raise Failed(f"the answer has more than {most} bytes")
                if time.monotonic() - began > self.settings.total_s:
                    raise Failed(f"the answer takes longer than {self.settings.total_s:g} s")
        except (HTTPError, OSError) as error:
            raise Failed(_words(error)) from error
        return bytes(found)


def retry_after_s(told: str | None) -> float | None:
    """Retry-After (RFC 9110 section 10.2.3): seconds or a date; None where it says nothing."""
    if not told:
        return None
    if told.strip().isdecimal():
        return float(told.strip()[:9])
    try:
        moment = parsedate_to_datetime(told)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _words(error: BaseException) -> str:
    """What went wrong; addresses with their parameters stay out of it."""
    causes = [error, *error.args, error.__cause__, error.__context__]
    if (tls := next((one for one in causes if isinstance(one, ssl.SSLError)), None)) is not None:
        return f"TLS: {getattr(tls, 'verify_message', '') or tls.reason or 'refused'}"
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        system = next((one for one in causes if isinstance(one, OSError)), None)
        return "the server cannot be reached" if system is None else refusal(system)
    for kind, words in WORDS.items():
        if isinstance(error, kind):
            return words
    return refusal(error) if isinstance(error, OSError) else type(error).__name__
