"""Which layout a payload has: by the model that is set or told, else the one that explains every byte."""

import re
from typing import TypeGuard

from server.feeds.lorawan import milesight, others
from server.feeds.lorawan.payload import Payload

MODELS = (
    (re.compile(r"\b(?:vs[-_]?\d{3}|ws[-_]?302|gs[-_]?101)", re.IGNORECASE), milesight.FAMILY),
    (re.compile(r"\b(?:elsys|ers|ems|elt)[-_ ]?(?:\d|\b)", re.IGNORECASE), others.ELSYS),
    (re.compile(r"\bsd[-_]?1001|yobiiq", re.IGNORECASE), others.YOBIIQ),
    (re.compile(r"\br718", re.IGNORECASE), others.NETVOX),
)
PORTS = {
    milesight.PORT: (milesight.FAMILY, others.ELSYS),
    5: (others.ELSYS,),
    6: (others.NETVOX,),
    8: (others.YOBIIQ,),
    50: (others.YOBIIQ,),
}
"""Families to try where nobody says the model."""
ANY_PORT = (milesight.FAMILY, others.ELSYS)
"""Families that may be told from their bytes on any port: their values have marks before them."""
LEAST_BYTES = 8
"""A shorter payload on a port that no family is known by may be anything."""


def family_of(model: str | None) -> str | None:
    """The family of layouts that a model belongs to, None for one that is not known."""
    return next((family for pattern, family in MODELS if model and pattern.search(model)), None)


def read(family: str, port: int, data: bytes) -> Payload:
    """The payload by the layout of the family."""
    match family:
        case others.ELSYS:
            return others.elsys(data)
        case others.YOBIIQ:
            return others.yobiiq(data, port)
        case others.NETVOX:
            return others.netvox(data)
    return milesight.read(data)


def understand(models: tuple[str | None, ...], port: int, data: bytes) -> Payload | None:
    """What the payload says. `models`: what is set or told, the first known counts. None where no layout fits."""
    named = next((family for model in models if (family := family_of(model)) is not None), None)
    if named is not None:
        return read(named, port, data)
    if port not in PORTS:
        return _guessed(port, data)
    tries = [read(family, port, data) for family in PORTS[port]]
    whole = [found for found in tries if found.whole]
    begun = [found for found in tries if found.values or found.info]
    return next(iter(whole or begun[:1]), None)


def _possible(payload: Payload) -> bool:
    """Whether the climate is one that a sensor can be in."""
    warmth, humidity = payload.values.get("temperature", 0), payload.values.get("humidity", 0)
    return not (_is_number(warmth) and abs(warmth) > 100) and not (_is_number(humidity) and humidity > 100)


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float)


def _guessed(port: int, data: bytes) -> Payload | None:
    """What explains every byte of a payload on a port of the operator's own, if it is one layout only."""
    if len(data) < LEAST_BYTES:
        return None
    whole = [found for family in ANY_PORT if (found := read(family, port, data)).whole and _possible(found)]
    if len(whole) != 1:
        return None
    whole[0].guessed = True
    return whole[0]
