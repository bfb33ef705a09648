"""Answers about invitations."""

from msgspec import Struct

from service.domain.view import Stamp
from service.invitations.store import InvitationStatus
from service.primitives.personal_data import Personal


class InvitationGiven(Struct, frozen=True, kw_only=True):
    """A code for the person of a line."""

    line: int
    id: str
    code: str


class BadLine(Struct, frozen=True, kw_only=True):
    """Why a line invites nobody; `path` is the column, nothing for the whole line."""

    line: int
    path: str
    why: str


class InvitationsGiven(Struct, frozen=True, kw_only=True):
    """What an import did, in the order of its lines."""

    batch: str
    items: list[InvitationGiven]
    errors: list[BadLine]


class InvitationListed(Personal, frozen=True, kw_only=True):
    """An invitation and what became of it; `name` only for who gave it, `starts_at` of the appointment it was for."""

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
    """Invitations, the oldest first."""

    items: list[InvitationListed]
    next_cursor: str | None


class BatchSeen(Struct, frozen=True, kw_only=True):
    """An import of invitations: how many, and how many of them were used or taken back."""

    batch: str
    partner: str
    releases_at: Stamp | None
    made_at: Stamp
    invited: int
    used: int
    revoked: int


class BatchList(Struct, frozen=True):
    """Imports, the newest first."""

    items: list[BatchSeen]
    next_cursor: str | None
