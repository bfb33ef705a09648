"""Roles, and the caller of a request."""

from enum import StrEnum

from aiohttp import web
from msgspec import Struct


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

VISITOR_ROLES = frozenset({Role.ANYONE, Role.APPLICANT})


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
        return self.role not in VISITOR_ROLES


CALLER = web.RequestKey("caller", Caller)


def caller(request: web.Request) -> Caller:
    """Who asks, as the guard of the call found out."""
    return request[CALLER]
