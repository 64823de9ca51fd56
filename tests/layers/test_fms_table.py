"""The table of radio statuses as a setting: regions differ in 7, 8 and 9."""

import pytest

from layers import content as c
from layers import fms
from layers.fms import Status
from layers.settings import PictureSettings
from tests.layers.world import picture_of, properties, see

BAVARIA = {
    "7": Status("einsatzgebunden", "committed", "committed", True),
    "8": Status("bedingt verfügbar", "limited", "limited", False),
    "9": Status("Fremdanmeldung", "signed in elsewhere", None, None),
}
LOCAL = {
    "9": Status("Handsender", "on foot", "on_scene", True),
    "5": Status("in Bereitstellung", "staging", "staging", True),
}


def state(settings: PictureSettings, *statuses: int) -> str:
    seen = (see("hlf", c.Unit(fms_status=status), second) for second, status in enumerate(statuses))
    return str(properties(picture_of(*seen, settings=settings), "hlf")["state"])


@pytest.mark.parametrize(
    ("statuses", "default", "bavaria", "local"),
    [
        ((3, 7), "transporting", "committed", "transporting"),
        ((3, 8), "at_destination", "limited", "at_destination"),
        ((4, 9), "on_scene", "on_scene", "on_scene"),
        ((2, 9), "available_station", "available_station", "on_scene"),
        ((3, 5), "en_route", "en_route", "staging"),
        ((4, 0), "on_scene", "on_scene", "on_scene"),
        ((9,), "unknown", "unknown", "on_scene"),
    ],
)
def test_a_region_may_mean_something_else(statuses: tuple[int, ...], default: str, bavaria: str, local: str) -> None:
    assert state(PictureSettings(), *statuses) == default
    assert state(PictureSettings(fms=BAVARIA), *statuses) == bavaria
    assert state(PictureSettings(fms=LOCAL), *statuses) == local


def test_what_is_not_overridden_stays() -> None:
    assert [fms.meaning(status, BAVARIA) for status in range(7)] == [fms.FMS[status] for status in range(7)]


def test_other_settings_are_another_picture() -> None:
    assert PictureSettings(fms=BAVARIA).fingerprint() != PictureSettings().fingerprint()
