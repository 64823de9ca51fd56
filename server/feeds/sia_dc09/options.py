"""What an operator sets for alarm panels: keys, the table of accounts, the time window."""

from msgspec import UNSET, Struct

from layers.content import Address, Building
from server.feeds import INVALID, DecodeError
from server.feeds.sia_dc09.cipher import BadKey, key_of


class Account(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the panel of an account is. `consent`: its owner agreed that crews nearby see its detectors.

    `zones` names its zones, `key` is its key where it has one of its own.
    """

    name: str | None = None
    street: str | None = None
    postcode: str | None = None
    city: str | None = None
    lon: float | None = None
    lat: float | None = None
    zone: str | None = None
    zones: dict[str, str] = {}
    key: str | None = None
    consent: bool = False

    @property
    def building(self) -> Building:
        """The building of the account, its owner's consent given."""
        place = self.street or self.postcode or self.city
        address = Address(street=self.street, postcode=self.postcode, city=self.city)
        return Building(
            description=self.name or UNSET,
            address=address if place else UNSET,
            permission="GRANTED",
            categories=("alarm",),
        )


class SiaOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`accounts` by account number; `known_only`: others are answered NAK. Window in seconds against replay."""

    key: str | None = None
    accounts: dict[str, Account] = {}
    known_only: bool = False
    behind_s: float = 40.0
    ahead_s: float = 20.0

    def account(self, number: str | None) -> Account | None:
        """The entry of an account; leading zeros do not matter."""
        if number is None:
            return None
        wanted = number.lstrip("0").upper()
        return next((entry for key, entry in self.accounts.items() if key.lstrip("0").upper() == wanted), None)

    def key_for(self, number: str | None) -> bytes | None:
        """The key of an account, None without one. Raises DecodeError for one that cannot be one; never shows it."""
        entry = self.account(number)
        written = entry.key if entry is not None and entry.key else self.key
        try:
            return key_of(written) if written else None
        except BadKey as error:
            raise DecodeError(f"the settings of this source: {error}", INVALID) from None
