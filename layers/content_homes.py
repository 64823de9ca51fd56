"""What is inside a building: its rooms, and who lives there."""

from msgspec import UNSET, UnsetType

from layers.content_parts import Base, Flag, Number, Text, Time, Words


class Room(Base, frozen=True, kw_only=True, omit_defaults=True, tag="room"):
    """A room of a smart building. `status` are the building's own words: smoked, burning; empty where it is neither.

    `floor` is the floor's name, `level` its number (0 the ground floor). `marked`: its light blinks for the crew.
    """

    building: Text = UNSET
    name: Text = UNSET
    type: Text = UNSET
    floor: Text = UNSET
    level: Number = UNSET
    status: Words = UNSET
    last_presence_at: Time = UNSET
    markable: Flag = UNSET
    marked: Flag = UNSET


class Occupant(Base, frozen=True, kw_only=True, omit_defaults=True, tag="occupant"):
    """A person who lives in a smart building: all of it is personal.

    `present` is present, absent or unknown; `rooms` are subjects of the rooms where the person probably is, likeliest
    first, `probabilities` (0 to 1) in the same order.
    """

    building: Text = UNSET
    name: Text = UNSET
    born: Text = UNSET
    remark: Text = UNSET
    health: Words = UNSET
    present: Text = UNSET
    rooms: Words = UNSET
    probabilities: tuple[float, ...] | UnsetType = UNSET
