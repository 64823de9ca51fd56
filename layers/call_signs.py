"""Radio names of units: one form for all spellings, and the OPTA of German digital radio.

People write `Florian Paderborn 01/HLF20-02`, `FL Paderborn 1 HLF 20 2` or `florian paderborn 1-hlf20-2` and mean one
vehicle. `normalised` is for comparing and for keys, never for showing.
"""

import re
import unicodedata

from msgspec import Struct

_PIECE = re.compile(r"\d+|[^\W\d_]+")
_OPENINGS = {"fl": "florian", "flo": "florian", "rk": "rotkreuz"}
"""Short forms of the first word of a call sign."""

STATES = {
    "BB": "Brandenburg",
    "BE": "Berlin",
    "BU": "Bund",
    "BW": "Baden-Württemberg",
    "BY": "Bayern",
    "HB": "Bremen",
    "HE": "Hessen",
    "HH": "Hamburg",
    "MV": "Mecklenburg-Vorpommern",
    "NI": "Niedersachsen",
    "NW": "Nordrhein-Westfalen",
    "RP": "Rheinland-Pfalz",
    "SH": "Schleswig-Holstein",
    "SL": "Saarland",
    "SN": "Sachsen",
    "ST": "Sachsen-Anhalt",
    "TH": "Thüringen",
}
"""First two characters of an OPTA."""

OPTA_CHARS = 24
_ORGANISATION = re.compile(r"[A-Z]{2,3} {0,1}|[A-Z] {2}")


def normalised(name: str) -> str:
    """The name in lower case, letters and numbers apart, without leading zeros: `florian-paderborn-1-hlf-20-2`.

    Blanks, dots, strokes and slashes only divide. Empty where the name holds neither letter nor number.
    """
    pieces = _PIECE.findall(unicodedata.normalize("NFKC", name).casefold())
    if len(pieces) > 1:
        pieces[0] = _OPENINGS.get(pieces[0], pieces[0])
    return "-".join(piece.lstrip("0") or "0" if piece.isdecimal() else piece for piece in pieces)


def same(one: str, other: str) -> bool:
    """Whether two spellings mean one unit. Two names without a letter or number are not the same."""
    form = normalised(one)
    return form != "" and form == normalised(other)


class Opta(Struct, frozen=True):
    """Operativ-taktische Adresse: the 24 characters by which a radio shows itself, cut and without its blanks.

    Positions 1-2 state, 3-5 organisation, 6-8 region (letters of the licence plate), 9-13 local assignment (its further
    division differs by state), 14-21 function or vehicle type, 22-23 ordinal, 24 supplement.
    """

    state: str
    organisation: str
    region: str
    local: str
    function: str
    ordinal: str
    supplement: str

    @property
    def label(self) -> str:
        """The parts that are there, for people: `NW FW PB 01 HLF20 1`."""
        numbered = self.ordinal.lstrip("0") if self.ordinal.isdecimal() else self.ordinal
        parts = (self.state, self.organisation, self.region, self.local, self.function, numbered, self.supplement)
        return " ".join(part for part in parts if part)


def opta(written: str) -> Opta | None:
    """The OPTA, None where the text is none. Blanks within it count; those at its end may be missing."""
    if not 8 <= len(written) <= OPTA_CHARS:
        return None
    full = written.ljust(OPTA_CHARS)
    if full[:2] not in STATES or not _ORGANISATION.fullmatch(full[2:5]) or not full[5:8].strip().isalpha():
        return None
    cut = (full[0:2], full[2:5], full[5:8], full[8:13], full[13:21], full[21:23], full[23:24])
    return Opta(*(part.strip() for part in cut))
