"""The keys that a home's gateway signs its uploads with: made of its token's id and a secret of the server.

Nothing of them is kept. Who has the server's secret can make them again, nobody else can; a revoked token takes its
keys along.
"""

import hashlib
import hmac
import re
import secrets
from pathlib import Path

from msgspec import Struct

from server.access import Access, Role
from server.durable import replace_file
from server.home_names import building_of

USER = "LAGEBILD"
SECRET_BYTES = 32
_USER = re.compile(rf"{USER}([0-9A-F]{{8}})")


class Keys(Struct, frozen=True):
    """What an S3 client calls access key and secret key."""

    username: str
    password: str


class Holder(Struct, frozen=True):
    """Whose key it is."""

    building: str
    token_id: str
    token_name: str
    password: str


class HomeKeys:
    """See the module. `path`: the server's secret, made where there is none. Raises OSError, ValueError."""

    def __init__(self, path: Path, access: Access) -> None:
        if not path.exists():
            replace_file(path, secrets.token_bytes(SECRET_BYTES))
        self._secret = path.read_bytes()
        if len(self._secret) != SECRET_BYTES:
            raise ValueError(f"{path} has {len(self._secret)} bytes, not {SECRET_BYTES}")
        self._access = access

    def of(self, token_id: str) -> Keys:
        """The keys that belong to a token."""
        username = USER + token_id.upper()
        return Keys(username, hmac.new(self._secret, username.encode(), hashlib.sha256).hexdigest()[:40])

    def holder(self, username: str) -> Holder | None:
        """The home whose key this is; None where there is none, or its token is good no more."""
        found = _USER.fullmatch(username)
        who = self._access.holder(found[1].lower()) if found is not None else None
        building = building_of(who.name) if who is not None and who.role == Role.FEED else None
        if who is None or building is None:
            return None
        return Holder(building, who.token_id, who.name, self.of(who.token_id).password)
