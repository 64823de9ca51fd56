"""Messages of remote identification, the frames that carry them, and captures of those."""

import struct
from collections.abc import Iterable

SERIAL = "1581F4FKD229400B"
AT_S = 1_795_284_311.5
MAC = bytes.fromhex("60601f112233")


def basic(identity: str | bytes = SERIAL, kind: int = 1, aircraft: int = 2) -> bytes:
    """Who the drone is."""
    raw = identity if isinstance(identity, bytes) else identity.encode()
    return bytes([0x02, kind << 4 | aircraft]) + raw.ljust(20, b"\0") + bytes(3)


def location(lon: float = 8.78, lat: float = 51.83, **more: int) -> bytes:
    """Where it is; `more` are raw fields."""
    raw = {"flags": 0x22, "direction": 90, "speed": 40, "climb": -4, "pressure": 2400, "geodetic": 2440}
    raw |= {"height": 2200, "accuracy": 10, "tenths": 3115, **more}
    place = struct.pack("<ii", round(lat * 1e7), round(lon * 1e7))
    heights = struct.pack("<HHH", raw["pressure"], raw["geodetic"], raw["height"])
    head = bytes([0x12, raw["flags"], raw["direction"], raw["speed"]]) + struct.pack("<b", raw["climb"])
    return head + place + heights + bytes([raw["accuracy"], 0]) + struct.pack("<H", raw["tenths"]) + bytes(2)


def own(text: str = "Übung".replace("Ü", "Ue"), kind: int = 0) -> bytes:
    """What it is flown for."""
    return bytes([0x32, kind]) + text.encode().ljust(23, b"\0")


def system(lon: float = 8.779, lat: float = 51.829, radius: int = 5) -> bytes:
    """From where, and in which area."""
    place = struct.pack("<ii", round(lat * 1e7), round(lon * 1e7))
    area = struct.pack("<HBHH", 1, radius, 2300, 2000)
    return b"\x42\x05" + place + area + b"\x22" + bytes(2) + struct.pack("<I", 249_000_000) + b"\0"


def operator(identity: str = "DEU87astrdge12k8") -> bytes:
    """Who flies it."""
    return b"\x52\0" + identity.encode().ljust(20, b"\0") + bytes(3)


def pack(*messages: bytes) -> bytes:
    """Several messages in one."""
    return bytes([0xF2, 25, len(messages)]) + b"".join(messages)


def beacon(payload: bytes) -> bytes:
    """An 802.11 beacon with a name and the vendor's element."""
    element = b"\xfa\x0b\xbc\x0d\x07" + payload
    head = b"\x80\0\0\0" + b"\xff" * 6 + MAC + MAC + b"\0\0"
    return head + bytes(12) + b"\0\x04Feld" + bytes([0xDD, len(element)]) + element


def nan(payload: bytes, control: int = 0x10, before: bytes = b"") -> bytes:
    """An 802.11 NAN action frame: a cluster attribute, then the service."""
    info = b"\x07" + payload
    service = bytes.fromhex("8869199d9209") + bytes([1, 0, control]) + before + bytes([len(info)]) + info
    attributes = b"\x01\x02\0ab" + b"\x03" + len(service).to_bytes(2, "little") + service
    head = b"\xd0\0\0\0" + b"\xff" * 6 + MAC + b"\x50\x6f\x9a\x01\0\xff" + b"\0\0"
    return head + b"\x04\x09\x50\x6f\x9a\x13" + attributes


def radiotap(frame: bytes, flags: int = 0x10) -> bytes:
    """With a radiotap header: time, flags; by default a checksum behind the frame."""
    head = b"\0\0\x11\0" + struct.pack("<I", 3) + bytes(8) + bytes([flags])
    return head + frame + (b"\xaa\xbb\xcc\xdd" if flags & 0x10 else b"")


def legacy(message: bytes) -> bytes:
    """A Bluetooth 4 advertisement with its access address and checksum."""
    service = b"\x16\xfa\xff\x0d\x07" + message
    data = MAC[::-1] + bytes([len(service)]) + service
    return bytes.fromhex("d6be898e") + bytes([0x42, len(data)]) + data + b"\1\2\3"


def extended(payload: bytes) -> bytes:
    """A Bluetooth 5 advertisement with an address and a set id."""
    service = b"\x16\xfa\xff\x0d\x07" + payload
    data = b"\x09\x09" + MAC[::-1] + b"\x75\x0e" + bytes([len(service)]) + service
    return bytes.fromhex("d6be898e") + bytes([0x07, len(data)]) + data + b"\1\2\3"


def report(*payloads: bytes, new: bool = True) -> bytes:
    """An HCI event with advertising reports, as a host gets it from its controller."""
    told = b""
    for payload in payloads:
        service = b"\x16\xfa\xff\x0d\x07" + payload
        data = bytes([len(service)]) + service
        if new:
            told += b"\0\0\1" + MAC[::-1] + b"\1\3\0\x7f\xc8\0\0\0" + bytes(6) + bytes([len(data)]) + data
        else:
            told += b"\0\1" + MAC[::-1] + bytes([len(data)]) + data + b"\xc8"
    return bytes([0x3E, len(told) + 2, 0x0D if new else 0x02, len(payloads)]) + told


def nordic(packet: bytes, valid: bool = True, coded: bool = True) -> bytes:
    """As the nRF Sniffer hands it on: an octet of coding before the head, or one of padding behind it."""
    inner = packet[:4] + b"\0" + packet[4:] if coded else packet[:6] + b"\0" + packet[6:]
    head = bytes([0x0A, 0x20 | valid, 10, 53]) + bytes(6)
    return b"\x03" + (len(head) + len(inner)).to_bytes(2, "little") + b"\x03\x13\xbe\x02" + head + inner


def pcap(link: int, frames: Iterable[bytes], order: str = "<", nanoseconds: bool = False) -> bytes:
    """A capture, one frame each tenth of a second."""
    magic, parts = (0xA1B23C4D, 10**9) if nanoseconds else (0xA1B2C3D4, 10**6)
    found = struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 65_535, link)
    for number, frame in enumerate(frames):
        seconds, rest = divmod(round((AT_S + number / 10) * parts), parts)
        found += struct.pack(f"{order}IIII", seconds, rest, len(frame), len(frame)) + frame
    return found


def pcapng(link: int, frames: Iterable[bytes]) -> bytes:
    """The same in the newer form, with an interface that counts nanoseconds."""
    found = _block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    found += _block(1, struct.pack("<HHI", link, 0, 0) + struct.pack("<HHB3x", 9, 1, 9) + bytes(4))
    for number, frame in enumerate(frames):
        stamp = round((AT_S + number / 10) * 1_000) * 1_000_000
        head = struct.pack("<IIIII", 0, stamp >> 32, stamp & 0xFFFF_FFFF, len(frame), len(frame))
        found += _block(6, head + frame + bytes(-len(frame) % 4))
    return found


def _block(kind: int, body: bytes) -> bytes:
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
