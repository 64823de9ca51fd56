"""Every route against every role and nobody: one explicit table. A route without a row fails."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from server.access import Role
from server.app import build, create_app
from server.config import Settings
from server.house import House

EVERYBODY = frozenset(Role)
VIEWERS = EVERYBODY - {Role.FEED}
EXERCISE = frozenset({Role.PLANNER, Role.ADMIN})
ADMIN = frozenset({Role.ADMIN})
FEED = frozenset({Role.FEED})
CONTROL = frozenset({Role.CONTROL, Role.ADMIN})
DESK = frozenset({Role.CONTROL})
OPEN = None
"""No token needed."""
SIGNED: frozenset[Role] = frozenset()
"""No token helps: the request itself is signed with a key of its own, and the answer is that of S3."""
BY_PASSWORD = ("/ogc", "/export.")
"""Paths that take the token as the password of HTTP basic as well."""
PLAN = ("GET", "/objects/<name>/<key>/plans/<int:number>")
"""So does this one, to which collections under /ogc link."""

TABLE: dict[tuple[str, str], frozenset[Role] | None] = {
    ("GET", "/"): OPEN,
    ("GET", "/control"): OPEN,
    ("GET", "/planner"): OPEN,
    ("GET", "/liaison"): OPEN,
    ("GET", "/app"): OPEN,
    ("GET", "/assets/<path:name>"): OPEN,
    ("GET", "/melden"): OPEN,
    ("POST", "/melden"): OPEN,
    ("GET", "/melden/<name>"): OPEN,
    ("GET", "/melden/danke/<reference>"): OPEN,
    ("GET", "/healthz"): OPEN,
    ("GET", "/readyz"): OPEN,
    ("GET", "/metrics"): ADMIN,
    ("POST", "/auth/exchange"): OPEN,
    ("GET", "/auth/me"): EVERYBODY,
    ("GET", "/tokens"): ADMIN,
    ("POST", "/tokens"): ADMIN,
    ("DELETE", "/tokens/<token_id>"): ADMIN,
    ("GET", "/config"): VIEWERS,
    ("GET", "/objects"): VIEWERS,
    ("GET", "/objects/<name>"): VIEWERS,
    ("GET", "/objects/<name>/<key>/plans/<int:number>"): VIEWERS,
    ("GET", "/objects/<name>/<key>/plans/<int:number>/pages/<int:page>"): VIEWERS,
    ("GET", "/packs"): VIEWERS - {Role.LIAISON},
    ("GET", "/packs/<pack_id>"): VIEWERS - {Role.LIAISON},
    ("GET", "/basemap/<version>/tiles.pmtiles"): VIEWERS,
    ("GET", "/quarantine"): CONTROL,
    ("POST", "/quarantine/retry"): CONTROL,
    ("GET", "/picture"): VIEWERS,
    ("GET", "/export.kml"): VIEWERS,
    ("GET", "/export.kmz"): VIEWERS,
    ("GET", "/export.gpkg"): VIEWERS,
    ("GET", "/ogc/style.css"): OPEN,
    ("GET", "/ogc"): VIEWERS,
    ("GET", "/ogc/<name>"): VIEWERS,
    ("GET", "/ogc/<name>/conformance"): VIEWERS,
    ("GET", "/ogc/<name>/api"): VIEWERS,
    ("GET", "/ogc/<name>/collections"): VIEWERS,
    ("GET", "/ogc/<name>/collections/<collection>"): VIEWERS,
    ("GET", "/ogc/<name>/collections/<collection>/schema"): VIEWERS,
    ("GET", "/ogc/<name>/collections/<collection>/items"): VIEWERS,
    ("GET", "/ogc/<name>/collections/<collection>/items/<path:feature>"): VIEWERS,
    ("GET", "/base/geocode"): VIEWERS,
    ("GET", "/base/reverse"): VIEWERS,
    ("GET", "/media/<item_id>"): VIEWERS,
    ("GET", "/cap"): CONTROL | EXERCISE | {Role.LIAISON},
    ("GET", "/cap/<item_id>.xml"): CONTROL | EXERCISE | {Role.LIAISON},
    ("GET", "/situations"): VIEWERS,
    ("GET", "/scenarios"): CONTROL | EXERCISE,
    ("POST", "/situations"): EXERCISE,
    ("POST", "/situations/<name>/clock"): EXERCISE,
    ("POST", "/situations/<name>/inject"): EXERCISE,
    ("GET", "/base/water"): VIEWERS,
    ("GET", "/base/route"): VIEWERS,
    ("GET", "/homes"): DESK,
    ("POST", "/homes/<building>/access"): DESK,
    ("DELETE", "/homes/<building>/access"): DESK,
    ("POST", "/homes/<building>/command"): DESK,
    ("POST", "/homes/<building>/alert"): DESK,
    ("POST", "/homes/<building>/room"): DESK,
    ("POST", "/homes/<building>/reset"): DESK,
    ("GET", "/homes/<building>/maps"): DESK,
    ("GET", "/homes/<building>/image/<path:thing>"): DESK,
    ("GET", "/homes/<building>/pictures"): DESK,
    ("GET", "/homes/<building>/pictures/<int:number>"): DESK,
    ("GET", "/homes/<building>/pictures/<int:number>/small"): DESK,
    ("GET", "/homes/<building>/pictures/<int:number>/pages/<int:page>"): DESK,
    **{(method, "/home-<uuid:bucket>"): SIGNED for method in ("GET", "PUT", "POST", "DELETE")},
    **{(method, "/home-<uuid:bucket>/<path:name>"): SIGNED for method in ("GET", "PUT", "POST", "DELETE")},
    # A gateway registers with the code of the city; without one in the settings nobody can.
    ("POST", "/smarthome/<code>"): OPEN,
    ("POST", "/feeds/<name>"): FEED,
    ("POST", "/feeds/<name>/<part>"): FEED,
    ("POST", "/rest/external/http/<kind>/v2"): FEED,
    ("POST", "/interfaces/public/<path:rest>"): FEED,
    ("POST", "/api/alarm"): FEED,
    ("POST", "/api/v2/<path:rest>"): FEED,
    ("GET", "/version"): EVERYBODY,
    ("GET", "/v2"): EVERYBODY,
    ("GET", "/v2/"): EVERYBODY,
    ("POST", "/v2/op/update"): FEED,
    ("POST", "/v2/notify"): FEED,
    ("POST", "/v2/op/notify"): FEED,
    ("GET", "/v2/entities"): CONTROL | FEED,
    ("GET", "/v2/entities/<entity_id>"): CONTROL | FEED,
    # What NGSI v2 has and we do not: 404 or 405 for everybody.
    **{(method, "/v2/<path:rest>"): OPEN for method in ("GET", "POST", "PUT", "PATCH", "DELETE")},
}
ARGUMENTS = {
    "<pack_id>": "none",
    "<collection>": "units",
    "<path:feature>": "urn:x",
    "<path:name>": "x.js",
    "<path:rest>": "subscriptions",
    "<kind>": "alarm",
    "<version>": "0" * 16,
    "<token_id>": "00000000",
    "<name>": "ex-none-1",
    "<part>": "part",
    "<building>": "urn:home",
    "<path:thing>": "urn:person",
    "<code>": "wrong",
    "<uuid:bucket>": "00000000-0000-4000-8000-000000000000",
    "<entity_id>": "urn:x",
    "<item_id>": "0" * 64,
    "<reference>": "abc",
    "<key>": "0" * 16,
    "<int:number>": "1",
    "<int:page>": "1",
}
BODIES: dict[str, Any] = {
    "/quarantine/retry": {"dry_run": True},
    "/homes/<building>/access": {"mission": "urn:mission"},
    "/homes/<building>/command": {"device": "urn:door", "value": "OPEN"},
    "/homes/<building>/alert": {"text": "Bitte verlassen Sie das Haus"},
    "/homes/<building>/room": {"room": "urn:room", "marked": True},
    "/auth/exchange": {"code": "wrong"},
    "/tokens": {"role": "feed", "name": "made by a test"},
    "/situations": {"scenario": "no-such-scenario"},
    "/situations/<name>/clock": {"action": "pause"},
    "/situations/<name>/inject": {"feed": "ngsi", "instance": "x", "body": {}},
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The rooms of a server that is not serving."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAGEBILD_ASYNC_MODE", "threading")
        rooms = build(tmp_path_factory.mktemp("data"), Settings())
        rooms.situations.start()
        yield rooms
        rooms.situations.stop()
        rooms.access.close()
        rooms.quarantine.close()


@pytest.fixture(scope="module")
def app(house: House) -> Iterator[Flask]:
    """The application of these rooms."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAGEBILD_ASYNC_MODE", "threading")
        yield create_app(house)[0]
    house.sync.stop()


@pytest.fixture(scope="module")
def tokens(house: House) -> dict[Role, str]:
    """A token of every role that may enter any situation."""
    return {role: house.access.create(role, f"test {role}", situations="*")[0] for role in Role}


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Calls the application without a network."""
    return app.test_client()


def routes(app: Flask) -> set[tuple[str, str]]:
    """Method and rule of every route."""
    return {(method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods - {"HEAD", "OPTIONS"}}  # type: ignore[operator]


def test_every_route_has_a_row_and_every_row_a_route(app: Flask) -> None:
    assert routes(app) == set(TABLE)


def call(
    client: FlaskClient, route: tuple[str, str], token: str | None, header: str = "Authorization", **options: Any
) -> Any:
    method, rule = route
    path = rule
    for name, argument in ARGUMENTS.items():
        path = path.replace(name, argument)
    value = f"Bearer {token}" if header == "Authorization" else str(token)
    headers = {} if token is None else {header: value}
    body = BODIES.get(rule) if method != "GET" else None
    return client.open(path, method=method, json=body, headers=headers, buffered=True, **options)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("route", TABLE, ids=" ".join)
def test_a_role_gets_in_or_not(
    client: FlaskClient, tokens: dict[Role, str], route: tuple[str, str], role: Role
) -> None:
    allowed = TABLE[route]
    response = call(client, route, tokens[role])
    if allowed is None:
        assert response.status_code != 403
    elif role in allowed:
        assert response.status_code not in (401, 403, 500)
    elif allowed == SIGNED:
        assert (response.status_code, "<Code>AccessDenied</Code>" in response.text) == (403, True)
    else:
        assert response.status_code == 403
        assert response.get_json()["error"].lower() == "forbidden"


@pytest.mark.parametrize("route", TABLE, ids=" ".join)
@pytest.mark.parametrize("token", [None, "", "wrong", "x" * 10_000], ids=["none", "empty", "wrong", "long"])
def test_nobody_gets_in_without_a_valid_token(
    client: FlaskClient, house: House, route: tuple[str, str], token: str | None
) -> None:
    house.failures.forget()
    response = call(client, route, token)
    if TABLE[route] is None:
        assert response.status_code not in (403, 500)
    elif TABLE[route] == SIGNED:
        assert (response.status_code, "<Code>AccessDenied</Code>" in response.text) == (403, True)
    else:
        assert response.status_code == 401
        assert response.get_json()["error"].lower() == "unauthorized"
        assert response.get_json()["description"] == "A valid token is needed."


def test_the_other_header_opens_too(client: FlaskClient, tokens: dict[Role, str]) -> None:
    assert call(client, ("GET", "/auth/me"), tokens[Role.FEED], "X-Auth-Token").get_json()["role"] == "feed"


def test_the_token_as_a_password_opens_what_only_reads(client: FlaskClient, tokens: dict[Role, str]) -> None:
    token = tokens[Role.ADMIN]
    assert client.get("/ogc/live", auth=("qgis", token)).status_code == 200
    assert client.get("/ogc/live", auth=("", token)).status_code == 200
    assert client.get("/ogc/live", auth=(token, "")).status_code == 401
    refused = client.get("/ogc/live", headers={"Authorization": "Basic no base64"})
    assert (refused.status_code, refused.headers["WWW-Authenticate"]) == (
        401,
        'Basic realm="lagebild", charset="UTF-8"',
    )
    # A browser sends a password along by itself, with forms of foreign pages too: nothing else takes it.
    taken = [route for route, allowed in TABLE.items() if allowed and not route[1].startswith(BY_PASSWORD)]
    taken.remove(PLAN)
    assert call(client, PLAN, None, auth=("qgis", token)).status_code == 404
    assert {call(client, route, None, auth=("qgis", token)).status_code for route in taken} == {401}


def test_a_revoked_token_opens_nothing(client: FlaskClient, house: House) -> None:
    token, row = house.access.create("admin", "short-lived")
    assert call(client, ("GET", "/tokens"), token).status_code == 200
    house.access.revoke(row.id)
    assert call(client, ("GET", "/tokens"), token).status_code == 401


def test_too_many_wrong_tokens_are_told_to_wait(client: FlaskClient, house: House, tokens: dict[Role, str]) -> None:
    house.failures.forget()
    answers = [call(client, ("GET", "/auth/me"), f"wrong {n}").status_code for n in range(30)]
    assert answers == [401] * 20 + [429] * 10
    refused = call(client, ("GET", "/auth/me"), "wrong again")
    assert int(refused.headers["Retry-After"]) >= 1
    assert call(client, ("GET", "/auth/me"), tokens[Role.CONTROL]).status_code == 200, "a right one still opens"
    assert client.post("/auth/exchange", json={"code": "guess"}).status_code == 429
    house.failures.forget()


@pytest.mark.parametrize("role", Role)
def test_a_situation_that_is_closed_to_the_token_stays_closed(client: FlaskClient, house: House, role: Role) -> None:
    if role is Role.FEED:
        return
    token, _ = house.access.create(role, "elsewhere", situations="ex-other-1")
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/picture?situation=live", headers=headers).status_code == 403
    assert client.get("/picture?situation=ex-other-1", headers=headers).status_code == 404
    assert client.get("/situations", headers=headers).get_json() == {"situations": []}


def test_a_foreign_page_cannot_write(client: FlaskClient, tokens: dict[Role, str]) -> None:
    body = {"role": "feed", "name": "made by a foreign page"}
    headers = {"Authorization": f"Bearer {tokens[Role.ADMIN]}"}
    foreign = client.post("/tokens", json=body, headers=headers | {"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    own = client.post("/tokens", json=body, headers=headers | {"Origin": "http://localhost"})
    assert own.status_code == 201
    exchange = client.post("/auth/exchange", json={"code": "x"}, headers={"Origin": "https://evil.example"})
    assert exchange.status_code == 403
