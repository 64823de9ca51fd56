"""BOSWatch 3 over TCP: packets as the text of a Python dict, each with its length before it, answered; or plain lines.

A client writes the number of characters (not of octets: umlauts count once), filled up with blanks to ten places, then
the packet. It sends `<alive>` before each to see whether we are there, and repeats a packet that is not acknowledged.
"""

import re

from server.feeds._stream import Cut, Objects, Piece

LENGTH_PLACES = 10
ACKNOWLEDGED = "[ack-]"
_PACKET = re.compile(rb"\d{1,10} {0,10}\{")
_ALIVE = re.compile(rb"(?:\d{1,10} {0,10})?<(?:alive|keep-?alive)>", re.IGNORECASE)
MAX_PACKET_BYTES = 65_536


class Packets(Objects):
    """Packets and lines; signs of life are left out."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(min(max_bytes, MAX_PACKET_BYTES), b"\"'", one_line=True, head=rb"(?:\d{1,10} {0,10})?")

    def feed(self, chunk: bytes) -> list[Piece]:
        """See Framer."""
        return [piece for piece in super().feed(chunk) if isinstance(piece, Cut) or not _ALIVE.fullmatch(piece)]


def answer(piece: bytes) -> bytes:
    """What a client of BOSWatch 3 waits for; nothing for who sent a plain line."""
    if not _PACKET.match(piece):
        return b""
    return f"{len(ACKNOWLEDGED):<{LENGTH_PLACES}}{ACKNOWLEDGED}".encode()
