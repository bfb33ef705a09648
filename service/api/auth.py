"""Who asks: roles and callers.

Who a request is from, and whether that may do what it asks, is found out in `guard`, before any handler.

Source: CONTRACT 1 (credentials, roles).
"""

import re
from enum import StrEnum

from aiohttp import web
from msgspec import Struct

KEY_FORM = re.compile(r"[\x21-\x7e]{8,255}")
KEY_LENGTH_WITHOUT_CREDENTIAL = 16


class Role(StrEnum):
    """Who may do something: CONTRACT 1."""

    ANYONE = "anyone"
    APPLICANT = "applicant"
    KIOSK = "kiosk"
    PARTNER = "partner"
    VOLUNTEER = "volunteer"
    STAFF = "staff"
    MANAGER = "manager"
    OPS = "ops"
    ADMIN = "admin"


IMPLIES: dict[Role, frozenset[Role]] = {
    role: frozenset({role, *more})
    for role, more in {
        **dict.fromkeys(Role, ()),
        Role.MANAGER: (Role.STAFF,),
        Role.ADMIN: tuple(Role),
    }.items()
}
"""What a role may be taken for: a manager may do what staff may, an admin everything."""

OF_STRANGERS = frozenset({Role.ANYONE, Role.APPLICANT})


class Caller(Struct, frozen=True):
    """Who sent a request.

    `role` is the one it is allowed by, in the hall it is about; `actor` is what the journal says of who it was,
    `credential` what idempotency keys belong to; `account` the id of the account that has signed in; `token` that of
    an applicant; `at_optional` whether the call is for it at counters of an optional stage only.
    """

    role: Role
    actor: str
    credential: str
    account: str | None = None
    token: str | None = None
    at_optional: bool = False

    def may(self, role: Role) -> bool:
        """Tell whether it may do what a role may."""
        return role in IMPLIES[self.role]

    @property
    def works_here(self) -> bool:
        """Whether it is more than a visitor: then it watches others' tickets, and has none of its own."""
        return self.role not in OF_STRANGERS


CALLER = web.RequestKey("caller", Caller)
