"""Our TAK server with clients of every role: who is let in, what they get, and what becomes of what they say."""

import contextlib
import socket
import ssl

import pytest

from layers.cot import Event, xml
from server.feeds.cot.framing import stream_frame
from server.feeds.cot.protobuf import write_message
from server.feeds.cot.xml import read_event
from server.tak.guest import SIGN_IN_BYTES, control
from tests.server import wait_until
from tests.tak.conftest import MISSION, UNIT, Station
from tests.tak.tools import Tak

PLI = (
    "<event version='2.0' uid='{uid}' type='a-f-G-U-C' how='m-g' time='{time}' start='{time}' stale='{stale}'{more}>"
    "<point lat='51.84' lon='8.79' hae='9999999.0' ce='5' le='9999999.0'/>"
    "<detail><contact callsign='{uid}'/></detail></event>"
)


def told(event: Event) -> str:
    """Its remarks."""
    return next(one.text for one in event.find("remarks"))


# -- who is let in -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "first",
    [
        b"<auth><cot username='x' password='wrong'/></auth>",
        b"<auth><cot username='x'/></auth>",
        xml(control("t-x-c-t")),
        stream_frame(write_message(control("t-x-takp-q", "TakRequest", version="1"))),
        b"<event garbage </event>",
    ],
    ids=["wrong token", "no password", "a ping first", "a request first", "noise"],
)
def test_nobody_hears_a_word_without_a_token(station: Station, first: bytes) -> None:
    with Tak(station.ports["tak"]) as client:
        client.send(first)
        client.until_closed()
        assert client.raw == b""


def test_who_says_much_before_it_signs_in_is_cut(station: Station) -> None:
    with Tak(station.ports["tak"]) as client:
        # No event begins, so nothing is kept and nothing is too long: it would be read as fast as it comes.
        with contextlib.suppress(ConnectionError):
            client.send(b" " * (SIGN_IN_BYTES + 1))
        client.until_closed()
        assert client.raw == b""


def test_who_says_nothing_hears_nothing(station: Station) -> None:
    with Tak(station.ports["tak"]) as client:
        client.read(1.0)
        assert (client.raw, client.closed) == (b"", False)


def test_no_address_takes_the_places_of_others(station: Station) -> None:
    def turned_away() -> str:
        text = station.server.request("GET", "/metrics", station.tokens["admin"]).text
        begins = 'lagebild_connection_turned_away_total{source="cot/voll",transport="cot_server"} '
        return next(line for line in text.splitlines() if line.startswith(begins)).rpartition(" ")[2]

    with station.connect("control", "voll") as first, station.connect("control", "voll"):
        first.named("HLF 20 1")
        with station.connect("control", "voll") as third:
            third.until_closed()
            assert third.raw == b""
        assert turned_away() == "1.0"
        source = wait_until(lambda: station.feature("source:cot/voll")["properties"]["link_reason"], "the reason")
        assert source == "turned away: 2 connections are open already from 127.0.0.1"
        with Tak(station.ports["voll"], station.tokens["control"], address="127.0.0.9") as other:
            other.named("HLF 20 1")


def test_a_token_that_is_revoked_ends_its_connection(station: Station) -> None:
    token = station.server.token("control", "kurz")
    rows = station.server.get("/tokens", station.tokens["admin"])["tokens"]
    with Tak(station.ports["tak"], token) as client:
        client.named("HLF 20 1")
        row = next(row for row in rows if row["name"] == "kurz")
        assert station.server.request("DELETE", f"/tokens/{row['id']}", station.tokens["admin"]).status_code < 300
        client.until_closed()


def test_a_certificate_stands_for_a_token(station: Station) -> None:
    context = ssl.create_default_context(cafile=str(station.certificates.ca))
    context.load_cert_chain(*station.files[:2])
    with Tak(station.ports["tls"], tls=context) as client:
        unit = client.named("HLF 20 1")
        client.send(
            PLI.format(uid="von-tls", time=unit.time.isoformat(), stale="2100-01-01T00:00:00Z", more="").encode()
        )
        client.send(xml(control("t-x-c-t", uid="P")))
        client.until(lambda one: one.type == "t-x-c-t-r")
        assert station.feature("cot:von-tls") is None, "a liaison sends nothing"


def test_without_a_certificate_there_is_no_handshake(station: Station) -> None:
    context = ssl.create_default_context(cafile=str(station.certificates.ca))
    with Tak(station.ports["tls"], tls=context) as client:
        client.until_closed()
        assert client.raw == b""


def test_an_address_stands_for_a_token_and_layers_narrow_its_view(station: Station) -> None:
    with Tak(station.ports["lan"]) as client:
        client.named("HLF 20 1")
        client.read(0.5)
        assert not [one for one in client.events if one.type.startswith(("a-n-", "u-", "b-", "t-"))]


def test_a_group_hears_the_view_of_its_token_again_and_again(station: Station) -> None:
    first, again = (read_event(station.group.recv(65_535)) for _ in range(2))
    assert (first.type, first.uid) == (again.type, again.uid) == ("a-n-X-i-f", first.uid)
    assert "Rosenweg 3" in told(first)


# -- what they get -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "address"),
    [("control", True), ("planner", True), ("liaison", True), ("admin", True), ("crew", False)],
)
def test_every_role_gets_its_view(station: Station, role: str, address: bool) -> None:
    token = station.server.token(role, f"{role}-2", "--situation", "live")
    with Tak(station.ports["tak"], token) as client:
        mission = client.until(lambda one: one.type.startswith("a-n-X-i-"), "the mission")
        unit = client.named("HLF 20 1")
        assert (unit.type, round(unit.lat, 5), round(unit.lon, 5)) == ("a-f-G-U-i-f-efp", 51.83, 8.78)
        assert told(unit).startswith("Status 3: Einsatz übernommen\nHLF20\nStand ")
        assert ("Rosenweg 3" in told(mission)) is address
        assert (mission.value("contact", "callsign") == "B3 Wohnungsbrand") is address
        assert b"Muster" not in client.raw
        assert mission.opex == ""


def test_a_crew_sees_its_own_mission_whole(station: Station) -> None:
    station.say({"id": MISSION, "type": "Alert", "emergencyVehicles": [UNIT]})
    try:
        with station.connect("crew") as client:
            assert "Rosenweg 3" in told(client.named("B3 Wohnungsbrand"))
            station.say({"id": MISSION, "type": "Alert", "emergencyVehicles": []})
            reduced = client.named("Einsatz")
            assert "Rosenweg" not in told(reduced)
    finally:
        station.say({"id": MISSION, "type": "Alert", "emergencyVehicles": []})


def test_a_feed_hears_nothing(station: Station) -> None:
    with station.connect("feed") as client:
        client.until(lambda one: one.type == "t-x-takp-v")
        client.read(1.0)
        assert [one.type for one in client.events] == ["t-x-takp-v"]


def test_a_change_follows_and_what_goes_is_taken_away(station: Station) -> None:
    name = "urn:ngsi-ld:EmergencyVehicle:rtw"
    place = {"type": "Point", "coordinates": [8.7, 51.8]}
    with station.connect("control") as client:
        client.named("HLF 20 1")
        station.vehicle(name, name="RTW 7", vehicleType="RTW", fmsStatus=1, location=place)
        first = client.named("RTW 7")
        assert first.type == "a-f-G-U-i-m-ag"
        station.say({"id": name, "type": "EmergencyVehicle", "fmsStatus": 0})
        alarm = client.until(lambda one: one.type == "b-a-o-tbl", "the alarm")
        assert (alarm.uid, alarm.value("emergency", "type")) == (f"{first.uid}-9-1-1", "911 Alert")
        station.say({"id": name, "type": "EmergencyVehicle"}, action="delete")
        client.gone(first.uid)
        client.gone(alarm.uid)
        with station.connect("control") as late:
            late.named("HLF 20 1")
            late.read(0.5)
            assert first.uid not in {one.uid for one in late.events}


# -- protocol 1 --------------------------------------------------------------------------------------------------------


def test_protocol_1_is_offered_and_spoken(station: Station) -> None:
    with station.connect("control") as client:
        offer = client.until(lambda one: one.type == "t-x-takp-v")
        assert client.raw.startswith(b"<?xml version=")
        assert next(inner for one in offer.find("TakControl") for inner in one.children).get("version") == "1"
        client.named("HLF 20 1")
        client.send(xml(control("t-x-takp-q", "TakRequest", version="1")))
        answer = client.until(lambda one: one.type == "t-x-takp-r")
        assert next(inner for one in answer.find("TakControl") for inner in one.children).get("status") == "true"
        before = len(client.raw)
        client.send(stream_frame(write_message(control("t-x-c-t", uid="P"))))
        client.until(lambda one: one.type == "t-x-c-t-r")
        station.say({"id": UNIT, "type": "EmergencyVehicle", "fmsStatus": 4})
        client.until(lambda one: "Status 4" in "".join(each.text for each in one.find("remarks")))
        assert client.raw[before] == 0xBF
        assert b"<?xml" not in client.raw[before:]
        station.say({"id": UNIT, "type": "EmergencyVehicle", "fmsStatus": 3})


def test_another_version_is_declined_and_xml_goes_on(station: Station) -> None:
    with station.connect("control") as client:
        client.send(xml(control("t-x-takp-q", "TakRequest", version="2")))
        answer = client.until(lambda one: one.type == "t-x-takp-r")
        assert next(inner for one in answer.find("TakControl") for inner in one.children).get("status") == "false"
        client.send(xml(control("t-x-c-t", uid="P")))
        client.until(lambda one: one.type == "t-x-c-t-r")
        assert b"\xbf" not in client.raw


# -- what they say -----------------------------------------------------------------------------------------------------


def pli(uid: str, more: str = "") -> bytes:
    """A position report of now."""
    now = control("t-x-c-t")
    return PLI.format(uid=uid, time=now.time.isoformat(), stale=now.stale.isoformat(), more=more).encode()


@pytest.mark.parametrize(
    ("role", "taken"),
    [("feed", True), ("crew", True), ("control", True), ("liaison", False), ("admin", False)],
)
def test_what_a_role_may_send(station: Station, role: str, taken: bool) -> None:
    with station.connect(role) as client:
        client.send(pli(f"tablet-{role}") + xml(control("t-x-c-t", uid="P")))
        client.until(lambda one: one.type == "t-x-c-t-r")
        client.send(xml(control("t-x-c-t", uid="P")) * 2)
        wait_until(lambda: client.read() or [one.type for one in client.events].count("t-x-c-t-r") == 3)
        seen = station.feature(f"cot:tablet-{role}")
        assert (seen is not None) is taken
        if taken:
            name = {"feed": "leitstelle", "crew": "HLF"}.get(role, role)
            assert [one["id"] for one in seen["properties"]["sources"]] == [f"cot/{name}"]


def test_clients_see_each_other_but_nobody_sees_himself(station: Station) -> None:
    with station.connect("control") as one, station.connect("crew") as other:
        one.named("HLF 20 1")
        other.named("HLF 20 1")
        other.send(pli("trupp-9"))
        seen = one.named("trupp-9")
        assert (seen.uid, seen.type) == ("trupp-9", "a-f-G-U-C")
        assert not [each for each in other.events if each.uid == "trupp-9"]


def test_an_exercise_never_enters_live(station: Station) -> None:
    with station.connect("control") as client:
        client.send(pli("gespielt", " opex='e-Rauch'") + pli("echt"))
        wait_until(lambda: station.feature("cot:echt"))
        assert station.feature("cot:gespielt") is None
        rows = station.server.get("/quarantine?limit=500", station.tokens["control"])["quarantine"]
        reasons = [row["reason"] for row in rows if row["subject"] == "cot:gespielt"]
        assert reasons == [
            "its sender says that it is an exercise or a simulation: it does not enter the live situation"
        ]


def test_garbage_costs_itself_alone(station: Station) -> None:
    with station.connect("feed") as client:
        whole = pli("nach-dem-rauschen")
        for at in range(0, len(whole), 5):
            client.send((b"noise<event uid='half'" if at == 0 else b"") + whole[at : at + 5])
        wait_until(lambda: station.feature("cot:nach-dem-rauschen"))
    rows = station.server.get("/quarantine?limit=500", station.tokens["control"])["quarantine"]
    assert [row for row in rows if "does not end" in row["reason"] and row["sender"].startswith("tak 127.0.0.1")]


def test_a_deletion_of_ours_takes_nothing_from_us(station: Station) -> None:
    with station.connect("control") as client:
        unit = client.named("HLF 20 1")
        link = f"<link uid='{unit.uid}' relation='p-p'/>"
        gone = pli("del").replace(b"a-f-G-U-C", b"t-x-d-d").replace(b"<detail>", f"<detail>{link}".encode())
        client.send(gone + pli("danach"))
        wait_until(lambda: station.feature("cot:danach"))
        assert station.feature(UNIT) is not None


def test_datagrams_are_taken_of_a_bound_address_alone(station: Station) -> None:
    peer = station.feature("source:cot/lan")["properties"]["peer"]
    port = int(peer.rpartition(":")[2])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(pli("per-datagramm"), ("127.0.0.1", port))
        wait_until(lambda: station.feature("cot:per-datagramm"))
        seen = station.feature("cot:per-datagramm")
        assert [one["id"] for one in seen["properties"]["sources"]] == ["cot/bound-crew"]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.2", 0))
        stranger.sendto(pli("fremd"), ("127.0.0.1", port))
        stranger.sendto(pli("fremd"), ("127.0.0.1", port))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(pli("danach-udp"), ("127.0.0.1", port))
    wait_until(lambda: station.feature("cot:danach-udp"))
    assert station.feature("cot:fremd") is None
