"""Response bodies of invitations."""

from msgspec import Struct

from service.domain.view import Stamp
from service.invitations.store import InvitationStatus
from service.primitives.personal_data import Personal


class InvitationGiven(Struct, frozen=True, kw_only=True):
    """The invitation code for the person of a line."""

    line: int
    id: str
    code: str


class BadLine(Struct, frozen=True, kw_only=True):
    """An error in a line. `path` is the column, empty for the whole line."""

    line: int
    path: str
    why: str


class InvitationsGiven(Struct, frozen=True, kw_only=True):
    """The result of an import, in the order of its lines."""

    batch: str
    items: list[InvitationGiven]
    errors: list[BadLine]


class InvitationListed(Personal, frozen=True, kw_only=True):
    """An invitation and its use. `name` is only for the inviter; `starts_at` is of the appointment booked with it."""

    SHOWN = ("id",)

    id: str
    code: str
    batch: str
    line: int
    partner: str
    service: str | None
    prechecked: bool
    releases_at: Stamp | None
    made_at: Stamp
    state: InvitationStatus
    starts_at: Stamp | None
    name: str | None


class InvitationList(Struct, frozen=True):
    """Invitations, oldest first."""

    items: list[InvitationListed]
    next_cursor: str | None


class BatchSeen(Struct, frozen=True, kw_only=True):
    """An import of invitations, with counts of all, used and revoked invitations."""

    batch: str
    partner: str
    releases_at: Stamp | None
    made_at: Stamp
    invited: int
    used: int
    revoked: int


class BatchList(Struct, frozen=True):
    """Imports, newest first."""

    items: list[BatchSeen]
    next_cursor: str | None
