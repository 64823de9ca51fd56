"""News: RSS 0.9x, 1.0 and 2.0 and Atom; each item is a post.

Genuine feeds are often not well-formed; what can be read of such a one is read (flag `repaired`). Texts are HTML and
become plain text. Warnings that are written into feeds with elements of CAP are for the feed `cap`.
"""

from collections.abc import Iterator
from itertools import islice

from msgspec import UNSET

from layers.content import Post
from layers.observation import Geometry, idempotency_key
from server.feeds import INVALID, Context, Decoded, DecodeError, Feed
from server.feeds._batch import Batch, Fields, settings, subject
from server.feeds._dates import news_time
from server.feeds._html import plain_text
from server.feeds._secrets import openings
from server.feeds._stream import Stream, Whole
from server.feeds._xml import Element, child_text, children, documents, local, namespace
from server.feeds.cap.elements import entries, is_index
from server.feeds.mastodon import SocialOptions, html
from server.feeds.ngsi.values import url

NAME = "rss"
MAX_BYTES = 4_000_000
MAX_ITEMS = 1_000
POLLED_S = 6 * 3_600
"""An item without a time: what is polled again within so long is the same."""
DUBLIN_CORE = "http://purl.org/dc/elements/"
ATOM = "http://www.w3.org/2005/Atom"


def decode(body: bytes, context: Context) -> Decoded:
    """The items of a feed. Raises DecodeError where it is none."""
    batch, options = Batch(context), settings(context, SocialOptions)
    found = documents(body, MAX_BYTES, repair=True)
    batch.refused.extend(found.refused)
    roots = [root for root in found.roots if is_index(root)]
    if not roots:
        raise DecodeError(f"no feed of news in a document of {found.roots[0].tag!s:.100}", INVALID)
    for root in roots:
        listed = list(entries(root))
        if len(listed) > MAX_ITEMS:
            batch.refuse(f"{len(listed)} items, more than {MAX_ITEMS}")
        for item in listed[:MAX_ITEMS]:
            _item(item, _host(root), found.flags, batch, options)
    return batch.decoded()


def _item(item: Element, host: str | None, flags: frozenset[str], batch: Batch, options: SocialOptions) -> None:
    told = {
        "title": child_text(item, "title"),
        "text": _body(item),
        "link": _link(item),
        "published": child_text(item, "published", "pubDate", "issued", "date", "created"),
        "updated": child_text(item, "updated", "modified"),
        "author": _author(item),
        "comments": child_text(item, "comments"),
    }
    key = child_text(item, "guid", "id") or item.get(f"{{{_RDF}}}about") or told["link"]
    if key is None and told["title"] is None and told["text"] is None:
        batch.refuse("an item has a title, a text or a link", told)
        return
    if key is None:
        key = idempotency_key(str(told["title"]), str(told["published"]), str(told["text"]))
    # A number or a word alone is only known in its feed.
    of = subject(NAME, key) if ":" in key or host is None else subject(NAME, host, key)
    fields = batch.fields(told, of)
    fields.flags.update(flags)
    published_at, updated_at = fields.said("published", news_time), fields.said("updated", news_time)
    title, body = fields.said("title", html), fields.said("text", html)
    content = Post(
        message=body if body and title and body.startswith(title) else "\n\n".join(filter(None, (title, body))) or None,
        snippet=title,
        network=NAME,
        issued_at=published_at or updated_at,
        author=fields.said("author"),
        image_urls=_media(item, "image", fields),
        video_urls=_media(item, "video", fields),
        places=(),
        search_ids=options.search_ids,
        url=fields.said("link", url),
    )
    tags = dict.fromkeys(found for each in children(item, "category") if (found := each.get("term") or each.text))
    at = updated_at or published_at
    place = _place(item, fields) or UNSET
    extra = {"categories": [plain_text(tag)[:200] for tag in tags][:50]}
    batch.claim(of, content, at=at, flags=fields.flags, geometry=place, every_s=POLLED_S, extra=extra)


_DRAWN = ("polygon", "line", "box", "posList", "lowerCorner", "upperCorner")
"""Elements of GeoRSS and GML that hold several positions, or one corner each."""
MAX_CORNERS = 2_000
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def _body(item: Element) -> str | None:
    """The whole text where there is one, else the summary. XHTML within Atom is text with its elements."""
    for name in ("encoded", "content", "description", "summary"):
        for child in children(item, name):
            if name == "content" and namespace(child) not in (ATOM, ""):
                continue  # media:content is a picture
            if found := "".join(str(part) for part in child.itertext()).strip():
                return found
    return None


def _link(item: Element) -> str | None:
    links = list(children(item, "link"))
    chosen = [each for each in links if each.get("rel", "alternate") == "alternate"] or links
    return next((str(found).strip() for each in chosen if (found := each.get("href") or each.text)), None)


def _author(item: Element) -> str | None:
    """A name; the mail address that RSS 2.0 asks for is not kept."""
    for author in children(item, "author", "creator"):
        found = child_text(author, "name") or "".join(str(part) for part in author.itertext()).strip()
        if "@" in found:
            found = found.partition("(")[2].rpartition(")")[0].strip()
        if found:
            return found
    return None


def _media(item: Element, kind: str, fields: Fields) -> tuple[str, ...]:
    """Enclosures and media:content of a kind."""
    found: dict[str, None] = {}
    for each in item.iter():
        if not isinstance(each.tag, str) or local(each) not in ("enclosure", "content", "thumbnail", "link"):
            continue
        if local(each) == "link" and each.get("rel") != "enclosure":
            continue
        medium = each.get("medium") or (each.get("type") or "").partition("/")[0]
        medium = "image" if local(each) == "thumbnail" else medium
        address = each.get("url") or each.get("href")
        if medium == kind and address:
            read = Fields({"media": address}, fields.batch, fields.of).said("media", url)
            if read is not None:
                found[read] = None
    return tuple(found)[:50]


def _place(item: Element, fields: Fields) -> Geometry | None:
    """GeoRSS (`georss:point`, GML within) and the older geo:lat, geo:long; latitude first. Of a line, an area or a box
    it is the middle of its extent (flagged).
    """
    told = next((child_text(each) or each.text for each in item.iter("{*}point", "{*}pos") if each.text), None)
    parts = (told or "").replace(",", " ").split()
    if len(parts) < 2:
        parts = [part for name in ("lat", "long") if (part := next(_texts(item, name), None))]
    if len(parts) < 2 and (middle := _middle(item)) is not None:
        parts = [str(angle) for angle in middle]
        fields.flags.add("position_from_area")
    if len(parts) < 2:
        return None
    place = Fields({"lat": parts[0], "lon": parts[1]}, fields.batch, fields.of)
    found = place.point("lon", "lat")
    fields.flags.update(place.flags)
    return found if isinstance(found, dict) else None


def _texts(item: Element, *names: str) -> Iterator[str]:
    """What stands in the elements of these names, however deep."""
    for each in item.iter(*(f"{{*}}{name}" for name in names)):
        if found := (each.text or "").strip():
            yield found


def _middle(item: Element) -> tuple[float, float] | None:
    """The middle of what is drawn, latitude first; None where nothing is."""
    corners = " ".join(islice(_texts(item, *_DRAWN), MAX_CORNERS)).replace(",", " ").split()[:MAX_CORNERS]
    try:
        numbers = [float(part) for part in corners]
    except ValueError:
        return None
    if len(numbers) < 4 or len(numbers) % 2:
        return None
    lats, lons = numbers[::2], numbers[1::2]
    return round((min(lats) + max(lats)) / 2, 7), round((min(lons) + max(lons)) / 2, 7)


def _host(root: Element) -> str | None:
    """Where the feed is from."""
    for top in (root, *children(root, "channel")):
        link = _link(top)
        if link and link.count("/") >= 2:
            return link.split("/")[2][:100] or None
    return None


FEED = Feed(
    name=NAME,
    title="News: RSS 0.9x, 1.0, 2.0 and Atom",
    decode=decode,
    clean=openings,
    max_bytes=MAX_BYTES,
    options=SocialOptions,
    stream=Stream(framer=Whole, files=("*.xml", "*.rss", "*.atom")),
)
