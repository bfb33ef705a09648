"""Invitations in the database.

An import is one transaction: the invitations, the people they are for, the note that it happened, and the idempotency
key, by which the same list sent twice is one import. A code that is taken already is drawn anew. The use of an
invitation is the journal's: the append that books or takes a number claims it, and nobody else can.
"""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum

import asyncpg
import msgspec
from msgspec import Struct

from service.domain.model import AppointmentState, HallId, TicketState
from service.domain.refusals import CodeNotFound, CodeUsed
from service.identity import audit_log, idempotency
from service.identity.idempotency import AlreadyDone, IdempotentRequest
from service.identity.store import Writer, read, transaction
from service.invitations.guests import BadRow, Guest
from service.journal.database import Database
from service.journal.sql_files import statements
from service.primitives.contacts import Reached, person_of
from service.primitives.ids import NIL, OF_INVITATION, new_code, new_id
from service.primitives.personal_data import Personal

PACKAGE = "service.invitations"

HALL = "hall"
"""The partner of what the hall itself gives out; a reservation of the hall document may be for it, too."""

CODE_ATTEMPTS_MAX = 5
"""How often codes are drawn anew that others have; of 2^38 the second draw is nearly always free."""

_SQL = statements("invitations.sql", PACKAGE)


class InvitationStatus(StrEnum):
    """What became of an invitation."""

    UNUSED = "unused"
    BOOKED = "booked"
    CHECKED_IN = "checked_in"
    DONE = "done"
    LEFT = "left"
    MISSED = "missed"
    REVOKED = "revoked"


class IssuedCode(Struct, frozen=True):
    """An invitation that an import made."""

    id: str
    code: str
    line: int


class ImportResult(Struct, frozen=True):
    """What an import did, in the order of its lines."""

    batch: str
    given: list[IssuedCode]
    bad: list[BadRow]


class InvitationDetails(Personal, frozen=True, kw_only=True):
    """An invitation and what became of it; `name` only for who gave it, `starts_at` of the appointment it was for."""

    SHOWN = ("id",)

    id: str
    code: str
    batch: str
    line: int
    partner: str
    service: str | None
    prechecked: bool
    releases_at: datetime | None
    made_at: datetime
    became: InvitationStatus
    starts_at: datetime | None
    name: str | None


class Batch(Struct, frozen=True, kw_only=True):
    """An import: how many it invited, and how many of those have used their codes or lost them."""

    id: str
    partner: str
    releases_at: datetime | None
    made_at: datetime
    invited: int
    used: int
    revoked: int


class _Kept(Struct, frozen=True):
    """What an idempotency key remembers: nothing of the people."""

    batch: str
    bad: list[BadRow]


class Invitations:
    """Imports, lists and revokes. Everything raises StorageUnavailable, and what changes OutcomeUnknown."""

    def __init__(self, database: Database, keyed: Callable[[bytes], bytes]) -> None:
        self._database = database
        self._keyed = keyed

    async def add(  # noqa: PLR0913, PLR0917  (a list, whose it is, and the request)
        self,
        hall: HallId,
        partner: str,
        guests: list[Guest],
        bad: list[BadRow],
        releases_at: datetime | None,
        request: IdempotentRequest,
    ) -> ImportResult:
        """Give each guest a code, once for each idempotency key. Raises KeyReused."""
        kept = _Kept(new_id(), bad)
        try:
            async with transaction(self._database) as writer:
                await idempotency.store_answer(writer, request, kept)
                await self._write(writer, hall, partner, kept.batch, guests, releases_at, request)
                data = {"batch": kept.batch, "partner": partner, "invited": len(guests), "bad": len(bad)}
                await audit_log.record(writer, [hall], request.now_at, request.actor, "invitations_imported", data)
        except AlreadyDone:
            before = await self.added_before(hall, request)
            assert before is not None, "who has claimed the key has kept the answer with it"
            return before
        return await self._imported(hall, kept)

    async def added_before(self, hall: HallId, request: IdempotentRequest) -> ImportResult | None:
        """What an import with this idempotency key did; None for a new one, or one without. Raises KeyReused."""
        known = await idempotency.stored_answer(self._database, request, _Kept)
        return None if known is None else await self._imported(hall, known)

    async def _imported(self, hall: HallId, kept: _Kept) -> ImportResult:
        rows = await read(self._database, _SQL["batch"], hall, kept.batch)
        return ImportResult(
            kept.batch, [IssuedCode(str(row["id"]), row["code"], row["line"]) for row in rows], kept.bad
        )

    async def _write(  # noqa: PLR0913, PLR0917  (likewise)
        self,
        writer: Writer,
        hall: HallId,
        partner: str,
        batch: str,
        guests: list[Guest],
        releases_at: datetime | None,
        request: IdempotentRequest,
    ) -> None:
        left = {new_id(): guest for guest in guests}
        for _ in range(CODE_ATTEMPTS_MAX):
            codes: dict[str, str] = {}
            while len(codes) < len(left):
                codes[new_code(OF_INVITATION)] = ""
            rows = [self._row(hall, id_, code, guest) for (id_, guest), code in zip(left.items(), codes, strict=True)]
            said = msgspec.json.encode(rows).decode()
            done = await writer.fetch(_SQL["add"], hall, partner, batch, releases_at, request.now_at, said)
            for row in done:
                del left[str(row["id"])]
            if not left:
                return
        raise AssertionError("codes do not run out")

    def _row(self, hall: HallId, id_: str, code: str, guest: Guest) -> dict[str, object]:
        return {
            "id": id_,
            "code": code,
            "line": guest.line,
            "service": guest.service,
            "prechecked": guest.prechecked,
            "person": person_of(self._keyed, hall, Reached(guest.phone, guest.email)),
            "applicant": new_id(),
            "name": guest.name,
            "phone": guest.phone,
            "email": guest.email,
            "locale": guest.locale,
        }

    async def page(  # noqa: PLR0913  (who asks, for what)
        self, hall: HallId, *, asked_by: str, of: str | None, batch: str | None, after: str = NIL, limit: int
    ) -> list[InvitationDetails]:
        """Invitations after one, the oldest first; names only of those that `asked_by` gave."""
        rows = await read(self._database, _SQL["list"], hall, asked_by, of, batch, after, limit)
        return [_listed(row) for row in rows]

    async def batches(self, hall: HallId, *, of: str | None, before: str | None, limit: int) -> list[Batch]:
        """Imports before one, the newest first."""
        rows = await read(self._database, _SQL["batches"], hall, of, before, limit)
        return [
            Batch(
                id=str(row["batch"]),
                partner=row["partner"],
                releases_at=row["releases_at"],
                made_at=row["made_at"],
                invited=row["invited"],
                used=row["used"],
                revoked=row["revoked"],
            )
            for row in rows
        ]

    async def revoke(self, hall: HallId, invitation: str, of: str | None, request: IdempotentRequest) -> None:
        """Take an invitation back, and forget whom it was for; again does no harm.

        Raises:
            CodeNotFound: there is none, or it is another partner's.
            CodeUsed: somebody has booked or come with it.
            KeyReused: the idempotency key was another request's.
        """

        async def take_back(writer: Writer) -> None:
            row = await writer.fetchrow(_SQL["hold"], hall, invitation, of)
            if row is None:
                raise CodeNotFound
            if row["used_by"] is not None:
                raise CodeUsed
            if row["revoked_at"] is None:
                await writer.execute(_SQL["revoke"], hall, invitation, request.now_at)
                data = {"invitation": invitation}
                await audit_log.record(writer, [hall], request.now_at, request.actor, "invitation_revoked", data)

        await idempotency.do_once(self._database, request, take_back)


def _listed(row: asyncpg.Record) -> InvitationDetails:
    return InvitationDetails(
        id=str(row["id"]),
        code=row["code"],
        batch=str(row["batch"]),
        line=row["line"],
        partner=row["partner"],
        service=row["service"],
        prechecked=row["prechecked"],
        releases_at=row["releases_at"],
        made_at=row["made_at"],
        became=_became(row),
        starts_at=row["starts_at"],
        name=row["name"],
    )


def _became(row: asyncpg.Record) -> InvitationStatus:  # noqa: PLR0911  (a table)
    if row["revoked_at"] is not None:
        return InvitationStatus.REVOKED
    match row["ticket"]:
        case TicketState.DONE:
            return InvitationStatus.DONE
        case TicketState.LEFT | TicketState.NO_SHOW:
            return InvitationStatus.LEFT
        case str():
            return InvitationStatus.CHECKED_IN
    match row["appointment"]:
        case AppointmentState.HELD | AppointmentState.BOOKED:
            return InvitationStatus.BOOKED
        case AppointmentState.CHECKED_IN:
            return InvitationStatus.CHECKED_IN
        case AppointmentState.MISSED:
            return InvitationStatus.MISSED
        case _:
            return InvitationStatus.UNUSED
