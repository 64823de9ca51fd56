"""Part roads: gathers ways, what stands at nodes and turn restrictions while base data is built; see `road_build`."""

from collections.abc import Mapping
from math import nan

import shapely
from shapely.geometry.base import BaseGeometry

from server.base import moments, road_rules
from server.base.build import Output
from server.base.elements import Element
from server.base.road_bans import Ban
from server.base.road_build import NodeFacts, Piece, Position, make
from server.base.road_graph import FILE

FORBIDDING = ("no_left_turn", "no_right_turn", "no_straight_on", "no_u_turn", "no_entry", "no_exit")
DEMANDING = ("only_left_turn", "only_right_turn", "only_straight_on", "only_u_turn")


class Roads:
    """The part."""

    name = "roads"

    def __init__(self) -> None:
        self._pieces: list[Piece] = []
        self._squares: list[tuple[Element, road_rules.Way]] = []
        self._facts: dict[int, NodeFacts] = {}
        self._bans: list[Ban] = []
        self._cuts: list[list[Position]] = []
        self._skipped = 0

    def wants(self, tags: Mapping[str, str]) -> bool:
        """Ways, barriers, signals, rails, waters and restrictions."""
        if "highway" in tags or "barrier" in tags or "railway" in tags:
            return True
        return tags.get("type") == "restriction" or tags.get("waterway") in ("river", "canal")

    def take(self, element: Element) -> None:
        """Remember what counts of an element."""
        tags = element.tags
        if element.kind == "node":
            self._take_node(element)
        elif element.kind == "relation":
            if tags.get("type") == "restriction":
                self._take_restriction(element)
        elif element.kind == "way":
            self._take_way(element)
        elif tags.get("highway") in ("pedestrian", "footway", "service") and element.geometry is not None:
            square = road_rules.way({**tags, "area": "no"})
            if square is not None:
                self._squares.append((element, square))

    def _take_way(self, element: Element) -> None:
        assert element.geometry is not None
        positions = [(float(lon), float(lat)) for lon, lat in shapely.get_coordinates(element.geometry)]
        if road_rules.cuts_hoses(element.tags):
            self._cuts.append(positions)
        way = road_rules.way(element.tags)
        if way is not None:
            self._pieces.append(Piece(element.id, way, element.refs, positions, moments.condition(element.tags)))

    def _take_node(self, element: Element) -> None:
        tags = element.tags
        facts = NodeFacts(
            barrier=road_rules.barrier(tags),
            signals=tags.get("highway") == "traffic_signals" or tags.get("crossing") == "traffic_signals",
            rails=road_rules.is_crossing_of_rails(tags),
            max_height_m=road_rules.number(tags.get("maxheight")) if "barrier" in tags else nan,
            max_width_m=road_rules.number(tags.get("maxwidth")) if "barrier" in tags else nan,
            condition=moments.condition(tags) if "barrier" in tags else "",
        )
        if facts.splits or facts.signals:
            self._facts[element.id] = facts

    def _take_restriction(self, element: Element) -> None:
        tags = element.tags
        if tags.get("restriction:emergency") == "none" or "emergency" in tags.get("except", ""):
            return  # not for us
        kinds = moments.turns(tags)
        if not kinds and "restriction:conditional" not in tags:
            return  # for others: hgv, bicycles
        nodes, ways, entries, exits = (
            tuple(ref for what, ref, role in element.members if (what, role) == wanted)
            for wanted in (("node", "via"), ("way", "via"), ("way", "from"), ("way", "to"))
        )
        known = [(kind, when) for kind, when in kinds if kind in FORBIDDING or kind in DEMANDING]
        over = len(nodes) == 1 or ways
        if not known or not entries or not exits or not over:
            self._skipped += 1
            return
        via = nodes[0] if nodes else 0
        self._bans += [Ban(entries, via, exits, kind in DEMANDING, ways, when) for kind, when in known]

    def finish(self, out: Output) -> dict[str, int]:
        """Write the graph."""
        self._pieces += self._walks_over_squares()
        graph = make(self._pieces, self._facts, self._bans, self._cuts)
        graph.save(out.folder / FILE)
        if self._skipped:
            out.problems.counts["restrictions_not_understood"] += self._skipped
        return {
            "nodes": len(graph.node_position),
            "segments": len(graph.segment_way),
            "kilometres": round(float(graph.segment_length_m.sum()) / 1000.0),
            "turn_restrictions": len(self._bans),
        }

    def _walks_over_squares(self) -> list[Piece]:
        """Squares that are mapped as areas: their outline, joined to the streets whose nodes lie on it."""
        if not self._squares:
            return []
        refs = {place: ref for piece in self._pieces for place, ref in zip(piece.positions, piece.refs, strict=True)}
        fresh, walks = -1, []
        for element, way in self._squares:
            for line in _outlines(element.geometry):
                for place in line:
                    if place not in refs:
                        refs[place] = fresh
                        fresh -= 1
                walks.append(Piece(element.id, way, [refs[place] for place in line], line))
        return walks


def _outlines(shape: BaseGeometry | None) -> list[list[Position]]:
    rings = shapely.get_rings(shapely.get_parts(shape)) if shape is not None else ()
    return [[(float(lon), float(lat)) for lon, lat in shapely.get_coordinates(ring)] for ring in rings]


def part() -> Roads:
    """A fresh part."""
    return Roads()
