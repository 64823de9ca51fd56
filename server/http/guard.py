"""Who may call a route: `@needs(roles)` on every view; a route without it does not start (see `unguarded`)."""

from collections.abc import Callable, Iterable
from functools import wraps
from math import ceil
from typing import ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

from flask import Flask, current_app, g, request

from server.access import Principal
from server.house import House
from server.http.errors import Problem

P = ParamSpec("P")
T = TypeVar("T")

OPEN = "open"
"""Marks a view that asks for no token: the pages without data, sign-in and the two health probes."""


SIGNED = "signed"
"""Marks a view that lets nobody in by a token: it proves a signature over the whole request itself."""
BEARER, BASIC = 'Bearer realm="lagebild"', 'Basic realm="lagebild", charset="UTF-8"'
"""What a caller without a token is told to send (RFC 6750, RFC 7617)."""


def house() -> House:
    """What the server is made of: settings, access, situations, intake ..."""
    return cast(House, current_app.extensions["lagebild"])


def caller() -> Principal:
    """Who is calling; only inside a view with `@needs`."""
    return cast(Principal, g.principal)


def address() -> str:
    """The caller's network address, as a reverse proxy that we trust tells it."""
    return request.remote_addr or "unknown"


def bearer() -> str | None:
    """The token of the request, from `Authorization: Bearer` or `X-Auth-Token`."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return request.headers.get("X-Auth-Token")


def password() -> str | None:
    """The token of the request as the password of HTTP basic; who the user is does not matter."""
    said = request.authorization
    return said.password or None if said is not None and said.type == "basic" else None


def authenticate(token: str | None, challenge: str = BEARER) -> Principal:
    """Whose token this is. Raises Problem 401, or 429 after too many wrong ones from this address."""
    found = house().access.check(token or "")
    if found is not None:
        return found
    if token:
        house().metrics.sign_in_failures.inc()
        wait_s = house().failures.take(address())
        if wait_s:
            raise Problem(429, "Too many wrong tokens from this address.", {"Retry-After": str(ceil(wait_s))})
    raise Problem(401, "A valid token is needed.", {"WWW-Authenticate": challenge})


def is_own_origin(origin: str, host: str, allowed: Iterable[str]) -> bool:
    """Is it our own page that asks (same host and port), or one of an allowed origin?

    The scheme is not compared: behind a proxy that ends TLS we do not know it, and the host is what tells pages apart.
    """
    return (bool(host) and urlsplit(origin).netloc == host) or origin in allowed


def same_origin() -> bool:
    """Does a page of ours ask, or no page at all (no Origin header)?"""
    origin = request.headers.get("Origin")
    return origin is None or is_own_origin(origin, request.host, house().settings.server.allowed_origins)


def needs(
    *roles: str, basic: bool = False, within: Callable[[], str | None] | None = None
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Let the view run only for a caller with one of the roles; `caller()` is then set.

    `basic`: the token may also come as a password, as GIS programs and browsers send it by themselves. For views that
    only read: a browser would send it along with a form of a foreign page, too.
    `within`: finds the token in the message itself, for senders that cannot set a header.

    Raises Problem: 401 without or with a wrong token, 403 for another role or a foreign origin on a request that
    writes.
    """

    def wrap(view: Callable[P, T]) -> Callable[P, T]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
            if request.method not in ("GET", "HEAD", "OPTIONS") and not same_origin():
                raise Problem(403, "Requests from this origin are not accepted.")
            if basic:
                g.principal = authenticate(bearer() or password(), BASIC)
            else:
                token = bearer()
                g.principal = authenticate(within() if token is None and within is not None else token)
            if g.principal.role not in roles:
                raise Problem(403, f"This needs the role {' or '.join(roles)}.")
            return view(*args, **kwargs)

        guarded.roles = roles  # type: ignore[attr-defined]
        return guarded

    return wrap


def signed(view: Callable[P, T]) -> Callable[P, T]:
    """Mark a view that proves the signature of a request itself; no token of any role opens it."""
    view.roles = (SIGNED,)  # type: ignore[attr-defined]
    return view


def anybody(view: Callable[P, T]) -> Callable[P, T]:
    """Mark a view as open on purpose; a request that writes still must come from our own origin."""

    @wraps(view)
    def unguarded_view(*args: P.args, **kwargs: P.kwargs) -> T:
        if request.method not in ("GET", "HEAD", "OPTIONS") and not same_origin():
            raise Problem(403, "Requests from this origin are not accepted.")
        return view(*args, **kwargs)

    unguarded_view.roles = (OPEN,)  # type: ignore[attr-defined]
    return unguarded_view


def unguarded(app: Flask) -> list[str]:
    """Endpoints whose view says neither `needs` nor `anybody`; the server refuses to start with one."""
    return [
        rule.endpoint for rule in app.url_map.iter_rules() if not hasattr(app.view_functions[rule.endpoint], "roles")
    ]


def entered(situation: str | None) -> str:
    """The situation the caller means, its own where it names none. Raises Problem 403 when it is closed to the
    caller.
    """
    chosen = situation or caller().home
    if not caller().may_enter(chosen):
        raise Problem(403, "This situation is not open to the token.")
    return chosen
