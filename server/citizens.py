"""The form for citizens: whether it is open, where its reports go, and who has sent enough for now.

A form carries a stamp: when it was handed out, signed. It says that a report comes from a form of ours, that a person
had time to write it, and the same stamp with the same words is the same report (a second tap, a reload).
"""

import hmac
import secrets
import threading
import time
from collections.abc import Callable
from typing import Annotated

from msgspec import Meta, Struct

from server.places import network_of
from server.throttle import Throttle

FORM_VALID_S = 4 * 3_600
WRITTEN_IN_S = 2.0
"""Nobody writes a report faster than that."""
BURST = 10
AT_ONCE = 2
"""Photographs that are drawn anew at the same time: each may take 150 MB for a moment."""


class CitizenSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The form for citizens at /melden."""

    enabled: bool = False
    """Open for the live situation. The demo opens it for its exercise, whatever this says."""
    per_hour: Annotated[float, Meta(gt=0)] = 60
    """Reports per address and hour in the long run, ten at once. Mobile networks put many people behind one address."""
    all_per_min: Annotated[float, Meta(gt=0)] = 120
    """Reports per minute from everybody together."""
    photos: Annotated[int, Meta(ge=0, le=10)] = 3
    """Most photographs in one report."""
    photo_bytes: Annotated[int, Meta(ge=1)] = 6_000_000
    """Largest photograph; all of a report are within `limits.body_bytes`."""
    text_chars: Annotated[int, Meta(ge=100, le=8_000)] = 2_000
    """Longest text."""


class Citizens:
    """The form's own memory: nothing of it is kept over a restart, and forms handed out before are handed out anew."""

    def __init__(self, settings: CitizenSettings, clock: Callable[[], float] = time.time) -> None:
        self.settings = settings
        self.situation: str | None = "live" if settings.enabled else None
        """Id of the situation that reports go into; None: the form is closed."""
        self.drawing = threading.BoundedSemaphore(AT_ONCE)
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._each = Throttle(per_minute=settings.per_hour / 60, burst=BURST, clock=clock)
        self._all = Throttle(per_minute=settings.all_per_min, burst=settings.all_per_min, max_keys=1, clock=clock)

    def open_for_exercise(self, situation: str) -> bool:
        """Let reports go into an exercise, unless the form is open for what is real. Whether they do."""
        if not self.settings.enabled:
            self.situation = situation
        return self.situation == situation

    def stamp(self) -> str:
        """For a form that is handed out now."""
        issued = f"{self._clock():.3f}-{secrets.token_hex(4)}"
        return f"{issued}.{self._sign(issued)}"

    def age_s(self, stamp: str) -> float | None:
        """How long ago the form was handed out; None for a stamp that is not ours or too old."""
        issued, _, signature = stamp.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign(issued).encode()):
            return None
        age = self._clock() - float(issued.partition("-")[0])
        return age if age <= FORM_VALID_S else None

    def wait_s(self, address: str) -> float:
        """Count a report of an address: 0.0 when it is allowed, else the seconds until one will be."""
        return self._each.take(network_of(address)) or self._all.take("all")

    def _sign(self, issued: str) -> str:
        return hmac.digest(self._key, issued.encode("utf-8", "replace"), "sha256").hex()
