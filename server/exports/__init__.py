"""A situation as a file for others: KML for Google Earth and the like, GeoPackage for GIS programs.

Both take what a view shows (layers.views) as tables (`server.ogc.live.Table`), so that columns, types and the marks of
an exercise are those of the OGC API.
"""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from layers.views import ALL_LAYERS
from layers.wire import Feature
from server.ogc.live import EXERCISE, Table


class Snapshot(Struct, frozen=True, kw_only=True):
    """A situation at a moment. `now` is the situation's clock; `tables` has the layers with something in them."""

    situation: str
    title: str
    exercise: bool
    now: datetime
    tables: dict[str, Table]

    @property
    def marked_title(self) -> str:
        """The title, of an exercise with the word for it."""
        return f"{EXERCISE}: {self.title}" if self.exercise else self.title

    @property
    def file_name(self) -> str:
        """A name for the file, without its ending."""
        mark = "UEBUNG-" if self.exercise else ""
        return f"{mark}lagebild-{self.situation}-{self.now:%Y%m%dT%H%M%SZ}"


def snapshot(features: Iterable[Feature], situation: str, title: str, exercise: bool, now: datetime) -> Snapshot:
    """The features by layer, in the order of layers."""
    by_layer: dict[str, list[Feature]] = {}
    for feature in features:
        by_layer.setdefault(feature["properties"]["layer"], []).append(feature)
    tables = {layer: Table(by_layer[layer], situation, exercise, None) for layer in ALL_LAYERS if layer in by_layer}
    return Snapshot(situation=situation, title=title, exercise=exercise, now=now, tables=tables)
