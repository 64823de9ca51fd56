"""The streets of base data, opened: graph, plane and index, shared by routes and hoses."""

from server.base.base import Base
from server.base.road_graph import FILE, RoadGraph
from server.base.search import Plane
from server.base.snapping import Snapper


class Lanes:
    """A graph as hoses want it: lists, which Python walks through faster than arrays."""

    def __init__(self, graph: RoadGraph) -> None:
        self.head: list[int] = graph.edge_head.tolist()
        self.tail: list[int] = graph.edge_tail.tolist()
        self.first: list[int] = graph.first.tolist()


class Streets:
    """Everything about a graph that does not depend on who uses it. Raises GraphError."""

    def __init__(self, graph: RoadGraph) -> None:
        self.graph = graph
        self.plane = Plane(graph)
        self.lanes = Lanes(graph)
        self.snapper = Snapper(graph, self.plane)
        self.pairs: list[tuple[int, int]] = [(0, 0)] * len(graph.segment_way)
        """Forward and backward edge of each segment."""
        backward = graph.edge_backward.tolist()
        for edge, segment in enumerate(graph.edge_segment.tolist()):
            forward, back = self.pairs[segment]
            self.pairs[segment] = (forward, edge) if backward[edge] else (edge, back)


def streets(base: Base) -> Streets:
    """Reader for `Base.get`."""
    return Streets(RoadGraph.load(base.file(FILE)))
