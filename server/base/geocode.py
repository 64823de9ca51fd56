"""From what somebody wrote to where it is: `Geocoder.find` offers hits, each with what speaks for it.

Nothing is chosen silently: `unambiguous` is the one rule by which a hit may be taken without asking a person.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence

import shapely
from msgspec import Struct, structs

from server.base.address_houses import Found, apart_m, find, merged
from server.base.address_names import OBJECT, PLACE, STREET, Match, Names
from server.base.address_short import Shorts
from server.base.address_text import NOISE, Reading, key, read
from server.base.base import Base

MOST_CANDIDATES = 40
"""Streets, objects and places looked at per question, the likeliest first."""
MOST_HITS = 50
SURE = 0.8
"""A hit with less is never taken without asking."""
CLEAR = 0.1
"""How much better than every hit elsewhere the first must be."""
WORTH = 0.55
"""What scores less than this share of the best is not offered."""
CROSSING_M, MEETING_M = 15.0, 120.0
"""Accuracy of a mapped crossing; how near two streets must come that share no mapped point."""
_CONTRADICTED, _FOREIGN, _OTHER_PIECE, _UNEXPLAINED = 0.72, 0.85, 0.93, 0.4


class Hit(Struct, frozen=True, kw_only=True):
    """A place that may be meant. `kind`: house, interpolated, nearest (house), street, crossing, object or place.

    `accuracy_m` is the radius in which it lies (one sigma); `score` 0 to 1; `matched` says what fits and what does not.
    """

    kind: str
    label: str
    lon: float
    lat: float
    accuracy_m: float
    score: float
    matched: dict[str, str]
    street: str | None = None
    housenumber: str | None = None
    postcode: str | None = None
    city: str | None = None
    district: str | None = None
    object_kind: str | None = None


class Answer(Struct, frozen=True, kw_only=True):
    """The hits, best first. `unambiguous`: the first may be taken as meant (see `unambiguous`)."""

    text: str
    unambiguous: bool
    hits: tuple[Hit, ...]


def unambiguous(hits: Sequence[Hit]) -> bool:
    """May the first hit be taken without asking? The rule: its score is at least SURE, it is not just a place's middle,
    and every other hit that is less than CLEAR behind lies in the same spot (within its accuracy, at least 50 m).

    So a street of the same name in another district makes it ambiguous unless district, town or postcode was told.
    """
    if not hits or hits[0].score < SURE or hits[0].kind == "place":
        return False
    first = hits[0]
    spot_m = max(50.0, min(first.accuracy_m, 150.0))
    rivals = (hit for hit in hits[1:] if hit.score > first.score - CLEAR)
    return all(apart_m(first.lon, first.lat, hit.lon, hit.lat) <= spot_m for hit in rivals)


class Geocoder:
    """Asks the addresses of a base; made by `base.get(Geocoder)`. Safe for several threads."""

    def __init__(self, base: Base) -> None:
        self._base = base
        self.names = Names(base)
        self._shorts = Shorts(base)
        rows = base.db.execute("SELECT DISTINCT postcodes FROM address_streets")
        self._postcodes = frozenset(code for (codes,) in rows for code in codes.split())

    def find(
        self,
        text: str,
        near: tuple[float, float] | None = None,
        limit: int = 10,
        short_names: Mapping[str, str] | None = None,
    ) -> Answer:
        """What `text` may mean, best first; `near` (lon, lat) decides between equals, `short_names` by their `key`."""
        short = short_names or {}
        reading = read(text, short, self._postcodes)
        hits = self._crossings(reading, short) if reading.crossing else []
        # Who names a crossing that there is means neither street alone.
        alone = self._plain(reading, near)
        if reading.crossing and not hits:
            alone = [_half(hit) if hit.kind == "street" else hit for hit in alone]
        hits += [structs.replace(hit, score=_rounded(hit.score * 0.8)) for hit in alone] if hits else alone
        best = max((hit.score for hit in hits), default=0.0)
        hits = [hit for hit in hits if hit.score >= WORTH * best]
        ranked = _distinct(sorted(hits, key=lambda hit: (-hit.score - _closeness(hit, near), hit.label)))
        return Answer(text=text, unambiguous=unambiguous(ranked), hits=tuple(ranked[: max(1, min(limit, MOST_HITS))]))

    # -- names and numbers ---------------------------------------------------------------------------------------------

    def _plain(self, reading: Reading, near: tuple[float, float] | None) -> list[Hit]:
        if not reading.pieces:
            return []
        shorts = self._shorts.matches(reading.pieces, near)
        matches = self.names.matches(reading.pieces) + shorts
        likely = _likely(matches, reading)
        judge = _Judge(reading, matches)
        hits = []
        for match in likely:
            hit = self._hit(match, reading, judge)
            if hit is not None and hit.score > 0.3:
                hits.append(hit)
        # `GS Kamp` is a school, though there is a street Kamp: without a number nothing else is sure.
        return [_half(hit) for hit in hits] if shorts and reading.house is None else hits

    def _hit(self, match: Match, reading: Reading, judge: "_Judge") -> Hit | None:
        if match.kind == STREET:
            return self._street(match, reading, judge)
        table = "address_objects" if match.kind == OBJECT else "address_places"
        row = self._row(table, match.target)
        told = {"name": match.how, **judge.where(match, row)}
        score = judge.score(match, row)
        if match.kind == PLACE:
            score *= 0.9 if reading.house is None else 0.55
        elif reading.house is not None:
            score *= 0.85
        city = row["city"] if match.kind == OBJECT else None
        place = match.kind == PLACE
        parts = (row["name"], None if place else row["address"], city)
        return Hit(
            kind="place" if place else "object",
            label=", ".join(part for part in parts if part),
            lon=row["lon"],
            lat=row["lat"],
            accuracy_m=row["radius_m"],
            score=_rounded(score),
            matched=told,
            city=city,
            object_kind=row["kind"],
        )

    def _street(self, match: Match, reading: Reading, judge: "_Judge") -> Hit:
        row = self._row("address_streets", match.target)
        told = {"street": match.how, **judge.where(match, row)}
        score = judge.score(match, row)
        found: Found | None = None
        if reading.house is not None:
            found = find(self.houses(match.target), reading.house)
            told["number"] = found.why if found is not None else "no_houses"
            score *= found.factor if found is not None else 0.7
            if not judge.adjacent(match):
                score *= _OTHER_PIECE
        elif row["kind"] == "road":
            score *= 0.8
        postcode = (found.postcode if found is not None else None) or row["postcode"]
        number = found.label if found is not None else None
        return Hit(
            kind="street" if found is None else found.kind,
            label=label(row, number, postcode),
            lon=row["lon"] if found is None else found.lon,
            lat=row["lat"] if found is None else found.lat,
            accuracy_m=max(20.0, row["radius_m"]) if found is None else found.accuracy_m,
            score=_rounded(score),
            matched=told,
            street=row["name"],
            housenumber=number,
            postcode=postcode,
            city=row["city"],
            district=row["district"],
        )

    def houses(self, street: int) -> list[sqlite3.Row]:
        """The houses of a street in the order of their numbers."""
        return self._base.db.execute(
            "SELECT * FROM address_houses WHERE street = ? ORDER BY number, label", (street,)
        ).fetchall()

    def _row(self, table: str, number: int) -> sqlite3.Row:
        found: sqlite3.Row = self._base.db.execute(f"SELECT * FROM {table} WHERE id = ?", (number,)).fetchone()  # noqa: S608
        return found

    # -- crossings -----------------------------------------------------------------------------------------------------

    def _crossings(self, reading: Reading, short: Mapping[str, str]) -> list[Hit]:
        assert reading.crossing is not None
        sides = []
        for text in reading.crossing:
            side = read(text, short, self._postcodes)
            matches = self.names.matches(side.pieces)
            judge = _Judge(side, matches)
            streets = [match for match in _likely(matches, side) if match.kind == STREET]
            sides.append(
                [(match, judge.score(match, self._row("address_streets", match.target))) for match in streets[:12]]
            )
        hits = []
        for one, score in sides[0]:
            for other, other_score in sides[1]:
                if one.target != other.target:
                    hits += self._meeting(one, other, score * other_score, reading)
        return hits

    def _meeting(self, one: Match, other: Match, score: float, reading: Reading) -> list[Hit]:
        rows = self._base.db.execute(
            "SELECT lon, lat FROM address_crossings WHERE one = ? AND other = ?", (one.target, other.target)
        ).fetchall()
        spots = [(row["lon"], row["lat"], CROSSING_M) for row in rows] or self._approach(one.target, other.target)
        first, second = (self._row("address_streets", match.target) for match in (one, other))
        where = " ".join(part for part in (first["postcode"], first["city"]) if part)
        told = {"street": one.how, "other_street": other.how}
        if reading.postcodes:
            agrees = not first["postcodes"] or bool(set(reading.postcodes) & set(first["postcodes"].split()))
            told["postcode"] = "agrees" if agrees else "contradicts"
            score *= 1.0 if agrees else _CONTRADICTED
        return [
            Hit(
                kind="crossing",
                label=", ".join(part for part in (f"{first['name']} / {second['name']}", where) if part),
                lon=lon,
                lat=lat,
                accuracy_m=accuracy_m,
                score=_rounded(score if accuracy_m <= CROSSING_M * 4 else score * 0.85),
                matched=told,
                street=first["name"],
                postcode=first["postcode"],
                city=first["city"],
                district=first["district"],
            )
            for lon, lat, accuracy_m in merged(spots)
        ]

    def _approach(self, one: int, other: int) -> list[tuple[float, float, float]]:
        """Where two streets without a common point come nearest, if that is near enough."""
        shapes = [shapely.from_wkb(self._row("address_streets", number)["shape"]) for number in (one, other)]
        line = shapely.get_coordinates(shapely.shortest_line(*shapes)).tolist()
        (lon, lat), (to_lon, to_lat) = line[0], line[-1]
        gap_m = apart_m(lon, lat, to_lon, to_lat)
        return [((lon + to_lon) / 2, (lat + to_lat) / 2, CROSSING_M + gap_m)] if gap_m <= MEETING_M else []


class _Judge:
    """How well a candidate explains a line: its own name, the place that is told beside it, what is left over."""

    def __init__(self, reading: Reading, matches: Iterable[Match]) -> None:
        self._reading = reading
        self._weights = {
            (number, at): 0 if word in NOISE or word.isdigit() else len(word)
            for number, piece in enumerate(reading.pieces)
            for at, word in enumerate(piece.words)
        }
        self._places = [
            match for match in matches if match.kind == PLACE and (match.how == "exact" or match.similarity > 0.8)
        ]

    def adjacent(self, match: Match) -> bool:
        """Does the house number stand beside the name?"""
        piece, first, end = match.span
        after = self._reading.after
        words = len(self._reading.pieces[piece].words)
        return (piece == after and end == words) or (piece == after + 1 and first == 0 and after == -1)

    def where(self, match: Match, row: sqlite3.Row) -> dict[str, str]:
        """What is told of town and postcode: `agrees`, `contradicts`, or nothing."""
        told = {}
        codes = _postcodes(row)
        if self._reading.postcodes and codes:
            told["postcode"] = "agrees" if codes & set(self._reading.postcodes) else "contradicts"
        agreed, contradicted = self._place(match, row)
        if agreed or contradicted:
            told["place"] = "agrees" if agreed else "contradicts"
        elif self._is_elsewhere(match, agreed):
            told["place"] = "unknown"
        left = [self._reading.pieces[number].written[at] for number, at in self._left(match, agreed | contradicted)]
        if left:
            told["unexplained"] = " ".join(dict.fromkeys(left))[:120]
        return told

    def score(self, match: Match, row: sqlite3.Row) -> float:
        """0 to 1, without the house number."""
        agreed, contradicted = self._place(match, row)
        codes = _postcodes(row)
        score = match.similarity
        wrong_code = bool(self._reading.postcodes) and bool(codes) and not codes & set(self._reading.postcodes)
        if wrong_code:
            score *= _CONTRADICTED
        if contradicted and not agreed:
            score *= _CONTRADICTED
        if not agreed and self._is_elsewhere(match, contradicted):
            score *= _FOREIGN
        total = sum(self._weights.values())
        left = sum(self._weights[place] for place in self._left(match, agreed | contradicted))
        return score * (1.0 - _UNEXPLAINED * left / total) if total else score

    def _place(self, match: Match, row: sqlite3.Row) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
        """Words (piece, position) outside the name that name a place around the candidate, and that name another."""
        own = {(match.span[0], at) for at in match.used}
        around = set(row["places"].split())
        agreed: set[tuple[int, int]] = set()
        for number, piece in enumerate(self._reading.pieces):
            for first in range(len(piece.words)):
                for end in range(first + 1, min(len(piece.words), first + 5) + 1):
                    words = {(number, at) for at in range(first, end)}
                    if not words & own and key(" ".join(piece.words[first:end])) in around:
                        agreed |= words
        contradicted: set[tuple[int, int]] = set()
        for place in self._places:
            words = {(place.span[0], at) for at in place.used}
            if not words & (own | agreed):
                if key(place.name) in around:
                    agreed |= words
                elif place.how == "exact":
                    contradicted |= words
        return agreed, contradicted

    def _is_elsewhere(self, match: Match, explained: set[tuple[int, int]]) -> bool:
        """Behind the street stands a name that nothing here has: probably another town (`Bahnhofstr. 5, Hamburg`)."""
        following = match.span[0] + 1
        if match.kind != STREET or following >= len(self._reading.pieces):
            return False
        left = self._left(match, explained)
        return self._reading.pieces[following].words[0] not in NOISE and any(piece == following for piece, _ in left)

    def _left(self, match: Match, explained: set[tuple[int, int]]) -> list[tuple[int, int]]:
        own = {(match.span[0], at) for at in match.used}
        return [
            place for place, weight in self._weights.items() if weight and place not in own and place not in explained
        ]


def _likely(matches: Iterable[Match], reading: Reading) -> list[Match]:
    """The best match of each target, the likeliest targets first."""
    best: dict[tuple[int, int], tuple[float, Match]] = {}
    for match in matches:
        told = sum(len(reading.pieces[match.span[0]].words[at]) for at in match.used)
        value = match.similarity * (1.0 + min(told, 24) / 24)
        known = best.get((match.kind, match.target))
        if known is None or value > known[0]:
            best[match.kind, match.target] = (value, match)
    ranked = sorted(best.values(), key=lambda entry: (-entry[0], entry[1].kind, entry[1].target))
    return [match for _, match in ranked[:MOST_CANDIDATES]]


def _postcodes(row: sqlite3.Row) -> set[str]:
    return set(row["postcodes"].split()) if "postcodes" in row.keys() else set()  # noqa: SIM118  (sqlite3.Row)


def label(street: sqlite3.Row, number: str | None, postcode: str | None) -> str:
    """A line to read: `Bahnhofstraße 5, 33104 Paderborn (Schloß Neuhaus)`."""
    town = " ".join(part for part in (postcode, street["city"]) if part)
    line = ", ".join(part for part in (" ".join(filter(None, (street["name"], number))), town) if part)
    district = street["district"]
    return f"{line} ({district})" if district and district != street["city"] else line


def _half(hit: Hit) -> Hit:
    """A hit of which the line tells half: a street whose crossing with an unknown one was told, a name beside an
    abbreviation of another. That is not where, so it is never taken for sure.
    """
    if "unexplained" not in hit.matched:
        return hit
    return structs.replace(hit, score=_rounded(min(hit.score, SURE - CLEAR)))


def _rounded(score: float) -> float:
    return round(max(0.0, min(1.0, score)), 3)


def _closeness(hit: Hit, near: tuple[float, float] | None) -> float:
    """A nudge of at most 0.03 for what is near; halves at a kilometre."""
    return 0.0 if near is None else 0.03 / (1.0 + apart_m(*near, hit.lon, hit.lat) / 1000.0)


def _distinct(hits: Iterable[Hit]) -> list[Hit]:
    """Each spot of one name once, the best first."""
    kept: list[Hit] = []
    for hit in hits:
        if len(kept) >= MOST_HITS:
            break
        if not any(
            hit.label == other.label and apart_m(hit.lon, hit.lat, other.lon, other.lat) < 30.0 for other in kept
        ):
            kept.append(hit)
    return kept
