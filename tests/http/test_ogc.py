"""OGC API - Features without a network: questions good and bad, paging while things change, tags, pages, the trail."""

import html
import json
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from server.audit import Audit
from server.base.base import Base
from server.config import BaseSettings, ServerSettings, Settings
from server.house import House
from server.http import ogc
from server.throttle import Throttle
from tests.http.conftest import Call

ITEMS = "/ogc/live/collections/units/items"
GROUND = "/ogc/live/collections/base_{}/items"
HOUR = "2026-07-25T{}:00Z"


@pytest.fixture
def settings(town_base: Base) -> Settings:
    """The server has the town's base data and stands behind a proxy."""
    return Settings(
        base=BaseSettings(folder=str(town_base.folder)), server=ServerSettings(public_url="https://lage.example.org/")
    )


def vehicle(name: str, lon: float | None = 8.77, lat: float = 51.82, **more: Any) -> dict[str, Any]:
    """A unit of that name."""
    place = {} if lon is None else {"location": {"type": "Point", "coordinates": [lon, lat]}}
    return {"id": f"urn:ngsi-ld:EmergencyVehicle:{name}", "type": "EmergencyVehicle", "name": name, **place, **more}


def send(call: Call, *entities: dict[str, Any]) -> None:
    """A feed speaks."""
    body = {"actionType": "append", "entities": entities}
    assert call("POST", "/v2/op/update?options=keyValues", "feed", json=body).status_code == 204


def read(call: Call, path: str, role: str = "control", **query: Any) -> Any:
    """A document that must be given."""
    answer = call("GET", path, role, **({"query_string": query} if query else {}))
    assert answer.status_code == 200, answer.text
    return json.loads(answer.data)


def short(answer: Any) -> list[str]:
    """The last word of each id."""
    return [str(feature["id"]).rpartition(":")[2] for feature in answer["features"]]


def following(answer: Any) -> str | None:
    """Path and query of the next page."""
    found = [urlsplit(link["href"]) for link in answer["links"] if link["rel"] == "next"]
    return f"{found[0].path}?{found[0].query}" if found else None


def test_a_page_says_how_many_there_are(call: Call) -> None:
    send(call, *(vehicle(name) for name in "abc"))
    answer = read(call, ITEMS, limit=2)
    assert (answer["numberMatched"], answer["numberReturned"], short(answer)) == (3, 2, ["a", "b"])
    assert answer["timeStamp"].endswith("Z")
    assert answer["type"] == "FeatureCollection"
    last = read(call, following(answer) or "")
    assert (last["numberMatched"], last["numberReturned"], short(last), following(last)) == (3, 1, ["c"], None)
    assert {link["rel"]: link["type"] for link in last["links"]} == {
        "self": "application/geo+json",
        "alternate": "text/html",
        "collection": "application/json",
    }
    assert call("GET", ITEMS, "control").content_type == "application/geo+json"


def test_who_was_there_all_the_time_is_read_once_whatever_comes_and_goes(call: Call) -> None:
    send(call, *(vehicle(name) for name in "bdfh"))
    answer = read(call, ITEMS, limit=2)
    seen = short(answer)
    send(call, *(vehicle(name) for name in "ace"))
    gone = {"actionType": "delete", "entities": [{"id": vehicle("d")["id"], "type": "EmergencyVehicle"}]}
    assert call("POST", "/v2/op/update", "feed", json=gone).status_code == 204
    while (path := following(answer)) is not None:
        answer = read(call, path)
        seen += short(answer)
    assert seen == ["b", "d", "e", "f", "h"]


def test_where(call: Call) -> None:
    send(
        call, vehicle("west", 179.5, -17.0), vehicle("east", -179.5, -17.0), vehicle("far", 10.0), vehicle("none", None)
    )
    assert short(read(call, ITEMS, bbox="9,51,11,52")) == ["far", "none"], "what has no place is everywhere"
    assert short(read(call, ITEMS, bbox="179,-18,-179,-16")) == ["east", "none", "west"]
    assert short(read(call, ITEMS, bbox="-179.9,-18,179,-16")) == ["east", "none"]
    assert short(read(call, ITEMS, bbox="10,51.82,10,51.82")) == ["far", "none"]
    assert short(read(call, ITEMS, bbox="9,51,-100,11,52,9000")) == ["far", "none"]
    (none,) = [one for one in read(call, ITEMS)["features"] if one["id"].endswith("none")]
    assert none["geometry"] is None


def test_when(call: Call) -> None:
    times = {"a": "08:00", "b": "09:00", "c": "10:00"}
    send(call, *(vehicle(name, TimeInstant=HOUR.format(at)) for name, at in times.items()))
    seen = {one["id"][-1]: one["properties"]["observed_at"] for one in read(call, ITEMS)["features"]}
    assert seen["b"] == "2026-07-25T09:00:00.000Z"
    asked = {
        HOUR.format("09:00"): "b",
        "2026-07-25T11:00:00+02:00": "b",
        "2026-07-25T09:00:00.001Z": "",
        f"{HOUR.format('09:00')}/..": "bc",
        f"../{HOUR.format('09:00')}": "ab",
        f"/{HOUR.format('08:59')}": "a",
        f"{HOUR.format('08:30')}/{HOUR.format('09:30')}": "b",
        "../..": "abc",
    }
    assert {text: "".join(short(read(call, ITEMS, datetime=text))) for text in asked} == asked
    assert read(call, GROUND.format("places"), datetime=HOUR.format("09:00"))["numberMatched"] > 0, (
        "no time is any time"
    )


BAD = {
    "bbox": (
        *("", "1,2,3", "1,2,3,4,5", "a,b,c,d", "1,2,nan,4", "1,9,2,3", "1,2,inf,4"),
        *("-181,2,3,4", "1,2,3,91", "1,2,9,3,4,5", "1" * 500),
    ),
    "datetime": (
        *("", "yesterday", "2026-07-25", "2026-07-25T10:00:00", "/", "../", "a/b/c", "2026-07-25T10:00:00Zx"),
        *("2026-07-25T10:00:00Z/2026-07-25T09:00:00Z", "2026-13-25T10:00:00Z", "0001-01-01T00:00:00+14:00"),
    ),
    "limit": ("0", "-1", "1.5", "", "ten", "9" * 19, "²"),
    "after": ("x" * 601,),
    "f": ("xml", ""),
    "lang": ("fr",),
    "offset": ("5",),
    "filter": ("1=1",),
}


def test_a_question_that_is_none(call: Call) -> None:
    for name, value in ((name, value) for name, values in BAD.items() for value in values):
        for path in (ITEMS, GROUND.format("buildings")):
            answer = call("GET", path, "control", query_string={name: value})
            assert answer.status_code == 400, (name, value)
            assert answer.get_json()["code"] == "InvalidParameterValue"
            assert answer.get_json()["description"].startswith((name, f"'{name}'")), (name, value)


def test_more_bad_questions(call: Call) -> None:
    assert call("GET", f"{ITEMS}?limit=1&limit=2", "control").status_code == 400
    assert call("GET", GROUND.format("roads"), "control", query_string={"after": "x"}).status_code == 400
    assert call("GET", "/ogc/live?bbox=1,2,3,4", "control").status_code == 400
    for path in ("units/items/urn:none", "base_roads/items/0", "base_roads/items/x", "base_places/items/99999999", "x"):
        answer = call("GET", f"/ogc/live/collections/{path}", "control")
        assert (answer.status_code, answer.get_json()["code"]) == (404, "NotFound"), path
    for path in ("devices", "devices/items", "cards/schema"):
        assert call("GET", f"/ogc/live/collections/{path}", "liaison").status_code == 404
    assert call("GET", "/ogc/ex-none-1", "control").status_code == 404


def test_more_than_the_most_is_the_most(call: Call) -> None:
    assert read(call, GROUND.format("addresses"), limit=999_999)["numberReturned"] == 697


def test_pages_of_base_data_end_where_the_bytes_end(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [one["id"] for one in read(call, GROUND.format("buildings"), limit=1000)["features"]]
    monkeypatch.setattr("server.ogc.pages.MOST_BYTES", 60_000)
    path: str | None = GROUND.format("buildings") + "?limit=500"
    seen, pages = [], 0
    while path is not None:
        answer = read(call, path)
        assert answer["numberMatched"] == len(whole)
        seen += [one["id"] for one in answer["features"]]
        path, pages = following(answer), pages + 1
    assert seen == whole
    assert pages > 4


def test_a_box_over_base_data_finds_what_shapely_finds(call: Call) -> None:
    import shapely
    from shapely.geometry import shape

    for name in ("addresses", "water_points", "open_water_areas", "places", "buildings", "roads"):
        everything = read(call, GROUND.format(name), limit=10_000)["features"]
        places = [shape(one["geometry"]) for one in everything]
        middle = places[len(places) // 2].centroid
        west, south, east, north = middle.x - 0.004, middle.y - 0.002, middle.x + 0.003, middle.y + 0.003
        touched = shapely.intersects(places, shapely.box(west, south, east, north))
        expected = [one["id"] for one, found in zip(everything, touched.tolist(), strict=True) if found]
        path: str | None = f"{GROUND.format(name)}?limit=7&bbox={west},{south},{east},{north}"
        seen = []
        while path is not None:
            answer = read(call, path)
            assert answer["numberMatched"] == len(expected), name
            seen += [one["id"] for one in answer["features"]]
            path = following(answer)
        assert seen == expected, name
        assert 0 < len(expected) < len(everything), name
        one = read(call, f"{GROUND.format(name)}/{expected[0]}")
        assert {key: one[key] for key in ("id", "geometry", "properties")} == {
            key: everything[[one["id"] for one in everything].index(expected[0])][key]
            for key in ("id", "geometry", "properties")
        }


def test_a_tag_holds_until_something_changes(call: Call) -> None:
    send(call, vehicle("a"))
    first = call("GET", ITEMS, "control")
    tag = first.headers["ETag"]
    assert (first.headers["Cache-Control"], tag[:3]) == ("private, no-cache", 'W/"')
    again = call("GET", ITEMS, "control", headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    page = call("GET", f"{ITEMS}?f=html", "control", headers={"If-None-Match": tag})
    assert page.status_code == 200, "another form is another document"
    send(call, vehicle("a", 8.78))
    assert call("GET", ITEMS, "control", headers={"If-None-Match": tag}).status_code == 200


def test_people_get_pages_and_programs_get_json(call: Call) -> None:
    browser = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    for path in (
        "",
        "/conformance",
        "/api",
        "/collections",
        "/collections/base_roads",
        "/collections/base_roads/items",
    ):
        page = call("GET", f"/ogc/live{path}", "liaison", headers=browser)
        assert page.content_type == "text/html; charset=utf-8", path
        assert page.headers["Content-Security-Policy"].startswith(
            "default-src 'none'; style-src 'self'; base-uri 'none'"
        )
        assert "<script" not in page.text
        assert "json" in call("GET", f"/ogc/live{path}", "liaison").content_type
        assert "json" in call("GET", f"/ogc/live{path}?f=json", "liaison", headers=browser).content_type
    assert '<html lang="de">' in call("GET", "/ogc?f=html", "liaison").text
    english = call("GET", "/ogc?f=html&lang=en", "liaison").text
    assert '<html lang="en">' in english
    assert "Units" in english


EVIL = "<script>alert(1)</script>\"'{{7*70001}}<img src=x onerror=alert(2)>"


def test_nothing_that_somebody_sent_becomes_part_of_a_page(call: Call) -> None:
    send(call, vehicle("x", description=EVIL) | {"name": EVIL})
    identity = quote(vehicle("x")["id"])
    for path in (f"{ITEMS}?f=html", f"{ITEMS}/{identity}?f=html"):
        page = call("GET", path, "control").text
        assert html.escape(EVIL, quote=False)[:30] in page
        assert "<script" not in page
        assert "<img" not in page
        assert "490007" not in page
    read(call, f"{ITEMS}/{identity}")
    for query in ("?f=html&lang=<script>", "?f=html&after=<script>", "?f=html&x=<script>"):
        assert "<script" not in call("GET", ITEMS + query, "control").text.lower().replace("u003cscript", "")


def test_each_reading_of_a_layer_by_who_may_see_names_is_in_the_trail(call: Call, house: House) -> None:
    send(call, vehicle("a"))
    for role in ("control", "liaison", "planner"):
        read(call, ITEMS, role)
        read(call, f"{ITEMS}/{vehicle('a')['id']}", role)
        read(call, "/ogc/live/collections", role)
        read(call, GROUND.format("roads"), role)
    lines = [(line.action, line.role) for line in Audit(house.data_dir / "audit.db").entries()]
    assert lines == [("ogc", "control"), ("ogc", "control")]


def test_who_asks_too_often_waits(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ogc, "_throttle", Throttle(per_minute=1, burst=3))
    answers = [call("GET", "/ogc/live", "control") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert int(answers[3].headers["Retry-After"]) >= 1
    assert answers[3].get_json()["code"] == "TooManyRequests"


def test_who_asks_one_after_the_other_is_slowed_down_and_not_refused(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ogc, "_throttle", Throttle(per_minute=3000, burst=2))
    assert [call("GET", "/ogc/live", "control").status_code for _ in range(12)] == [200] * 12


def test_addresses_are_those_that_the_settings_name(call: Call) -> None:
    for path in ("/ogc/live", "/ogc", "/ogc/live/", "/ogc/"):
        assert read(call, path)["links"][0]["href"] == "https://lage.example.org/ogc/live?f=json"
    assert following(read(call, GROUND.format("roads"), limit=1)) == GROUND.format("roads") + "?limit=1&after=1"
    page = call("GET", "/ogc?f=html", "control").text
    assert "<code>https://lage.example.org/ogc/live</code>" in page
    link = call("GET", "/export.kml?refresh_s=60", "control").text
    assert "<href>https://lage.example.org/export.kml?situation=live</href>" in link


def test_base_data_name_whose_they_are(call: Call) -> None:
    told = read(call, "/ogc/live/collections/base_roads")
    assert told["attribution"] == "Padertopia, fiktiver Übungsort"
    assert told["extent"]["spatial"]["bbox"][0][0] == pytest.approx(8.77, abs=0.05)
    assert read(call, GROUND.format("roads"), limit=1)["attribution"] == told["attribution"]
