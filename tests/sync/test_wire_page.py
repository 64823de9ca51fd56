"""docs/wire.md says what is so: examples, events, kinds, words and routes."""

import json
import re
from pathlib import Path
from typing import Any, cast, get_args, get_type_hints

import msgspec
from flask import Flask

from layers import wire
from layers.views import ROLES
from server.app import BLUEPRINTS
from server.feeds.report import AnyReport
from server.http.errors import WORDS
from server.reports import ALLOWED
from server.sockets import EVENTS, Auth

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "wire.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    """The text below a heading, up to the next of any level."""
    found = re.search(rf"^#+ {re.escape(heading)}$(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


def example(heading: str) -> Any:
    """The JSON example of a section."""
    return json.loads(re.findall(r"```json\n(.*?)```", section(heading), re.DOTALL)[0])


def rows(heading: str) -> list[list[str]]:
    """The cells of the tables of a section, without the head."""
    lines = re.findall(r"^\| (.+?) \|$", section(heading), re.MULTILINE)
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)] for line in lines if not line.startswith("--")]


def test_every_example_is_json() -> None:
    for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL):
        json.loads(text)


def test_the_auth_example_and_table_name_every_key() -> None:
    assert set(example("Connecting")) == set(Auth.__struct_fields__)
    msgspec.convert(example("Connecting"), Auth)
    assert {row[0].strip("`") for row in rows("Connecting")} >= set(Auth.__struct_fields__)


def test_the_examples_of_the_server_are_whole() -> None:
    assert set(example("hello")) == set(get_type_hints(wire.Hello))
    assert set(example("clock")) == set(get_type_hints(wire.Clock))
    delta = example("delta")
    assert set(delta) == {"from", *get_type_hints(wire.Delta)}
    assert set(delta["patch"][0]) == set(get_type_hints(wire.Patch))
    features: dict[str, Any] = {delta["patch"][0]["id"]: {"geometry": None, "properties": {}}, delta["remove"][0]: {}}
    assert wire.apply_delta(features, delta["from"], delta) == delta["to"]
    assert set(features) == {delta["upsert"][0]["id"], delta["patch"][0]["id"]}


def test_every_event_and_every_report_is_there() -> None:
    assert {"applied", "report"} == set(EVENTS) - {"connect", "disconnect"}
    assert section("applied")
    kinds: dict[str, set[str]] = {}
    for cells in rows("report"):
        for kind in re.findall(r"`(\w+)`", cells[0]):
            if len(cells) == 3:
                kinds[kind] = {word.strip() for word in cells[2].split(",")}
    by_tag = {struct.__struct_config__.tag: struct for struct in get_args(AnyReport)}
    told = {kind: roles for kind, roles in kinds.items() if kind in by_tag}
    assert told == {kind: {str(role) for role in ALLOWED if kind in ALLOWED[role]} for kind in by_tag}
    common = {"client_id", "client_seq", "at", "role", "name", "unit"}
    for cells in rows("report"):
        for kind in set(re.findall(r"`(\w+)`", cells[0])) & set(by_tag):
            assert set(by_tag[kind].__struct_fields__) - common == set(re.findall(r"`(\w+)`", cells[1]))


def test_every_error_has_its_row() -> None:
    told = {int(cells[0]): cells[1].strip("`") for cells in rows("HTTP") if cells[0].isdigit()}
    assert told == WORDS


def test_every_refusal_of_a_connection_has_its_row() -> None:
    source = (Path(__file__).resolve().parents[2] / "server" / "sockets.py").read_text(encoding="utf-8")
    raised = {re.split(r"[:{]", reason)[0] for reason in re.findall(r'Refused\(f?"([^"]+)"\)', source)}
    told = {re.split(r":", cells[0].strip("`"))[0] for cells in rows("Connecting")}
    assert raised
    assert raised <= told


def listed() -> dict[tuple[str, str], set[str]]:
    """Method and path -> roles, from the table; a path without a method stands for GET, or for any below /v2."""
    words = {"all": set(ROLES), "all but feed": set(ROLES) - {"feed"}, "open": {"open"}}
    found = {}
    for cells in rows("HTTP"):
        if len(cells) == 3 and "/" in cells[0]:
            roles = words.get(cells[1]) or {word.strip() for word in cells[1].split(",")}
            for item in re.findall(r"`([^`]+)`", cells[0]):
                method, _, path = item.rpartition(" ")
                found[method or "GET", path.partition("?")[0]] = roles
    return found


def test_every_route_is_listed_with_its_roles() -> None:
    app = Flask(__name__, static_folder=None)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    routes = {
        (method, rule.rule): {str(role) for role in cast(Any, app.view_functions[rule.endpoint]).roles}
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule != "/v2/<path:rest>" or method == "GET"
    }
    assert listed() == routes
