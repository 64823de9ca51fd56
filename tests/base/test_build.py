"""The folder that a build leaves: swapped in as a whole, versioned by content, kept when something is wrong."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.base import buildings, places
from server.base.base import Base, BaseError, Bases
from server.base.build import build
from server.base.extract import ExtractError
from server.cli import main
from tests.base.osm import Sheet


def village(*extra: str) -> Sheet:
    """A fire station with an address, a house with levels, a lone defibrillator for each extra name."""
    sheet = Sheet()
    sheet.square(8.7, 51.7, 0.0005, building="yes", amenity="fire_station", name="Feuerwache Süd", ref="1",
                 addr__street="Kamp", addr__housenumber="1", building__levels="2", roof__levels="1")  # fmt: skip
    sheet.square(8.701, 51.7, 0.0001, building="house", height="30 ft", building__levels__underground="1")
    for name in extra:
        sheet.node(8.702, 51.7, emergency="defibrillator", name=name)
    return sheet


def test_places_and_buildings(tmp_path: Path) -> None:
    base = build(village("AED Rathaus").write(tmp_path / "dorf.osm"), tmp_path / "base")
    found = places.within(base, 8.6, 51.6, 8.8, 51.8)
    assert [(row["kind"], row["name"], row["ref"]) for row in found] == [
        ("defibrillator", "AED Rathaus", None),
        ("fire_station", "Feuerwache Süd", "1"),
    ]
    assert (found[1]["lat_deg"], found[1]["lon_deg"]) == (pytest.approx(51.70025), pytest.approx(8.70025))
    station = buildings.at(base, 51.7002, 8.7002)
    assert station is not None
    assert {key: station[key] for key in ("kind", "use", "levels", "height_m", "street", "housenumber")} == {
        "kind": "yes", "use": "fire_station", "levels": 2, "height_m": 9.0, "street": "Kamp", "housenumber": "1",
    }  # fmt: skip
    house = buildings.at(base, 51.70005, 8.70105)
    assert house is not None
    assert (house["use"], house["levels"], house["levels_below"], house["height_m"]) == ("house", None, 1, 9.14)
    assert buildings.at(base, 51.70005, 8.7009) is None
    assert len(buildings.within(base, 8.7003, 51.7, 8.70102, 51.701)) == 2
    assert base.manifest.counts["buildings"] == {
        "buildings": 2, "with_levels": 1, "with_height": 2, "with_address": 1,
    }  # fmt: skip
    base.close()


@pytest.mark.parametrize(
    ("text", "metres"),
    [("12", 12.0), ("12.5 m", 12.5), ("12,5m", 12.5), ("100 ft", 30.48), ("0", None), ("-3", None), ("12-15", None),
     ("99999", None), ("", None), (None, None), ("nan", None), ("inf", None)],
)  # fmt: skip
def test_lengths(text: str | None, metres: float | None) -> None:
    assert buildings.metres(text) == metres


@pytest.mark.parametrize(
    ("text", "count"), [("3", 3), ("2.5", 3), ("2.0", 2), ("0", 0), ("-1", None), ("x", None), ("999", None)]
)
def test_levels(text: str, count: int | None) -> None:
    assert buildings.levels(text) == count


def test_a_house_on_the_grounds_of_a_school_is_one_unless_it_says_otherwise(tmp_path: Path) -> None:
    sheet = Sheet()
    sheet.square(8.70, 51.70, 0.010, amenity="hospital", name="Klinikum")
    sheet.square(8.702, 51.702, 0.002, amenity="school", name="Klinikschule")
    for lon, more in ((8.7005, {}), (8.7025, {}), (8.705, {"amenity": "cafe"}), (8.75, {})):
        sheet.square(lon, 51.703, 0.0001, building="yes", **more)
    base = build(sheet.write(tmp_path / "a.osm"), tmp_path / "base")
    uses = [row["use"] for row in base.db.execute("SELECT use FROM buildings ORDER BY lon_deg")]
    assert uses == ["hospital", "school", "cafe", None]
    assert base.manifest.counts["buildings"]["buildings"] == 4
    base.close()


def test_the_same_extract_gives_the_same_version(tmp_path: Path) -> None:
    path = village().write(tmp_path / "a.osm")
    first = build(path, tmp_path / "one").manifest
    second = build(path, tmp_path / "two").manifest
    assert first.version == second.version
    other = build(village("AED").write(path), tmp_path / "two").manifest
    assert (other.version != first.version, other.extract_sha256 != first.extract_sha256) == (True, True)


def test_a_new_build_takes_the_place_of_the_old_and_a_reader_goes_on(tmp_path: Path) -> None:
    path, folder = tmp_path / "a.osm", tmp_path / "base"
    assert Bases(folder).current is None
    bases = Bases(folder)
    build(village().write(path), folder)
    old = bases.current
    assert old is not None
    assert old is bases.current
    build(village("AED").write(path), folder)
    new = bases.current
    assert new is not None
    assert (len(places.within(old, 8, 51, 9, 52)), len(places.within(new, 8, 51, 9, 52))) == (1, 2)
    build(village("AED", "AED 2").write(path), folder)
    assert not old.file("base.db").exists(), "only the one before is kept"
    assert new.file("base.db").exists()
    assert sorted(child.name for child in folder.iterdir()) == sorted(
        ["base.json", new.manifest.version, Base.open(folder).manifest.version]
    )


def test_what_a_killed_build_left_goes_after_a_day(tmp_path: Path) -> None:
    folder, path = tmp_path / "base", village().write(tmp_path / "a.osm")
    for name in (".building-old", ".building-new"):
        (folder / name).mkdir(parents=True)
    os.utime(folder / ".building-old", (0, 0))
    build(path, folder)
    assert [child.name for child in folder.glob(".building-*")] == [".building-new"]


def test_what_is_no_extract_leaves_what_was_there(tmp_path: Path) -> None:
    folder = tmp_path / "base"
    before = build(village().write(tmp_path / "a.osm"), folder).manifest
    (tmp_path / "b.osm").write_text("no map")
    with pytest.raises(ExtractError):
        build(tmp_path / "b.osm", folder)
    assert Base.open(folder).manifest == before
    assert sorted(child.name for child in folder.iterdir()) == sorted(["base.json", before.version])


def test_an_extract_that_breaks_off_replaces_a_complete_base_only_if_told(tmp_path: Path) -> None:
    path, folder = village(*(f"AED {n}" for n in range(50))).write(tmp_path / "a.osm"), tmp_path / "base"
    text = path.read_bytes()
    (tmp_path / "half.osm").write_bytes(text[: len(text) // 2])
    run = CliRunner().invoke
    first = run(main, ["base", "build", str(tmp_path / "half.osm"), "--out", str(folder)])
    assert first.exit_code == 3
    assert "half.osm breaks off: only what came before is built (" in first.output
    assert Base.open(folder).manifest.complete is False
    assert run(main, ["base", "build", str(path), "--out", str(folder), "--quiet"]).exit_code == 0
    complete = Base.open(folder).manifest
    refused = run(main, ["base", "build", str(tmp_path / "half.osm"), "--out", str(folder)])
    assert (refused.exit_code, "--partial replaces it" in refused.output) == (1, True)
    assert Base.open(folder).manifest == complete
    assert run(main, ["base", "build", str(tmp_path / "half.osm"), "--out", str(folder), "--partial"]).exit_code == 3
    assert Base.open(folder).manifest.complete is False


def test_the_commands(tmp_path: Path) -> None:
    path = village("AED").write(tmp_path / "dorf.osm")
    run = CliRunner().invoke
    built = run(main, ["base", "build", str(path), "--data", str(tmp_path), "--name", "Dorf", "--json"])
    told = json.loads(built.stdout)
    assert (told["name"], told["folder"], told["complete"]) == ("Dorf", str(tmp_path / "base"), True)
    assert told["attribution"] == "© OpenStreetMap contributors"
    assert json.loads(run(main, ["base", "info", "--data", str(tmp_path), "--json"]).stdout) == told
    shown = run(main, ["base", "info", "--data", str(tmp_path)])
    lines = shown.stdout.splitlines()
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert lines[0] == f"Dorf: version {told['version']}, built {told['built_at']} from dorf.osm"
    assert lines[1] == f"area: 51.70000 to 51.70050 N, 8.70000 to 8.70200 E; {tmp_path / 'base'}"
    assert "places: 1 defibrillator, 1 fire_station" in lines
    assert [line.partition(":")[0] for line in lines[2:-1]] == list(told["counts"])
    assert lines[-1] == "© OpenStreetMap contributors"
    none = run(main, ["base", "info", "--data", str(tmp_path / "nowhere")])
    assert (none.exit_code, "lagebild base build" in none.output) == (1, True)


@pytest.mark.parametrize(
    ("change", "why"),
    [({"schema": 0}, "in another form"), ({"counts": {"places": {}, "tiles": {}}}, "without buildings, addresses")],
)
def test_base_data_of_another_version_is_built_again(tmp_path: Path, change: dict[str, object], why: str) -> None:
    folder, path = tmp_path / "base", village().write(tmp_path / "a.osm")
    build(path, folder)
    manifest = folder / "base.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | change))
    with pytest.raises(BaseError, match=why):
        Base.open(folder)
    assert Bases(folder).current is None
    build(path, folder)
    assert Bases(folder).current is not None
    assert len(list(folder.iterdir())) == 2


def test_a_manifest_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "base.json").write_text("{")
    with pytest.raises(BaseError):
        Base.open(tmp_path)
    assert Bases(tmp_path).current is None


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["info"], 1, "lagebild base build"),
        (["geocode", "Kamp 1"], 1, "lagebild base build"),
        (["reverse", "51.7", "8.7"], 1, "lagebild base build"),
        (["reverse", "95", "8.7"], 2, "95"),
        (["water", "51.7", "8.7"], 1, "lagebild base build"),
        (["route", "51.7,8.7", "51.8,8.7"], 1, "lagebild base build"),
        (["route", "51.7,8.7", "51.8,8.7", "--profile", "Rad"], 1, "there is no vehicle Rad"),
        (["build", "EXTRACT"], 1, "is no OpenStreetMap extract"),
        (["build", "nothing.osm"], 2, "does not exist"),
        (["info", "--nonsense"], 2, "--nonsense"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_error_is_json_where_json_is_asked_for(tmp_path: Path, words: list[str], code: int, why: str) -> None:
    (tmp_path / "a.osm").write_text("no map")
    words = ["base", *(str(tmp_path / "a.osm") if word == "EXTRACT" else word for word in words)]
    told = CliRunner().invoke(main, [*words, "--json", "--data", str(tmp_path)])
    assert (told.exit_code, told.stderr) == (code, "")
    answer = json.loads(told.stdout)
    assert list(answer) == ["error"]
    assert why in answer["error"]
    plain = CliRunner().invoke(main, [*words, "--data", str(tmp_path)])
    assert (plain.exit_code, plain.stdout, "Error: " in plain.stderr) == (code, "", True)


def test_an_extract_with_an_invalid_character_is_built_up_to_it(tmp_path: Path) -> None:
    lines = village(*(f"AED {n}" for n in range(20))).text().replace("><", ">\n<").splitlines()
    at = next(number for number, line in enumerate(lines) if "AED 7" in line)
    lines[at] = lines[at].replace("AED 7", "AED \x01")
    (tmp_path / "a.osm").write_text("\n".join(lines))
    done = CliRunner().invoke(main, ["base", "build", str(tmp_path / "a.osm"), "--out", str(tmp_path / "b"), "--json"])
    assert done.exit_code == 3
    assert "a.osm breaks off: only what came before is built (XML parsing error at line " in done.stderr
    told = json.loads(done.stdout)
    assert (told["complete"], told["counts"]["places"]) == (False, {"defibrillator": 7})
