"""The nearest water on the tablet in real places: as the server finds it, fifty times."""

from pathlib import Path

import pytest

from tests.field.conftest import EXTRACTS, Bases
from tests.packs.test_hoses import compare, packed, places

pytestmark = pytest.mark.field


@pytest.mark.parametrize("place", sorted(EXTRACTS))
def test_fifty_places(bases: Bases, place: str, tmp_path: Path) -> None:
    base = bases(place)
    with packed(base, tmp_path) as pack:
        # Of two ways that are as near to within a hand, tablet and server may each begin on another.
        found = [compare(base, pack, here, tolerance_m=5) for here in places(base, 50, place)]
    assert sum(found) > 100
