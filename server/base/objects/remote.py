"""Fetches a source over HTTP: a file, a WFS or an OGC API, page by page, through the client of the connections.

What did not change is not fetched again (ETag, Last-Modified), where one page holds everything.
"""

import ssl
from collections.abc import Iterator
from importlib.metadata import version
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from msgspec import Struct

from server.base.objects import read_csv, read_geojson, read_gml
from server.base.objects.raw import Raw, SourceError
from server.base.objects.settings import ObjectSettings
from server.transports.fetch import Answer, Failed, Fetcher, shown

PAGE = 1_000


class Fetched(Struct, frozen=True, kw_only=True):
    """What came; `rows` is None where nothing changed."""

    rows: list[Raw] | None
    etag: str | None = None
    modified: str | None = None


def fetch(settings: ObjectSettings, etag: str | None = None, modified: str | None = None) -> Fetched:
    """Ask for it. Raises SourceError; the message holds no secret."""
    try:
        fetcher = Fetcher(settings.request(), f"lagebild/{version('lagebild')}")
    except (OSError, ssl.SSLError, ValueError) as error:
        raise SourceError(f"it cannot be asked for: {error}") from None
    conditions = {"If-None-Match": etag} if etag else {"If-Modified-Since": modified} if modified else {}
    try:
        return _pages(settings, fetcher, conditions)
    except Failed as failed:
        raise SourceError(f"{shown(settings.source)[:200]}: {failed.reason}") from None
    finally:
        fetcher.close()


def _pages(settings: ObjectSettings, fetcher: Fetcher, conditions: dict[str, str]) -> Fetched:
    rows: list[Raw] = []
    url: str | None = first_url(settings)
    seen: set[str] = set()
    size = 0
    tag = modified = None
    while url is not None:
        if len(seen) >= settings.max_pages:
            raise SourceError(f"there are more than {settings.max_pages} pages")
        seen.add(url)
        answer = _asked(settings, fetcher, url, conditions if len(seen) == 1 else {})
        if answer.body is None:
            if conditions and len(seen) == 1:
                return Fetched(rows=None)
            raise SourceError("an empty answer")
        size += len(answer.body)
        if size > settings.max_bytes:
            raise SourceError(f"more than {settings.max_bytes} bytes")
        fresh, following = _read(settings, answer, len(rows))
        rows += fresh
        if len(rows) > settings.max_objects:
            raise SourceError(f"more than {settings.max_objects} objects")
        alone = len(seen) == 1 and following is None
        tag, modified = (answer.headers.get("etag"), answer.headers.get("last-modified")) if alone else (None, None)
        if following in seen:
            raise SourceError("its pages lead in a circle")
        url = None if following is None else fetcher.allowed(following)
    return Fetched(rows=rows, etag=tag, modified=modified)


def _asked(settings: ObjectSettings, fetcher: Fetcher, url: str, conditions: dict[str, str]) -> Answer:
    """A WFS that does not know JSON says so by an error; it is asked again for what it writes by itself."""
    try:
        return fetcher.get(url, conditions)
    except Failed as failed:
        if settings.kind_of_source != "wfs" or not failed.reason.startswith("400"):
            raise
        return fetcher.get(with_query(url, {"outputFormat": None}), {})


def first_url(settings: ObjectSettings) -> str:
    """What is asked for first."""
    if settings.kind_of_source == "ogcapi":
        parts = urlsplit(settings.source)
        path = parts.path.rstrip("/")
        path = path if path.endswith("/items") else f"{path}/items"
        return with_query(urlunsplit(parts._replace(path=path)), {"limit": str(PAGE)}, only_missing=True)
    if settings.kind_of_source != "wfs":
        return settings.source
    new = settings.wfs_version == "2.0.0"
    wanted: dict[str, str | None] = {
        "service": "WFS",
        "version": settings.wfs_version,
        "request": "GetFeature",
        "typeNames" if new else "typeName": settings.typename or "",
        "outputFormat": "application/json",
        "count" if new else "maxFeatures": str(PAGE if new else settings.max_objects),
    }
    if new:
        wanted["startIndex"] = "0"
    return with_query(settings.source, wanted, only_missing=True)


def with_query(url: str, wanted: dict[str, str | None], only_missing: bool = False) -> str:
    """The address with these parameters (None: without), names compared as WFS does, in any case."""
    parts = urlsplit(url)
    names = {name.casefold() for name in wanted}
    told = parse_qsl(parts.query, keep_blank_values=True)
    if only_missing:
        there = {name.casefold() for name, _ in told}
        wanted = {name: value for name, value in wanted.items() if name.casefold() not in there}
        kept = told
    else:
        kept = [(name, value) for name, value in told if name.casefold() not in names]
    kept += [(name, value) for name, value in wanted.items() if value is not None]
    return urlunsplit(parts._replace(query=urlencode(kept)))


def _read(settings: ObjectSettings, answer: Answer, offset: int) -> tuple[list[Raw], str | None]:
    """The rows of a page, and where the next is."""
    body, kind = answer.body or b"", settings.kind_of_source
    if kind == "csv":
        return list(_at_most(read_csv.read(body, settings), settings)), None
    is_xml = body.lstrip().removeprefix(b"\xef\xbb\xbf").startswith(b"<")
    if kind == "wfs" and is_xml:
        rows = list(_at_most(read_gml.read(body, settings.max_bytes, offset), settings))
        return rows, _next_of_wfs(settings, answer, len(rows))
    found = read_geojson.document(body)
    rows = list(_at_most(read_geojson.read(found, offset), settings))
    if kind == "wfs":
        return rows, _next_of_wfs(settings, answer, len(rows))
    if kind == "ogcapi" and rows:
        return rows, _next_link(found, answer)
    return rows, None


def _at_most(rows: Iterator[Raw], settings: ObjectSettings) -> Iterator[Raw]:
    for number, row in enumerate(rows, 1):
        if number > settings.max_objects:
            raise SourceError(f"more than {settings.max_objects} objects")
        yield row


def _next_link(found: dict[str, object], answer: Answer) -> str | None:
    """OGC API - Features part 1, 7.15.5: the link with rel = next."""
    links = found.get("links")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("rel") == "next" and isinstance(link.get("href"), str):
            return urljoin(answer.url, str(link["href"]))
    return None


def _next_of_wfs(settings: ObjectSettings, answer: Answer, count: int) -> str | None:
    """WFS 2.0.0 pages by startIndex; 1.1.0 gives everything at once. A page with fewer than asked for is the last."""
    told = {name.casefold(): value for name, value in parse_qsl(urlsplit(answer.url).query)}
    if settings.wfs_version != "2.0.0" or not told.get("count", "").isdecimal() or count < int(told["count"]):
        return None
    start = int(told.get("startindex", "0") or 0) if told.get("startindex", "0").isdecimal() else 0
    return with_query(answer.url, {"startIndex": str(start + count)})
