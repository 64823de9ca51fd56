"""Sign-in links: an address with a one-time code behind the `#`, which a browser never sends to any server."""

from urllib.parse import urlencode

from server.access import Access, AccessError, Role
from server.config import AccessSettings, ServerSettings

PAGES = {
    Role.CONTROL: "control",
    Role.PLANNER: "planner",
    Role.LIAISON: "liaison",
    Role.ADMIN: "control",
    Role.CREW: "app",
}
"""Page that a role's link opens; a feed has none."""


def base_url(settings: ServerSettings, host: str, port: int) -> str:
    """How people reach the server, without a slash at the end."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    named = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104  (compared, not bound)
    return f"http://{named}:{port}"


def sign_in_link(
    access: Access,
    settings: AccessSettings,
    base: str,
    role: str,
    name: str,
    unit: str | None = None,
    situation: str | None = None,
) -> str:
    """A link that signs in once as `role`. With a `situation`, a crew may enter it and nothing else. Raises
    AccessError.
    """
    try:
        page = PAGES[Role(role)]
    except (ValueError, KeyError):
        raise AccessError(f"no page to open for the role {role!r}") from None
    code = access.create_code(
        role,
        name,
        unit,
        situation if role == Role.CREW else None,
        situation,
        valid_s=settings.code_valid_s,
        token_days=settings.token_days,
    )
    fields = {"code": code} | ({"situation": situation} if situation else {})
    return f"{base}/{page}#{urlencode(fields)}"
