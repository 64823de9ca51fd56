"""What a device's payload says, by the names that its maker gives the values, whatever bytes it was in."""

from typing import Any

from msgspec import Struct

Values = dict[str, Any]


class Past(Struct, frozen=True):
    """Values of an earlier time that a device sends later: Unix seconds, and what was then."""

    at_s: int
    values: Values


class Payload(Struct):
    """What was read. `unread`: bytes that the layout does not explain, from the first such byte to the end."""

    family: str
    values: Values
    info: Values
    past: list[Past]
    unread: bytes = b""
    guessed: bool = False
    """Whether the layout was chosen for nothing but that it explains every byte."""

    @property
    def whole(self) -> bool:
        """Whether the layout explains every byte, and there was one."""
        return not self.unread and bool(self.values or self.info or self.past)


class Short(ValueError):
    """The payload ends within a value."""


class Bytes:
    """A payload read from its beginning."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    @property
    def left(self) -> int:
        """How many bytes are not read yet."""
        return len(self.data) - self.at

    def take(self, number: int) -> bytes:
        """The next bytes. Raises Short."""
        if self.left < number:
            raise Short("the payload ends within a value")
        self.at += number
        return self.data[self.at - number : self.at]

    def u8(self) -> int:
        """The next byte."""
        return self.take(1)[0]

    def little(self, number: int, signed: bool = False) -> int:
        """A little-endian whole number."""
        return int.from_bytes(self.take(number), "little", signed=signed)

    def big(self, number: int, signed: bool = False) -> int:
        """A big-endian whole number."""
        return int.from_bytes(self.take(number), "big", signed=signed)
