"""CAP in XML (1.0, 1.1, 1.2), read by local names into the one form that `alert` maps: CAP as JSON writes it.

An index (Atom, RSS) may carry whole alerts, or a few of their elements with the entry's own (the National Weather
Service, MeteoAlarm): such an entry becomes an alert as far as it goes.
"""

from collections.abc import Iterator
from typing import Any

from server.feeds._xml import Element, child_text, children, local, namespace, text_of

NAMESPACES = ("urn:oasis:names:tc:emergency:cap:", "http://www.incident.com/cap/", "http:/www.incident.com/cap/")
CAP_10 = "1.0"
LISTS = frozenset({"code", "category", "responseType"})
PAIRS = frozenset({"eventCode", "parameter", "geocode"})
"""Elements that hold a name and a value; in CAP 1.0 as the text `name=value`."""
SHAPES = frozenset({"polygon", "circle"})
GROUPS = frozenset({"info", "area", "resource"})
RESOURCE = frozenset({"resourceDesc", "mimeType", "size", "uri"})
"""Of a resource its bytes (derefUri) are left out."""
STATUS_ASSUMED = "status_assumed"
_SAME_WARNING = ("event", "urgency", "severity", "certainty", "effective", "onset", "expires", "language")
Json = dict[str, Any]


def is_cap(element: Element) -> bool:
    """Whether the element is of a CAP namespace."""
    return namespace(element).startswith(NAMESPACES)


def alerts(root: Element) -> Iterator[Element]:
    """The outermost alerts in a document, whatever envelope they are in."""
    stack = [root]
    while stack:
        element = stack.pop()
        if local(element) == "alert" and (is_cap(element) or next(children(element, "identifier"), None) is not None):
            yield element
        else:
            stack.extend(reversed(list(children(element))))


def is_index(root: Element) -> bool:
    """Whether the document is a list of entries."""
    return local(root) in ("feed", "rss", "RDF", "channel")


def entries(root: Element) -> Iterator[Element]:
    """The entries of an Atom feed or the items of an RSS channel."""
    if is_index(root):
        yield from (found for found in root.iter() if isinstance(found.tag, str) and local(found) in ("entry", "item"))


def alert_json(element: Element) -> Json:
    """The alert as JSON. In CAP 1.0 an alert without a scope is public."""
    found = _group(element)
    if namespace(element).rstrip("/").endswith(CAP_10):
        found.setdefault("scope", "Public")
    return found


def entry_json(entry: Element, root: Element) -> Json | None:
    """What an entry tells of an alert by itself; None where it has no element of CAP."""
    told = [child for child in children(entry) if is_cap(child)]
    if not told:
        return None
    found: Json = {}
    for child in told:
        _keep(found, child)
    author = next((child_text(each, "name") for each in children(entry, "author")), None)
    publisher = next((child_text(each, "name") for top in _tops(root) for each in children(top, "author")), None)
    link = _link(entry)
    outer = {
        "identifier": found.pop("identifier", None) or child_text(entry, "id", "guid") or link,
        "sender": found.pop("sender", None) or author or publisher or child_text(root, "id") or _host(link),
        "sent": found.pop("sent", None) or child_text(entry, "updated", "published", "pubDate", "date"),
        "status": found.pop("status", None),
        "msgType": found.pop("msgType", None) or found.pop("message_type", None) or "Alert",
        "scope": found.pop("scope", None) or "Public",
        "references": found.pop("references", None),
        "note": found.pop("note", None),
        "code": found.pop("code", None),
    }
    if outer["status"] is None:
        outer["status"], outer["flags"] = "Actual", [STATUS_ASSUMED]
    area = {name: found.pop(name) for name in ("areaDesc", "polygon", "circle", "geocode") if name in found}
    title = child_text(entry, "title")
    # The oldest indices of the National Weather Service name the event in the title alone.
    event = title.partition(" issued ")[0] if title and " issued " in title else None
    info = {
        "headline": title,
        "event": event,
        "description": child_text(entry, "summary", "description"),
        "web": link,
        **found,
        "area": [area],
    }
    return {**outer, "info": [info]}


def joined(told: list[Json]) -> list[Json]:
    """What entries tell, each alert once: some indices have an entry for every area of an alert."""
    found: dict[str, Json] = {}
    infos: dict[str, Json] = {}
    for one in told:
        (info,) = one["info"]
        key = repr([one[name] for name in ("identifier", "sender", "sent")])
        same = repr([key, *(info.get(name) for name in _SAME_WARNING)])
        if same in infos:
            infos[same]["area"].extend(info["area"])
            if infos[same].get("headline") != info.get("headline"):
                infos[same]["headline"] = None  # it names one of the areas
        elif key in found:
            found[key]["info"].append(info)
        else:
            found[key] = one
        infos.setdefault(same, info)
    return list(found.values())


def link_of(entry: Element) -> str | None:
    """Where an entry leads."""
    return _link(entry)


def _tops(root: Element) -> list[Element]:
    return [root, *children(root, "channel")]


def _link(entry: Element) -> str | None:
    links = list(children(entry, "link"))
    capped = [each for each in links if "cap" in (each.get("type") or "")]
    for each in [*capped, *links]:
        if found := each.get("href") or text_of(each):
            return str(found).strip()
    return None


def _host(link: str | None) -> str | None:
    return link.split("/")[2] if link and link.count("/") > 1 and link.split("/")[2] else None


def _group(element: Element) -> Json:
    found: Json = {}
    for child in children(element):
        _keep(found, child)
    return found


def _keep(found: Json, child: Element) -> None:
    name = local(child)
    if name in GROUPS:
        part = _group(child)
        if name == "resource":
            part = {key: value for key, value in part.items() if key in RESOURCE}
        found.setdefault(name, []).append(part)
    elif name in PAIRS:
        found.setdefault(name, []).extend(_pairs(child))
    elif (text := text_of(child)) is None:
        return
    elif name in LISTS or name in SHAPES:
        found.setdefault(name, []).append(text)
    else:
        found.setdefault(name, text)


def _pairs(element: Element) -> Iterator[Json]:
    """Names and values in their order; the index of the National Weather Service has several in one element."""
    name: str | None = None
    plain = True
    for child in children(element, "valueName", "value"):
        plain = False
        if local(child) == "valueName":
            name = text_of(child)
        elif name is not None and (value := text_of(child)) is not None:
            yield {"valueName": name, "value": value}
    if plain and (text := text_of(element)) is not None and "=" in text:
        key, _, value = text.partition("=")
        yield {"valueName": key.strip(), "value": value.strip()}
