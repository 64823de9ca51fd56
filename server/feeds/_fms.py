"""The FMS telegram (Funkmeldesystem): who sends, by eight hex digits, and what the codes mean in each direction.

The digits are BOS, state (Land), place (two) and vehicle (four). From the vehicle comes a status 0 to 9; the codes E
and F are an acknowledgement and the push-to-talk key, which are no status. The control room's calls are letters.
"""

from msgspec import Struct

TO_CONTROL_ROOM, TO_VEHICLE = 0, 1
NO_STATUS = frozenset("ef")
"""From the vehicle: automatic acknowledgement and push-to-talk."""

SERVICES = {
    "1": "state_police",
    "2": "federal_border_police",
    "3": "federal_criminal_police",
    "4": "civil_protection",
    "5": "customs",
    "6": "fire_brigade",
    "7": "thw",
    "8": "asb",
    "9": "drk",
    "a": "juh",
    "b": "mhd",
    "c": "dlrg",
    "d": "rescue_service",
    "e": "civil_defence",
    "f": "remote_control",
}
"""First digit: the BOS."""

STATES = {
    "0": "Sachsen",
    "1": "Bund",
    "2": "Baden-Württemberg",
    "3": "Bayern",
    "4": "Berlin",
    "5": "Bremen",
    "6": "Hamburg",
    "7": "Hessen",
    "8": "Niedersachsen",
    "9": "Nordrhein-Westfalen",
    "a": "Rheinland-Pfalz",
    "b": "Schleswig-Holstein",
    "c": "Saarland",
    "d": "Bayern",
}
_SHARED = {"e": ("Mecklenburg-Vorpommern", "Sachsen-Anhalt"), "f": ("Brandenburg", "Thüringen")}
"""Second digit; of the last two, places 00 to 49 are the first state, 50 to 99 the second."""

CALLS = {
    "A": "Sammelruf",
    "C": "Melden Sie sich für einen Einsatz",
    "E": "Einrücken / Abbruch",
    "F": "Melden Sie sich über Telefon",
    "H": "Fahren Sie Wache an",
    "J": "Sprechaufforderung",
    "L": "Geben Sie Lagemeldung",
}
"""From the control room; other letters differ by region and are shown as they are."""


class Identity(Struct, frozen=True):
    """The eight digits of a vehicle, in lower case."""

    digits: str

    @property
    def service(self) -> str | None:
        """The BOS, None for a digit that stands for none."""
        return SERVICES.get(self.digits[0])

    @property
    def state(self) -> str | None:
        """The federal state."""
        digit, place = self.digits[1], self.digits[2:4]
        if digit in _SHARED and place.isdecimal():
            return _SHARED[digit][int(place) >= 50]
        return STATES.get(digit)

    @property
    def place(self) -> str:
        """The place, as its two digits."""
        return self.digits[2:4]

    @property
    def vehicle(self) -> str:
        """The vehicle, as its four digits."""
        return self.digits[4:]
