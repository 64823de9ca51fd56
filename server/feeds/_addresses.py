"""Postal addresses from the parts, or the one line, in which control rooms write them."""

import re
from typing import Any

from msgspec import UNSET, UnsetType

from layers.content import Address

_TOWN = re.compile(r"(?<!\d)(?P<postcode>\d{5}) {1,4}(?P<city>[^,;\d\s][^,;\d\n]{0,80})\Z")


def address(street: Any, house: Any, postcode: Any, city: Any) -> Address | UnsetType:
    """The address of its parts, each text or UNSET. The house number is said once."""
    if not isinstance(street, str):
        whole = None
    elif isinstance(house, str) and not street.endswith(f" {house}"):
        whole = f"{street} {house}"
    else:
        whole = street
    town, code = (part if isinstance(part, str) else None for part in (city, postcode))
    return Address(street=whole, postcode=code, city=town) if whole or town or code else UNSET


def one_line(text: Any) -> Address | UnsetType:
    """`Hauptstraße 112, 33098 Paderborn` in its parts; a line that is none of the kind is the street as it stands."""
    if not isinstance(text, str):
        return UNSET
    line = text.strip()
    found = _TOWN.search(line)
    if found is None:
        return Address(street=line)
    street = line[: found.start()].rstrip(" ,;\r\n\t")
    return Address(street=street or None, postcode=found["postcode"], city=found["city"])
