"""Positions of missions from their addresses: a deriver (server/derive.py) that asks the geocoder.

Only a hit that `geocode.unambiguous` lets pass becomes a position, and only if it agrees with the town or postcode that
dispatch told: a Bahnhofstraße here is none of another city. Everything else goes to a person, with its hits.
"""

from collections.abc import Iterable, Mapping

from layers.content import Candidate, Content, Geocode, Mission
from layers.content_parts import MOST_CANDIDATES
from layers.missions import OPEN, state
from layers.picture import Picture
from layers.position import AMBIGUOUS, FOUND, NOTHING, address_text
from layers.position import geocode as known
from layers.records import GEOMETRY
from layers.wire import Feature
from server.base.base import Bases
from server.base.geocode import Answer, Geocoder
from server.deriver import Question

AGREES = "agrees"


class MissionPositions:
    """See the module. Without base data nothing is asked; once there is some, open missions get their positions."""

    source = "base/geocoder"

    def __init__(self, bases: Bases, short_names: Mapping[str, str]) -> None:
        self._bases = bases
        self._short_names = short_names

    @property
    def ready(self) -> bool:
        """Once there is base data."""
        return self._bases.current is not None

    def rests_until(self, _picture: Picture, _subject: str) -> None:
        """Never: an address is asked once."""

    def concerns(self, feature: Feature) -> Iterable[str]:
        """A mission without coordinates of dispatch."""
        said = feature["properties"]
        if said["layer"] == "missions" and said["address"] is not None and said["position_source"] != "dispatch":
            return (feature["id"],)
        return ()

    def ask(self, picture: Picture, subject: str) -> Question | None:
        """The address of an open mission, if it has not been asked of this base."""
        record, base = picture.book.record(subject, "mission"), self._bases.current
        if record is None or base is None or record.get(GEOMETRY) is not None:
            return None
        text, claim, told = address_text(record), record.claim("address"), known(record)
        if text is None or claim is None or state(record, picture.book.time()) != OPEN:
            return None
        version = base.manifest.version
        if told is not None and told.base == version:
            return None
        placed = bool(record.get("address").city or record.get("address").postcode)
        # A base that was built anew later is asked again: its word is newer although the address is as old.
        basis = f"{claim.id} {version}"
        return Question(subject=subject, basis=basis, observed_at=claim.observed_at, data=(base, text, placed))

    def answer(self, question: Question) -> Content | None:
        """What the address may mean."""
        base, text, placed = question.data
        answer = base.get(Geocoder).find(text, limit=MOST_CANDIDATES, short_names=self._short_names)
        hits = tuple(
            Candidate(
                lon=float(hit.lon),
                lat=float(hit.lat),
                kind=hit.kind,
                accuracy_m=float(hit.accuracy_m),
                score=float(hit.score),
                label=hit.label,
            )
            for hit in answer.hits
        )
        verdict = NOTHING if not hits else FOUND if _is_sure(answer, placed) else AMBIGUOUS
        told = Geocode(
            address=text,
            base=base.manifest.version,
            verdict=verdict,
            hits=hits[:1] if verdict == FOUND else hits,
        )
        return Mission(geocode=told)


def _is_sure(answer: Answer, placed: bool) -> bool:
    matched = answer.hits[0].matched
    agrees = AGREES in (matched.get("place"), matched.get("postcode"))
    contradicts = "contradicts" in (matched.get("place"), matched.get("postcode"))
    return answer.unambiguous and not contradicts and (agrees or not placed)
