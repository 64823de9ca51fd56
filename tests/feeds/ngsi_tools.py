"""What the tests of NGSI share: two small entities, and decoding with the checks that hold for everything."""

import json
from datetime import timedelta
from typing import Any

import msgspec

from layers.observation import Observation
from server.feeds import Decoded
from server.feeds.ngsi import FEED
from tests.feeds.frames import RECEIVED, check, context

VEHICLE = {"id": "urn:ngsi-ld:EmergencyVehicle:1", "type": "EmergencyVehicle"}
COUNT = {"id": "urn:ngsi-ld:CrowdCountObserved:1", "type": "CrowdCountObserved"}


def decode(message: Any, **more: Any) -> Decoded:
    """A message, decoded and checked for what must hold of everything."""
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    decoded = FEED.decode(body, context(**more))
    check(decoded)
    return decoded


def one(*entities: Any, **more: Any) -> Observation:
    """The only observation of entities that nothing is wrong with."""
    decoded = decode({"actionType": "append", "entities": list(entities)}, **more)
    assert decoded.refused == ()
    (observation,) = decoded.observations
    return observation


def later(entity: Any, by: timedelta) -> Observation:
    """The entity as it is decoded when it comes later."""
    then = msgspec.structs.replace(context(), received_at=RECEIVED + by)
    return FEED.decode(json.dumps(entity).encode(), then).observations[0]


def reasons(decoded: Decoded) -> list[tuple[str, str]]:
    """Kind and reason of everything refused."""
    return [(part.kind, part.reason) for part in decoded.refused]
