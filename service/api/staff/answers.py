"""Response bodies of sessions, staff and devices."""

from msgspec import UNSET, Struct, UnsetType

from service.primitives.personal_data import Personal


class AccountSeen(Personal, frozen=True, kw_only=True):
    """An account."""

    SHOWN = ("id",)

    id: str
    name: str
    display_name: str


class RoleSeen(Struct, frozen=True, kw_only=True):
    """A role in a hall, or in all halls if `hall` is null."""

    hall: str | None
    role: str


class SessionSeen(Struct, frozen=True, kw_only=True):
    """The session. `account` is null without a signed-in account; `sso` tells whether single sign-on is available."""

    account: AccountSeen | None
    roles: list[RoleSeen]
    must_change: bool
    sso: bool
    expires_at: str | None


class MemberSeen(Personal, frozen=True, kw_only=True):
    """Somebody with a role in a hall; `sso`: they sign in by single sign-on.

    `elsewhere`: they also work in halls that the caller does not manage; then `sso`, `must_change` and `last_seen_at`
    are null, and the account is not the caller's to reset, rename or disable.
    """

    SHOWN = ("id",)

    id: str
    name: str
    display_name: str
    role: str
    sso: bool | None
    disabled: bool
    must_change: bool | None
    last_seen_at: str | None
    elsewhere: bool


class MemberAdded(MemberSeen, frozen=True, kw_only=True):
    """An account with its new role in a hall. `password` is for one use, and only for a new account."""

    password: str | UnsetType = UNSET


class MemberList(Struct, frozen=True):
    """The accounts with a role in a hall, by name."""

    items: list[MemberSeen]
    next_cursor: str | None


class PasswordGiven(Personal, frozen=True):
    """A password for one use."""

    password: str


class DeviceSeen(Struct, frozen=True, kw_only=True):
    """A device."""

    id: str
    name: str
    role: str
    made_at: str
    last_seen_at: str | None


class DeviceAdded(DeviceSeen, frozen=True, kw_only=True):
    """A new device and its bearer token, which is shown only once."""

    token: str


class DeviceList(Struct, frozen=True):
    """The devices of a hall, oldest first."""

    items: list[DeviceSeen]
    next_cursor: str | None
