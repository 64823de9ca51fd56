"""Settings of a poll over HTTP."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, field

from server.transports.connection import ConnectionSettings, Count, Positive
from server.transports.secret import Secret

Url = Annotated[str, Meta(min_length=8, max_length=4_000)]
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
OURS = frozenset({"authorization", "cookie", "host", "content-length", "accept-encoding", "if-none-match"})
"""Headers that are not set by hand."""


class PollSettings(ConnectionSettings, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="poll"):
    """What is asked for, how often, and what is let in."""

    urls: Annotated[tuple[Url, ...], Meta(min_length=1, max_length=100)]
    """Addresses, http or https. `{from}` and `{to}` in one become the times of the window that is asked for."""
    interval_s: Annotated[float, Meta(ge=1)] = 60.0
    body: str | None = None
    """With it the request is a POST."""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    auth: Literal["none", "basic", "bearer", "header", "query"] = "none"
    """How `secret` is sent: with `username`, as a bearer token, in the header or the parameter called `auth_name`."""
    auth_name: str | None = None
    username: str | None = None
    secret: Secret | None = None
    plain_secret: bool = False
    """True: the secret may go over http, too."""
    paging: Literal["none", "sensorthings", "link"] = "none"
    """Further pages: by `@iot.nextLink`, or by the header Link with rel="next"."""
    cursor: Literal["none", "min_id", "since_id"] = "none"
    """Ask for what is newer than the newest `id` taken (Mastodon), by this parameter."""
    files: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    """An address that ends with / is a directory; files in it whose names fit (`*.zip`) are fetched once each."""
    details: Annotated[tuple[Url, ...], Meta(max_length=5)] = ()
    """Addresses with `{id}`: asked once for every item of a JSON list, and again when the item changes."""
    pages: Annotated[int, Meta(ge=1, le=1_000)] = 20
    """Most pages, files or details of one address at a time."""
    window_s: Positive = 86_400.0
    """How far back `{from}` is at first."""
    overlap_s: Annotated[float, Meta(ge=0)] = 7_200.0
    """How far before the end of the last window the next begins: late values are not missed."""
    origins: tuple[str, ...] = ()
    """Further origins that redirects and pages may lead to; neither secret nor `headers` go there."""
    proxy: str | None = None
    """http://host:port of a proxy."""
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    max_bytes: Count = 8_000_000
    """Longest answer, unpacked."""
    timeout_s: Positive = 20.0
    """Longest silence of the server."""
    total_s: Positive = 120.0
    """Longest time for one answer."""

    def __post_init__(self) -> None:
        """Raises ValueError for what does not go together."""
        for url in (*self.urls, *self.details, *self.origins, *([self.proxy] if self.proxy else [])):
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
                raise ValueError("an address is http://host/... or https://host/..., without user and password")
        if any("{id}" not in url for url in self.details):
            raise ValueError("an address of details has {id} in it")
        needs = {"basic": ("username", "secret"), "bearer": ("secret",), "none": ()}
        for name in needs.get(self.auth, ("auth_name", "secret")):
            if getattr(self, name) is None:
                raise ValueError(f'auth = "{self.auth}" needs {name}')
        if self.auth == "none" and self.secret is not None:
            raise ValueError('a secret needs auth = "basic", "bearer", "header" or "query"')
        if (
            self.secret is not None
            and not self.plain_secret
            and any(_is_plain(url) for url in (*self.urls, *self.details))
        ):
            raise ValueError("a secret goes over https only, unless plain_secret = true")
        if wrong := sorted(name for name in self.headers if name.casefold() in OURS):
            raise ValueError(f"the header {wrong[0]} is not set by hand")


def _is_plain(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in LOOPBACK
