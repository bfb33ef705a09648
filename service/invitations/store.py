"""Store invitations in the database.

An import is one transaction: the invitations, their people, the audit entry, and the idempotency key, which makes the
same list sent twice one import. A code that is already in use is replaced by another random code. Invitations are used
by the journal: the append that books or issues a ticket marks the invitation as used, which can happen only once.
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
from service.primitives.contacts import Contact, person_hash
from service.primitives.ids import INVITATION_CODE_STARTS, NIL, new_code, new_id
from service.primitives.personal_data import Personal

PACKAGE = "service.invitations"

HALL = "hall"
"""The partner of invitations issued by the hall itself; a reservation in the hall document may name it."""

CODE_ATTEMPTS_MAX = 5
"""Attempts to find unused codes; with 2^38 codes the second attempt nearly always succeeds."""

_SQL = statements("invitations.sql", PACKAGE)


class InvitationStatus(StrEnum):
    """Status of an invitation, from its appointment or ticket."""

    UNUSED = "unused"
    BOOKED = "booked"
    CHECKED_IN = "checked_in"
    DONE = "done"
    LEFT = "left"
    MISSED = "missed"
    REVOKED = "revoked"


class IssuedCode(Struct, frozen=True):
    """An invitation created by an import."""

    id: str
    code: str
    line: int


class ImportResult(Struct, frozen=True):
    """The result of an import, in the order of its lines."""

    batch: str
    given: list[IssuedCode]
    bad: list[BadRow]


class InvitationDetails(Personal, frozen=True, kw_only=True):
    """An invitation and its status.

    `name` is shown only to the issuer, else None. `starts_at` is the time of the appointment booked with it.
    """

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
    """An import: how many people it invited, and how many of the codes were used or revoked."""

    id: str
    partner: str
    releases_at: datetime | None
    made_at: datetime
    invited: int
    used: int
    revoked: int


class _StoredImport(Struct, frozen=True):
    """The stored answer of an import; it contains no personal data."""

    batch: str
    bad: list[BadRow]


class Invitations:
    """Imports, lists and revokes invitations. Methods raise StorageUnavailable; those that write OutcomeUnknown."""

    def __init__(self, database: Database, keyed: Callable[[bytes], bytes]) -> None:
        self._database = database
        self._keyed = keyed

    async def add(  # noqa: PLR0913, PLR0917  (a list, its partner, and the request)
        self,
        hall: HallId,
        partner: str,
        guests: list[Guest],
        bad: list[BadRow],
        releases_at: datetime | None,
        request: IdempotentRequest,
    ) -> ImportResult:
        """Create an invitation for each guest, once for each idempotency key. Raises KeyReused."""
        stored = _StoredImport(new_id(), bad)
        try:
            async with transaction(self._database) as writer:
                await idempotency.store_answer(writer, request, stored)
                await self._write(writer, hall, partner, stored.batch, guests, releases_at, request)
                data = {"batch": stored.batch, "partner": partner, "invited": len(guests), "bad": len(bad)}
                await audit_log.record(writer, [hall], request.now_at, request.actor, "invitations_imported", data)
        except AlreadyDone:
            before = await self.added_before(hall, request)
            assert before is not None, "a key is stored together with its answer"
            return before
        return await self._imported(hall, stored)

    async def added_before(self, hall: HallId, request: IdempotentRequest) -> ImportResult | None:
        """Return the result of an earlier import with the same idempotency key; None if there is none.

        Raises:
            KeyReused: the key was used for a different request.
        """
        stored = await idempotency.stored_answer(self._database, request, _StoredImport)
        return None if stored is None else await self._imported(hall, stored)

    async def _imported(self, hall: HallId, stored: _StoredImport) -> ImportResult:
        rows = await read(self._database, _SQL["batch"], hall, stored.batch)
        return ImportResult(
            stored.batch, [IssuedCode(str(row["id"]), row["code"], row["line"]) for row in rows], stored.bad
        )

    async def _write(  # noqa: PLR0913, PLR0917  (those of `add`)
        self,
        writer: Writer,
        hall: HallId,
        partner: str,
        batch: str,
        guests: list[Guest],
        releases_at: datetime | None,
        request: IdempotentRequest,
    ) -> None:
        pending = {new_id(): guest for guest in guests}
        for _ in range(CODE_ATTEMPTS_MAX):
            codes: dict[str, None] = {}
            while len(codes) < len(pending):
                codes[new_code(INVITATION_CODE_STARTS)] = None
            rows = [
                self._row(hall, id_, code, guest) for (id_, guest), code in zip(pending.items(), codes, strict=True)
            ]
            encoded = msgspec.json.encode(rows).decode()
            stored = await writer.fetch(_SQL["add"], hall, partner, batch, releases_at, request.now_at, encoded)
            for row in stored:
                del pending[str(row["id"])]
            if not pending:
                return
        raise AssertionError("codes do not run out")

    def _row(self, hall: HallId, id_: str, code: str, guest: Guest) -> dict[str, object]:
        return {
            "id": id_,
            "code": code,
            "line": guest.line,
            "service": guest.service,
            "prechecked": guest.prechecked,
            "person": person_hash(self._keyed, hall, Contact(guest.phone, guest.email)),
            "applicant": new_id(),
            "name": guest.name,
            "phone": guest.phone,
            "email": guest.email,
            "locale": guest.locale,
        }

    async def page(  # noqa: PLR0913  (the viewer and the filters)
        self, hall: HallId, *, asked_by: str, of: str | None, batch: str | None, after: str = NIL, limit: int
    ) -> list[InvitationDetails]:
        """List invitations, oldest first, after the invitation `after`.

        Args:
            hall: the hall.
            asked_by: the partner who asks, or `HALL`; only the names of its own invitations are included.
            of: only invitations of this partner; None: of all.
            batch: only invitations of this import; None: of all.
            after: id of the last invitation of the page before.
            limit: maximum number.
        """
        rows = await read(self._database, _SQL["list"], hall, asked_by, of, batch, after, limit)
        return [_details_of(row) for row in rows]

    async def batches(self, hall: HallId, *, of: str | None, before: str | None, limit: int) -> list[Batch]:
        """List imports of a partner (None: of all), newest first, before the import `before`."""
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
        """Revoke an invitation and delete the data of its person; do nothing if it is revoked already.

        Raises:
            CodeNotFound: there is no such invitation, or it belongs to another partner.
            CodeUsed: the invitation was used for a booking or a ticket.
            KeyReused: the idempotency key was used for a different request.
        """

        async def revoke_unused(writer: Writer) -> None:
            row = await writer.fetchrow(_SQL["lock"], hall, invitation, of)
            if row is None:
                raise CodeNotFound
            if row["used_by"] is not None:
                raise CodeUsed
            if row["revoked_at"] is None:
                await writer.execute(_SQL["revoke"], hall, invitation, request.now_at)
                data = {"invitation": invitation}
                await audit_log.record(writer, [hall], request.now_at, request.actor, "invitation_revoked", data)

        await idempotency.do_once(self._database, request, revoke_unused)


def _details_of(row: asyncpg.Record) -> InvitationDetails:
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
        became=_status_of(row),
        starts_at=row["starts_at"],
        name=row["name"],
    )


def _status_of(row: asyncpg.Record) -> InvitationStatus:  # noqa: PLR0911  (a table)
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
