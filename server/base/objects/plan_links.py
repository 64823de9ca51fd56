"""Plans that a source names by address: fetched, kept, asked for again, each failure told and not repeated at once.

Only from origins that the settings name (`plan_origins`), over https, through the client of the connections: bounded in
bytes, time, redirects and requests to one host. What was fetched once stays when it can no longer be.
"""

import re
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec import Struct
from urllib3.exceptions import HTTPError

from layers.observation import iso
from server import runtime
from server.base.objects.plans import Plan, PlanError, PlanStore, mime_of
from server.base.objects.settings import ObjectSettings
from server.base.objects.store import Layer, Stored
from server.durable import replace_file
from server.transports.fetch import Answer, Failed, Fetcher, origin, shown
from server.transports.poll_settings import PollSettings

MAX_PLANS = 10
"""Of one object."""
MOST_A_ROUND, LONGEST_ROUND_S = 40, 60.0
"""Addresses that are asked for before other layers have their turn."""
FIRST_RETRY_S, LAST_RETRY_S = 60.0, 21_600.0
PLAN_S = 60.0
"""Longest time for one plan."""
_PLAIN = frozenset({"", "application/octet-stream", "binary/octet-stream"})
"""Content types that say nothing."""
_OF_THE_SERVER = re.compile(r"(?:429|5\d\d)\b|too many requests")
"""A failure that other addresses there share, as those of the connection."""


class Link(Struct, kw_only=True):
    """What is known of an address. Times are ISO 8601."""

    plan: Plan | None = None
    etag: str | None = None
    modified: str | None = None
    due_at: str = ""
    """Not asked for before."""
    failures: int = 0
    trouble: str | None = None
    since: str | None = None
    """When it failed first."""


class News(Struct, frozen=True, kw_only=True):
    """An address began to fail, or (`reason` None) gave its plan again. `count` addresses of its server share it."""

    address: str
    reason: str | None
    count: int = 1


Links = dict[str, Link]


def named(told: str) -> list[str]:
    """What a source says of an object's plans: names of files and addresses."""
    return [name.strip() for name in told.split(";") if name.strip()][:MAX_PLANS]


def is_address(name: str) -> bool:
    """Is it an address, and no file?"""
    return name.casefold().startswith(("http://", "https://"))


def refusal(url: str, settings: ObjectSettings) -> str | None:
    """Why an address is never asked for; None where it may be."""
    try:
        parts = urlsplit(url)
        fits = parts.scheme == "https" and parts.username is None and len(url) <= 2_000 and url.isprintable()
        if fits and origin(url) in {origin(one) for one in settings.plan_origins}:
            return None
    except ValueError:
        return "no address"
    return f"{shown(url)[:200]}: not at one of plan_origins" if fits else "no https address"


def read(layer: Layer) -> Links:
    """What is known of the addresses of a layer."""
    try:
        return msgspec.json.decode(_file(layer).read_bytes(), type=Links)
    except (OSError, msgspec.DecodeError):
        return {}


def failing(layer: Layer) -> list[tuple[str, Link]]:
    """Addresses that fail, shown without the values of their parameters."""
    return [(shown(url), link) for url, link in sorted(read(layer).items()) if link.trouble is not None]


def look(
    layer: Layer, settings: ObjectSettings, now: Callable[[], datetime], *, force: bool = False
) -> tuple[bool, list[News]]:
    """Ask for what is due, all of it with `force`: whether objects changed, and what there is to tell.

    Waits for the network: not to be called in a real thread of the server's. Raises OSError, sqlite3.Error.
    """
    rows = runtime.offload(layer.read)
    urls = sorted({url for row in rows for url in _addresses(row, settings)})
    known = runtime.offload(read, layer)
    links = {url: known.get(url) or Link() for url in urls}
    moment = iso(now())
    due = [url for url, link in links.items() if force or link.due_at <= moment]
    if not due and links.keys() == known.keys():
        return False, []
    round_ = _Round(layer, settings, links, now)
    try:
        round_.ask(due, len(due) if force else MOST_A_ROUND, force)
    finally:
        round_.close()
        runtime.offload(replace_file, _file(layer), msgspec.json.encode(links))
    return runtime.offload(_apply, layer, settings, links), round_.news


class _Round:
    """One look at the addresses of a layer."""

    def __init__(self, layer: Layer, settings: ObjectSettings, links: Links, now: Callable[[], datetime]) -> None:
        self._store = PlanStore(layer.folder / "plans", settings.max_plan_bytes)
        self._settings, self._links, self._now = settings, links, now
        self._fetchers: dict[object, Fetcher] = {}
        self.news: list[News] = []

    def close(self) -> None:
        for fetcher in self._fetchers.values():
            fetcher.close()

    def ask(self, due: list[str], most: int, force: bool) -> None:
        began, down = time.monotonic(), set[object]()
        for url in due[:most]:
            if not force and time.monotonic() - began > LONGEST_ROUND_S:
                return
            if origin(url) in down:
                continue
            link = self._links[url]
            try:
                self._fetch(url, link)
            except Failed as failed:
                of_server = isinstance(failed.__cause__, OSError | HTTPError) or _OF_THE_SERVER.match(failed.reason)
                self._failed(url, failed.reason, failed.retry_after_s, due if of_server else [url])
                down |= {origin(url)} if of_server else set()
            except PlanError as error:
                self._failed(url, str(error), None, [url])
            else:
                if link.trouble is not None:
                    self.news.append(News(address=shown(url), reason=None))
                link.failures, link.trouble, link.since = 0, None, None
                link.due_at = iso(self._now() + timedelta(seconds=self._settings.refresh_s))

    def _failed(self, url: str, reason: str, retry_after_s: float | None, others: Iterable[str]) -> None:
        """Ask later, and of what fails with it, too; told once."""
        link = self._links[url]
        link.failures += 1
        wait_s = max(retry_after_s or 0.0, min(LAST_RETRY_S, FIRST_RETRY_S * 2.0 ** min(20, link.failures - 1)))
        moment, fresh = iso(self._now()), 0
        for other in (one for one in others if origin(one) == origin(url)):
            told = self._links[other]
            fresh += told.trouble is None
            told.since = told.since or moment
            told.trouble, told.due_at = reason[:300], iso(self._now() + timedelta(seconds=wait_s))
        if fresh:
            self.news.append(News(address=shown(url), reason=reason[:300], count=fresh))

    def _fetch(self, url: str, link: Link) -> None:
        """Raises Failed, PlanError."""
        conditions: dict[str, str] = {}
        if link.plan is not None and self._store.original(link.plan.id).is_file():
            conditions = {"If-None-Match": link.etag} if link.etag else {}
            conditions = conditions or ({"If-Modified-Since": link.modified} if link.modified else {})
        answer = self._fetcher(url).get(url, conditions)
        if answer.body is None:
            if not conditions:
                raise Failed("an empty answer")
            return
        name = _name(url)
        _check_type(name, answer)
        link.plan = runtime.offload(self._store.put_bytes, name, answer.body)
        link.etag, link.modified = answer.headers.get("etag"), answer.headers.get("last-modified")

    def _fetcher(self, url: str) -> Fetcher:
        """The layer's own way to ask goes to the origin of its source; nobody else gets its secret and headers."""
        where, one = origin(url), self._settings
        if where not in self._fetchers:
            try:
                home = one.is_remote and origin(one.source) == where
                asked = one.request("application/pdf, image/png, image/jpeg") if home else None
                plain = PollSettings(urls=(url,), ca_file=one.ca_file, proxy=one.proxy)
                bounds = {"max_bytes": one.max_plan_bytes, "origins": one.plan_origins, "total_s": PLAN_S}
                settings = msgspec.structs.replace(asked or plain, **bounds)
                self._fetchers[where] = Fetcher(settings, f"lagebild/{version('lagebild')}")
            except (OSError, ValueError) as error:
                raise Failed(f"it cannot be asked for: {error}") from None
        return self._fetchers[where]


def _check_type(name: str, answer: Answer) -> None:
    """What the server calls it must be what it is. Raises PlanError."""
    told = answer.headers.get("content-type", "").partition(";")[0].strip().casefold()
    mime = mime_of(answer.body or b"")
    if mime is None:
        raise PlanError(f"{name}: by its content no PDF, PNG or JPEG ({told[:60] or 'no content type'})")
    if told not in _PLAIN and told != mime:
        raise PlanError(f"{name}: said to be {told[:60]}, by its content {mime}")


def _name(url: str) -> str:
    """What a plan is called: the end of the path."""
    last = unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])
    return "".join(sign for sign in last if sign.isprintable() and sign not in '/\\"').strip()[:200] or "Plan"


def _addresses(row: Stored, settings: ObjectSettings) -> list[str]:
    return [name for name in named(row.own.plan) if is_address(name) and refusal(name, settings) is None]


def with_links(row: Stored, settings: ObjectSettings, links: Links) -> tuple[Plan, ...]:
    """The plans of an object in the order of its source: files as they are, addresses as they were fetched last."""
    files = {plan.name: plan for plan in row.plans}
    found = []
    for name in named(row.own.plan):
        if not is_address(name):
            found.append(files.get(Path(name).name))
        elif refusal(name, settings) is None and name in links:
            found.append(links[name].plan)
    return tuple(plan for plan in found if plan is not None)


def _apply(layer: Layer, settings: ObjectSettings, links: Links) -> bool:
    """Write the objects anew where plans of theirs came or changed; read again, since the fetching took its time."""
    rows, changed = layer.read(), False
    for number, row in enumerate(rows):
        if any(is_address(name) for name in named(row.own.plan)):
            plans = with_links(row, settings, links)
            changed |= plans != row.plans
            rows[number] = msgspec.structs.replace(row, plans=plans)
    if changed:
        state = layer.state()
        state.version = layer.write(rows, settings.fingerprint())
        state.plans = sorted({plan.id for row in rows for plan in row.plans})
        layer.note(state)
    return changed


def _file(layer: Layer) -> Path:
    return layer.folder / f"{layer.name}.links.json"
