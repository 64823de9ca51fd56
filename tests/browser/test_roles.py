"""The liaison sees less, the planner steers, the control room acts; and an exercise is marked for all of them."""

from functools import partial

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.desk import Desk
from tests.browser.exercise import Exercise
from tests.server import wait_until

pytestmark = pytest.mark.browser

EXERCISE_COLOUR = "rgb(181, 0, 126)"
COLOURED = """() => [...document.querySelectorAll("*")].filter((one) => {
    const style = getComputedStyle(one);
    return [style.backgroundColor, style.color, style.borderTopColor].includes("rgb(181, 0, 126)");
  }).map((one) => one.className)"""


def later(exercise: Exercise, than: str) -> bool:
    """The clock of the exercise shows a later time than this."""
    return str(exercise.situation["now"]) > than


def not_drawn(desk: Desk, layer: str) -> bool:
    """Nothing of the layer is on the map."""
    return not desk.drawn(layer)


def open_as(open_desk: Open, exercise: Exercise, role: str, page: str | None = None) -> Desk:
    """A desk of that role."""
    url = f"{exercise.server.url}/{page or role}"
    return open_desk(url, token=exercise.token(role)["token"], role=role).is_in()


def test_the_liaison_has_fewer_layers_and_no_personal_fields(open_desk: Open, hausbrand: Exercise) -> None:
    desk = open_as(open_desk, hausbrand, "liaison")
    # the mission is there, its reporter is not
    desk.choose(desk.missions.first)
    expect(desk.fact("keyword")).to_be_visible()
    assert desk.fact("reporter").count() == 0
    assert desk.detail.locator(".personal").count() == 0
    # neither are devices, nor crews' messages, nor anything to press
    assert desk.features("devices") == []
    assert desk.page.locator("[data-layer=devices]").count() == 0
    assert desk.page.locator("#tab-quarantine, #tab-inject").count() == 0
    assert desk.detail.get_by_role("button", name="Gesehen").count() == 0
    assert desk.detail.locator("textarea").count() == 0
    assert all(one["properties"]["origin"] != "crew" for one in desk.features("notes"))
    desk.tab("notes")
    assert desk.page.locator("#tab-panel textarea").count() == 0
    # while the control room has them
    control = open_as(open_desk, hausbrand, "control")
    assert len(control.features("devices")) > 20


@pytest.mark.parametrize("role", ["control", "planner", "liaison"])
def test_an_exercise_is_marked_on_every_screen(open_desk: Open, hausbrand: Exercise, role: str) -> None:
    desk = open_as(open_desk, hausbrand, role)
    expect(desk.part("exercise")).to_contain_text("ÜBUNG")
    expect(desk.part("exercise")).to_have_css("background-color", EXERCISE_COLOUR)
    assert desk.page.title().startswith("ÜBUNG")
    assert set(desk.page.evaluate(COLOURED)) <= {"exercise", f"screen role-{role}"}


def test_the_live_situation_is_not_marked(open_desk: Open, hausbrand: Exercise) -> None:
    desk = open_as(open_desk, hausbrand, "control")
    desk.part("situation").select_option("live")
    wait_until(lambda: desk.look("status") == "Actual", "the live situation")
    expect(desk.part("exercise")).to_have_count(0)
    assert desk.page.title() == "Lagebild"
    assert desk.page.evaluate(COLOURED) == []
    expect(desk.missions).to_have_count(0)
    # and back, and remembered
    desk.part("situation").select_option(hausbrand.id)
    expect(desk.part("exercise")).to_be_visible()
    desk.page.reload()
    desk.is_in()
    assert desk.look("situation") == hausbrand.id


def test_the_planner_steers_the_clock_and_ends_the_exercise(own_exercise: Exercise, open_desk: Open) -> None:
    desk = open_as(open_desk, own_exercise, "planner")
    bar = desk.part("planner")
    # halt
    bar.get_by_role("button", name="Anhalten").click()
    expect(desk.part("pace")).to_have_text("angehalten")
    halted = desk.part("clock").locator(".time").inner_text()
    # jump on by a minute, twice; the clock follows though it stands
    for _ in range(2):
        before = own_exercise.situation["now"]
        bar.get_by_role("button", name="1 min vor").click()
        wait_until(partial(later, own_exercise, before), "the jump")
    expect(desk.part("clock").locator(".time")).not_to_have_text(halted)
    expect(desk.missions).to_have_count(1, timeout=30_000)
    # go to a point with the slider
    desk.part("timeline").fill("600")
    expect(desk.part("elapsed")).to_contain_text("10:00 von 15:00", timeout=15_000)
    # on, and faster
    bar.get_by_role("button", name="Weiter").click()
    bar.locator("[data-speed='10']").click()
    expect(desk.part("pace")).to_have_text("×10")
    expect(bar.locator("[data-speed='10']")).to_have_attribute("aria-pressed", "true")
    # the end is asked for twice
    desk.part("end").click()
    bar.get_by_role("button", name="Nein, weiter üben").click()
    assert own_exercise.situation["state"] == "running"
    desk.part("end").click()
    desk.part("end-yes").click()
    expect(desk.part("pace")).to_have_text("beendet")
    assert own_exercise.situation["state"] == "ended"


def test_the_planner_starts_an_exercise_and_injects(own_exercise: Exercise, open_desk: Open) -> None:
    desk = open_as(open_desk, own_exercise, "planner")
    # start the other scenario: the screen changes over to it
    libori = desk.part("scenarios").locator("[data-name=libori]")
    expect(libori).to_contain_text("1:30:00")
    libori.get_by_role("button", name="Übung starten").click()
    wait_until(lambda: desk.look("situation") == "ex-libori-1", "the new exercise")
    desk.is_in()
    expect(desk.part("exercise")).to_contain_text("Libori")
    # every template is taken by the server
    desk.tab("inject")
    form = desk.part("inject")
    for index in range(1, form.locator("option").count()):
        form.locator("select").select_option(index=index)
        form.get_by_role("button", name="Einspielen").click()
        expect(form.get_by_role("status")).to_have_text("1 angenommen, 0 abgewiesen.")
        form.locator("textarea").fill("")
    expect(desk.missions.filter(has_text="Fe2")).to_have_count(1)
    expect(desk.units.filter(has_text="Florian Übung 1")).to_have_count(1)
    # what is no JSON is not sent, and said in words
    form.locator("textarea").fill('{"actionType": ')
    form.get_by_role("button", name="Einspielen").click()
    expect(form.get_by_role("status")).to_contain_text("kein gültiges JSON")


def test_the_control_room_marks_as_seen_writes_and_judges(own_exercise: Exercise, open_desk: Open) -> None:
    own_exercise.jump(390)
    own_exercise.pause()
    desk = open_as(open_desk, own_exercise, "control")
    # a new mission is called out until somebody has seen it
    expect(desk.part("alarms").get_by_role("button", name="Neuer Einsatz")).to_be_visible()
    desk.choose(desk.missions.first)
    desk.detail.get_by_role("button", name="Gesehen").click()
    expect(desk.detail.locator(".tools")).to_contain_text("gesehen")
    expect(desk.part("alarms").get_by_role("button", name="Neuer Einsatz")).to_have_count(0)
    # a message to the crews of the mission is in the log
    desk.detail.locator("textarea").fill("Anfahrt über Westwall, Kettengasse ist zu")
    desk.detail.get_by_role("button", name="Senden").click()
    expect(desk.detail.locator(".note-form [role=status]")).to_have_text("Gespeichert und verteilt.")
    desk.tab("notes")
    expect(desk.part("notes").get_by_role("option").filter(has_text="Anfahrt über Westwall")).to_have_count(1)
    # a report can be confirmed, and says so
    [report, *_] = [
        one
        for one in desk.features("reports")
        if one["properties"]["part"] in ("post", "citizen_report") and one["geometry"]
    ]
    desk.page.keyboard.press("Escape")
    at = desk.look("project(...args[0])", report["geometry"]["coordinates"][:2])
    box = desk.part("map").locator("canvas.maplibregl-canvas").bounding_box()
    assert box
    for name in ("missions", "units", "drones", "warnings", "buildings", "crowd"):
        desk.tab("layers")
        desk.page.locator(f"[data-layer={name}] input").uncheck()
        wait_until(partial(not_drawn, desk, name), f"{name} to vanish")
    desk.page.mouse.click(box["x"] + at["x"], box["y"] + at["y"] - 12)
    expect(desk.detail.locator("article")).to_have_attribute("data-id", report["id"])
    desk.detail.get_by_role("button", name="Bestätigen").click()
    expect(desk.fact("verdict").locator(".value")).to_contain_text("bestätigt")
