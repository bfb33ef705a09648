"""Privacy: what is known of a person is given out or erased when they ask, and erased by itself after a while.

A person is asked for by a phone or an address. Their names and contacts are rows of `applicants`, one for each visit;
appointments and invitations also carry a keyed hash of one of them, by which they are found when the row is gone. What
is erased are the rows; the journal, the tickets and the appointments stay, and are nobody's any more. An erased
person's appointments to come are given up, unless they are to be kept as places for whoever comes.

By itself a row goes when its visit, or the day until which the person may come back, is as long ago as
`PAIHAO_RETENTION_DAYS` says, a thousand at a time. Who changes their name or phone is a new row; the one before is of
no visit then, and goes the next day.

Source: GDPR articles 15 and 17; PIPL articles 45 and 47; DESIGN 3 (personal data is not in the journal).
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import structlog
from msgspec import Struct

from service.clock import Clock
from service.domain.commands import CancelAppointment
from service.domain.model import TO_COME, AppointmentId, CancelledBy, HallId
from service.domain.refusals import AppointmentNotFound, BodyInvalid, DayHasEnded, WrongState
from service.identity import audit_log, idempotency
from service.identity.idempotency import AlreadyDone, IdempotentRequest
from service.identity.store import read, transaction
from service.journal.database import Database
from service.journal.sql_files import statements
from service.primitives.contacts import Reached, e164, persons_of
from service.primitives.ids import new_id
from service.primitives.personal_data import Personal
from service.runtime.fault_isolation import isolated
from service.runtime.hall import Hall
from service.runtime.halls import Halls
from service.runtime.lanes import Lanes
from service.runtime.requests import Request

PACKAGE = "service.privacy"

FORGET_EVERY_S = 3600
"""How often it is looked whether a hall's day is another: each hall forgets once a day."""

CHUNK_PEOPLE = 1000
"""Rows that are erased by one statement, about 50 ms; the next one follows."""

INVITATIONS_WAIT_DAYS = 180
"""How long the person of an invitation is kept that nobody has used, where retention is shorter: a term of a school."""

UNUSED_FOR = timedelta(days=1)
"""How long a row stays that nothing is about: what is sent to it, or reads it, is through by then."""

Row = TypeVar("Row", bound=Struct)

_SQL = statements("data_requests.sql", PACKAGE)

log = structlog.get_logger(__name__)


class ApplicantRecord(Personal, frozen=True, kw_only=True):
    """A row of a person, as it was written down at a visit."""

    SHOWN = ("id",)

    id: str
    name: str | None
    phone: str | None
    email: str | None
    locale: str | None
    created_at: datetime


class AppointmentRecord(Struct, frozen=True, kw_only=True):
    """An appointment of a person."""

    id: str
    day: date
    code: str
    service: str
    starts_at: datetime
    ends_at: datetime
    state: str
    count: int
    channel: str
    prechecked: bool
    made_at: datetime


class TicketRecord(Struct, frozen=True, kw_only=True):
    """A ticket of a person."""

    id: str
    day: date
    code: str
    number: str
    service: str
    class_: str
    channel: str
    state: str
    count: int
    prechecked: bool
    issued_at: datetime
    called_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    outcome: str | None
    missing: list[str]
    due_on: date | None
    left_reason: str | None


class InvitationRecord(Struct, frozen=True, kw_only=True):
    """An invitation of a person."""

    id: str
    code: str
    partner: str
    service: str | None
    prechecked: bool
    made_at: datetime
    revoked_at: datetime | None
    used: bool


class MessageRecord(Struct, frozen=True, kw_only=True):
    """A message for a person; its words are made when it is sent, and kept nowhere."""

    kind: str
    channel: str
    state: str
    made_at: datetime


class PersonRecords(Struct, frozen=True):
    """All that is known of a person in a hall."""

    people: list[ApplicantRecord]
    appointments: list[AppointmentRecord]
    tickets: list[TicketRecord]
    invitations: list[InvitationRecord]
    messages: list[MessageRecord]


class ErasureResult(Struct, frozen=True, kw_only=True):
    """What an erasure did: rows of the person, appointments given up, invitations left to nobody, messages stopped."""

    people: int
    cancelled: int
    invitations: int
    messages: int


class _Asked(Struct, frozen=True):
    """What an idempotency key remembers of an export: nothing."""


class DataRequests:
    """Finds, erases and forgets. Everything raises StorageUnavailable, and what changes OutcomeUnknown.

    Args:
        database: where the rows are.
        halls: whose people they are.
        lanes: where appointments are given up.
        clock: the service's.
        hashes_of: the hashes by which rules tell people apart, by every secret.
        retention_days: how long after a visit its row is kept.
    """

    def __init__(  # noqa: PLR0913, PLR0917  (its parts)
        self,
        database: Database,
        halls: Halls,
        lanes: Lanes,
        clock: Clock,
        hashes_of: Callable[[bytes], list[bytes]],
        retention_days: int,
    ) -> None:
        self._database = database
        self._halls = halls
        self._lanes = lanes
        self._clock = clock
        self._hashes_of = hashes_of
        self._retention = timedelta(days=retention_days)
        self._forgot_on: dict[HallId, date] = {}

    async def known(self, hall: Hall, who: Reached) -> PersonRecords:
        """All that is known of whoever has this phone or this address."""
        people = await self._people(hall, who)
        ids, hashes = [one.id for one in people], self._hashes(hall.id, who)
        appointments = await read(self._database, _SQL["appointments"], hall.id, ids, hashes)
        of_appointments = [row["ticket_id"] for row in appointments if row["ticket_id"] is not None]
        tickets = await read(self._database, _SQL["tickets"], hall.id, ids, of_appointments)
        invitations = await read(self._database, _SQL["invitations"], hall.id, ids, hashes)
        messages = await read(self._database, _SQL["messages"], hall.id, ids)
        return PersonRecords(
            people,
            [_fields(AppointmentRecord, dict(row)) for row in appointments],
            [_fields(TicketRecord, {**row, "class_": row["class"]}) for row in tickets],
            [_fields(InvitationRecord, {**row, "used": row["used_by"] is not None}) for row in invitations],
            [_fields(MessageRecord, dict(row)) for row in messages],
        )

    async def export(self, hall: Hall, who: Reached, act: IdempotentRequest) -> PersonRecords:
        """The same, noted in the account of who asked for it. Raises KeyReused."""
        known = await self.known(hall, who)
        if await idempotency.stored_answer(self._database, act, _Asked) is None:
            try:
                async with transaction(self._database) as writer:
                    await idempotency.store_answer(writer, act, _Asked())
                    data = {"people": len(known.people)}
                    await audit_log.record(writer, [hall.id], act.now_at, act.actor, "person_exported", data)
            except AlreadyDone:
                await idempotency.stored_answer(self._database, act, _Asked)
        return known

    async def erase(self, hall: Hall, who: Reached, act: IdempotentRequest, *, keep: bool = False) -> ErasureResult:
        """Erase what is known of whoever has this phone or this address.

        Args:
            hall: whose they are.
            who: the phone, or the address, or both: who has either.
            act: who asks for it, once.
            keep: whether appointments to come stay, as places for nobody in particular.

        Raises:
            KeyReused: the idempotency key was another request's.
            Refusal: an appointment could not be given up now; then nothing is erased, and it can be asked for again.
        """
        done = await self.erased_before(act)
        if done is not None:
            return done
        known = await self.known(hall, who)
        cancelled = 0 if keep else await self._give_up(hall.id, known.appointments, act)
        ids = [one.id for one in known.people]
        try:
            async with transaction(self._database) as writer:
                invitations = [one.id for one in known.invitations]
                await writer.execute(_SQL["forget_invitations"], hall.id, invitations)
                messages = await writer.fetch(_SQL["withdraw_messages"], hall.id, ids, act.now_at)
                gone = await writer.fetch(_SQL["erase"], hall.id, ids)
                done = ErasureResult(
                    people=len(gone), cancelled=cancelled, invitations=len(invitations), messages=len(messages)
                )
                await idempotency.store_answer(writer, act, done)
                data = {"people": len(gone), "cancelled": cancelled, "invitations": len(invitations)}
                await audit_log.record(writer, [hall.id], act.now_at, act.actor, "person_erased", data)
        except AlreadyDone:
            return await self.erase(hall, who, act, keep=keep)
        return done

    async def erased_before(self, act: IdempotentRequest) -> ErasureResult | None:
        """What an erasure with this idempotency key did; None for a new one, or one without. Raises KeyReused."""
        return await idempotency.stored_answer(self._database, act, ErasureResult)

    async def _give_up(self, hall: HallId, appointments: list[AppointmentRecord], act: IdempotentRequest) -> int:
        """Cancel the appointments that are still to come; return how many."""
        cancelled = 0
        for one in appointments:
            if one.state not in TO_COME:
                continue
            request = Request(
                command=CancelAppointment(AppointmentId(one.id), CancelledBy.ERASED),
                command_id=new_id(),
                actor=act.actor,
                now_at=self._clock.now_at(),
            )
            try:
                given = await self._lanes.do_on(hall, one.day, request)
            except (AppointmentNotFound, DayHasEnded, WrongState):
                continue  # it was over meanwhile
            cancelled += given.done is not None
        return cancelled

    async def _people(self, hall: Hall, who: Reached) -> list[ApplicantRecord]:
        rows = await read(self._database, _SQL["people"], hall.id, _last_digits(who.phone), who.email)
        people = [_fields(ApplicantRecord, dict(row)) for row in rows]
        return [one for one in people if _is(one, who, hall.document.country)]

    def _hashes(self, hall: HallId, who: Reached) -> list[str]:
        """What a phone, and an address, are known by, also by older secrets."""
        parts = [Reached(who.phone, None), Reached(None, who.email)]
        return [one for part in parts for one in persons_of(self._hashes_of, hall, part)]

    async def forget(self) -> None:
        """Erase the rows whose visits are long ago, of each hall once a day; what could not be done is done later."""
        now_at = self._clock.now_at()
        for hall in self._halls.known():
            with isolated("people_not_forgotten", hall.id):
                today = hall.day_at(now_at)
                if self._forgot_on.get(hall.id) == today:
                    continue
                count = await self.forget_of(hall, now_at)
                self._forgot_on[hall.id] = today
                if count:
                    log.info("people_forgotten", hall=hall.id, people=count)

    async def forget_of(self, hall: Hall, now_at: datetime) -> int:
        """Erase a hall's rows whose visits are long ago; return how many. Raises the journal's StorageUnavailable."""
        before_at, first_on = now_at - self._retention, hall.day_at(now_at) - self._retention
        waits_at = now_at - max(self._retention, timedelta(days=INVITATIONS_WAIT_DAYS))
        unused_at = now_at - UNUSED_FOR
        count = 0
        while True:
            rows = await self._database.fetch(
                _SQL["erase_old"], hall.id, before_at, first_on, waits_at, CHUNK_PEOPLE, unused_at
            )
            count += len(rows)
            if len(rows) < CHUNK_PEOPLE:
                return count


def _last_digits(phone: str | None) -> str | None:
    return None if phone is None else "".join(filter(str.isdigit, phone))[-7:]


def _is(person: ApplicantRecord, who: Reached, country: str | None) -> bool:
    """Tell whether a row is of who is asked for; phones that were written down otherwise are read as in the country."""
    if who.email is not None and person.email is not None and person.email.lower() == who.email.lower():
        return True
    if who.phone is None or person.phone is None:
        return False
    try:
        return e164("phone", person.phone, country) == who.phone
    except BodyInvalid:
        return "".join(filter(str.isdigit, person.phone)) == who.phone.removeprefix("+")


def _fields(kind: type[Row], row: Mapping[str, Any]) -> Row:
    """A row as a value of ours; ids as texts."""
    said = {name: row[name] for name in kind.__struct_fields__}
    return kind(**{name: str(value) if isinstance(value, UUID) else value for name, value in said.items()})
