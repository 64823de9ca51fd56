"""Behind a reverse proxy: whose address counts, and which pages are ours."""

import pytest

from server.config import AccessSettings, ServerSettings, Settings
from tests.http.conftest import Call


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> Settings:
    """Few tries; as many trusted proxies as the test says."""
    server = ServerSettings(trusted_proxies=request.param, allowed_origins=("https://partner.example",))
    return Settings(server=server, access=AccessSettings(failures_per_min=2))


def attempt(call: Call, claimed: str) -> int:
    """A wrong token from the claimed address."""
    headers = {"Authorization": "Bearer wrong", "X-Forwarded-For": claimed}
    return call("GET", "/auth/me", headers=headers).status_code


@pytest.mark.parametrize("settings", [0], indirect=True)
def test_without_a_proxy_nobody_chooses_an_address(call: Call) -> None:
    assert [attempt(call, f"192.0.2.{n}") for n in range(4)] == [401, 401, 429, 429]


@pytest.mark.parametrize("settings", [1], indirect=True)
def test_behind_one_proxy_its_word_counts_and_no_earlier(call: Call) -> None:
    assert [attempt(call, f"192.0.2.{n}") for n in range(4)] == [401] * 4
    assert [attempt(call, f"192.0.2.{n}, 198.51.100.7") for n in range(4)] == [401, 401, 429, 429]


@pytest.mark.parametrize("settings", [1], indirect=True)
@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://lage.example.org", 401),
        ("https://partner.example", 401),
        ("https://evil.example", 403),
        ("https://lage.example.org.evil.example", 403),
        ("null", 403),
    ],
)
def test_our_own_page_is_known_by_the_host_that_the_proxy_says(call: Call, origin: str, status: int) -> None:
    headers = {"Origin": origin, "X-Forwarded-Host": "lage.example.org", "X-Forwarded-Proto": "https"}
    assert call("POST", "/auth/exchange", json={"code": "x"}, headers=headers).status_code == status
