"""Frames of MAVLink as an autopilot packs them."""

import importlib
from typing import Any

from server.feeds.mavlink import DIALECT

dialect: Any = importlib.import_module(DIALECT)
BOOTED_US = 1_795_284_300_000_000
"""When the autopilot of these frames was started: 18:05:00."""


class Autopilot:
    """Counts its frames; `version` 1 or 2."""

    def __init__(self, system: int = 7, version: int = 2) -> None:
        self.link = dialect.MAVLink(None, srcSystem=system, srcComponent=1)
        self.force_v1 = version == 1

    def frame(self, kind: str, *values: Any) -> bytes:
        """One frame."""
        message = getattr(dialect, f"MAVLink_{kind}_message")(*values)
        packed = bytes(message.pack(self.link, force_mavlink1=self.force_v1))
        self.link.seq = (self.link.seq + 1) % 256
        return packed

    def position(self, boot_ms: int = 11_000, lon: float = 8.78, lat: float = 51.83, heading: int = 27_000) -> bytes:
        """GLOBAL_POSITION_INT: 100 m above home, 5 m/s, climbing."""
        place = (round(lat * 1e7), round(lon * 1e7))
        return self.frame("global_position_int", boot_ms, *place, 220_000, 100_000, 300, -400, -50, heading)

    def captured(self, result: int = 1) -> bytes:
        """CAMERA_IMAGE_CAPTURED straight down, the image's top to the north."""
        place = (518_300_000, 87_800_000, 220_000, 100_000)
        return self.frame(
            *("camera_image_captured", 12_000, BOOTED_US + 12_000_000, 1, *place, [0.7071068, 0.0, -0.7071068, 0.0]),
            *(3, result, b"/media/IMG_0003.jpg"),
        )

    def view(self, q: tuple[float, ...] = (0.7071068, 0.0, -0.7071068, 0.0), hfov: float = 60.0) -> bytes:
        """CAMERA_FOV_STATUS from 100 m."""
        camera, image = (518_300_000, 87_800_000, 220_000), (518_300_000, 87_800_000, 120_000)
        return self.frame("camera_fov_status", 13_000, *camera, *image, list(q), hfov, 40.0)


def stamped(frame: bytes, at_us: int) -> bytes:
    """As a ground station logs it."""
    return at_us.to_bytes(8, "big") + frame
