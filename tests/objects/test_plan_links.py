"""Plans by address: a real HTTPS server that gives, changes, redirects, lies, fails; what is asked, kept and told."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from server.audit import Audit
from server.base.objects import plan_links
from server.base.objects.bring import bring, checked
from server.base.objects.plan_links import News, failing, look
from server.base.objects.settings import ObjectSettings
from server.base.objects.settings import settings as objects_of
from server.base.objects.store import Layer
from server.config import BaseSettings, Settings
from server.house import House
from server.transports import fetch as transport
from tests.objects.samples import KAMP, layer, pdf, png
from tests.server import lagebild
from tests.transports.certificates import Authority

Call = Callable[..., TestResponse]
START = datetime(2026, 9, 12, 12, tzinfo=UTC)


class Peer(BaseHTTPRequestHandler):
    """The operator's archive of plans."""

    server: "Archive"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer with what the archive holds."""
        path = self.path.partition("?")[0]
        told = {name.casefold(): value for name, value in self.headers.items()}
        self.server.asked.append((path, told))
        status, kind, body, headers = self.server.holds.get(path, (404, "text/plain", b"", {}))
        if status == 200 and headers.get("ETag") and told.get("if-none-match") == headers["ETag"]:
            status, body = 304, b""
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class Archive(ThreadingHTTPServer):
    """`holds`: status, content type, body and headers by path; `asked` keeps what was asked."""

    def __init__(self, authority: Authority) -> None:
        super().__init__(("127.0.0.1", 0), Peer)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*authority.issue("archive"))
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.holds: dict[str, tuple[int, str, bytes, dict[str, str]]] = {}
        self.ca_file = str(authority.file)
        self.url = f"https://127.0.0.1:{self.server_address[1]}"

    def put(self, path: str, body: bytes, kind: str = "application/pdf", status: int = 200, **headers: str) -> str:
        self.holds[path] = (status, kind, body, {name.replace("_", "-"): value for name, value in headers.items()})
        return self.url + path

    def paths(self) -> list[str]:
        asked, self.asked = [path for path, _ in self.asked], []
        return asked


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def archive(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    monkeypatch.setattr(transport.HOSTS, "wait_s", lambda _host: 0.0)  # its limit is no subject here
    server = Archive(authority)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def table(folder: Path, *plans: str) -> Path:
    """A table with an object for each plan."""
    lon, lat = KAMP
    rows = "".join(f'O{number},{lon},{lat},"{plan}"\n' for number, plan in enumerate(plans, 1))
    (folder / "objects.csv").write_text(f"ref,lon,lat,plan\n{rows}")
    return folder / "objects.csv"


class Town:
    """A layer, and a clock that a test sets."""

    def __init__(self, folder: Path, archive: Archive, *plans: str, **more: Any) -> None:
        told = {"plan_origins": [archive.url], "ca_file": archive.ca_file, "refresh_s": 3600, **more}
        self.settings: ObjectSettings = layer(table(folder, *plans), **told)
        self.layer = Layer(folder / "data", "test")
        self.now = START
        bring(self.layer, self.settings, lambda: self.now)

    def look(self) -> list[News]:
        return look(self.layer, self.settings, lambda: self.now)[1]

    def plans(self) -> list[list[tuple[str, int]]]:
        return [[(plan.name, plan.pages) for plan in row.plans] for row in self.layer.read()]

    def all(self) -> list[tuple[str, int]]:
        return sorted(plan for plans in self.plans() for plan in plans)

    def reasons(self) -> list[str]:
        return [str(link.trouble) for _, link in failing(self.layer)]


def test_a_plan_is_fetched_kept_and_asked_for_again_only_when_it_changed(tmp_path: Path, archive: Archive) -> None:
    url = archive.put("/plaene/Halle%201.pdf", pdf(2), ETag='"1"')
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "lage.png").write_bytes(png())
    town = Town(tmp_path, archive, f"lage.png; {url}?token=geheim")
    assert town.plans() == [[("lage.png", 1)]], "at once what lies beside"
    before = town.layer.state().version
    assert town.look() == []
    assert town.plans() == [[("lage.png", 1), ("Halle 1.pdf", 2)]]
    assert town.layer.state().version != before, "packs are cut anew"
    assert len(town.layer.state().plans) == 2
    assert town.look() == []
    assert len(archive.asked) == 1, "it is not due"
    bring(town.layer, town.settings, lambda: town.now, force=True)
    assert town.plans() == [[("lage.png", 1), ("Halle 1.pdf", 2)]], "an import forgets no plan"
    town.now += timedelta(hours=1)
    town.look()
    assert [told.get("if-none-match") for _, told in archive.asked] == [None, '"1"']
    archive.put("/plaene/Halle%201.pdf", pdf(3), ETag='"2"')
    town.now += timedelta(hours=1)
    town.look()
    assert town.plans() == [[("lage.png", 1), ("Halle 1.pdf", 3)]]
    assert all("authorization" not in told for _, told in archive.asked)


def test_only_origins_of_the_settings_are_asked(tmp_path: Path, archive: Archive) -> None:
    good = archive.put("/a.pdf", pdf())
    aside = archive.put("/aside", b"", status=302, Location="https://127.0.0.1:1/x.pdf")
    round_about = archive.put("/round", b"", status=302, Location="/a.pdf")
    wrong = (
        good.replace("https", "http"),
        good.replace("127.0.0.1", "localhost"),
        good.replace("127.0.0.1", "user:pw@127.0.0.1"),
        "https://169.254.169.254/latest/meta-data",
        "https://127.0.0.1/a.pdf",
        "https://[::1",
    )
    town = Town(tmp_path, archive, ";".join(wrong), ";".join((aside, round_about)))
    state = town.layer.state()
    assert state.refusals == len(wrong)
    assert {one.where for one in state.refused} == {"plan of O1"}
    assert [one.reason for one in checked(town.layer, town.settings).refused] == [one.reason for one in state.refused]
    assert "user:pw" not in json.dumps([one.reason for one in state.refused])
    (news,) = town.look()
    assert archive.paths() == ["/aside", "/round", "/a.pdf"]
    assert news.reason == "it leads to https://127.0.0.1, which is not among its origins"
    assert town.all() == [("round", 1)], "a redirect within them is followed"


def test_what_is_no_plan_is_refused_and_each_reason_told(
    tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = (
        archive.put("/page.pdf", b"<html>Bitte anmelden</html>", "text/html"),
        archive.put("/lie.png", pdf(), "image/png"),
        archive.put("/big.pdf", pdf() + b" " * 5_000),
        archive.put("/many.pdf", pdf(41)),
        archive.put("/plain.pdf", pdf(), "application/octet-stream"),
        archive.url + "/gone.pdf",
    )
    town = Town(tmp_path, archive, *urls, max_plan_bytes=5_000)
    news = town.look()
    assert town.all() == [("plain.pdf", 1)]
    told = {one.address.rpartition("/")[2]: one.reason for one in news}
    assert {name: str(reason)[:60] for name, reason in told.items()} == {
        "big.pdf": f"the answer has {len(pdf()) + 5_000} bytes, more than 5000",
        "gone.pdf": "404 Not Found",
        "lie.png": "lie.png: said to be image/png, by its content application/pd",
        "many.pdf": "many.pdf: 41 pages; a plan has 1 to 40",
        "page.pdf": "page.pdf: by its content no PDF, PNG or JPEG (text/html)",
    }


def test_what_fails_is_asked_for_ever_more_rarely_told_once_and_keeps_its_plan(
    tmp_path: Path, archive: Archive
) -> None:
    urls = [archive.put(f"/{name}.pdf", pdf(number)) for number, name in enumerate("ab", 1)]
    town = Town(tmp_path, archive, *urls, refresh_s=10)
    town.look()
    assert archive.paths() == ["/a.pdf", "/b.pdf"]
    archive.put("/a.pdf", b"", status=503)
    town.now += timedelta(seconds=10)
    (news,) = town.look()
    assert (news.reason, news.count) == ("503 Service Unavailable", 2)
    assert archive.paths() == ["/a.pdf"], "a server that is down is asked once"
    for waited_s, asked in ((59, 0), (1, 1), (119, 0), (1, 1), (239, 0), (1, 1)):
        town.now += timedelta(seconds=waited_s)
        assert town.look() == [], "told already"
        assert len(archive.paths()) == asked, waited_s
    assert town.all() == [("a.pdf", 1), ("b.pdf", 2)], "what was fetched stays"
    assert town.reasons() == ["503 Service Unavailable"] * 2
    archive.put("/a.pdf", pdf(1))
    town.now += timedelta(seconds=480)
    assert [(one.address.rpartition("/")[2], one.reason) for one in town.look()] == [("a.pdf", None), ("b.pdf", None)]
    assert town.reasons() == []
    archive.put("/a.pdf", b"", status=429, Retry_After="7200")
    town.now += timedelta(seconds=10)
    town.look()
    archive.paths()
    town.now += timedelta(seconds=7_199)
    town.look()
    assert archive.paths() == [], "the server said when"


def test_a_round_is_bounded_and_an_address_that_is_gone_is_forgotten(
    tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan_links, "MOST_A_ROUND", 3)
    urls = [archive.put(f"/{number}.pdf", pdf()) for number in range(5)]
    town = Town(tmp_path, archive, *urls)
    for done in (3, 5, 5):
        town.look()
        assert len(town.all()) == len(archive.asked) == done
    town.settings = layer(table(tmp_path, urls[0]), plan_origins=[archive.url], ca_file=archive.ca_file, refresh_s=3600)
    bring(town.layer, town.settings, lambda: town.now, force=True)
    town.look()
    assert list(plan_links.read(town.layer)) == [urls[0]]


def test_the_secret_of_a_source_goes_to_its_own_origin_alone(
    tmp_path: Path, archive: Archive, authority: Authority
) -> None:
    other = Archive(authority)
    threading.Thread(target=other.serve_forever, args=(0.01,), daemon=True).start()
    try:
        urls = [archive.put("/a.pdf", pdf()), other.put("/b.pdf", pdf())]
        archive.put("/objects.csv", table(tmp_path, *urls).read_bytes(), "text/csv")
        town = Town(tmp_path, archive, "")
        town.settings = layer(
            f"{archive.url}/objects.csv", ca_file=archive.ca_file, plan_origins=[archive.url, other.url],
            auth="bearer", secret="s3cret",
        )  # fmt: skip
        bring(town.layer, town.settings, lambda: town.now)
        town.look()
        assert town.all() == [("a.pdf", 1), ("b.pdf", 1)]
        assert {path: told.get("authorization") for path, told in (*archive.asked, *other.asked)} == {
            "/objects.csv": "Bearer s3cret", "/a.pdf": "Bearer s3cret", "/b.pdf": None,
        }  # fmt: skip
    finally:
        other.shutdown()
        other.server_close()


@pytest.mark.parametrize("wrong", ["http://a.example", "https://a.example/path", "https://u@a.example", "a.example"])
def test_origins_are_origins(wrong: str) -> None:
    with pytest.raises(ValueError, match="plan_origins"):
        layer("x.csv", plan_origins=[wrong])


class TestOnAServer:
    """Fetched by the rooms of a server; served, listed and noted."""

    @pytest.fixture
    def settings(self, tmp_path: Path, archive: Archive) -> Settings:
        plans = (archive.put("/gut.pdf", pdf(2)), f"{archive.url}/weg.pdf?key=geheim")
        told = {
            "source": str(table(tmp_path, *plans)), "title": "Pläne", "purpose": "P", "audience": ["control", "crew"],
            "plan_origins": [archive.url], "ca_file": archive.ca_file,
        }  # fmt: skip
        return Settings(base=BaseSettings(objects=objects_of({"plans": told})))

    def test_it_is_served_like_an_uploaded_one_and_failure_is_told(
        self, house: House, call: Call, settings: Settings, tmp_path: Path
    ) -> None:
        house.objects.refresh()
        first, second = call("GET", "/objects/plans", "crew").get_json()["features"]
        if "plans" not in first["properties"]:
            first, second = second, first
        assert first["properties"]["plans"] == [
            {"name": "gut.pdf", "mime": "application/pdf", "bytes": len(pdf(2)), "pages": 2}
        ]
        assert "plans" not in second["properties"]
        key = first["id"].rpartition(":")[2]
        assert call("GET", f"/objects/plans/{key}/plans/1", "crew").data == pdf(2)
        assert call("GET", f"/objects/plans/{key}/plans/1/pages/2", "crew").data[:4] == b"\x89PNG"
        assert call("GET", f"/objects/plans/{key}/plans/1", "liaison").status_code == 404
        (listed,) = call("GET", "/objects", "control").get_json()["layers"]
        assert listed["plans_failing"] == 1
        (line,) = [one for one in Audit(house.data_dir / "audit.db").entries() if one.action == "objects-plan"]
        told = json.loads(line.detail)
        assert (told["layer"], told["reason"], told["count"]) == ("plans", "404 Not Found", 1)
        assert told["address"].endswith("/weg.pdf?key=…"), "no secret in the trail"
        config = tmp_path / "lagebild.toml"
        one = settings.base.objects["plans"]
        config.write_text(
            f'[base.objects.plans]\nsource = "{one.source}"\ntitle = "P"\npurpose = "P"\naudience = ["control"]\n'
            f'plan_origins = ["{one.plan_origins[0]}"]\nca_file = "{one.ca_file}"\n'
        )
        done = lagebild("base", "objects", "list", "--data", house.data_dir, "--config", config)
        assert "plans: P, 2 objects, 1 plans" in done.stdout
        assert "  plan not fetched: https://127.0.0.1:" in done.stderr
        assert "weg.pdf?key=…: 404 Not Found (since " in done.stderr
        done = lagebild("base", "objects", "import", "--data", tmp_path / "new", "--config", config, "--json")
        (row,) = json.loads(done.stdout)
        assert (row["plans"], [failed["reason"] for failed in row["plans_failing"]]) == (1, ["404 Not Found"])
