"""Who this tablet is: server, token, situation. Kept in the app's private folder, readable by its owner only."""

import http.client
import json
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mobile.durable import flush

TIMEOUT_S = 10.0
MAX_ANSWER_BYTES = 64 * 1024 * 1024


class SignInError(Exception):
    """Signing in failed. `reason` is a key of the word tables: link, code, token, role, network, server."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason, self.detail = reason, detail


@dataclass(frozen=True)
class Session:
    """A signed-in tablet. `server` is scheme and host without a path; `unit` the subject of the own unit, if any."""

    server: str
    token: str
    situation: str
    role: str
    name: str
    unit: str | None


@dataclass(frozen=True)
class Link:
    """A one-time sign-in link, taken apart."""

    server: str
    code: str
    situation: str | None


def parse_link(text: str) -> Link:
    """Take apart `http(s)://host:port/app#code=...&situation=...`. Raises SignInError("link")."""
    parts = urllib.parse.urlsplit(text.strip())
    values = urllib.parse.parse_qs(parts.fragment)
    if parts.scheme not in ("http", "https") or not parts.hostname or "code" not in values:
        raise SignInError("link", text.strip()[:80])
    return Link(f"{parts.scheme}://{parts.netloc}", values["code"][0], values.get("situation", [None])[0])


def parse_server(text: str) -> str:
    """Scheme and host of what a person typed as the server; `host:port` means http. Raises SignInError("link")."""
    text = text.strip().rstrip("/")
    parts = urllib.parse.urlsplit(text if "://" in text else f"http://{text}")
    try:
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port is None or parts.port > 0)
        usable = usable and not any(letter.isspace() for letter in text)
    except ValueError:
        usable = False
    if not usable:
        raise SignInError("link", text[:80])
    return f"{parts.scheme}://{parts.netloc}"


def sign_in_by_link(link: Link) -> Session:
    """Exchange the link's code, which is burnt by it, for a token. Raises SignInError."""
    answer = _ask(f"{link.server}/auth/exchange", body={"code": link.code}, refused="code")
    return _session(link.server, str(answer.get("token", "")), answer, link.situation)


def sign_in_by_token(server: str, token: str, situation: str | None = None) -> Session:
    """Ask the server whose token it is. Raises SignInError."""
    server = parse_server(server)
    return _session(server, token, _ask(f"{server}/auth/me", token=token, refused="token"), situation)


def _session(server: str, token: str, answer: dict[str, Any], situation: str | None) -> Session:
    given = answer.get("situation")
    if not token or not isinstance(answer.get("role"), str):
        raise SignInError("server", "no token or role in the answer")
    # "*" and "exercises" say what a token may see, not which situation to open.
    opened = situation or (given if isinstance(given, str) and given not in ("*", "exercises") else "live")
    return Session(server, token, opened, answer["role"], str(answer.get("name", "")), answer.get("unit"))


def _ask(url: str, *, token: str = "", body: dict[str, Any] | None = None, refused: str) -> dict[str, Any]:
    try:
        status, answer, _ = fetch(url, token=token, body=body)
    except OSError as problem:
        raise SignInError("network", str(problem)) from problem
    if status in (400, 401, 403, 404, 410, 422):
        raise SignInError(refused, f"HTTP {status}")
    try:
        decoded = json.loads(answer)
    except ValueError as problem:
        raise SignInError("server", "no JSON") from problem
    if status != 200 or not isinstance(decoded, dict):
        raise SignInError("server", f"HTTP {status}")
    return decoded


def fetch(
    url: str, *, token: str = "", etag: str = "", body: dict[str, Any] | None = None
) -> tuple[int, bytes, dict[str, str]]:
    """One HTTP request to the own server: (status, body, headers with names in lower case).

    Raises OSError when the network fails and ValueError when the answer is larger than MAX_ANSWER_BYTES.
    """
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"not a web address: {url}")
    headers = {"Accept": "application/json, application/geo+json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if etag:
        headers["If-None-Match"] = etag
    data = json.dumps(body).encode() if body is not None else None
    if data is not None:
        headers["Content-Type"] = "application/json"
    request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310  (scheme checked above)
    try:
        with _opener.open(request, timeout=TIMEOUT_S) as answer:
            return answer.status, _bounded(answer.read(MAX_ANSWER_BYTES + 1)), _lower(answer.headers.items())
    except http.client.HTTPException as problem:
        raise OSError(f"no HTTP answer: {problem!r}") from problem
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, _bounded(refused.read(MAX_ANSWER_BYTES + 1)), _lower(refused.headers.items())


@contextmanager
def stream(url: str, *, token: str, headers: dict[str, str]) -> Iterator[Any]:
    """The answer to a GET, to be read piece by piece; `status` may be that of an error.

    Raises OSError when the network fails, also while it is read.
    """
    if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
        raise ValueError(f"not a web address: {url}")
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}", **headers})  # noqa: S310
    try:
        answer = _opener.open(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as refused:
        answer = refused
    except http.client.HTTPException as problem:
        raise OSError(f"no HTTP answer: {problem!r}") from problem
    with answer:
        try:
            yield answer
        except http.client.HTTPException as problem:
            raise OSError(f"cut off: {problem!r}") from problem


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token to whoever it names: it is an error instead."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect)


def _bounded(body: bytes) -> bytes:
    if len(body) > MAX_ANSWER_BYTES:
        raise ValueError("answer too large")
    return body


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}


def save(folder: Path, session: Session) -> None:
    """Keep the session; the old one stays whole until the new one is on disk."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target, draft = folder / "session.json", folder / "session.json.new"
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(session), file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)
    flush(folder)  # a link signs in once: what was got for it must not be lost


def load(folder: Path) -> Session | None:
    """The kept session; None where there is none or it cannot be read: then the crew signs in again."""
    try:
        return Session(**json.loads((folder / "session.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def forget(folder: Path) -> None:
    """Sign out on this tablet. The token stays valid on the server until it expires or is revoked there."""
    (folder / "session.json").unlink(missing_ok=True)
