"""A route in words: where to turn, into which street, how far; German and English."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.base.road_graph import RoadGraph
from server.base.road_rules import ROUNDABOUT

WORDS = {
    "de": {
        "depart": "Start", "arrive": "Ziel", "straight": "geradeaus", "slight_left": "halb links", "left": "links",
        "sharp_left": "scharf links", "slight_right": "halb rechts", "right": "rechts", "sharp_right": "scharf rechts",
        "u_turn": "wenden", "roundabout": "im Kreisverkehr {exit}. Ausfahrt",
    },
    "en": {
        "depart": "start", "arrive": "goal", "straight": "straight on", "slight_left": "half left", "left": "left",
        "sharp_left": "sharp left", "slight_right": "half right", "right": "right", "sharp_right": "sharp right",
        "u_turn": "turn round", "roundabout": "at the roundabout exit {exit}",
    },
}  # fmt: skip


@dataclass(slots=True)
class Step:
    """One instruction and the stretch after it."""

    turn: str
    street: str
    length_m: float
    duration_s: float
    exit: int = 0
    """Of a roundabout, counted from 1."""

    def text(self, lang: str = "de") -> str:
        """Such as `links: Kampstraße, 120 m`."""
        words = WORDS[lang][self.turn].format(exit=self.exit)
        where = f": {self.street}" if self.street else ""
        return f"{words}{where}, {round(self.length_m)} m"


def turn_word(angle_deg: float) -> str:
    """The word for a change of direction, degrees clockwise, -180 to 180."""
    side = "right" if angle_deg > 0 else "left"
    size = abs(angle_deg)
    if size < 25.0:
        return "straight"
    if size < 60.0:
        return f"slight_{side}"
    if size < 125.0:
        return side
    return f"sharp_{side}" if size < 170.0 else "u_turn"


def steps(graph: RoadGraph, edges: Sequence[int], metres: Sequence[float], seconds: Sequence[float]) -> list[Step]:
    """A new step where the street changes or the way turns at a junction."""
    told: list[Step] = []
    exits, circling = 0, False
    for index, edge in enumerate(edges):
        segment = int(graph.edge_segment[edge])
        street, round_it = graph.name(segment), bool(graph.segment_flags[segment] & ROUNDABOUT)
        if index == 0:
            told.append(Step("depart", street, 0.0, 0.0))
        else:
            before = edges[index - 1]
            node = int(graph.edge_head[before])
            many = int(graph.first[node + 1] - graph.first[node]) > 2
            angle = (float(graph.edge_leaves_deg[edge] - graph.edge_arrives_deg[before]) + 540.0) % 360.0 - 180.0
            word = "u_turn" if edge == graph.edge_twin[before] else turn_word(angle)
            if round_it and not circling:
                told.append(Step("roundabout", street, 0.0, 0.0, exit=1))
                exits = 1
            elif round_it:
                exits += _leaves(graph, node, edge)
                told[-1].exit = exits
            elif circling:
                told[-1].street = street
            elif street != told[-1].street or (many and word not in ("straight", "slight_left", "slight_right")):
                told.append(Step(word, street, 0.0, 0.0))
        circling = round_it
        told[-1].length_m = round(told[-1].length_m + metres[index], 1)
        told[-1].duration_s = round(told[-1].duration_s + seconds[index], 1)
    told.append(Step("arrive", told[-1].street, 0.0, 0.0))
    return told


def _leaves(graph: RoadGraph, node: int, onward: int) -> int:
    """How many roads leave a roundabout at a node that is passed."""
    outward = range(int(graph.first[node]), int(graph.first[node + 1]))
    return sum(not graph.segment_flags[graph.edge_segment[edge]] & ROUNDABOUT for edge in outward if edge != onward)
