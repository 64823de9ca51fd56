"""What of the house is needed to speak with TAK, in one place."""

import hashlib
from dataclasses import dataclass

from server.access import Access, Principal
from server.audit import Audit
from server.intake import Intake
from server.situations import Situation, Situations
from server.sync import Sync
from server.throttle import Throttle


@dataclass(frozen=True, kw_only=True, slots=True)
class Rooms:
    """See the module. `failures` counts wrong passwords per address, with those of the web."""

    access: Access
    audit: Audit
    intake: Intake
    situations: Situations
    sync: Sync
    failures: Throttle

    @property
    def house(self) -> str:
        """Eight letters that name this house in uids: of its live journal, so they last."""
        return hashlib.sha256(self.situations.live.epoch.encode()).hexdigest()[:8]

    def situation_of(self, who: Principal) -> Situation | None:
        """The situation that a token is for: its own, else live."""
        if not who.may_enter(who.home):
            return None
        try:
            return self.situations.get(who.home)
        except KeyError:
            return None
