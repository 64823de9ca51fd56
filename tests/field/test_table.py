"""The table in docs/feeds.md says of each feed what its samples yield; here it is made anew and compared."""

from pathlib import Path

from server.feeds import feeds
from tests.field.table import HEAD, rows, without_samples

PAGE = Path(__file__).resolve().parents[2] / "docs" / "feeds.md"
ANEW = "it has changed: python -m tests.field.table prints the table as it is now"


def test_the_table_says_what_the_samples_yield(samples: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    told = rows(samples)
    table = page.partition(HEAD + "\n")[2].partition("\n\n")[0].splitlines()
    assert table == told, ANEW
    left = ", ".join(f"`{name}`" for name in without_samples(told))
    assert f"Without a sample in these tests: {left}." in page, ANEW
    assert len(told) + len(without_samples(told)) == len(feeds())
