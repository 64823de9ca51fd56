"""Changes of the radio status that skip a step are taken like any other, and logged: a status may be lost on the way.

Which change is unusual is said in `layers.fms`. Only the newest status of each unit is looked at: one that comes late
is no change, and of several in one batch the last counts.
"""

import logging
from typing import Any

from layers import fms
from layers.picture import Changes
from layers.wire import Feature
from server.situation import Situation

log = logging.getLogger("lagebild.status")


class StatusChanges:
    """Hears of every change of every situation (`server.situation.Listener`)."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], dict[str, int]] = {}
        """By situation and epoch: the newest status of each unit that stands for a state."""

    def changed(self, situation: Situation, changes: Changes | None) -> None:
        """See `server.situation.Listener`."""
        if situation.clock.state == "ended":
            self._forget(situation)
            return
        key = (situation.id, situation.epoch)
        if key not in self._last:
            self._forget(situation)
            self._last[key] = {}
        last = self._last[key]
        for name in changes.remove if changes is not None else ():
            last.pop(name, None)
        for feature in changes.upsert if changes is not None else ():
            self._look_at(situation, last, feature)

    def _look_at(self, situation: Situation, last: dict[str, int], feature: Feature) -> None:
        properties: dict[str, Any] = feature["properties"]
        status, own = properties.get("fms_status"), situation.picture.settings.fms
        if properties["part"] != "unit" or status is None or fms.meaning(status, own).state is None:
            return
        before = last.get(feature["id"])
        last[feature["id"]] = status
        if before is not None and fms.is_unusual(before, status, own):
            where = {"situation": situation.id, "unit": feature["id"]}
            log.info("unusual change of status", extra={**where, "before": before, "after": status})

    def _forget(self, situation: Situation) -> None:
        for key in [key for key in self._last if key[0] == situation.id]:
            del self._last[key]
