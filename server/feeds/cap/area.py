"""Where a warning holds: polygons without their holes, circles, codes of places, heights.

CAP writes `lat,lon lat,lon ...` and `lat,lon radius` in kilometres, heights in feet. The German weather service cuts
holes by a geocode named EXCLUDE_POLYGON; the holes belong to the polygons of the same area.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from layers.areas import circle, corners, joined, simplified
from layers.observation import Geometry
from server.feeds._batch import Fields
from server.feeds._geometry import BadGeometry, geojson, position
from server.feeds.ngsi.values import number

FOOT_M = 0.3048
EXCLUDED = "EXCLUDE_POLYGON"
MAX_AREAS = 500
"""Areas read per warning; beyond it only their shapes and heights count, not their names and codes."""
MAX_POINTS = 10_000
"""Positions of a warning's shapes in all."""
MAX_RADIUS_KM = 5_000.0
MAX_CODES = 1_000
MAX_CODE_CHARS = 64
MAX_TEXT_CHARS = 2_000
MANY = frozenset({"FIPS6", "SAME", "UGC", "ZGEM", "ARS"})
"""Schemes whose value may be a list of codes."""
SIMPLIFIED, CUT = "area_simplified", "area_cut"
"""Flags: the shape has fewer corners than it was sent with; not all names and codes of places were kept."""


class Place(Struct):
    """What the areas of a warning are together."""

    geometry: Geometry | None = None
    text: str | None = None
    codes: dict[str, tuple[str, ...]] = {}
    altitude_m: float | None = None
    ceiling_m: float | None = None


class Gatherer:
    """Gathers areas, one after another; what of one cannot be read is refused, the rest of it counts."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._parts: list[Geometry] = []
        self._names: dict[str, None] = {}
        self._codes: dict[str, dict[str, None]] = {}
        self._heights: list[tuple[float | None, float | None]] = []
        self._areas = 0
        self._points = 0

    def add(self, area: Mapping[str, Any], batch_fields: Fields) -> None:
        """One area as CAP's JSON has it."""
        self._areas += 1
        pairs = _pairs(area.get("geocode"))
        self._shape(area, [value for name, value in pairs if name == EXCLUDED])
        self._heights.append((batch_fields.said("altitude", number), batch_fields.said("ceiling", number)))
        if self._areas > MAX_AREAS:
            self._fields.flags.add(CUT)
            return
        name = batch_fields.said("areaDesc")
        if name is not None:
            self._names[name] = None
        for scheme, value in pairs:
            if scheme != EXCLUDED:
                self.code(scheme, value)

    def code(self, scheme: str, value: str) -> None:
        """A code of a place."""
        known = self._codes.setdefault(scheme[:MAX_CODE_CHARS], {})
        for code in value.replace(",", " ").replace("+", " ").split() if scheme in MANY else [value.strip()]:
            if sum(map(len, self._codes.values())) >= MAX_CODES or len(code) > MAX_CODE_CHARS:
                self._fields.flags.add(CUT)
            elif code:
                known[code] = None

    def place(self) -> Place:
        """The areas together."""
        lows = [low for low, _ in self._heights if low is not None]
        highs = [high for _, high in self._heights if high is not None]
        # An area without a height holds at every height.
        return Place(
            geometry=self._geometry(),
            text=self._text(),
            codes={scheme: tuple(found) for scheme, found in self._codes.items() if found},
            altitude_m=_metres(min(lows)) if lows and len(lows) == len(self._heights) else None,
            ceiling_m=_metres(max(highs)) if highs and len(highs) == len(self._heights) else None,
        )

    def _geometry(self) -> Geometry | None:
        whole = joined(self._parts)
        if whole is None:
            return None
        most = self._fields.reading.context.limits.points
        if corners(whole) > most:
            self._fields.flags.add(SIMPLIFIED)
            return simplified(whole, most)
        return whole

    def _text(self) -> str | None:
        text = ""
        for count, name in enumerate(self._names):
            if len(text) + len(name) > MAX_TEXT_CHARS and text:
                self._fields.flags.add(CUT)
                return f"{text} … (+{len(self._names) - count})"
            text = f"{text}, {name}" if text else name[:MAX_TEXT_CHARS]
        return text or None

    def _shape(self, area: Mapping[str, Any], excluded: list[str]) -> None:
        parts = [found for text in _texts(area.get("polygon")) if (found := self._read("polygon", text))]
        parts += [found for text in _texts(area.get("circle")) if (found := self._read("circle", text))]
        if area.get("geometry") is not None and (found := self._read("geometry", area["geometry"])):
            parts.append(found)
        holes = [found for text in excluded if (found := self._read(EXCLUDED, text))]
        whole = joined(parts, holes)
        if whole is not None and whole not in self._parts:
            self._parts.append(whole)

    def _read(self, name: str, written: Any) -> Geometry | None:
        try:
            left = MAX_POINTS - self._points
            if name == "geometry":
                found = geojson(written, left)
            elif name == "circle":
                found = _circle(written)
            else:
                found = _polygon(written, left)
        except BadGeometry as error:
            self._fields.bad(name, str(error), written)
            return None
        if found is not None:
            self._points += corners(found)
        return found


def _polygon(text: str, left: int) -> Geometry | None:
    numbers = _numbers(text)
    if not numbers:
        return None
    if len(numbers) > 2 * left:
        raise BadGeometry(f"more than {MAX_POINTS} positions in the warning")
    if len(numbers) % 2:
        raise BadGeometry("a polygon is pairs of latitude and longitude")
    ring = [position(lon, lat) for lat, lon in zip(numbers[::2], numbers[1::2], strict=True)]
    return geojson({"type": "Polygon", "coordinates": [ring]}, max(left, 1) + 1)


def _circle(text: str) -> Geometry | None:
    numbers = _numbers(text)
    if not numbers:
        return None
    if len(numbers) != 3:
        raise BadGeometry("a circle is latitude, longitude and a radius in kilometres")
    lon, lat = position(numbers[1], numbers[0])
    try:
        radius_km = float(numbers[2])
    except ValueError as error:
        raise BadGeometry("the radius is no number") from error
    if not 0 <= radius_km <= MAX_RADIUS_KM:
        raise BadGeometry(f"a radius of 0 to {MAX_RADIUS_KM:g} km")
    return circle(lon, lat, radius_km * 1000)


def _numbers(text: str) -> list[str]:
    """The words of a shape. Commas too many are forgiven: they come in genuine messages."""
    return text.replace(",", " ").split()


def _texts(value: Any) -> list[str]:
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, str)]


def _pairs(value: Any) -> list[tuple[str, str]]:
    items = value if isinstance(value, list) else [value]
    pairs = [(item.get("valueName"), item.get("value")) for item in items if isinstance(item, Mapping)]
    return [(str(name).strip(), str(value)) for name, value in pairs if name and value not in (None, "")]


def _metres(feet: float) -> float:
    return round(feet * FOOT_M, 1)
