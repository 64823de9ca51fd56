"""Reads OpenStreetMap extracts (.osm.pbf, .osm, .osm.gz and whatever else libosmium knows) in bounded memory.

Kept in memory are the positions of nodes (16 bytes each) and the ways that relations are made of. Areas of relations
are put together here and not by libosmium, which wants sorted ids and every member: extracts are cut at a border, and
of a forest with one missing edge the rings that do close are still a forest.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import osmium
import shapely
from osmium.filter import EmptyTagFilter
from osmium.osm import NODE, RELATION, WAY
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from layers.plain import plainly
from server.base.deleted import deleted, is_xml
from server.base.elements import Element, OsmType, Problems, is_area
from server.base.extent import Box, Extent
from server.base.kinds import PACKED_PBF, PBF, by_content, by_name, unpack
from server.base.mend import beginning
from server.base.read_share import ReadShare
from server.base.rings import assemble, filled

Wants = Callable[[Mapping[str, str]], bool]
AREA_RELATIONS = frozenset({"multipolygon", "boundary"})
TYPES: dict[str, OsmType] = {"n": "node", "w": "way", "r": "relation"}
__all__ = ["Box", "Extract", "ExtractError"]
FIRST_PASS = 0.15
"""Of the time that reading takes, what passes before the first node (measured on four extracts: 0.1 to 0.2)."""
UNREADABLE = (RuntimeError, ValueError, osmium.InvalidLocationError)
"""What libosmium raises for whatever a file can be: RuntimeError, but others for an id, a position or a value."""


class ExtractError(Exception):
    """A file that is no extract, or one that holds nothing; the message is for who gave it."""


class Extract:
    """One file. `elements()` reads it through; afterwards `problems`, `bbox` and `broken_off` tell about it."""

    def __init__(self, path: Path, wants: Wants) -> None:
        self.path = path
        self.problems = Problems()
        self.broken_off: str | None = None
        """Why the file could not be read to its end; None: it was."""
        self.bbox: Box | None = None
        """West, south, east, north: what the file says it covers, else where its elements lie."""
        self._wants = wants
        self._rings: dict[int, tuple[Mapping[str, str], list[tuple[int, str]]]] = {}
        self._lines: dict[int, list[BaseGeometry] | None] = {}
        """Ways that relations are made of; None: not in the extract."""
        self._drafted: dict[int, tuple[float, float]] | None = None
        """Positions of nodes with negative ids; None: not read."""
        self._source: osmium.io.File
        """What is read: the file, or the beginning of one that breaks off."""
        self._said: Box | None = None
        self._extent = Extent()
        """Of a file that does not say what it covers."""
        self._gone: frozenset[tuple[OsmType, int]] = frozenset()
        """What an editor marked as deleted."""
        self._last: tuple[str, int] = ("", 0)
        """Type and id of the object before: versions of one object follow each other."""
        self._read = 0
        self._reading: ReadShare | None = None
        self._passed = 0.0

    def elements(self) -> Iterator[Element]:
        """Every tagged element that is wanted: relations first, then nodes and ways, then the areas of relations.

        Raises ExtractError where not even the beginning can be read.
        """
        with tempfile.TemporaryDirectory() as scratch:
            yield from self._read_all(Path(scratch))
        if not self._read and self.broken_off:
            raise ExtractError(f"{self.path.name} is no OpenStreetMap extract: {self.broken_off}")
        if not self._read:
            raise ExtractError(f"{self.path.name} is an OpenStreetMap extract without any tagged element")
        self.bbox = self._said or self._extent.box(self.problems)

    def share_read(self) -> float:
        """From 0 to 1: how much of the file is done; it is read twice, and by far the most is done the second time."""
        if self._reading is not None:
            return self._passed + (1.0 - self._passed) * self._reading.share()
        return self._passed

    def _read_all(self, scratch: Path) -> Iterator[Element]:
        path, kind = self.path, None
        try:
            path, kind = self._recognised(scratch)
            self._gone = deleted(path)
            relations = list(self._relations())
        except OSError as error:
            raise ExtractError(f"{self.path.name} cannot be read: {error.strerror}") from error
        except UNREADABLE as error:
            self.broken_off = str(error)
            try:
                if (begun := beginning(path, scratch, kind)) is None:
                    raise
                path = begun
                self._source = osmium.io.File(str(path))
                self._rings, self._lines, self._read = {}, {}, 0
                relations = list(self._relations())
            except UNREADABLE as worse:
                raise ExtractError(f"{self.path.name} is no OpenStreetMap extract: {worse}") from error
        yield from relations
        self._passed, self._reading = FIRST_PASS, ReadShare(path)
        yield from self._nodes_and_ways(path)
        self._passed, self._reading = 1.0, None
        yield from self._areas_of_relations()

    def _recognised(self, scratch: Path) -> tuple[Path, str | None]:
        """The file to read and of what kind it is: by its first bytes, whatever it is called. Sets `_source`."""
        path, said, kind = self.path, by_name(self.path), by_content(self.path)
        if kind in PACKED_PBF:
            path = scratch / "unpacked.osm.pbf"
            unpack(self.path, path, kind)
            said = kind = PBF
        self._source = osmium.io.File(str(path), "" if kind in (None, said) else kind)
        return path, kind or said

    def _relations(self) -> Iterator[Element]:
        reader = osmium.FileProcessor(self._source, RELATION)
        self._last = ("", 0)
        if reader.header.has_multiple_object_versions or ".osh" in self.path.suffixes:
            raise self._history()
        box = reader.header.box()
        if box.valid():
            self._said = (box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat)
        relation: Any
        for relation in reader:
            if not self._is_there(relation) or not relation.tags:
                continue
            self._read += 1
            tags = dict(relation.tags)
            if not self._wants(tags):
                continue
            tags = plainly(tags)
            if tags.get("type") in AREA_RELATIONS:
                ways = [(member.ref, member.role) for member in relation.members if member.type == "w"]
                self._rings[relation.id] = (tags, ways)
                self._lines.update((ref, None) for ref, _ in ways)
            else:
                members = tuple((TYPES[one.type], one.ref, one.role) for one in relation.members)
                yield Element("relation", relation.id, "relation", tags, None, (), members)

    def _nodes_and_ways(self, path: Path) -> Iterator[Element]:
        reader = osmium.FileProcessor(self._source, NODE | WAY).with_locations()
        if not is_xml(path):  # XML does not say by itself that it is a history: there, each version is looked at
            untagged_nodes = EmptyTagFilter()
            untagged_nodes.enable_for(NODE)
            reader = reader.with_filter(untagged_nodes)
        item: Any
        for item in self._up_to_the_break(reader):
            if not self._is_there(item) or (item.is_node() and not item.tags):
                continue
            self._read += 1
            tags = dict(item.tags)
            if wanted := bool(tags) and self._wants(tags):
                tags = plainly(tags)
            if item.is_node():
                if wanted:
                    yield from self._node(item, tags)
            elif wanted or item.id in self._lines:
                yield from self._way(item, tags, wanted)

    def _is_there(self, item: Any) -> bool:
        """Whether an object was not deleted. Raises ExtractError where it comes a second time: that is a history."""
        this = (item.type_str(), item.id)
        if this == self._last:
            raise self._history()
        self._last = this
        osm_type = TYPES[item.type_str()]
        if item.visible and (osm_type, item.id) not in self._gone:
            return True
        self.problems.add("deleted", f"{osm_type} {item.id}")
        return False

    def _history(self) -> ExtractError:
        return ExtractError(
            f"{self.path.name} holds the history of objects, also what is no longer there: make an extract of one "
            "moment of it (osmium time-filter)"
        )

    def _up_to_the_break(self, items: Iterable[Any]) -> Iterator[Any]:
        """The items up to where they cannot be read any more."""
        left = iter(items)
        while True:
            try:
                item = next(left)
            except StopIteration:
                return
            except UNREADABLE as error:
                self.broken_off = self.broken_off or str(error)
                return
            yield item

    def _node(self, item: Any, tags: Mapping[str, str]) -> Iterator[Element]:
        if item.location.valid():
            point = Point(item.location.lon, item.location.lat)
            self._grow("node", item.id, point)
            yield Element("node", item.id, "node", tags, point)
        else:
            self.problems.add("invalid_positions", f"node {item.id}")

    def _way(self, item: Any, tags: Mapping[str, str], wanted: bool) -> Iterator[Element]:
        runs = self._runs(item)
        lines: list[BaseGeometry] = [shapely.linestrings([place for _, place in run]) for run in runs if len(run) > 1]
        if item.id in self._lines:
            self._lines[item.id] = lines
        if not wanted:
            return
        if item.is_closed() and is_area(tags):
            places = [place for run in runs for _, place in run]
            if places and places[0] != places[-1]:
                places.append(places[0])  # cut at the border: closed along the cut
            if (area := filled(places)) is not None:
                self._grow("way", item.id, area)
                yield Element("area", item.id, "way", tags, area)
                return
        elif lines:
            for line, run in zip(lines, (run for run in runs if len(run) > 1), strict=True):
                self._grow("way", item.id, line)
                yield Element("way", item.id, "way", tags, line, tuple(ref for ref, _ in run))
            return
        self.problems.add("ways_without_shape", f"way {item.id}")

    def _runs(self, item: Any) -> list[list[tuple[int, tuple[float, float]]]]:
        """The nodes of a way in runs that are whole; more than one where nodes in between are missing."""
        runs: list[list[tuple[int, tuple[float, float]]]] = [[]]
        missing: set[int] = set()
        for node in item.nodes:
            location = node.location
            place = (location.lon, location.lat) if location.valid() else self._draft(node.ref)
            if place is None:
                missing.add(node.ref)
                runs.append([])
            elif not runs[-1] or runs[-1][-1][0] != node.ref:
                runs[-1].append((node.ref, place))
        if missing:
            self.problems.add("cut_ways", f"way {item.id}")
            self.problems.counts["missing_nodes"] += len(missing)
        return [run for run in runs if run]

    def _draft(self, ref: int) -> tuple[float, float] | None:
        """Where a node with a negative id lies: editors save so what was never uploaded, libosmium keeps none of it."""
        if ref >= 0:
            return None
        if self._drafted is None:
            nodes: Iterable[Any] = osmium.FileProcessor(self._source, NODE)
            self._drafted = {
                node.id: (node.location.lon, node.location.lat)
                for node in nodes
                if node.id < 0 and node.location.valid()
            }
        return self._drafted.get(ref)

    def _areas_of_relations(self) -> Iterator[Element]:
        for relation, (tags, ways) in self._rings.items():
            parts: dict[bool, list[BaseGeometry]] = {True: [], False: []}
            absent = 0
            for ref, role in ways:
                lines = self._lines[ref]
                absent += lines is None
                parts[role == "inner"] += lines or []
            area = assemble(parts[False], parts[True])
            if area is None:
                self.problems.add("relations_without_area", f"relation {relation}")
                continue
            if absent:
                self.problems.add("cut_relations", f"relation {relation}")
            self._grow("relation", relation, area)
            yield Element("area", relation, "relation", tags, area)

    def _grow(self, osm_type: OsmType, osm_id: int, shape: BaseGeometry) -> None:
        if self._said is None:
            self._extent.add(osm_type, osm_id, shape)
