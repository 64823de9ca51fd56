"""Where the packets of ST 0601 lie in a body: bare, one after another, or in the packets of an MPEG transport stream.

ISO/IEC 13818-1: transport packets of 188 bytes (192 with a time stamp before, 204 with parity behind) begin with 0x47.
KLV travels in PES packets of a stream of type 0x06 or 0x15; some encoders label it otherwise, so every stream that is
neither video nor audio is looked at, and all of them where that finds nothing.
"""

from collections.abc import Iterator

KEY = bytes.fromhex("060e2b34020b01010e01030101000000")
SYNC = 0x47
_LAYOUTS = ((188, 0), (192, 4), (204, 0))
_PICTURE_AND_SOUND = frozenset((1, 2, 3, 4, 0x0F, 0x10, 0x11, 0x1B, 0x1C, 0x20, 0x21, 0x24, 0x42, 0x81, 0xD1, 0xEA))
_NULL_PID = 0x1FFF
MAX_PIDS = 64


def packets(body: bytes) -> Iterator[tuple[bytes, str]]:
    """Each packet from its key to its end, and why it cannot be read where that is so (then what there is of it)."""
    for stream in streams(body):
        at = stream.find(KEY)
        while at >= 0:
            header, length = ber_length(stream, at + len(KEY))
            end = at + len(KEY) + header + length
            following = stream.find(KEY, at + len(KEY))
            if header == 0:
                yield stream[at : at + 64], "the length of a packet cannot be read"
            elif end > len(stream) or at < following < end:
                yield stream[at : at + 64], "a packet ends before its announced length"
            else:
                yield stream[at:end], ""
                following = stream.find(KEY, end)
            at = following


def ber_length(data: bytes | bytearray, at: int) -> tuple[int, int]:
    """Octets of the length field, and the length: below 128 in one octet, else 0x80 + n and n more; (0, 0) for none."""
    if at >= len(data):
        return 0, 0
    first = data[at]
    if first < 0x80:
        return 1, first
    octets = first & 0x7F
    if not 1 <= octets <= 4 or at + 1 + octets > len(data):
        return 0, 0
    return 1 + octets, int.from_bytes(data[at + 1 : at + 1 + octets], "big")


def streams(body: bytes) -> list[bytes]:
    """The body itself, or what the elementary streams of its transport stream carry."""
    layout = _layout(body)
    if layout is None:
        return [body]
    found = _demultiplexed(body, *layout)
    carried = {pid: bytes(data) for pid, data in found.carried.items()}
    with_key = [data for pid, data in carried.items() if not found.is_picture_or_sound(pid) and KEY in data]
    return with_key or [data for data in carried.values() if KEY in data] or ([body] if KEY in body else [])


def _layout(body: bytes) -> tuple[int, int, int] | None:
    """Size of a packet, offset of its 0x47, and where the first one begins; None for no transport stream."""
    for size, lead in _LAYOUTS:
        for start in range(min(size, max(0, len(body) - lead))):
            marks = range(start + lead, len(body), size)[:5]
            few = start == 0 and len(body) % size == 0
            if (len(marks) >= 3 or (marks and few)) and all(body[mark] == SYNC for mark in marks):
                return size, lead, start
    return None


class Demultiplexer:
    """Takes a transport stream packet by packet; holds what each elementary stream carries, and its type."""

    def __init__(self) -> None:
        self.carried: dict[int, bytearray] = {}
        self.types: dict[int, int] = {}
        self._maps: set[int] = set()
        self._open: set[int] = set()

    def take(self, packet: bytes | bytearray) -> int | None:
        """One packet of 188 bytes; the PID whose elementary stream grew."""
        if packet[0] != SYNC or packet[1] & 0x80:  # out of step, or marked as damaged
            return None
        pid = (packet[1] & 0x1F) << 8 | packet[2]
        begins = bool(packet[1] & 0x40)
        control = packet[3] >> 4 & 3
        inner = 4 + (1 + packet[4] if control & 2 else 0)
        payload = bytes(packet[inner:188]) if control & 1 and inner < 188 else b""
        if not payload or pid == _NULL_PID:
            return None
        if pid == 0 and begins:
            self._maps |= _programs(payload)
        elif pid in self._maps and begins:
            self.types |= _stream_types(payload)
        elif pid not in self._maps and pid != 0 and (pid in self.carried or len(self.carried) < MAX_PIDS):
            return self._carry(pid, begins, payload)
        return None

    def _carry(self, pid: int, begins: bool, payload: bytes) -> int | None:
        if begins:
            content = _pes_payload(payload)
            self._open.discard(pid)
            if content is None:
                return None
            self._open.add(pid)
            payload = content
        if pid not in self._open:
            return None
        self.carried.setdefault(pid, bytearray()).extend(payload)
        return pid

    def is_picture_or_sound(self, pid: int) -> bool:
        """Whether the program map says so."""
        return self.types.get(pid) in _PICTURE_AND_SOUND


def _demultiplexed(body: bytes, size: int, lead: int, start: int) -> Demultiplexer:
    found = Demultiplexer()
    for at in range(start + lead, len(body) - 187, size):
        found.take(body[at : at + 188])
    return found


def _pes_payload(data: bytes) -> bytes | None:
    """What a PES packet carries; None where no PES packet begins here."""
    if data[:3] != b"\0\0\1" or len(data) < 6:
        return None
    if len(data) >= 9 and data[6] & 0xC0 == 0x80:
        return data[9 + data[8] :]
    return data[6:]


def _section(payload: bytes, table: int) -> bytes:
    """A PSI section that begins here, without its checksum; empty where it is not of the table."""
    at = 1 + payload[0]
    if at + 8 > len(payload) or payload[at] != table:
        return b""
    length = (payload[at + 1] & 0x0F) << 8 | payload[at + 2]
    return payload[at : max(at, min(len(payload), at + 3 + length) - 4)]


def _programs(payload: bytes) -> set[int]:
    """PIDs of the program maps."""
    section = _section(payload, 0)
    entries = range(8, len(section) - 3, 4)
    return {(section[at + 2] & 0x1F) << 8 | section[at + 3] for at in entries if section[at : at + 2] != b"\0\0"}


def _stream_types(payload: bytes) -> dict[int, int]:
    """Stream type by PID."""
    section = _section(payload, 2)
    if len(section) < 12:
        return {}
    found: dict[int, int] = {}
    at = 12 + ((section[10] & 0x0F) << 8 | section[11])
    while at + 5 <= len(section):
        found[(section[at + 1] & 0x1F) << 8 | section[at + 2]] = section[at]
        at += 5 + ((section[at + 3] & 0x0F) << 8 | section[at + 4])
    return found
