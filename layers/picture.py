"""The picture: the only place where state changes.

`apply` lets time pass to the observation's receipt (what is over expires, who is silent is marked), merges the
observation into the book, and has the layers draw anew what it touched. The same journal always gives the same picture;
and since records merge by stamps, so does any order of the same observations between two expiries.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from types import ModuleType
from typing import Any

import msgspec
from msgspec import Struct

from layers import (
    buildings,
    cards,
    crowd,
    devices,
    drones,
    images,
    marks,
    missions,
    notes,
    reports,
    rooms,
    snapshot,
    sources,
    units,
    warnings,
)
from layers.book import ALL, Book, Change
from layers.deadlines import Deadlines
from layers.merge import take
from layers.observation import Entry
from layers.records import Record
from layers.settings import PictureSettings
from layers.wire import Feature

LAYERS: tuple[ModuleType, ...] = (
    *(missions, units, crowd, drones, images, buildings, rooms, devices, reports, warnings, marks, notes, sources),
)
"""Every layer that draws subjects. Each module has KINDS, LISTENS, affected, draw; some have due and urgent."""

DRAWN_BY: dict[str, ModuleType] = {kind: layer for layer in LAYERS for kind in sorted(layer.KINDS)}
LISTENERS: dict[str, tuple[ModuleType, ...]] = {
    kind: tuple(layer for layer in LAYERS if kind in layer.LISTENS) for kind in DRAWN_BY
}


MEMORIES = frozenset({"removal", "verdict", "seen"})
_LOOSE = frozenset({"devices", "notes"})
"""Layers that show values as a sender gave them: 1 and true are equal in Python and not on the wire."""


_encode = msgspec.json.Encoder(order="deterministic").encode


def _same(one: Feature, other: Feature) -> bool:
    if one != other:
        return False
    return one["properties"]["layer"] not in _LOOSE or _encode(one) == _encode(other)


class Changes(Struct):
    """What became of the picture: features to put in place, ids to take away, and whether that cannot wait."""

    upsert: list[Feature]
    remove: list[str]
    urgent: bool = False


class Picture:
    """See the module. `features` maps id to GeoJSON feature; one is replaced, never changed in place.

    `rev` is the seq of the last entry applied; a feature's own is that of the last entry of the batch in which it
    changed. `removed` is the seq at which a feature went; for cursors before
    `removed_floor` it is no longer known what was removed since.
    """

    def __init__(self, settings: PictureSettings) -> None:
        self.settings = settings
        self.book = Book(settings)
        self.rev = 0
        self.features: dict[str, Feature] = {}
        self.removed: dict[str, int] = {}
        self.removed_floor = 0
        self._parts: dict[str, tuple[str, ...]] = {}
        self._dirty: dict[str, None] = {}
        self._cards: dict[str, None] = {}
        self._expiries = Deadlines[str](self._expires_at)
        self._dues = Deadlines[str](self._due_at)
        self._memories = Deadlines[tuple[str, str]](self.book.memory_expires_at)

    @property
    def now(self) -> datetime | None:
        """Picture time, None before the first entry."""
        return self.book.now

    @property
    def records(self) -> dict[str, Record]:
        """What is known, by subject."""
        return self.book.records

    def apply(self, entry: Entry) -> Changes:
        """Apply one entry; one that was applied before changes nothing."""
        return self.apply_many((entry,))

    def apply_many(self, entries: Iterable[Entry]) -> Changes:
        """Apply entries in the order of their seq and draw once at the end. Entries up to `rev` are skipped."""
        for entry in entries:
            if entry.seq <= self.rev:
                continue
            observation = entry.observation
            self._pass_to(observation.received_at)
            for change in take(self.book, observation):
                self._note(change)
            self.rev = entry.seq
        return self._redraw()

    def next_due(self) -> datetime | None:
        """When something will change by itself: an expiry, a silence, an end."""
        firsts = (self._expiries.first(), self._dues.first(), self._memories.first())
        return min((first[0] for first in firsts if first is not None), default=None)

    def extras(self, subject: str) -> dict[str, Any]:
        """The sender's attributes as written, merged; empty for an unknown subject."""
        record = self.book.records.get(subject)
        return {} if record is None else {name: record.extra[name][0] for name in sorted(record.extra)}

    def subjects(self, kind: str) -> list[str]:
        """Subjects of a kind, sorted; KeyError for a word that is no kind of subject."""
        return sorted(self.book.kinds[kind])

    def source_of(self, subject: str) -> str | None:
        """Who spoke last of a subject."""
        record = self.book.records.get(subject)
        return None if record is None else record.lead.source

    def digest(self) -> str:
        """Hash of all that is known and drawn, without revisions: equal observations, however batched, equal digest."""
        return hashlib.sha256(snapshot.canonical(self.book, self.features)).hexdigest()

    def dump(self) -> bytes:
        """The whole picture, for a fast start."""
        return snapshot.dump(self.book, self.features, self.rev, self.removed, self.removed_floor)

    @classmethod
    def load(cls, data: bytes, settings: PictureSettings) -> "Picture":
        """Inverse of `dump`, to the byte. Raises `snapshot.SnapshotError` for another version or other settings."""
        picture = cls(settings)
        state = snapshot.load(data, picture.book)
        picture.rev, picture.features = state.rev, state.features
        picture.removed, picture.removed_floor = state.removed, state.removed_floor
        for feature_id in picture.features:
            subject = feature_id.partition("#")[0]
            picture._parts[subject] = (*picture._parts.get(subject, ()), feature_id)
        for subject in (*picture.book.records, *(sources.PREFIX + source for source in picture.book.sources)):
            picture._expiries.touch(subject)
            picture._dues.touch(subject)
        for memory in picture.book.memories():
            picture._memories.touch(memory)
        return picture

    def _kind(self, subject: str) -> str | None:
        record = self.book.records.get(subject)
        if record is not None:
            return record.kind
        return "source" if subject.removeprefix(sources.PREFIX) in self.book.sources else None

    def _expires_at(self, subject: str) -> datetime | None:
        record = self.book.records.get(subject)
        if record is not None:
            return record.expires_at
        source = subject.removeprefix(sources.PREFIX)
        return sources.expires_at(self.book, source) if source in self.book.sources else None

    def _due_at(self, subject: str) -> datetime | None:
        kind = self._kind(subject)
        layer = DRAWN_BY.get(kind) if kind is not None else None
        moment: datetime | None = layer.due(subject, self.book) if layer is not None and hasattr(layer, "due") else None
        return moment

    def _pass_to(self, moment: datetime) -> None:
        book = self.book
        now = moment if book.now is None else max(moment, book.now)
        # Asked before time moves: a layer says what comes next, and what is due now is no longer next.
        due = [subject for _, subject in self._dues.due(now)]
        book.now = now
        for _, subject in self._expiries.due(now):
            self._forget(subject)
        for _, memory in self._memories.due(now):
            self._forget_memory(memory)
        for subject in due:
            kind = self._kind(subject)
            if kind is not None:
                self._note(Change(subject, kind, ALL))

    def _note(self, change: Change) -> None:
        """Mark what a change affects, and keep the bounds."""
        subject, book = change.subject, self.book
        self._dirty[subject] = None
        for target in change.targets:
            self._dirty[target] = None
        if change.kind in MEMORIES:
            self._memories.touch((change.kind, subject))
            if len(self._memories) > self.settings.max_removed and (oldest := self._memories.first()) is not None:
                book.count_dropped(oldest[1][0])
                self._forget_memory(oldest[1])
            return
        for layer in LISTENERS.get(change.kind, ()):
            for other in layer.affected(change, book):
                self._dirty[other] = None
        for mission in cards.of_change(change, book):
            self._cards[mission] = None
        record = book.records.get(subject)
        if record is not None:
            if not record.held or (record.expires_at is not None and record.expires_at <= book.time()):
                self._forget(subject)
                return
            self._expiries.touch(subject)
            if len(book.records) > self.settings.max_features and (first := self._expiries.first()) is not None:
                book.count_dropped("subject")
                self._forget(first[1])
        elif change.kind == "source":
            self._expiries.touch(subject)

    def _forget(self, subject: str) -> None:
        record = self.book.records.get(subject)
        self._expiries.drop(subject)
        self._dues.drop(subject)
        if record is None:
            self.book.sources.pop(subject.removeprefix(sources.PREFIX), None)
            self._dirty[subject] = None
            return
        change = Change(subject, record.kind, ALL)
        for layer in LISTENERS.get(record.kind, ()):
            self._dirty.update(dict.fromkeys(layer.affected(change, self.book)))
        self._cards.update(dict.fromkeys(cards.of_change(change, self.book)))
        replaced = warnings.predecessors(self.book, record) if record.kind == "warning" else []
        self.book.discard(record)
        for older in replaced:
            # What was called off does not come back because the message that did so is forgotten.
            self._forget(older.subject)

    def _forget_memory(self, memory: tuple[str, str]) -> None:
        self._memories.drop(memory)
        self.book.forget_memory(memory)
        self._dirty[memory[1]] = None

    def _redraw(self) -> Changes:
        changes = Changes(upsert=[], remove=[])
        for subject in sorted(self._dirty):
            kind = self._kind(subject)
            layer = DRAWN_BY[kind] if kind is not None else None
            self._draw(subject, layer, layer.draw(subject, self.book) if layer is not None else (), changes)
        self._dirty.clear()
        for mission in sorted(self._cards):
            self._draw(cards.PREFIX + mission, None, cards.draw(mission, self.book), changes)
        self._cards.clear()
        return changes

    def _draw(self, subject: str, layer: ModuleType | None, drawn: Sequence[Feature], changes: Changes) -> None:
        before = self._parts.get(subject, ())
        after = tuple(feature["id"] for feature in drawn)
        for feature in drawn:
            self._replace(feature, layer, changes)
        for feature_id in before:
            if feature_id not in after:
                self._remove(feature_id, changes)
        if after:
            self._parts[subject] = after
        else:
            self._parts.pop(subject, None)
        if layer is not None and hasattr(layer, "due"):
            self._dues.touch(subject)

    def _replace(self, feature: Feature, layer: ModuleType | None, changes: Changes) -> None:
        feature_id = feature["id"]
        known = self.features.get(feature_id)
        if known is not None:
            if known is feature:
                return
            feature["properties"]["rev"] = known["properties"]["rev"]
            if _same(known, feature):
                return
        feature["properties"]["rev"] = self.rev
        self.features[feature_id] = feature
        self.removed.pop(feature_id, None)
        changes.upsert.append(feature)
        self._cards.update(dict.fromkeys(cards.of_feature(known, feature, self.book)))
        if layer is not None and hasattr(layer, "urgent") and layer.urgent(known, feature):
            changes.urgent = True

    def _remove(self, feature_id: str, changes: Changes) -> None:
        gone = self.features.pop(feature_id)
        self._cards.update(dict.fromkeys(cards.of_feature(gone, None, self.book)))
        self.removed[feature_id] = self.rev
        changes.remove.append(feature_id)
        while len(self.removed) > self.settings.max_removed:
            # Insertion order is the order of revisions: an id that comes back is taken out before it is put in again.
            oldest = next(iter(self.removed))
            self.removed_floor = max(self.removed_floor, self.removed.pop(oldest))
