"""The table in docs/feeds.md names every sample of the field, and says what is really checked."""

import ast
from pathlib import Path

from server.feeds import feeds
from tests.field.stated import REFERENCES, SAMPLES
from tests.field.table import PAGE, files, in_no_row, page, without_samples

ANEW = "it has changed: python -m tests.field.table writes it as it is now"
HERE = Path(__file__).parent


def test_every_sample_is_in_a_row(samples: Path) -> None:
    """A file that somebody lays into the folder fails here until a test sends it, or says what else it is good for."""
    assert in_no_row(samples) == [], "neither sent nor used: give it an entry in tests/field/stated"
    named = [one.path for one in SAMPLES] + [one.path for one in REFERENCES]
    assert set(named) - files(samples) == set(), "not there any more"
    sent = [(one.path, one.lines) for one in SAMPLES]
    assert len(sent) == len(set(sent))


def test_the_table_is_that_of_the_page() -> None:
    document = PAGE.read_text(encoding="utf-8")
    assert page(document) == document, ANEW


def test_every_feed_is_there() -> None:
    assert {one.feed for one in SAMPLES} | set(without_samples()) == set(feeds())


def test_every_sample_has_something_to_be_held_to() -> None:
    for sample in SAMPLES:
        assert sample.says or sample.named or sample.reason, sample.path
        assert (sample.features == 0) == (not sample.fields), sample.path


def test_references_are_held_by_the_test_that_they_name() -> None:
    for one in REFERENCES:
        module, _, function = one.test.partition("::")
        tree = ast.parse((HERE / f"{module}.py").read_text(encoding="utf-8"))
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, one.path
