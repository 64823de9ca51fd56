"""Objects by what dispatch calls them for short: `KH Altenau`, `FW`, `GS Kamp`, `KiTa`.

An abbreviation says what kind of thing is meant, seldom which one. So all that may be are offered, those first that the
other words or the place asked from speak for, and none is ever worth so much that it were taken unasked.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from server.base.address_ground import Plane
from server.base.address_names import OBJECT, Match
from server.base.address_text import NOISE, Piece, key
from server.base.base import Base

CALLED, OF_CLASS = 0.76, 0.68
"""What an object is worth whose name holds the long word, and one that is of the kind alone (of names told in part at
most 0.79 is given: `address_names.GUESSED`).
"""
MOST_OFFERED = 12


@dataclass(frozen=True)
class Long:
    """What an abbreviation is short for: words of names, and kinds of objects."""

    words: tuple[str, ...]
    kinds: frozenset[str]


def _long(words: str, kinds: str) -> Long:
    return Long(tuple(key(word) for word in words.split()), frozenset(kinds.split()))


_HOSPITAL = _long("Krankenhaus Klinikum Klinik Spital", "hospital clinic")
_FIRE = _long("Feuerwehr Feuerwache Gerätehaus", "fire_station")
_KINDERGARTEN = _long("Kindertagesstätte Kindergarten Kindertageseinrichtung Kinderkrippe", "kindergarten childcare")
_HOME = "nursing_home social_facility retirement_home assisted_living"
_AGED = _long("Altenheim Altersheim Seniorenheim Altenzentrum Seniorenzentrum Pflegeheim Altenpflegeheim", _HOME)
SHORT: Mapping[str, Long] = {
    "kh": _HOSPITAL,
    "kkh": _long("Kreiskrankenhaus Kreisklinik Kreisklinikum", "hospital"),
    "lkh": _long("Landeskrankenhaus Landesklinik Landesklinikum", "hospital"),
    "ukh": _long("Unfallkrankenhaus Unfallklinik", "hospital"),
    "fw": _FIRE,
    "ff": _FIRE,
    key("Feuerw."): _FIRE,
    "kita": _KINDERGARTEN,
    "kiga": _KINDERGARTEN,
    "gs": _long("Grundschule", "school"),
    "gym": _long("Gymnasium", "school"),
    "bhf": _long("Bahnhof", "station halt"),
    "hbf": _long("Hauptbahnhof", "station"),
    "ah": _AGED,
    "aph": _AGED,
}
"""By the form of the abbreviation."""


@dataclass(slots=True)
class _Object:
    target: int
    name: str
    kind: str
    forms: str
    """All its names in one form each, joined by blanks."""
    words: frozenset[str]
    places: frozenset[str]
    lon: float
    lat: float


class Shorts:
    """The objects of a base that abbreviations may mean. Safe for several threads once made."""

    def __init__(self, base: Base) -> None:
        forms: dict[int, list[str]] = {}
        for target, form, words in base.db.execute(
            "SELECT target, form, words FROM address_names WHERE kind = ?", (OBJECT,)
        ):
            forms.setdefault(target, []).extend((form, *words.split()))
        rows = [
            _Object(number, name, kind, " ".join(said), frozenset(said), frozenset(places.split()), lon, lat)
            for number, name, kind, places, lon, lat in base.db.execute(
                "SELECT id, name, kind, places, lon, lat FROM address_objects"
            )
            if (said := forms.get(number))
        ]
        self._of = {
            short: [(worth, item) for item in rows if (worth := _worth(item, long))] for short, long in SHORT.items()
        }

    def matches(self, pieces: Sequence[Piece], near: tuple[float, float] | None) -> list[Match]:
        """What the abbreviations may mean, likeliest first; `near` (lon, lat) decides between equals."""
        found: list[Match] = []
        told = {word for piece in pieces for word in piece.words}
        told |= {key(" ".join(piece.words[at : at + 2])) for piece in pieces for at in range(len(piece.words))}
        for number, piece in enumerate(pieces):
            for at, word in enumerate(piece.words):
                found += self._meant(word, number, at, piece, told, near)
        return found

    def _meant(
        self, word: str, number: int, at: int, piece: Piece, told: set[str], near: tuple[float, float] | None
    ) -> Iterator[Match]:
        def likeliest(entry: tuple[float, _Object]) -> tuple[float, float, int]:
            worth, item = entry
            spoken = len(told & item.words) + len(told & item.places)
            return -spoken - worth, _apart_m(item, near), item.target

        for worth, item in sorted(self._of.get(word, ()), key=likeliest)[:MOST_OFFERED]:
            others = [
                place
                for place, other in enumerate(piece.words)
                if place != at and other in item.words and other not in NOISE
            ]
            used = tuple(sorted((at, *others)))
            yield Match(OBJECT, item.target, worth, "abbreviation", item.name, (number, used[0], used[-1] + 1), used)


def _worth(item: _Object, long: Long) -> float:
    if any(word in item.forms for word in long.words):
        return CALLED
    return OF_CLASS if item.kind in long.kinds else 0.0


def _apart_m(item: _Object, near: tuple[float, float] | None) -> float:
    if near is None:
        return 0.0
    plane = Plane(near[1])
    return abs(item.lon - near[0]) * plane.lon_m + abs(item.lat - near[1]) * plane.lat_m
