"""Finding an address on the tablet, from what somebody types with a glove: no umlauts, "Str.", a typing error. Pure.

Several hits are offered, the best first; none is ever chosen silently. The server's search (docs/base.md) knows more;
this one works without a network.
"""

import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from mobile.pack import Address, Pack

MAX_HITS = 12
NEAR_ENOUGH = 0.78
"""Similarity (difflib's ratio) from which on a name counts as meant."""
OBJECT = -1
"""In the place of a street's key: a named object, which has no houses."""
HOUSE = re.compile(r"(?<=[^\d\s,])[\s,]+(\d{1,4}\s?[a-z]?)\b(?!\d)", re.IGNORECASE)
POSTCODE = re.compile(r"\b\d{5}\b")


@dataclass(frozen=True)
class Hit:
    """An address and how well it fits: 1 is exactly what was typed."""

    address: Address
    score: float


def folded(text: str) -> str:
    """A name as it is compared: small letters, ä as a, ß as ss, "str." as strasse, nothing but letters and digits."""
    text = text.lower().replace("ß", "ss")
    text = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    text = re.sub(r"str(?:\.|\b)", "strasse", text)
    text = "".join(letter for letter in text if letter.isalnum())
    return text.replace("ae", "a").replace("oe", "o").replace("ue", "u")


@dataclass(frozen=True)
class _Street:
    key: str
    pack: Pack
    id: int
    address: Address


class Addresses:
    """The streets and named objects of some packs, ready to be searched."""

    def __init__(self, packs: Sequence[Pack]) -> None:
        self._streets = [
            _Street(folded(name), pack, number, Address(name, "", postcode, city, (lon, lat)))
            for pack in packs
            for number, name, postcode, city, lon, lat in pack.streets()
        ]
        self._streets += [
            _Street(folded(title), pack, OBJECT, Address(title, "", "", address, (lon, lat)))
            for pack in packs
            for title, address, lon, lat in pack.objects()
        ]

    def __len__(self) -> int:
        """Number of streets and objects."""
        return len(self._streets)

    def find(self, text: str) -> list[Hit]:
        """The addresses that fit, best first."""
        street, number, rest = _taken_apart(text)
        key = folded(street)
        if len(key) < 2:
            return []
        found = [(self._score(key, entry) + _place(rest, entry.address), entry) for entry in self._streets]
        best = sorted((pair for pair in found if pair[0] >= NEAR_ENOUGH * 0.8), key=lambda pair: -pair[0])[:MAX_HITS]
        hits = [hit for score, entry in best for hit in _houses(score, entry, number)]
        return sorted(hits, key=lambda hit: -hit.score)[:MAX_HITS]

    @staticmethod
    def _score(key: str, entry: _Street) -> float:
        if entry.key == key:
            return 1.0
        if entry.key.startswith(key):
            return 0.95 - 0.1 * (1 - len(key) / len(entry.key))
        if len(key) >= 4 and key in entry.key:
            return 0.85 - 0.1 * (1 - len(key) / len(entry.key))
        matcher = difflib.SequenceMatcher(None, key, entry.key, autojunk=False)
        if matcher.real_quick_ratio() < NEAR_ENOUGH or matcher.quick_ratio() < NEAR_ENOUGH:
            return 0.0
        ratio = matcher.ratio()
        return ratio * 0.8 if ratio >= NEAR_ENOUGH else 0.0


def _taken_apart(text: str) -> tuple[str, str, str]:
    """Street, house number, and what names the place."""
    rest = " ".join(POSTCODE.findall(text))
    text = POSTCODE.sub(" ", text).strip(" ,")
    found = HOUSE.search(text)
    if found:
        street, number, after = text[: found.start()], found[1], text[found.end() :]
    else:
        street, _, after = text.partition(",")
        number = ""
    return street.strip(" ,"), number.replace(" ", "").lower(), f"{rest} {after}".strip(" ,")


def _place(rest: str, address: Address) -> float:
    """A little more for the place that was named, so that of two streets of one name the right one comes first."""
    if not rest:
        return 0.0
    key = folded(rest)
    there = folded(f"{address.postcode}{address.city}")
    return 0.05 if address.postcode and address.postcode in rest else (0.04 if key and key in there else -0.05)


def _houses(score: float, entry: _Street, number: str) -> list[Hit]:
    """The house, or the street where the number is not known there (or none was typed)."""
    street = entry.address
    if not number or entry.id == OBJECT:
        return [Hit(street, score)]
    houses = entry.pack.houses(entry.id)
    digits = re.match(r"\d+", number)
    exact = [house for house in houses if house[0].replace(" ", "").lower() == number]
    same = [house for house in houses if digits and re.match(rf"{digits[0]}\D", f"{house[0]} ")]
    chosen = [(house, score) for house in exact] or [(house, score - 0.1) for house in same[:3]]
    if not chosen:
        return [Hit(street, score - 0.2)]
    return [Hit(Address(street.street, h[0], street.postcode, street.city, (h[1], h[2])), s) for h, s in chosen]
