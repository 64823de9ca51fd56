"""The German radio status (FMS): what each digit says, and how a press on the pad becomes a report.

Meanings: TR BOS / FMS status from vehicle to control room (0 to 8). Status 5 asks to speak and 0 is an emergency
call: both leave the vehicle's state as it is. 9 is not the crew's to send.
"""

from dataclasses import dataclass
from enum import StrEnum

PAD = (1, 2, 3, 4, 5, 6, 7, 8, 0)
"""The digits of the pad in reading order."""

ARMED_FOR_S = 5.0
"""So long a second press confirms the first."""
HOLD_S = 0.8
"""Holding a key so long confirms it as well."""
EMERGENCY_HOLD_S = 2.0
"""Status 0 is sent by holding only, and longer: it calls for help with priority."""


WATCHED_TIMES = 4
"""So often the filling bar must have been drawn: on a tablet that stutters, a tap must not pass for a hold."""


class Press(StrEnum):
    """What a touch on the pad did."""

    NOTHING = "nothing"
    ARMED = "armed"
    SEND = "send"


@dataclass
class Pad:
    """Guards against a glove that slips: no status leaves by one touch. Times are seconds of a monotonic clock."""

    armed: int | None = None
    _armed_at_s: float = 0.0
    _down: int | None = None
    _down_at_s: float = 0.0
    _drawn: int = 0

    def down(self, digit: int, now_s: float) -> None:
        """A finger came down on a key."""
        self._down, self._down_at_s, self._drawn = digit, now_s, 0

    def drawn(self) -> None:
        """The crew could see how far the key is held."""
        self._drawn += 1

    def cancel(self) -> None:
        """The finger left the key sideways."""
        self._down = None

    def held(self, now_s: float) -> tuple[int, float] | None:
        """The key under the finger and how far it is held, 0 to 1; None where no finger is down."""
        if self._down is None:
            return None
        needed_s = EMERGENCY_HOLD_S if self._down == 0 else HOLD_S
        return self._down, min(1.0, (now_s - self._down_at_s) / needed_s, self._drawn / WATCHED_TIMES)

    def up(self, now_s: float) -> tuple[Press, int | None]:
        """The finger left the key: what that means."""
        holding = self.held(now_s)
        self._down = None
        if holding is None:
            return Press.NOTHING, None
        digit, share = holding
        if share >= 1.0 or (digit != 0 and self.is_armed(digit, now_s)):
            self.armed = None
            return Press.SEND, digit
        self.armed, self._armed_at_s = digit, now_s
        return Press.ARMED, digit

    def is_armed(self, digit: int, now_s: float) -> bool:
        """Whether a second press on the key would confirm."""
        return self.armed == digit and now_s - self._armed_at_s <= ARMED_FOR_S

    def expire(self, now_s: float) -> None:
        """Forget a first press that nobody confirmed."""
        if self.armed is not None and now_s - self._armed_at_s > ARMED_FOR_S:
            self.armed = None
