"""Small OpenStreetMap files, written by the tests that read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import quoteattr


@dataclass
class Sheet:
    """Collects elements and writes them as OSM XML; positions are (lon, lat)."""

    nodes: dict[int, tuple[float, float, dict[str, str]]] = field(default_factory=dict)
    ways: dict[int, tuple[list[int], dict[str, str]]] = field(default_factory=dict)
    relations: dict[int, tuple[list[tuple[str, int, str]], dict[str, str]]] = field(default_factory=dict)
    bounds: tuple[float, float, float, float] | None = None

    def node(self, lon: float, lat: float, **tags: str) -> int:
        """A node; two underscores in a key stand for a colon."""
        number = len(self.nodes) + 1
        self.nodes[number] = (lon, lat, _tags(tags))
        return number

    def way(self, places: Sequence[tuple[float, float] | int], closed: bool = False, **tags: str) -> int:
        """A way over new nodes, or over the ids of nodes."""
        refs = [place if isinstance(place, int) else self.node(*place) for place in places]
        number = 1000 + len(self.ways)
        self.ways[number] = ([*refs, refs[0]] if closed else refs, _tags(tags))
        return number

    def relation(self, members: Sequence[tuple[str, int, str]], **tags: str) -> int:
        """A relation with members (type, id, role)."""
        number = 9000 + len(self.relations)
        self.relations[number] = (list(members), _tags(tags))
        return number

    def square(self, lon: float, lat: float, side_deg: float, **tags: str) -> int:
        """A closed way with its south-west corner there."""
        east, north = lon + side_deg, lat + side_deg
        return self.way([(lon, lat), (east, lat), (east, north), (lon, north)], closed=True, **tags)

    def text(self) -> str:
        """The whole file."""
        lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6">']
        if self.bounds:
            west, south, east, north = self.bounds
            lines.append(f'<bounds minlon="{west}" minlat="{south}" maxlon="{east}" maxlat="{north}"/>')
        for number, (lon, lat, tags) in self.nodes.items():
            lines.append(f'<node id="{number}" version="1" lat="{lat}" lon="{lon}">{_xml(tags)}</node>')
        for number, (refs, tags) in self.ways.items():
            nds = "".join(f'<nd ref="{ref}"/>' for ref in refs)
            lines.append(f'<way id="{number}" version="1">{nds}{_xml(tags)}</way>')
        for number, (members, tags) in self.relations.items():
            rows = "".join(f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members)
            lines.append(f'<relation id="{number}" version="1">{rows}{_xml(tags)}</relation>')
        return "\n".join([*lines, "</osm>", ""])

    def write(self, path: Path) -> Path:
        """Write the file and return where it is."""
        path.write_text(self.text(), encoding="utf-8")
        return path


def _tags(tags: Mapping[str, str]) -> dict[str, str]:
    return {key.replace("__", ":"): value for key, value in tags.items()}


def _xml(tags: Mapping[str, str]) -> str:
    return "".join(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items())
