"""Water near missions: a deriver (server/derive.py) that asks the hoses once a mission has a position, and again when
there is other base data or another table of own hydrants."""

from collections.abc import Hashable, Iterable
from datetime import datetime

import msgspec

from layers.content import Content, Mission, WaterPoint
from layers.geo import centre
from layers.missions import OPEN, state
from layers.picture import Picture
from layers.position import position
from layers.wire import Feature
from server.base.base import Base, Bases
from server.base.hoses import Hoses
from server.base.objects.ways import OwnWater
from server.deriver import Question

NUMBER = 5


class MissionWater:
    """See the module."""

    source = "base/water"

    def __init__(self, bases: Bases, own: OwnWater | None = None) -> None:
        self._bases, self._own = bases, own

    @property
    def ready(self) -> bool:
        """Once there is base data."""
        return self._bases.current is not None

    def rests_until(self, _picture: Picture, _subject: str) -> None:
        """Never: a position is asked once of each state of the data."""

    def concerns(self, feature: Feature) -> Iterable[str]:
        """An open mission with a position."""
        said = feature["properties"]
        wanted = said["layer"] == "missions" and said["state"] == OPEN and feature["geometry"] is not None
        return (feature["id"],) if wanted else ()

    def surroundings(self, _picture: Picture, _now: datetime) -> Hashable:
        """What the server knows of water."""
        base = self._bases.current
        return None if base is None else self._data(base)

    def surrounded(self, picture: Picture) -> Iterable[str]:
        """Every mission; `ask` knows which are open."""
        return picture.subjects("mission")

    def ask(self, picture: Picture, subject: str) -> Question | None:
        """Where it is, unless the water that is known is of this position and this data."""
        record, base = picture.book.record(subject, "mission"), self._bases.current
        here = None if record is None else position(record)
        if record is None or base is None or here is None or state(record, picture.book.time()) != OPEN:
            return None
        claim, known, data = here.claim, record.claim("water"), self._data(base)
        is_of_here = known is not None and known.observed_at >= claim.observed_at
        if is_of_here and record.get("water_basis") == data:
            return None
        # With what it replaces: base data that was taken back leads back to an earlier answer.
        basis = f"{claim.id} {data} {'' if known is None else known.id}"
        place = centre(here.geometry)
        return Question(subject=subject, basis=basis, observed_at=claim.observed_at, data=(base, place, data))

    def answer(self, question: Question) -> Content | None:
        """The nearest water. Raises GraphError where the base has no roads."""
        base, (lon, lat), data = question.data
        kept, hoses = WaterPoint.__struct_fields__, base.get(Hoses)
        # The card and the map of water are for everybody who sees the picture: so are the hydrants on them.
        own = [] if self._own is None else self._own.hung(hoses, None)
        rows = [msgspec.to_builtins(source) for source in hoses.near(lon, lat, NUMBER, own=own)]
        water = tuple(WaterPoint(**{name: row[name] for name in kept}) for row in rows)
        return Mission(water=water, water_basis=data)

    def _data(self, base: Base) -> str:
        return f"{base.manifest.version} {self._own.version() if self._own is not None else ''}".strip()
