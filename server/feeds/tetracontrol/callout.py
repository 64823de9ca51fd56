"""What a callout says: addresses of pagers, reference, and the words, which each control room orders its own way."""

import re

from msgspec import Struct

from server.feeds._positions import in_text
from server.feeds.tetracontrol.options import TetraOptions

CALLOUT, FEEDBACK, AVAILABILITY = "-1", "3", "5"
"""First part of a remark; anything else is a plain short message."""
_SUBADDRESSES = re.compile(r"\s*((?:&\d\d)+)")
_SIREN = re.compile(r"\s*((?:&\d\d)*)\$(\d{4})")
_TOWN = re.compile(r"(\d{5}) +(.+)")


class Remark(Struct, frozen=True):
    """`type;severity;calloutReference;sub-addresses or status`; older versions leave it short."""

    kind: str = ""
    severity: str = ""
    reference: str = ""
    last: str = ""

    @property
    def code(self) -> int | None:
        """The last part as the code of an answer."""
        return int(self.last) if re.fullmatch(r"-?\d{1,9}", self.last) else None


class Words(Struct, frozen=True, kw_only=True):
    """The text of a callout taken apart; what is empty was not said. `position` is longitude and latitude."""

    subaddresses: tuple[str, ...] = ()
    position: tuple[float, float] | None = None
    number: str = ""
    keyword: str = ""
    description: str = ""
    street: str = ""
    house: str = ""
    postcode: str = ""
    city: str = ""
    district: str = ""
    detail: str = ""
    ric: str = ""


def remark(written: str) -> Remark:
    """The parts of a remark, as far as they are there."""
    parts = [part.strip() for part in written.split(";", 3)]
    return Remark(*parts)


def siren(text: str) -> tuple[tuple[str, ...], str] | None:
    """Sub-addresses and code of a siren alarm (`&21&22$2002`); None where the text is none."""
    found = _SIREN.match(text)
    if found is None or (not found[1] and found.end() < len(text.rstrip())):
        return None
    return split(found[1]), found[2]


def split(subaddresses: str) -> tuple[str, ...]:
    """`&21&22` as its two addresses, whatever stands between them."""
    return tuple(re.findall(r"&\d\d", subaddresses))


def words(text: str, options: TetraOptions) -> Words:
    """The text of a callout: as lines, as fields divided by `||`, as `keyword - description`, or as it is."""
    addressed = _SUBADDRESSES.match(text)
    rest = text[addressed.end() :] if addressed else text
    addresses = split(addressed[1]) if addressed else ()
    place = in_text(rest)
    position = None if place is None else place[:2]
    rest = rest if place is None else place[2]
    said = as_lines(rest, options) or _as_fields(rest) or _as_sentence(rest)
    return Words(subaddresses=addresses, position=position, **said)


def as_lines(text: str, options: TetraOptions) -> dict[str, str] | None:
    """Fields by the patterns of the source, the lines that none fits behind the description; None if it has no such
    lines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    said: dict[str, str] = {}
    unknown: list[str] = []
    patterns = options.compiled()
    for line in lines:
        hits = ((name, pattern.search(line)) for name, pattern in patterns.items())
        name, found = next(((name, hit) for name, hit in hits if hit is not None), ("", None))
        if found is not None and name in Words.__struct_fields__ and name not in ("subaddresses", "position"):
            value = (found[1] if found.re.groups else found[0]) or ""
            said[name] = " ".join(filter(None, (said.get(name), value.strip())))
        elif line.strip():
            unknown.append(line.strip())
    if "keyword" not in said or not said.keys() & {"number", "street", "city"}:
        return None
    said["description"] = "\n".join(filter(None, (said.get("description"), *unknown)))
    return said


def _as_fields(text: str) -> dict[str, str] | None:
    """`keyword||description||street||postcode city`."""
    fields = [field.strip() for field in text.split("||")]
    if len(fields) < 2:
        return None
    said = {"keyword": fields[0]}
    town = _TOWN.fullmatch(fields[-1])
    if town is not None:
        said.update(postcode=town[1], city=town[2])
        del fields[-1]
        if len(fields) > 2:
            said["street"] = fields.pop()
    said["description"] = "\n".join(filter(None, fields[1:]))
    return said


def _as_sentence(text: str) -> dict[str, str]:
    keyword, divided, description = text.strip().partition(" - ")
    if divided and len(keyword) <= 40:
        return {"keyword": keyword.strip(), "description": description.strip()}
    return {"description": text.strip()}
