"""Settings: file, environment, and words for what cannot be."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from server.config import ConfigError, Settings, load, sections

OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


def written(tmp_path: Path, text: str) -> Path:
    """A settings file."""
    path = tmp_path / "lagebild.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_nothing_said_means_the_defaults() -> None:
    assert load(None, {}) == Settings()


def test_file_and_environment(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        [server]
        port = 9000
        allowed_origins = ["https://lage.example.org"]
        [limits]
        clients = 10
        [picture]
        density_threshold_pm2 = 3.5
        [picture.ages.unit]
        stale_after_s = 30
        expire_after_s = 600
        [picture.silence_after_s]
        "ngsi/kamera-*" = 20
        """,
    )
    settings = load(
        path,
        {
            "LAGEBILD_SERVER_PORT": "9001",
            "LAGEBILD_MAP_HOSTS": '["https://tiles.example.org"]',
            "LAGEBILD_ACCESS_TOKEN_DAYS": "0.5",
            "LAGEBILD_DATA": "/var/lib/lagebild",
            "LAGEBILD_ASYNC_MODE": "threading",
            "PATH": "/bin",
        },
    )
    assert settings.server.port == 9001
    assert settings.server.allowed_origins == ("https://lage.example.org",)
    assert settings.limits.clients == 10
    assert settings.access.token_days == 0.5
    assert settings.map.hosts == ("https://tiles.example.org",)
    assert settings.picture.density_threshold_pm2 == 3.5
    assert settings.picture.age("unit").stale_after_s == 30
    assert settings.picture.silence("ngsi/kamera-7") == 20
    assert settings.picture.silence("ngsi/leitstelle") == 300


@pytest.mark.parametrize(
    ("text", "environment", "message"),
    [
        ("[server]\nprot = 1", {}, "there is no prot in [server] (did you mean port?)"),
        ("[sever]\nport = 1", {}, "there is no section [sever] (did you mean server?)"),
        ("port = 1", {}, "there is no section [port]"),
        ("server = 1", {}, "server is a section, write [server] above its settings"),
        ("[server]\nport = 70000", {}, "Expected `int` <= 65535 - at `$.server.port`"),
        ("[server]\nlang = 'fr'", {}, "$.server.lang"),
        ("[server", {}, "lagebild.toml: "),
        ("", {"LAGEBILD_SERVER_PROT": "1"}, "LAGEBILD_SERVER_PROT: there is no prot in [server]"),
        ("", {"LAGEBILD_SERVER_PORT": "eighty"}, "$.server.port"),
        ("", {"LAGEBILD_MAP_HOSTS": "[x"}, "'[x'"),
        ("[picture]\nexercise = true", {}, "exercise is set by the server"),
        ("[feeds]\nzone = 'Europe/Paderborn'", {}, "there is no time zone 'Europe/Paderborn'"),
        ("[picture.ages.unti]\nstale_after_s=1\nexpire_after_s=1", {}, "there is no kind unti"),
    ],
)
def test_what_cannot_be_is_said(tmp_path: Path, text: str, environment: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        load(written(tmp_path, text), environment)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "none.toml", {})


def settings_of_the_house() -> list[tuple[str, str, Any]]:
    """Section, key and default of every setting."""
    return [
        (section, item.name, item.default if item.default_factory is msgspec.NODEFAULT else item.default_factory())
        for section, struct in sections().items()
        for item in msgspec.structs.fields(struct)
    ]


@pytest.mark.parametrize(("section", "key", "default"), settings_of_the_house(), ids=lambda value: str(value)[:30])
def test_every_setting_is_in_the_papers(section: str, key: str, default: Any) -> None:
    page = OPERATIONS.read_text(encoding="utf-8")
    heading = re.search(rf"^### \[{section}\]$(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL)
    assert heading, f"docs/operations.md has no heading ### [{section}]"
    row = re.search(rf"^\| `{key}` \| (.*?) \| (.+?) \|$", heading[1], re.MULTILINE)
    assert row, f"docs/operations.md has no row for {section}.{key}"
    said = row[1].strip("`")
    if default is None:
        assert said == ""
    elif isinstance(default, bool):
        assert said == str(default).lower()
    elif isinstance(default, int | float):
        assert float(said.replace("_", "")) == default
    elif isinstance(default, str):
        assert said == default
    else:
        assert said in ("[]", "{}")
        assert not default


def test_no_setting_in_the_papers_that_is_not_there() -> None:
    page = OPERATIONS.read_text(encoding="utf-8")
    found = set()
    for section, body in re.findall(r"^### \[(\w+)\]$(.*?)(?=^##|\Z)", page, re.MULTILINE | re.DOTALL):
        found |= {(section, key) for key in re.findall(r"^\| `(\w+)` \|", body, re.MULTILINE)}
    assert found == {(section, key) for section, key, _ in settings_of_the_house()}
