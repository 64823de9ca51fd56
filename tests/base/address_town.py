"""A small place of our own: two villages with a Bahnhofstraße each, odd house numbers, a square, a junction."""

from pathlib import Path

from server.base.base import Base
from server.base.build import build
from tests.base.osm import Sheet

LON, LAT = 8.70, 51.70
STEP = 0.001
"""About 69 m to the east, 111 m to the north."""


def at(east: float, north: float) -> tuple[float, float]:
    return LON + east * STEP, LAT + north * STEP


def house(sheet: Sheet, east: float, north: float, number: str, **tags: str) -> int:
    return sheet.node(LON + east * STEP, LAT + north * STEP, **tags | {"addr__housenumber": number})


def sheet() -> Sheet:
    drawn = Sheet()
    drawn.bounds = (*at(-20, -20), *at(120, 40))
    drawn.node(*at(0, 0), place="town", name="Altenau", short_name="AN")
    drawn.node(*at(100, 0), place="village", name="Neudorf")
    meet = drawn.node(*at(0, 0))
    far = drawn.node(*at(6, 0))
    drawn.way([drawn.node(*at(-5, 0)), meet, far], highway="residential", name="Bahnhofstraße")
    drawn.way(
        [drawn.node(*at(0, -5)), meet, drawn.node(*at(0, 5))], highway="secondary", name="Lange Straße", ref="L 751"
    )
    drawn.way([far, drawn.node(*at(6, 5))], highway="residential", name="Kamp", old_name="Adlerkamp")
    drawn.way([at(7, 1), at(7, 5)], highway="residential", name="Ufergasse")
    drawn.way([at(98, 0), at(104, 0)], highway="residential", name="Bahnhofstraße")
    drawn.node(*at(50, 10), highway="motorway_junction", name="Altenau-Mitte", ref="27")
    for east, number in ((-4, "1"), (-3, "3"), (-2, "5"), (2, "9"), (4, "13-17"), (5, "19a")):
        house(drawn, east, 0.2, number, addr__street="Bahnhofstraße", addr__postcode="33901", addr__city="Altenau")
    house(drawn, 99, 0.2, "5", addr__street="Bahnhofstraße", addr__postcode="33902", addr__city="Neudorf")
    one = house(drawn, 6.2, 1, "2", addr__street="Kamp", addr__city="Altenau")
    other = house(drawn, 6.2, 4, "8", addr__street="Kamp", addr__city="Altenau")
    drawn.way([one, drawn.node(*at(6.2, 2.5)), other], addr__interpolation="even")
    member = drawn.square(*at(0.2, 2), STEP / 5, building="yes", addr__housenumber="7")
    drawn.relation([("way", member, "house")], type="associatedStreet", name="Lange Straße")
    house(drawn, 101, 5, "3", addr__place="Hofstelle Süd", addr__city="Neudorf")
    drawn.square(
        *at(2, 3), STEP, amenity="hospital", name="St.-Anna-Krankenhaus", operator="Diakonie Weser", building="hospital"
    )
    drawn.node(*at(3, -3), railway="station", name="Altenau Hbf")
    drawn.node(*at(-8, -8), highway="emergency_access_point", ref="HX-1234")
    house(drawn, 30, 30, "4")
    return drawn


def oddities() -> Sheet:
    """A place with the house numbers, names and objects of which there are few: squares, parts of houses, stations."""
    drawn = Sheet()
    drawn.bounds = (*at(-20, -20), *at(120, 40))
    drawn.node(*at(0, 0), place="town", name="Quadern")
    drawn.node(*at(100, 0), place="village", name="Neudorf")
    for north, street in enumerate(("Kamp", "Straße des 17. Juni", "Platz der 7 Brüder", "Q 5", "Q 6")):
        drawn.way([at(-5, north), at(15, north)], highway="residential", name=street)
        for east, number in enumerate(NUMBERS.get(street, ("10", "12", "14"))):
            house(drawn, east, north + 0.1, number, addr__street=street, addr__city="Quadern")
    for east, north, kind, name in OBJECTS:
        drawn.node(*at(east, north), amenity=kind, name=name)
    drawn.node(*at(3, -3), railway="station", name="Quadern Hauptbahnhof")
    drawn.node(*at(103, -3), railway="halt", name="Neudorf")
    return drawn


NUMBERS = {
    "Kamp": ("1", "3Б", "5", "12", "12 bis", "12 ter", "12½", "20a-c", "30-34", "41;43", "51/53"),
    "Q 5": ("1", "14", "14a", "A1", "A2"),
}
OBJECTS = (
    (-8, -8, "hospital", "Kreiskrankenhaus Quadern"),
    (-8, 8, "hospital", "St. Anna"),
    (90, 8, "clinic", "Klinik Neudorf"),
    (-3, 9, "fire_station", "Löschzug Mitte"),
    (102, 9, "fire_station", "Freiwillige Feuerwehr Neudorf"),
    (-4, 9, "kindergarten", "Sonnenblume"),
    (104, 9, "kindergarten", "Kita Rappelkiste"),
    (-5, 9, "school", "Grundschule am Kamp"),
    (105, 9, "school", "Grundschule Neudorf"),
    (-6, 9, "school", "Goethe-Gymnasium"),
    (-7, 9, "social_facility", "Altenheim Abendruh"),
)


def built(folder: Path, drawn: Sheet | None = None) -> Base:
    return build((drawn or sheet()).write(folder / "altenau.osm"), folder / "base", name="Altenau")
