"""How a home's token, its building and what it may speak of belong together: by the name of the token alone.

Gateways number their devices within the home (`urn:ngsi-ld:Device:Sensor1`); here they carry the home's number as well.
"""

import msgspec

from layers.content import Building, Device, Removal
from layers.observation import Observation
from server.feeds import BAD_ENTITY, Decoded, Refused

PREFIX = "urn:ngsi-ld:Building:"
DEVICE = "urn:ngsi-ld:Device:"
TOKEN = "home-"  # noqa: S105  (the beginning of a token's name)
NOT_ITS_OWN = "a home speaks for itself alone"


def building_of(token_name: str) -> str | None:
    """The building that a home's token speaks for; None for another token."""
    return PREFIX + token_name.removeprefix(TOKEN) if token_name.startswith(TOKEN) else None


def device_here(building: str, device: str) -> str:
    """A home's device as it is called here."""
    own = f"{DEVICE}{building.removeprefix(PREFIX)}:"
    return device if device.startswith(own) else own + device.removeprefix(DEVICE)


def device_there(building: str, device: str) -> str:
    """A device of this home as its gateway calls it."""
    return DEVICE + device.removeprefix(f"{DEVICE}{building.removeprefix(PREFIX)}:")


def only_own(instance: str, decoded: Decoded) -> Decoded:
    """What the instance may say: everything, unless it is a home's; then its own building and devices."""
    building = building_of(instance)
    if building is None:
        return decoded
    taken: list[Observation] = []
    refused: list[Refused] = list(decoded.refused)
    for observation in decoded.observations:
        own = _own(building, observation)
        if own is not None:
            taken.append(own)
        else:
            refused.append(Refused(reason=NOT_ITS_OWN, kind=BAD_ENTITY, subject=observation.subject))
    return Decoded(observations=tuple(taken), refused=tuple(refused), conditions=decoded.conditions)


def _own(building: str, observation: Observation) -> Observation | None:
    content, subject = observation.content, observation.subject
    if subject == building and isinstance(content, Building | Removal):
        return observation
    if not subject.startswith(DEVICE) or not isinstance(content, Device | Removal):
        return None
    if isinstance(content, Device):
        if isinstance(content.building, str) and content.building != building:
            return None
        content = msgspec.structs.replace(content, building=building)
    return msgspec.structs.replace(observation, subject=device_here(building, subject), content=content)
