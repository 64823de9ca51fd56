"""Where remote identification lies in radio frames: Wi-Fi (NAN action frames, beacons) and Bluetooth (4 and 5).

Each carrier has one octet that counts messages before a message or a message pack.
"""

from msgspec import Struct

from server.feeds.remote_id.capture import Captured

ADVERTISING = bytes.fromhex("d6be898e")
"""Access address of advertisements, as it is sent."""
_ASD_STAN, _NAN, _SERVICE = b"\xfa\x0b\xbc\x0d", b"\x50\x6f\x9a\x13", bytes.fromhex("8869199d9209")
"""Vendor of the beacon's element and its type; of NAN; the hash of the service org.opendroneid.remoteid."""
_SERVICE_DATA, _UUID, _APPLICATION = 0x16, b"\xfa\xff", 0x0D


class Heard(Struct, frozen=True):
    """A message or a pack, and the address of who sent it. `damaged`: the receiver says its checksum is wrong."""

    sender: str
    payload: bytes = b""
    damaged: bool = False


def heard(frame: Captured) -> list[Heard]:
    """What of remote identification is in a frame; nothing for other frames."""
    data = frame.data
    match frame.link:
        case 127:  # radiotap before 802.11
            length = int.from_bytes(data[2:4], "little")
            flags = _radiotap_flags(data[:length])
            return _wifi(data[length : -4 if flags & 0x10 else None], bool(flags & 0x40))
        case 105:  # 802.11
            return _wifi(data, False)
        case 119:  # Prism before 802.11
            return _wifi(data[int.from_bytes(data[4:8], "little") :], False)
        case 163:  # AVS before 802.11
            return _wifi(data[int.from_bytes(data[4:8], "big") :], False)
        case 192 if data[4:8] == b"\x69\0\0\0":  # PPI before 802.11
            return _wifi(data[int.from_bytes(data[2:4], "little") :], False)
        case 187 | 201:  # HCI with its packet type, 201 behind the direction
            packet = data[4:] if frame.link == 201 else data
            return _hci(packet[1:]) if packet[:1] == b"\x04" else []
        case 254:  # Linux Bluetooth monitor: adapter, kind of packet (3: an event)
            return _hci(data[4:]) if data[2:4] == b"\0\x03" else []
        case 251:  # Bluetooth LE
            return _ble(data, False)
        case 256:  # Bluetooth LE with a header
            flags = int.from_bytes(data[8:10], "little")
            return _ble(data[10:], bool(flags & 0x0400) and not flags & 0x0800)
        case 272:  # nRF Sniffer
            # Board, length, version, counter, id; then length and flags of the header, of which bit 0 is the checksum.
            return _ble(data[7:], len(data) > 9 and not data[8] & 1)
    return []


def _radiotap_flags(header: bytes) -> int:
    """The field `flags` (bit 1 of the first presence word), behind the time (bit 0) where there is one."""
    if len(header) < 8:
        return 0
    at, present = 4, int.from_bytes(header[4:8], "little")
    first = present
    while present & 0x8000_0000 and at + 8 <= len(header):
        at += 4
        present = int.from_bytes(header[at : at + 4], "little")
    at += 4
    if first & 1:
        at = (at + 7) // 8 * 8 + 8
    return header[at] if first & 2 and at < len(header) else 0


def _wifi(data: bytes, damaged: bool) -> list[Heard]:
    if len(data) < 26 or data[0] & 0x0F:  # version 0, management
        return []
    subtype, sender = data[0] >> 4, data[10:16].hex()
    body = data[28 if data[1] & 0x80 else 24 :]
    if subtype in (5, 8):
        payloads = _elements(body[12:])
    elif subtype == 13 and body[:6] == b"\x04\x09" + _NAN:
        payloads = _nan(body[6:])
    else:
        payloads = []
    return [Heard(sender, payload, damaged) for payload in payloads]


def _elements(body: bytes) -> list[bytes]:
    """Vendor elements of a beacon: id, length, vendor and type, counter, pack."""
    found, at = [], 0
    while at + 2 <= len(body):
        element, length = body[at], body[at + 1]
        value = body[at + 2 : at + 2 + length]
        if element == 0xDD and value[:4] == _ASD_STAN:
            found.append(value[5:])
        at += 2 + length
    return found


def _nan(body: bytes) -> list[bytes]:
    """Service descriptors of a NAN frame: id, length; service, instance, requestor, control, and the service's own."""
    found, at = [], 0
    while at + 3 <= len(body):
        length = int.from_bytes(body[at + 1 : at + 3], "little")
        value = body[at + 3 : at + 3 + length]
        if body[at] == 3 and value[:6] == _SERVICE and len(value) > 9 and value[8] & 0x10:
            control, inner = value[8], 9
            if control & 0x40:
                inner += 2
            for bit in (0x04, 0x08):
                if control & bit and inner < len(value):
                    inner += 1 + value[inner]
            if inner < len(value):
                found.append(value[inner + 2 : inner + 1 + value[inner]])
        at += 3 + length
    return found


def _ble(data: bytes, damaged: bool) -> list[Heard]:
    """An advertisement behind its access address. Receivers put an octet of coding before its header, or one behind."""
    at = data.find(ADVERTISING)
    if at < 0:
        return []
    rest = data[at + 4 :]
    for packet in (rest, rest[1:], rest[:2] + rest[3:]):
        found = _advertisement(packet, damaged)
        if found:
            return found
    return []


def _advertisement(packet: bytes, damaged: bool) -> list[Heard]:
    if len(packet) < 10:
        return []
    kind, end = packet[0] & 0x0F, 2 + packet[1]
    if kind in (0, 2, 4, 6):
        sender, at = packet[7:1:-1].hex(), 8
    elif kind == 7:
        extended = packet[2] & 0x3F
        sender = packet[9:3:-1].hex() if extended >= 7 and packet[3] & 1 else ""
        at = 3 + extended
    else:
        return []
    return [Heard(sender, payload, damaged) for payload in _structures(packet, at, min(end, len(packet)))]


def _structures(data: bytes, at: int, end: int) -> list[bytes]:
    """Service data of an advertisement: length, kind, UUID, application, counter, message."""
    found = []
    while at + 2 <= end:
        length = data[at]
        value = data[at + 1 : at + 1 + length]
        if value[:1] == bytes([_SERVICE_DATA]) and value[1:3] == _UUID and value[3:4] == bytes([_APPLICATION]):
            found.append(value[5:])
        at += 1 + length if length else end
    return found


def _hci(event: bytes) -> list[Heard]:
    """Advertising reports as a controller hands them to its host: it has checked and dropped what was damaged."""
    if event[:1] != b"\x3e" or len(event) < 4 or event[2] not in (0x02, 0x0D):
        return []
    address, size = (2, 8) if event[2] == 0x02 else (3, 23)  # from the beginning of a report
    found: list[Heard] = []
    at = 4
    for _ in range(event[3]):
        if at + size >= len(event):
            break
        sender, length = event[at + address : at + address + 6][::-1].hex(), event[at + size]
        data = event[at + size + 1 : at + size + 1 + length]
        found += [Heard(sender, payload) for payload in _structures(data, 0, len(data))]
        at += size + 1 + length + (1 if event[2] == 0x02 else 0)  # the strength stands behind a report of the old kind
    return found
