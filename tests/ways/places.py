"""Small streets for the tests of ways: a town of squares, with what stands in the way where a test wants it."""

from pathlib import Path

import numpy as np

from server.base.base import Base
from server.base.build import build
from server.base.hoses import Hoses
from server.base.road_graph import Floats
from server.base.routing import Router
from server.base.streets import Streets, streets
from server.base.vehicles import VEHICLES, Vehicle
from tests.base.osm import Sheet

LON, LAT = 8.75, 51.72
EAST_DEG, NORTH_DEG = 0.001448, 0.000899
"""100 metres each at this place."""


def at(x: float, y: float) -> tuple[float, float]:
    """The position so many hundreds of metres east and north of the corner."""
    return LON + x * EAST_DEG, LAT + y * NORTH_DEG


class Place:
    """A sheet with nodes by their grid position: streets that share a position meet there."""

    def __init__(self) -> None:
        self.sheet = Sheet()
        self._known: dict[tuple[float, float], int] = {}

    def node(self, x: float, y: float, **tags: str) -> int:
        """The node there; tags count only for a new one."""
        if (x, y) not in self._known:
            self._known[x, y] = self.sheet.node(*at(x, y), **tags)  # type: ignore[arg-type]
        return self._known[x, y]

    def street(self, *corners: tuple[float, float], highway: str = "residential", **tags: str) -> int:
        """A street over corners."""
        return self.sheet.way([self.node(*corner) for corner in corners], highway=highway, **tags)  # type: ignore[arg-type]

    def base(self, folder: Path) -> Base:
        """Base data of it."""
        return build(self.sheet.write(folder / "place.osm"), folder / "base")

    def router(self, folder: Path, **vehicles: Vehicle) -> Router:
        """A router over it."""
        return Router(self.base(folder).get(streets), {**VEHICLES, **vehicles})

    def hoses(self, folder: Path) -> Hoses:
        """Its water."""
        return self.base(folder).get(Hoses)


def streets_of(router: Router, edges: tuple[int, ...]) -> list[str]:
    """Names of the streets driven, each once in a row."""
    graph = router.graph
    names = [graph.name(int(graph.edge_segment[edge])) for edge in edges]
    return [name for index, name in enumerate(names) if index == 0 or names[index - 1] != name]


def brute_force_s(found: Streets, edge_s: Floats, node_s: Floats, turns: tuple[Floats, float]) -> np.ndarray:
    """Seconds from the beginning of every edge to the end of every other, by Floyd and Warshall over edges."""
    graph = found.graph
    number = len(graph.edge_head)
    turn_s, u_turn_s = turns
    best = np.full((number, number), np.inf)
    banned = {tuple(pair) for pair in graph.banned.tolist()}
    for edge in range(number):
        for other in range(number):
            if graph.edge_head[edge] != graph.edge_tail[other]:
                continue
            node = int(graph.edge_head[edge])
            if (edge, other) in banned:
                continue
            if other == graph.edge_twin[edge]:
                best[edge, other] = u_turn_s + edge_s[other]
            else:
                angle = (graph.edge_leaves_deg[other] - graph.edge_arrives_deg[edge] + 540.0) % 360.0
                many = int((graph.edge_tail == node).sum()) > 2
                best[edge, other] = node_s[node] + (turn_s[int(angle)] if many else 0.0) + edge_s[other]
    for middle in range(number):
        best = np.minimum(best, best[:, middle, None] + best[None, middle, :])
    return best
