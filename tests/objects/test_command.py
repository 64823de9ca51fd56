"""`lagebild base objects` as an operator types it."""

import json
from pathlib import Path

from tests.server import lagebild

SETTINGS = """
[base.objects.hydranten]
source = "{source}"
kind = "hydrant"
title = "Hydranten"
purpose = "Löschwasser"
audience = ["control"]
"""


def test_check_import_list(tmp_path: Path) -> None:
    source, config = tmp_path / "h.csv", tmp_path / "lagebild.toml"
    source.write_text("ref,lon,lat\nA,8.77,51.82\nB,hier,51.82\n")
    config.write_text(SETTINGS.format(source=source))
    words = ("--data", tmp_path, "--config", config)
    told = lagebild("base", "objects", "check", *words)
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == [
        "hydranten: Hydranten, 1 objects", "  not taken: line 3: no position: 'hier' is no number"]  # fmt: skip
    assert not (tmp_path / "objects").exists()
    assert lagebild("base", "objects", "import", *words).returncode == 0
    (row,) = json.loads(lagebild("base", "objects", "list", "--json", *words).stdout)
    assert (row["name"], row["count"], row["refusals"], row["audience"]) == ("hydranten", 1, 1, ["control"])
    source.write_text("nonsense")
    broken = lagebild("base", "objects", "import", "hydranten", *words)
    assert broken.returncode == 1
    assert "not imported: line 1: no columns of a position among nonsense" in broken.stderr
    unknown = lagebild("base", "objects", "import", "safes", *words)
    assert "there is no safes in [base.objects]; there are hydranten" in unknown.stderr
