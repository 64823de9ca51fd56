"""A mission without coordinates on a running server: found, ambiguous, chosen by a person, over restarts, rewinds."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.base.build import build as build_base
from tests.base.address_town import at, sheet
from tests.server import Client, Server, lagebild, wait_until
from tests.situations.tools import header, update, write_scenario

HERE = "urn:ngsi-ld:Alert:kamp"


def alert(name: str, street: str, city: str = "", **more: Any) -> dict[str, Any]:
    """A mission by its address."""
    address = {"streetAddress": street} | ({"addressLocality": city} if city else {})
    return {
        "id": f"urn:ngsi-ld:Alert:{name}",
        "type": "Alert",
        "category": {"type": "Text", "value": "security"},
        "subCategory": {"type": "Text", "value": "fire"},
        "address": {"type": "PostalAddress", "value": address},
        **more,
    }


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that knows the small town, and a scenario that plays there."""
    data = tmp_path_factory.mktemp("data")
    build_base(sheet().write(data / "altenau.osm"), data / "base")
    lines = [header("altenau", 600.0)]
    lines.append({"at_s": 60, "feed": "ngsi", "instance": "leitstelle", "body": update(alert("kamp", "Kamp 8"))})
    write_scenario(data, lines, "altenau")
    with Server(data) as running:
        yield running


@pytest.fixture(scope="module")
def feed(server: Server) -> str:
    return server.token("feed", "leitstelle")


def send(server: Server, token: str, *entities: dict[str, Any]) -> None:
    response = server.request("POST", "/v2/op/update", token, json=update(*entities))
    assert response.status_code == 204, response.text


def mission(client: Client, name: str) -> dict[str, Any]:
    found = client.features.get(f"urn:ngsi-ld:Alert:{name}")
    return {} if found is None else {**found["properties"], "geometry": found["geometry"]}


def near(geometry: Any, east: float, north: float) -> bool:
    return bool(geometry) and geometry["coordinates"] == pytest.approx(at(east, north), abs=1e-5)


def test_found_ambiguous_chosen_and_overruled(server: Server, feed: str) -> None:
    with Client(server.url, server.token("control", "desk")) as desk:
        send(server, feed, alert("kamp", "Kamp 8"), alert("two", "Bahnhofstr. 5"), alert("far", "Kamp 8", "Hamburg"))
        wait_until(lambda: mission(desk, "kamp").get("position_source") == "address", "a position from the address")
        found = mission(desk, "kamp")
        assert near(found["geometry"], 6.2, 4)
        assert (found["position_accuracy_m"], found["position_label"]) == (15.0, "Kamp 8, Altenau")
        card = desk.features[f"card:{HERE}"]["properties"]["sections"]["wo"]
        assert [fact["key"] for fact in card] == ["address", "position_source"]
        wait_until(lambda: mission(desk, "far").get("geocode_state") == "ambiguous", "another city's street")
        assert mission(desk, "far")["geometry"] is None
        wait_until(lambda: mission(desk, "two").get("geocode_state") == "ambiguous", "two streets of one name")
        two = mission(desk, "two")
        assert two["geometry"] is None
        assert {one["label"] for one in two["candidates"]} >= {
            "Bahnhofstraße 5, 33901 Altenau",
            "Bahnhofstraße 5, 33902 Neudorf",
        }
        pick = next(one for one in two["candidates"] if "Neudorf" in one["label"])
        chosen = {name: pick[name] for name in ("lon", "lat", "accuracy_m", "label")}
        chosen |= {"address": two["address"]["text"]}
        place = {"client_id": "desk-test-1", "kind": "locate", "target": "urn:ngsi-ld:Alert:two"}
        assert desk.report(client_seq=1, **place, **chosen)["ok"] is True
        wait_until(lambda: mission(desk, "two").get("position_source") == "control", "the chosen place")
        assert near(mission(desk, "two")["geometry"], 99, 0.2)
        assert mission(desk, "two")["candidates"] == []
        refused = desk.report(client_seq=2, **place | {"target": "urn:nobody"}, **chosen)
        assert (refused["ok"], refused["error"]) == (False, "invalid")
        point = {"type": "Point", "coordinates": [8.75, 51.75]}
        send(server, feed, alert("kamp", "Kamp 8", location={"type": "geo:json", "value": point}))
        wait_until(lambda: mission(desk, "kamp")["position_source"] == "dispatch", "dispatch's own coordinates")
        assert mission(desk, "kamp")["geometry"]["coordinates"] == [8.75, 51.75]


def test_a_restart_and_a_replay_repeat_nothing(server: Server, feed: str) -> None:
    with Client(server.url, server.token("control", "desk 2")) as desk:
        send(server, feed, alert("again", "Kamp 2"))
        wait_until(lambda: mission(desk, "again").get("position_source") == "address", "a position from the address")
        before = mission(desk, "again")
    server.stop()
    assert lagebild("verify", "--data", server.data).returncode == 0
    server.start()
    with Client(server.url, server.token("control", "desk 3")) as desk:
        assert mission(desk, "again") == before
        send(server, feed, alert("later", "Kamp 4"))
        wait_until(lambda: mission(desk, "later").get("position_source") == "address", "the next position")
        geocoder = desk.features["source:base/geocoder"]["properties"]
        # One for each of the five missions that were asked, and none of them twice.
        assert (geocoder["state"], geocoder["accepted"]) == ("live", 5)


def test_a_rewound_exercise_gets_its_own(server: Server) -> None:
    planner = server.token("planner")
    started = server.request("POST", "/situations", planner, json={"scenario": "altenau"}).json()["id"]

    def clock(**action: Any) -> None:
        answer = server.request("POST", f"/situations/{started}/clock", planner, json=action)
        assert answer.status_code == 200, answer.text

    clock(action="pause")
    with Client(server.url, planner, situation=started) as client:
        for round_ in ("first", "second"):
            clock(action="jump", to="2026-05-01T12:02:00Z")
            wait_until(lambda: mission(client, "kamp").get("position_source") == "address", f"a position, {round_}")
            assert near(mission(client, "kamp")["geometry"], 6.2, 4)
            assert mission(client, "kamp")["observed_at"] == "2026-05-01T12:01:00.000Z"
            clock(action="jump", to="2026-05-01T12:00:30Z")
            wait_until(lambda: not mission(client, "kamp"), "the time before it")


def test_geocode_and_reverse_over_http(server: Server) -> None:
    crew = server.token("crew", "HLF", "--unit", "urn:unit:1")
    hits = server.request("GET", "/base/geocode?q=Bahnhofstr.%205&limit=2", crew).json()
    assert (hits["unambiguous"], [hit["city"] for hit in hits["hits"]]) == (False, ["Altenau", "Neudorf"])
    lon, lat = at(100, 0)
    nearer = server.request("GET", f"/base/geocode?q=Bahnhofstr.%205&lon={lon}&lat={lat}", crew).json()
    assert nearer["hits"][0]["city"] == "Neudorf"
    lon, lat = at(-3, 0.2)
    found = server.request("GET", f"/base/reverse?lon={lon}&lat={lat}", crew).json()["found"]
    assert (found["label"], found["distance_m"]) == ("Bahnhofstraße 3, 33901 Altenau", 0.0)
    assert server.request("GET", "/base/reverse?lon=0&lat=0", crew).json() == {"found": None}


@pytest.mark.parametrize(
    "path",
    [
        "/base/geocode",
        "/base/geocode?q=%20",
        "/base/geocode?q=" + "x" * 400,
        "/base/geocode?q=Kamp&limit=0",
        "/base/geocode?q=Kamp&lon=8",
        "/base/geocode?q=Kamp&lon=nan&lat=51",
        "/base/reverse",
        "/base/reverse?lon=8&lat=91",
        "/base/reverse?lon=8&lat=1e999",
    ],
)
def test_nonsense_is_refused(server: Server, path: str) -> None:
    assert server.request("GET", path, server.token("control", "nonsense")).status_code == 422


def test_a_token_that_asks_without_end_is_told_to_wait(server: Server) -> None:
    token = server.token("control", "impatient")
    answers = [server.request("GET", "/base/reverse?lon=8.7&lat=51.7", token) for _ in range(80)]
    codes = [answer.status_code for answer in answers]
    assert codes[:40] == [200] * 40
    assert 429 in codes
    assert int(answers[codes.index(429)].headers["Retry-After"]) >= 1


def test_the_shell_asks_the_same(server: Server, tmp_path: Path) -> None:
    done = lagebild("base", "geocode", "Kamp 8", "--data", server.data)
    assert done.returncode == 0
    assert done.stdout.splitlines()[0].startswith("1.00  51.704000 8.706200  +-15 m  house        Kamp 8, Altenau")
    assert done.stdout.splitlines()[-1] == "unambiguous"
    back = lagebild("base", "reverse", "51.704", "8.7062", "--data", server.data)
    assert back.stdout == "Kamp 8, Altenau (0 m)\n"
    nothing = lagebild("base", "geocode", "Xyzzy 5", "--data", server.data, "--json")
    assert (nothing.returncode, '"hits": []' in nothing.stdout) == (1, True)
    missing = lagebild("base", "geocode", "Kamp 8", "--data", tmp_path)
    assert (missing.returncode, "there is no base data" in missing.stderr) == (1, True)
