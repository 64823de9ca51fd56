"""Alarm keywords (Einsatzstichworte): which kind of mission a control room means by `F2Y`, `TH 1` or `BMA 2`.

There is no national list: every state or district has its own. The default table holds what several of them share; a
control room's own entries come before it. A keyword that no entry knows stays as written, its category is `unknown`.
"""

import re
from collections.abc import Iterable

from msgspec import Struct

FIRE, CBRN, MEDICAL, TECHNICAL, UNKNOWN = "fire", "cbrn", "medical", "technical", "unknown"
CATEGORIES = (FIRE, CBRN, MEDICAL, TECHNICAL)


class Keyword(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry. `abbreviation` is how a keyword begins; a `*` at its end: whatever letters follow."""

    abbreviation: str
    category: str
    description: str = ""
    group: str = ""


def _entries(category: str, group: str, *abbreviations: str) -> tuple[Keyword, ...]:
    return tuple(Keyword(abbreviation=each, category=category, group=group) for each in abbreviations)


DEFAULT: tuple[Keyword, ...] = (
    *_entries(FIRE, "Brand", "F", "FE", "FEU", "FEUER*", "B", "BRAND*", "WALD", "WALDBRAND*", "RAUCH*"),
    *_entries(FIRE, "Brandmeldeanlage", "BMA", "FBMA", "BBMA", "FEUBMA", "RWM"),
    *_entries(CBRN, "Gefahrgut", "ABC", "CBRN*", "GSG", "GAS*", "GEFAHRGUT*", "GEFAHRSTOFF*"),
    *_entries(
        TECHNICAL, "Technische Hilfeleistung", "H", "TH", "THL", "HILFE*", "TECHNISCHE*", "VU", "VERKEHRSUNFALL*"
    ),
    *_entries(MEDICAL, "Rettungsdienst", "R", "RD", "RETT*", "NOTF", "NOTARZT*", "LZG", "MANV", "KRANKENTRANSPORT*"),
)
"""Seen in Hessen (F, H), Schleswig-Holstein (FEU, TH, NOTF, LZG), Nordrhein-Westfalen (Feuer, BMA, Wald, TH, MANV; Fe
in Paderborn), Bayern (B, THL, RD, ABC) and Brandenburg (B:, H:, R:)."""


class Catalogue:
    """A table to look keywords up in: the longest entry that fits wins, among equals the one given first."""

    def __init__(self, entries: Iterable[Keyword]) -> None:
        ordered = sorted(entries, key=lambda entry: -len(entry.abbreviation.replace(" ", "")))
        self._patterns = [(pattern, entry) for entry in ordered if (pattern := _pattern(entry.abbreviation))]

    def find(self, written: str) -> Keyword | None:
        """The entry of a keyword as written, whatever its case and blanks; None where there is none."""
        text = written.strip()[:100]
        return next((entry for pattern, entry in self._patterns if pattern.match(text)), None)

    def category(self, written: str) -> str:
        """`fire`, `cbrn`, `medical` or `technical`; `unknown` for a keyword that no entry knows."""
        found = self.find(written)
        return UNKNOWN if found is None or found.category not in CATEGORIES else found.category


def _pattern(abbreviation: str) -> re.Pattern[str] | None:
    """Blanks may be anywhere in it. After letters comes no letter, after digits no digit: `H` fits `H1`, not `Haus`."""
    letters = [letter for letter in abbreviation.removesuffix("*") if not letter.isspace()]
    if not letters:
        return None
    end = "" if abbreviation.endswith("*") else r"(?!\d)" if letters[-1].isdecimal() else r"(?![^\W\d_])"
    return re.compile(r"\s*".join(map(re.escape, letters)) + end, re.IGNORECASE)


CATALOGUE = Catalogue(DEFAULT)


def catalogue(own: Iterable[Keyword] = ()) -> Catalogue:
    """The control room's own entries before the default ones."""
    entries = tuple(own)
    return Catalogue((*entries, *DEFAULT)) if entries else CATALOGUE
