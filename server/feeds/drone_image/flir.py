"""When a FLIR camera took its picture: in the camera record of the radiometric data, with the zone that EXIF lacks.

The data lie in APP1 segments `FLIR`, numbered from 0, and begin with `FFF`. A directory of 32-byte entries follows:
type, offset and length of each record; the camera's is of type 0x20 and has the time at byte 900.
"""

import struct
from datetime import UTC, datetime

CAMERA_RECORD = 0x20
TIME_AT = 900
MAX_ENTRIES = 100
MAX_SEGMENTS = 256


def taken_at(segments: list[bytes]) -> str | None:
    """The time as `YYYY:MM:DD hh:mm:ss.mmm+00:00`, None where the segments hold none.

    A segment begins with a byte 1, its number, and the number of the last one.
    """
    parts = {segment[1]: segment[3:] for segment in segments[:MAX_SEGMENTS] if len(segment) > 3 and segment[0] == 1}
    if sorted(parts) != list(range(len(parts))):
        return None
    data = b"".join(parts[number] for number in sorted(parts))
    if data[:4] != b"FFF\0" or len(data) < 64:
        return None
    order = "<" if struct.unpack_from(">I", data, 20)[0] > 0xFFFF else ">"
    directory, entries = struct.unpack_from(f"{order}II", data, 24)
    for entry in range(directory, directory + 32 * min(entries, MAX_ENTRIES), 32):
        if entry + 32 > len(data):
            return None
        kind, start, length = struct.unpack_from(f"{order}H10xII", data, entry)
        if kind == CAMERA_RECORD and length >= TIME_AT + 10 and start + TIME_AT + 10 <= len(data):
            return _time(data, start)
    return None


def _time(data: bytes, start: int) -> str | None:
    """The record has an order of its own: its first word is small."""
    order = "<" if struct.unpack_from("<H", data, start)[0] < 0x100 else ">"
    seconds, thousandths = struct.unpack_from(f"{order}II", data, start + TIME_AT)
    if seconds == 0:
        return None
    at = datetime.fromtimestamp(seconds, UTC)
    return f"{at:%Y:%m:%d %H:%M:%S}.{thousandths & 0xFFFF:03d}+00:00"
