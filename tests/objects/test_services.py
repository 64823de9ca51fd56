"""Own objects from services: a real HTTP server that speaks WFS 1.1.0 and 2.0.0 and OGC API - Features, and fails."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from server.base.objects.bring import bring
from server.base.objects.raw import SourceError
from server.base.objects.remote import fetch, first_url, with_query
from server.base.objects.store import Layer
from server.transports import fetch as transport
from tests.objects.samples import layer

TOTAL = 2_300
GML = """<?xml version="1.0" encoding="UTF-8"?>
<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs{ns}" xmlns:gml="http://www.opengis.net/gml{gml}"
 xmlns:a="urn:a">
{members}</wfs:FeatureCollection>"""
LINE = """<wfs:member><a:sperrung gml:id="s.1"><a:ref>S 1</a:ref><a:bis>2026-09-12T18:00:00+02:00</a:bis><a:geom>
<gml:MultiCurve srsName="urn:ogc:def:crs:EPSG::4326"><gml:curveMember><gml:LineString>
<gml:posList>51.829 8.775 51.830 8.776</gml:posList></gml:LineString></gml:curveMember></gml:MultiCurve></a:geom>
</a:sperrung></wfs:member>"""
AREA = """<wfs:member><a:sperrung gml:id="s.2"><a:ref>S 2</a:ref><a:geom><gml:Polygon srsName="EPSG:25832">
<gml:exterior><gml:LinearRing><gml:posList srsDimension="3">
484540 5742345 1 484640 5742345 1 484640 5742445 1 484540 5742345 1
</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></a:geom></a:sperrung></wfs:member>"""
OLD = """<gml:featureMember><a:h fid="h.1"><a:ref>H 1</a:ref><a:geom><gml:Point
srsName="http://www.opengis.net/gml/srs/epsg.xml#4326"><gml:coordinates>8.775,51.829</gml:coordinates></gml:Point>
</a:geom></a:h></gml:featureMember>"""
BAD = """<wfs:member><a:sperrung gml:id="s.3"><a:geom><gml:Point srsName="urn:x"><gml:pos>1 2</gml:pos></gml:Point>
</a:geom></a:sperrung></wfs:member>"""


def point(number: int) -> dict[str, Any]:
    """Feature of a number."""
    geometry = {"type": "Point", "coordinates": [8.7 + number * 1e-5, 51.8]}
    return {"type": "Feature", "id": f"h.{number}", "geometry": geometry, "properties": {"ref": f"H {number}"}}


class Peer(BaseHTTPRequestHandler):
    """The service. `asked` on the server keeps what was asked, `down` makes it fail."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer."""
        parts = urlsplit(self.path)
        told = {name.casefold(): values[0] for name, values in parse_qs(parts.query).items()}
        self.server.asked.append((parts.path, told, self.headers.get("If-None-Match")))  # type: ignore[attr-defined]
        if self.server.down:  # type: ignore[attr-defined]
            return self.say(503, "text/plain", b"no")
        answer = getattr(self, parts.path.strip("/").partition("/")[0])
        return answer(parts, told)  # type: ignore[no-any-return]

    def say(self, status: int, kind: str, body: bytes, **headers: str) -> None:
        """One answer."""
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def say_features(self, told: dict[str, str], size: str, start: str, links: list[Any]) -> None:
        """A page of points."""
        first, count = int(told.get(start, 0)), int(told[size])
        features = [point(number) for number in range(first, min(TOTAL, first + count))]
        body = {"type": "FeatureCollection", "features": features, "links": links}
        self.say(200, "application/geo+json", json.dumps(body).encode())

    def collections(self, parts: Any, told: dict[str, str]) -> None:
        """OGC API: pages by links, with names of its own."""
        start = int(told.get("from", 0))
        following = f"{parts.path}?limit={told['limit']}&from={start + int(told['limit'])}"
        links = [{"rel": "next", "href": following}] if start + int(told["limit"]) < TOTAL else []
        self.say_features(told, "limit", "from", [{"rel": "self", "href": self.path}, *links])

    def elsewhere(self, _parts: Any, _told: dict[str, str]) -> None:
        """Pages that lead to another server."""
        links = [{"rel": "next", "href": "http://192.0.2.1/x"}]
        self.say(200, "application/json", json.dumps({"features": [point(1)], "links": links}).encode())

    def circle(self, _parts: Any, _told: dict[str, str]) -> None:
        """Pages that lead to themselves."""
        links = [{"rel": "next", "href": self.path}]
        self.say(200, "application/json", json.dumps({"features": [point(1)], "links": links}).encode())

    def json(self, _parts: Any, told: dict[str, str]) -> None:
        """WFS 2.0.0 with JSON."""
        assert (told["version"], told["typenames"], told["request"]) == ("2.0.0", "a:h", "GetFeature")
        self.say_features(told, "count", "startindex", [])

    def gml(self, _parts: Any, told: dict[str, str]) -> None:
        """WFS 2.0.0 that knows GML alone."""
        if "outputformat" in told:
            return self.say(400, "text/xml", b"<ExceptionReport/>")
        text = GML.format(ns="/2.0", gml="/3.2", members=LINE + AREA + BAD)
        return self.say(200, "application/gml+xml", text.encode())

    def old(self, _parts: Any, told: dict[str, str]) -> None:
        """WFS 1.1.0."""
        assert (told["version"], told["typename"]) == ("1.1.0", "a:h")
        self.say(200, "text/xml", GML.format(ns="", gml="", members=OLD).encode())

    def refusing(self, _parts: Any, _told: dict[str, str]) -> None:
        """An exception report with status 200, as many do."""
        body = b"<o:ExceptionReport xmlns:o='o'><o:ExceptionText>no such type</o:ExceptionText></o:ExceptionReport>"
        self.say(200, "text/xml", body)

    def file(self, _parts: Any, _told: dict[str, str]) -> None:
        """A file with an ETag."""
        if self.headers.get("If-None-Match") == '"1"':
            return self.say(304, "text/csv", b"")
        return self.say(200, "text/csv", b"ref,lon,lat\nA,8.77,51.82\n", ETag='"1"')


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadingHTTPServer]:
    """It serves."""
    made = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    made.asked, made.down = [], False  # type: ignore[attr-defined]
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join(30)


@pytest.fixture
def url(server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where; the limit of requests to one host is no subject here."""
    monkeypatch.setattr(transport.HOSTS, "wait_s", lambda _host: 0.0)
    server.asked, server.down = [], False  # type: ignore[attr-defined]
    return f"http://127.0.0.1:{server.server_address[1]}"


def test_every_page_of_an_ogc_api(url: str, server: Any) -> None:
    rows = fetch(layer(f"{url}/collections/hydranten")).rows
    assert rows is not None
    assert [row.name for row in rows] == [f"h.{number}" for number in range(TOTAL)]
    assert (rows[1_500].where, rows[1_500].columns) == ("feature 1501", {"ref": "H 1500"})
    assert [path for path, _, _ in server.asked] == ["/collections/hydranten/items"] * 3


@pytest.mark.parametrize(
    ("path", "why", "options"),
    [
        ("elsewhere/collections/x", "leads to http://192.0.2.1", {}), ("circle/collections/x", "in a circle", {}),
        ("collections/x", "more than 2 pages", {"max_pages": 2}),
        ("collections/x", "more than 1500 objects", {"max_objects": 1500}),
        ("collections/x", "bytes, more than 1000", {"max_bytes": 1000}),
        ("refusing/wfs", "refuses: no such type", {"typename": "x"}),
        ("refusing/x", "this is no JSON", {"format": "geojson"}),
    ],
)  # fmt: skip
def test_what_a_service_may_not_do(url: str, path: str, why: str, options: dict[str, Any]) -> None:
    with pytest.raises(SourceError) as caught:
        fetch(layer(f"{url}/{path}", **options))
    assert why in str(caught.value)


def test_wfs_with_json_page_by_page(url: str, server: Any) -> None:
    rows = fetch(layer(f"{url}/json/wfs?map=stadt", typename="a:h")).rows
    assert rows is not None
    assert len(rows) == TOTAL
    assert [told["startindex"] for _, told, _ in server.asked] == ["0", "1000", "2000"]
    assert {told["map"] for _, told, _ in server.asked} == {"stadt"}


def test_wfs_with_gml_axis_by_axis(url: str, tmp_path: Path) -> None:
    one = Layer(tmp_path, "test")
    told = layer(f"{url}/gml/wfs", typename="a:s", kind="closure", fields={"valid_to": "bis"})
    state = bring(one, told, lambda: datetime.now(UTC))
    assert state.trouble is None
    found = {stored.own.ref: stored.own for stored in one.read()}
    assert found["S 1"].geometry == {"type": "MultiLineString", "coordinates": [[[8.775, 51.829], [8.776, 51.83]]]}
    assert found["S 1"].valid_to == "2026-09-12T16:00:00.000Z"
    ring = found["S 2"].geometry["coordinates"][0]
    assert (found["S 2"].geometry["type"], ring[0], ring[-1]) == ("Polygon", [8.77564168, 51.83171372], ring[0])
    assert [(refusal.where, refusal.reason) for refusal in state.refused] == [
        ("feature 3", "the coordinate system 'urn:x' is not understood")
    ]


def test_wfs_of_the_old_version_has_east_first(url: str) -> None:
    rows = fetch(layer(f"{url}/old/wfs", typename="a:h", wfs_version="1.1.0")).rows
    assert rows is not None
    assert rows[0].geometry == {"type": "Point", "coordinates": [8.775, 51.829]}
    assert (rows[0].epsg, rows[0].by_authority, rows[0].name) == (4326, False, "h.1")


def test_what_did_not_change_is_not_sent_and_what_fails_keeps_its_age(url: str, server: Any, tmp_path: Path) -> None:
    times = iter(datetime(2026, 9, 12, 12, minute, tzinfo=UTC) for minute in range(60))
    one, told = Layer(tmp_path, "test"), layer(f"{url}/file/x.csv")
    first = bring(one, told, lambda: next(times))
    assert (first.count, first.data_at) == (1, "2026-09-12T12:00:00.000Z")
    second = bring(one, told, lambda: next(times))
    assert (second.version, second.data_at) == (first.version, "2026-09-12T12:01:00.000Z")
    assert [condition for _, _, condition in server.asked] == [None, '"1"']
    server.down = True
    third = bring(one, told, lambda: next(times))
    assert (third.version, third.data_at, third.checked_at) == (
        first.version, "2026-09-12T12:01:00.000Z", "2026-09-12T12:02:00.000Z")  # fmt: skip
    assert third.trouble is not None
    assert "503" in third.trouble
    assert [stored.own.ref for stored in one.read()] == ["A"]


def test_addresses_that_are_asked() -> None:
    plain = layer("https://gis.example.org/collections/h/items?limit=10&f=json")
    assert first_url(plain) == "https://gis.example.org/collections/h/items?limit=10&f=json"
    wfs = layer("https://gis.example.org/wfs?SERVICE=WFS&typeNAMES=a", typename="b")
    assert "typeNAMES=a" in first_url(wfs)
    assert "typeNames=b" not in first_url(wfs)
    assert with_query("http://h/x?a=1&B=2", {"b": None, "c": "3"}) == "http://h/x?a=1&c=3"
