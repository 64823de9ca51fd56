"""What one view shows, with the revision at which each property of it last changed.

From this a delta between any two cursors is read off: features that appeared since come whole, others as a patch of
the properties that changed, features that left as tombstones. A state serves every client with the same view; it knows
nothing of clients, sockets or clocks, and is property-tested against `layers.wire.apply_delta`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from layers.wire import Feature

Show = Callable[[Feature], Feature | None]
"""The feature as the view may see it, None when it may not."""

MISSING = object()


class Shown:
    """A feature in the view. `born`: when it appeared; `touched`: when anything of it last changed (both revisions)."""

    __slots__ = ("born", "dropped", "feature", "moved", "raw", "revs", "touched")

    def __init__(self, feature: Feature, rev: int) -> None:
        self.feature = feature
        self.born = rev
        self.touched = rev
        self.moved = rev
        self.revs: dict[str, int] = {}
        self.dropped: dict[str, int] = {}
        self.raw: msgspec.Raw | None = None

    def update(self, feature: Feature, rev: int) -> bool:
        """Take over the newer state; False when nothing of it differs."""
        old, new = self.feature["properties"], feature["properties"]
        changed = [key for key, value in new.items() if _differs(old.get(key, MISSING), value)]
        gone = [key for key in old if key not in new]
        moved = feature["geometry"] != self.feature["geometry"]
        if not (changed or gone or moved):
            return False
        for key in changed:
            self.revs[key] = rev
            self.dropped.pop(key, None)
        for key in gone:
            self.dropped[key] = rev
            self.revs.pop(key, None)
        if moved:
            self.moved = rev
        self.feature, self.touched, self.raw = feature, rev, None
        return True

    def whole(self) -> msgspec.Raw:
        """The feature as JSON, encoded once until it changes."""
        if self.raw is None:
            self.raw = msgspec.Raw(msgspec.json.encode(self.feature))
        return self.raw

    def patch(self, since: int) -> dict[str, Any]:
        """What changed of it after `since`."""
        properties = self.feature["properties"]
        patch: dict[str, Any] = {
            "id": self.feature["id"],
            "set": {key: properties[key] for key, rev in self.revs.items() if rev > since},
        }
        unset = [key for key, rev in self.dropped.items() if rev > since]
        if unset:
            patch["unset"] = unset
        if self.moved > since:
            patch["geometry"] = self.feature["geometry"]
        return patch


def _differs(old: Any, new: Any) -> bool:
    # True == 1 in Python, not in JSON: a device's value may turn from one into the other.
    return old is not new and (type(old) is not type(new) or old != new)


class ViewState:
    """Everything a view shows at `rev`, ordered by when it last changed, so that a delta costs what it carries."""

    def __init__(self, max_tombstones: int) -> None:
        self.rev = 0
        self.changed_rev = 0
        """The last revision at which anything in the view changed."""
        self.floor = 0
        """Cursors below it cannot be served by a difference: they get everything."""
        self.shown: dict[str, Shown] = {}
        self.removed: dict[str, int] = {}
        self._max_tombstones = max_tombstones

    def load(self, features: Iterable[Feature], show: Show, rev: int, floor: int, removed: Mapping[str, int]) -> None:
        """Start from a picture at `rev`.

        A cursor from `floor` on can be served: nothing but what the features' own `rev` and the tombstones `removed`
        say has changed for this view since then.
        """
        gone, shown = dict(removed), []
        for feature in features:
            new = show(feature)
            if new is not None:
                shown.append(new)
            elif floor < rev:
                gone[feature["id"]] = feature["properties"]["rev"]  # it may have been visible before it changed
        shown.sort(key=lambda feature: feature["properties"]["rev"])
        self.shown = {feature["id"]: Shown(feature, feature["properties"]["rev"]) for feature in shown}
        self.removed = dict(sorted(gone.items(), key=lambda item: item[1]))
        self.rev, self.floor = rev, floor
        newest = shown[-1]["properties"]["rev"] if shown else 0
        self.changed_rev = max(floor, newest, *self.removed.values())
        self._trim()

    def advance(self, upsert: Iterable[Feature], remove: Iterable[str], rev: int, show: Show) -> bool:
        """Follow the picture to `rev`; True when the view changed."""
        changed = False
        for feature_id in remove:
            changed |= self._leave(feature_id, rev)
        for feature in upsert:
            new = show(feature)
            changed |= self._leave(feature["id"], rev) if new is None else self._enter(new, rev)
        self.rev = rev
        if changed:
            self.changed_rev = rev
            self._trim()
        return changed

    def _enter(self, feature: Feature, rev: int) -> bool:
        feature_id = feature["id"]
        shown = self.shown.get(feature_id)
        if shown is None:
            self.shown[feature_id] = Shown(feature, rev)
            self.removed.pop(feature_id, None)
            return True
        if shown.update(feature, rev):
            # Dicts keep insertion order: what changed last stands last.
            self.shown[feature_id] = self.shown.pop(feature_id)
            return True
        return False

    def _leave(self, feature_id: str, rev: int) -> bool:
        if self.shown.pop(feature_id, None) is None:
            return False
        self.removed.pop(feature_id, None)
        self.removed[feature_id] = rev
        return True

    def _trim(self) -> None:
        while len(self.removed) > self._max_tombstones:
            oldest = next(iter(self.removed))
            self.floor = max(self.floor, self.removed.pop(oldest))

    def serves(self, cursor: int) -> bool:
        """Can a client at this cursor be brought up by a difference?"""
        return cursor > 0 and self.floor <= cursor <= self.rev

    def changed(self, cursor: int) -> tuple[bool, list[Feature], list[str]]:
        """As `difference`, with whole features: whether it is all, what to put in place, what to take away."""
        if not self.serves(cursor):
            return True, [shown.feature for shown in self.shown.values()], []
        upsert = []
        for shown in reversed(self.shown.values()):
            if shown.touched <= cursor:
                break
            upsert.append(shown.feature)
        remove = []
        for feature_id, rev in reversed(self.removed.items()):
            if rev <= cursor:
                break
            remove.append(feature_id)
        return False, upsert[::-1], remove[::-1]

    def difference(self, cursor: int) -> dict[str, Any]:
        """What to add, change and drop for a client at `cursor`; full where the cursor cannot be served."""
        if not self.serves(cursor):
            return {"full": True, "upsert": [shown.whole() for shown in self.shown.values()], "patch": [], "remove": []}
        upsert: list[msgspec.Raw] = []
        patch: list[dict[str, Any]] = []
        for shown in reversed(self.shown.values()):
            if shown.touched <= cursor:
                break
            if shown.born > cursor:
                upsert.append(shown.whole())
            else:
                patch.append(shown.patch(cursor))
        remove = []
        for feature_id, rev in reversed(self.removed.items()):
            if rev <= cursor:
                break
            remove.append(feature_id)
        return {"full": False, "upsert": upsert[::-1], "patch": patch[::-1], "remove": remove[::-1]}
