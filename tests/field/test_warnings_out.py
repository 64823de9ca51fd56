"""Every warning that we publish is valid CAP 1.2 by the schema of OASIS."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from layers.cap_out import Publisher, cap_document
from layers.picture import Picture
from layers.settings import PictureSettings
from layers.wire import Feature
from server.feeds import DecodeError
from server.feeds.cap import FEED
from tests.feeds.frames import context
from tests.layers.cap_world import features
from tests.layers.world import entries

pytestmark = pytest.mark.field
PUBLISHERS = (
    Publisher(sender="lagebild@padertopia.example"),
    Publisher(sender="lagebild@padertopia.example", situation="ex-libori-1", exercise=True),
)


@pytest.fixture(scope="module")
def schema(samples: Path) -> etree.XMLSchema:
    """CAP 1.2."""
    return etree.XMLSchema(etree.parse(samples / "cap" / "schema" / "cap12.xsd"))


def valid(schema: etree.XMLSchema, feature: Feature, publisher: Publisher) -> None:
    """The document is valid; the schema's own words if not."""
    schema.assertValid(etree.fromstring(cap_document(feature, publisher)))


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=300)
@given(feature=features())
def test_whatever_a_warning_says(schema: etree.XMLSchema, feature: Feature) -> None:
    for publisher in PUBLISHERS:
        valid(schema, feature, publisher)


def test_whatever_agencies_sent_can_be_passed_on(schema: etree.XMLSchema, samples: Path) -> None:
    passed = 0
    for path in sorted((samples / "cap").glob("*/*.*")):
        if path.suffix == ".xsd":
            continue
        try:
            found = FEED.decode(path.read_bytes(), context("cap"))
        except DecodeError:
            continue
        picture = Picture(PictureSettings())
        picture.apply_many(entries(found.observations))
        for feature in picture.features.values():
            if feature["properties"]["layer"] == "warnings":
                valid(schema, feature, PUBLISHERS[0])
                passed += 1
    assert passed >= 20
