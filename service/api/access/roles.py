"""Roles, and the caller of a request."""

from enum import StrEnum

from aiohttp import web
from msgspec import Struct


class Role(StrEnum):
    """A role of a caller. Source: CONTRACT 1."""

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
    role: frozenset({role, *implied})
    for role, implied in {
        **dict.fromkeys(Role, ()),
        Role.MANAGER: (Role.STAFF,),
        Role.ADMIN: tuple(Role),
    }.items()
}
"""The roles whose rights a role has: a manager has those of staff, an admin those of all roles."""

VISITOR_ROLES = frozenset({Role.ANYONE, Role.APPLICANT})


class Caller(Struct, frozen=True):
    """The identified sender of a request.

    Attributes:
        role: the role that allows the request, in the hall of the request.
        actor: the actor that the journal records.
        credential: the owner of idempotency keys; empty for anonymous callers.
        account: the id of the account that is signed in, if any.
        token: the token of an applicant, if any.
        at_optional: whether the request is allowed only at counters of an optional stage.
    """

    role: Role
    actor: str
    credential: str
    account: str | None = None
    token: str | None = None
    at_optional: bool = False

    def may(self, role: Role) -> bool:
        """Tell whether the caller has the rights of a role."""
        return role in IMPLIES[self.role]

    @property
    def works_here(self) -> bool:
        """Whether the caller is not a visitor. Such a caller works with the tickets of others and owns none."""
        return self.role not in VISITOR_ROLES


CALLER = web.RequestKey("caller", Caller)


def caller_of(request: web.Request) -> Caller:
    """The caller of a guarded request."""
    return request[CALLER]
