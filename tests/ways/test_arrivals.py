"""Arrivals and water near missions: when they are worked out, what is learned, and on a real server in an exercise."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from layers.content import Approach, Content, CrowdCount, CrowdRegion, Mission, Unit
from layers.observation import Geometry, Observation
from layers.picture import Picture
from layers.views import View
from server.base.arrivals import Arrivals
from server.base.base import Base, Bases
from server.base.mission_water import MissionWater
from server.base.routing import Avoid
from server.base.ways import Ways
from tests.layers.world import START, entries, picture_of, point, see
from tests.server import Server, wait_until
from tests.ways.places import Place, at

HLF, FIRE = "unit:hlf", "mission:1"


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> Bases:
    """A street of four kilometres with a hydrant at its end, and a second street beside its middle."""
    folder = tmp_path_factory.mktemp("street")
    place = Place()
    place.street((0, 0), (10, 0), (20, 0), (40, 0), name="Lange Straße")
    place.street((10, 0), (10, 3), (20, 3), (20, 0), name="Umweg")
    place.sheet.node(*at(39, 0), emergency="fire_hydrant", ref="H1")
    place.base(folder)
    return Bases(folder / "base")


def apply(picture: Picture, observation: Observation) -> None:
    picture.apply_many(entries([observation], picture.rev + 1))


def spot(x: float, y: float = 0.0) -> Geometry:
    return point(*at(x, y))


def world(*more: Observation) -> Picture:
    """A fire at the end of the street, and an engine at its beginning that has taken the mission."""
    return picture_of(
        see(FIRE, Mission(keyword="Feuer 2", units=(HLF,)), 0, spot(40)),
        see(HLF, Unit(call_sign="HLF 20", fms_status=3, mission=FIRE), 10, spot(0)),
        *more,
    )


def worked_out(deriver: Any, picture: Picture, subject: str) -> Any:
    """Ask and answer, and let the answer into the picture as the server would; None for nothing to ask."""
    question = deriver.ask(picture, subject)
    if question is None:
        return None
    content: Content | None = deriver.answer(question)
    assert content is not None
    seconds = (question.observed_at - START).total_seconds()
    # Written down after what led to it, as on a server: of claims equally old the one received later counts.
    received = seconds if picture.now is None else max(seconds, (picture.now - START).total_seconds())
    apply(picture, see(subject, content, seconds, source=deriver.source, received=received + 1, name=question.basis))
    return content


def test_an_arrival_is_worked_out_and_shown_with_its_way(bases: Bases) -> None:
    picture, arrivals = world(), Arrivals(bases, Ways())
    told = worked_out(arrivals, picture, HLF).approach
    assert isinstance(told, Approach)
    # 4000 m at 0.85 of 30 km/h.
    assert told.length_m == pytest.approx(4000, abs=8)
    assert told.eta_s == pytest.approx(565, abs=2)
    assert told.eta_at == START + timedelta(seconds=10 + told.eta_s)
    unit, route = picture.features[HLF]["properties"], picture.features[f"{HLF}#route"]
    assert (unit["eta_s"], unit["route_length_m"]) == (told.eta_s, told.length_m)
    assert (route["properties"]["layer"], route["properties"]["mission"]) == ("routes", FIRE)
    assert route["geometry"]["coordinates"][-1] == pytest.approx(at(40, 0), abs=1e-5)
    (fact,) = [one for one in picture.features[f"card:{FIRE}"]["properties"]["sections"]["wer"] if one["key"] == "unit"]
    assert fact["value"]["eta_at"] == unit["eta_at"]


def test_not_more_often_than_needed(bases: Bases) -> None:
    arrivals = Arrivals(bases, Ways())

    def moved(x: float, seconds: float) -> bool:
        picture = world()
        worked_out(arrivals, picture, HLF)
        apply(picture, see(HLF, Unit(), seconds, spot(x)))
        return arrivals.ask(picture, HLF) is not None

    assert not moved(0.9, 14)  # 90 m in 4 s
    assert moved(1.1, 14)
    assert not moved(0.1, 60)  # it stands
    assert not moved(0.5, 24)
    assert moved(0.5, 26)


def test_a_mission_that_moves_and_a_closure_are_noticed(bases: Bases) -> None:
    picture, arrivals = world(), Arrivals(bases, Ways())
    worked_out(arrivals, picture, HLF)
    assert arrivals.ask(picture, HLF) is None
    apply(picture, see(FIRE, Mission(), 20, spot(30)))
    assert arrivals.ask(picture, HLF) is not None
    told = worked_out(arrivals, picture, HLF)
    assert told.approach.length_m == pytest.approx(3000, abs=6)


def crowd(seconds: float, people: int, *ring: tuple[float, float]) -> list[Observation]:
    """A crowd over a ring of positions, with what was counted in it."""
    corners = [[list(at(*corner)) for corner in (*ring, ring[0])]]
    place = Geometry({"type": "Polygon", "coordinates": corners})
    count = CrowdCount(region="region:fest", people=people)
    return [see("region:fest", CrowdRegion(name="Fest"), seconds, place), see("count:1", count, seconds)]


MIDDLE = ((14, -0.5), (16, -0.5), (16, 0.5), (14, 0.5))
BEYOND = ((14, 8), (16, 8), (16, 9), (14, 9))


class Lookout:
    """Subjects that are looked at when the surroundings are no longer those of the last time; else nothing."""

    def __init__(self, arrivals: Arrivals, picture: Picture) -> None:
        self.arrivals, self.picture = arrivals, picture
        self.last: Any = None

    def __call__(self) -> list[str]:
        assert self.picture.now is not None
        before, self.last = self.last, self.arrivals.surroundings(self.picture, self.picture.now)
        return [*self.arrivals.surrounded(self.picture)] if self.last != before else []


def test_what_comes_onto_the_way_and_goes_again_has_the_unit_routed_without_a_report_of_its_own(bases: Bases) -> None:
    picture, arrivals = world(see("unit:free", Unit(call_sign="RTW", fms_status=2), 11)), Arrivals(bases, Ways())
    look = Lookout(arrivals, picture)
    first = arrivals.ask(picture, HLF)
    before = worked_out(arrivals, picture, HLF).approach
    assert look() == [HLF], "the first look"
    for observation in crowd(20, 10, *BEYOND):
        apply(picture, observation)
    assert look() == [], "it is not over its threshold"
    for observation in crowd(30, 200_000, *BEYOND):
        apply(picture, observation)
    assert look() == [HLF]
    assert arrivals.ask(picture, HLF) is None, "it lies elsewhere"
    for observation in crowd(40, 200_000, *MIDDLE):
        apply(picture, observation)
    assert look() == [HLF]
    around = worked_out(arrivals, picture, HLF).approach
    assert (around.avoided, around.passes) == (("Fest",), ())
    # 300 m each up and down the side street more, from the same position at the same time.
    assert around.length_m == pytest.approx(before.length_m + 600, abs=10)
    assert picture.features[HLF]["properties"]["route_length_m"] == around.length_m
    assert look() == [], "nothing is new"
    assert arrivals.ask(picture, HLF) is None, "asked all the same, as after a restart"
    for observation in crowd(50, 10, *MIDDLE):
        apply(picture, observation)
    assert look() == [HLF], "the way around is no longer needed"
    again = arrivals.ask(picture, HLF)
    assert first is not None and again is not None
    assert again.basis != first.basis, "the journal would take it for the first answer, sent twice"
    assert worked_out(arrivals, picture, HLF).approach.length_m == before.length_m


def test_a_closure_of_the_house_counts_from_its_hour_to_its_end(bases: Bases) -> None:
    ring = [list(at(*corner)) for corner in (*MIDDLE, MIDDLE[0])]
    closed = Avoid("Kanal", {"type": "Polygon", "coordinates": [ring]})
    begins, ends = START + timedelta(seconds=60), START + timedelta(seconds=120)
    arrivals = Arrivals(bases, Ways(), lambda now: [closed] if begins <= now < ends else [])
    picture = world()
    look = Lookout(arrivals, picture)
    before = worked_out(arrivals, picture, HLF).approach
    assert look() == [HLF]
    lengths = []
    for second in (59, 60, 119, 120):
        apply(picture, see("unit:other", Unit(fms_status=2), second))
        changed = look() == [HLF]
        told = worked_out(arrivals, picture, HLF) if changed else None
        lengths.append(None if told is None else round(told.approach.length_m - before.length_m, -1))
    assert lengths == [None, 600, None, 0]


def test_a_unit_that_was_routed_rests_for_five_seconds(bases: Bases) -> None:
    picture, arrivals = world(), Arrivals(bases, Ways())
    assert arrivals.rests_until(picture, HLF) is None
    worked_out(arrivals, picture, HLF)
    assert arrivals.rests_until(picture, HLF) == START + timedelta(seconds=11 + 5)


@pytest.mark.parametrize(
    ("subject", "content"),
    [(HLF, Unit(fms_status=4)), (HLF, Unit(fms_status=1)), (FIRE, Mission(closed=True)), (HLF, Unit(mission=None))],
)
def test_what_is_over_is_not_shown(bases: Bases, subject: str, content: Content) -> None:
    if content == Unit(mission=None):
        content = Unit(mission="mission:other")
    picture, arrivals = world(), Arrivals(bases, Ways())
    worked_out(arrivals, picture, HLF)
    apply(picture, see(subject, content, 30))
    assert f"{HLF}#route" not in picture.features
    assert picture.features[HLF]["properties"]["eta_at"] is None
    assert arrivals.ask(picture, HLF) is None


def test_an_approach_of_a_silent_unit_goes_after_a_quarter_of_an_hour(bases: Bases) -> None:
    picture = world()
    worked_out(Arrivals(bases, Ways()), picture, HLF)
    apply(picture, see("unit:other", Unit(fms_status=2), 10 + 899))
    assert f"{HLF}#route" in picture.features
    apply(picture, see("unit:other", Unit(fms_status=2), 10 + 901))
    assert f"{HLF}#route" not in picture.features


def test_it_learns_from_the_speed_that_is_driven_and_stays_in_bounds(bases: Bases) -> None:
    picture, arrivals = world(), Arrivals(bases, Ways())
    first = worked_out(arrivals, picture, HLF).approach
    # 500 m in 141 s: half of the speed that was foretold.
    apply(picture, see(HLF, Unit(), 151, spot(5)))
    slower = worked_out(arrivals, picture, HLF)
    # Half of it for the 71 s foretold: 1 - exp(-71 / 120) = 0.446 of the way on a scale of ratios.
    assert slower.pace == {"residential": pytest.approx(0.5**0.446, abs=0.01)}
    assert slower.approach.eta_s > (first.eta_s * 7 / 8) * 1.25
    for step in range(6, 20):
        apply(picture, see(HLF, Unit(), 151 + (step - 5) * 170, spot(step)))
        slower = worked_out(arrivals, picture, HLF)
    assert 0.4 <= slower.pace["residential"] < 0.5


def test_another_unit_starts_from_what_all_have_learned(bases: Bases) -> None:
    picture, arrivals = world(), Arrivals(bases, Ways())
    fresh = worked_out(arrivals, picture, HLF).approach
    apply(picture, see("unit:slow", Unit(pace={"residential": 0.5}), 11, spot(1), source="base/router"))
    apply(picture, see("unit:new", Unit(call_sign="HLF 10", fms_status=3, mission=FIRE), 12, spot(0)))
    told = worked_out(arrivals, picture, "unit:new").approach
    assert told.eta_s == pytest.approx(2 * fresh.eta_s, abs=3)


def test_crews_see_the_ways_to_their_own_missions(bases: Bases) -> None:
    picture = world(see("unit:rtw", Unit(fms_status=2), 11))
    worked_out(Arrivals(bases, Ways()), picture, HLF)
    route = picture.features[f"{HLF}#route"]
    seen = {
        (role, unit): View(role=role, unit=unit).show(route, picture) is not None
        for role, unit in (("crew", HLF), ("crew", "unit:rtw"), ("control", None), ("planner", None), ("liaison", None))
    }
    assert seen == {("crew", HLF): True, ("crew", "unit:rtw"): False, ("control", None): True, ("planner", None): True,
                    ("liaison", None): True}  # fmt: skip


def test_water_is_on_the_card_and_on_the_map(bases: Bases) -> None:
    picture, water = world(), MissionWater(bases)
    worked_out(water, picture, FIRE)
    assert water.ask(picture, FIRE) is None
    drawn = picture.features[f"{FIRE}#water-1"]
    assert (drawn["properties"]["ref"], drawn["properties"]["distance_m"], drawn["properties"]["b_hoses"]) == (
        "H1",
        100,
        5,
    )
    (fact,) = [
        one for one in picture.features[f"card:{FIRE}"]["properties"]["sections"]["details"] if one["key"] == "water"
    ]
    assert (fact["value"]["ref"], fact["weight"], fact["source"]) == ("H1", 40, "base/water")
    apply(picture, see(FIRE, Mission(closed=True), 60))
    assert f"{FIRE}#water-1" not in picture.features


def test_the_picture_comes_back_from_its_snapshot(bases: Bases) -> None:
    picture = world()
    worked_out(Arrivals(bases, Ways()), picture, HLF)
    worked_out(MissionWater(bases), picture, FIRE)
    again = Picture.load(picture.dump(), picture.settings)
    assert again.digest() == picture.digest()


# -- on a real server --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(town_base: Base, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that knows the town and plays the house fire."""
    options = {"LAGEBILD_BASE_FOLDER": str(town_base.folder)}
    with Server(tmp_path_factory.mktemp("arrivals") / "data", "--demo", "hausbrand", **options) as running:
        wait_until(lambda: len(running.lines) >= 7, "the exercise")
        yield running


DRIVING = ("19:43:20", "19:43:50", "19:44:10", "19:44:36")
THERE = "19:46:00"


def test_the_units_of_hausbrand_arrive_when_the_roads_say(server: Server) -> None:
    """From moment to moment, the clock standing still at each: however slow the machine, the figures are the same."""
    exercise = "ex-hausbrand-1"
    control = server.token("control", "test", "--situation", exercise)
    planner = server.token("planner", "test", "--situation", exercise)
    told: dict[str, list[float]] = defaultdict(list)

    def clock(action: str, **more: Any) -> None:
        answer = server.request("POST", f"/situations/{exercise}/clock", planner, json={"action": action, **more})
        assert answer.status_code == 200, answer.text

    def seen(layer: str) -> list[dict[str, Any]]:
        answer = server.get(f"/picture?situation={exercise}&layers={layer}", control)
        return [feature for feature in answer["features"] if feature["properties"].get("mission")]

    def worked_out() -> bool:
        """Whether each of three units has another arrival than at the last moment, or is there."""
        units = {one["id"]: one["properties"] for one in seen("units") if one["properties"]["fms_status"] in (3, 4)}
        anew = {name: said for name, said in units.items() if said["eta_s"] not in (None, *told[name][-1:])}
        if len(anew) + sum(said["fms_status"] == 4 for said in units.values()) < 3:
            return False
        for name, said in anew.items():
            told[name].append(said["eta_s"])
        return True

    clock("pause")
    for moment in DRIVING:
        clock("jump", to=f"2026-09-12T{moment}Z")
        wait_until(worked_out, f"the arrivals at {moment}", 60)
    first = [unit for unit, etas in told.items() if len(etas) >= 3 and etas[-1] < etas[0] / 2]
    assert len(first) >= 3, told
    routes = seen("routes")
    assert {one["properties"]["unit"] for one in routes} == {
        one["id"] for one in seen("units") if one["properties"]["fms_status"] == 3
    }
    assert all(len(one["geometry"]["coordinates"]) >= 2 for one in routes)
    assert len({one["properties"]["ref"] for one in seen("water")}) == 5
    clock("jump", to=f"2026-09-12T{THERE}Z")
    gone = {one["id"]: one["properties"]["eta_s"] for one in seen("units") if one["properties"]["fms_status"] == 4}
    assert set(first) <= set(gone) and set(gone.values()) == {None}
    assert not seen("routes")
