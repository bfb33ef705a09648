"""Export or erase a person's data on request, and erase it when the retention time is over.

A person is identified by a phone number or a mail address. Names and contacts are rows of `applicants`, one for each
visit. Appointments and invitations also contain a keyed hash of a contact, by which they are found after the row was
deleted. Erasure deletes the rows of `applicants`; the journal, tickets and appointments remain without a person. Future
appointments of an erased person are cancelled, unless the request says to keep them.

Rows are also deleted when the visit, or the day until which the person may come back, is more than
`PAIHAO_RETENTION_DAYS` ago. A changed name or phone makes a new row; nothing refers to the old row then, and it is
deleted the next day.

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
from service.primitives.contacts import Contact, e164, person_hashes
from service.primitives.ids import new_id
from service.primitives.personal_data import Personal
from service.runtime.fault_isolation import isolated
from service.runtime.hall import Hall
from service.runtime.halls import Halls
from service.runtime.lanes import Lanes
from service.runtime.requests import Request

PACKAGE = "service.privacy"

FORGET_EVERY_S = 3600
"""Interval of the job that erases old rows, in each hall once a day."""

CHUNK_PEOPLE = 1000
"""Rows erased by one statement, in about 50 ms."""

INVITATIONS_WAIT_DAYS = 180
"""Minimum retention for the person of an unused invitation: a school term."""

UNUSED_FOR = timedelta(days=1)
"""How long a row without references is kept, so that messages and reads in progress can end."""

Row = TypeVar("Row", bound=Struct)

_SQL = statements("data_requests.sql", PACKAGE)

log = structlog.get_logger(__name__)


class ApplicantRecord(Personal, frozen=True, kw_only=True):
    """The personal data of a person as stored at one visit."""

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
    """A message to a person. Its text is not stored; it is rendered when the message is sent."""

    kind: str
    channel: str
    state: str
    made_at: datetime


class PersonRecords(Struct, frozen=True):
    """All data about a person in a hall."""

    people: list[ApplicantRecord]
    appointments: list[AppointmentRecord]
    tickets: list[TicketRecord]
    invitations: list[InvitationRecord]
    messages: list[MessageRecord]


class ErasureResult(Struct, frozen=True, kw_only=True):
    """Counts of an erasure: deleted rows, cancelled appointments, anonymized invitations and withdrawn messages."""

    people: int
    cancelled: int
    invitations: int
    messages: int


class _Exported(Struct, frozen=True):
    """The stored answer of an export; it contains no data."""


class DataRequests:
    """Exports and erases personal data. Methods raise StorageUnavailable; those that write also OutcomeUnknown.

    Args:
        database: the database.
        halls: the halls.
        lanes: cancel appointments.
        clock: the clock of the service.
        hashes_of: returns the keyed hashes with every accepted secret.
        retention_days: how many days after a visit its row is kept.
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
        self._erased_on: dict[HallId, date] = {}

    async def find(self, hall: Hall, contact: Contact) -> PersonRecords:
        """Find all data about the person with this phone number or mail address."""
        people = await self._people(hall, contact)
        ids, hashes = [person.id for person in people], self._hashes(hall.id, contact)
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

    async def export(self, hall: Hall, contact: Contact, request: IdempotentRequest) -> PersonRecords:
        """Find all data about a person, and record the export in the audit log. Raises KeyReused."""
        records = await self.find(hall, contact)
        if await idempotency.stored_answer(self._database, request, _Exported) is None:
            try:
                async with transaction(self._database) as writer:
                    await idempotency.store_answer(writer, request, _Exported())
                    data = {"people": len(records.people)}
                    await audit_log.record(writer, [hall.id], request.now_at, request.actor, "person_exported", data)
            except AlreadyDone:
                await idempotency.stored_answer(self._database, request, _Exported)
        return records

    async def erase(
        self, hall: Hall, contact: Contact, request: IdempotentRequest, *, keep: bool = False
    ) -> ErasureResult:
        """Erase the data about the person with this phone number or mail address.

        Args:
            hall: the hall.
            contact: the phone number, the mail address, or both (a person with either is erased).
            request: the request.
            keep: whether to keep future appointments, without a person.

        Raises:
            KeyReused: the idempotency key was used for a different request.
            Refusal: an appointment cannot be cancelled now. Nothing is erased then; the request can be repeated.
        """
        result = await self.erased_before(request)
        if result is not None:
            return result
        records = await self.find(hall, contact)
        cancelled = 0 if keep else await self._cancel(hall.id, records.appointments, request)
        ids = [person.id for person in records.people]
        try:
            async with transaction(self._database) as writer:
                invitations = [invitation.id for invitation in records.invitations]
                await writer.execute(_SQL["anonymize_invitations"], hall.id, invitations)
                messages = await writer.fetch(_SQL["withdraw_messages"], hall.id, ids, request.now_at)
                erased = await writer.fetch(_SQL["erase"], hall.id, ids)
                result = ErasureResult(
                    people=len(erased), cancelled=cancelled, invitations=len(invitations), messages=len(messages)
                )
                await idempotency.store_answer(writer, request, result)
                data = {"people": len(erased), "cancelled": cancelled, "invitations": len(invitations)}
                await audit_log.record(writer, [hall.id], request.now_at, request.actor, "person_erased", data)
        except AlreadyDone:
            return await self.erase(hall, contact, request, keep=keep)
        return result

    async def erased_before(self, request: IdempotentRequest) -> ErasureResult | None:
        """Return the result of an earlier erasure with the same idempotency key; None if there is none.

        Raises:
            KeyReused: the key was used for a different request.
        """
        return await idempotency.stored_answer(self._database, request, ErasureResult)

    async def _cancel(self, hall: HallId, appointments: list[AppointmentRecord], cause: IdempotentRequest) -> int:
        """Cancel the future ones of some appointments; return how many were cancelled."""
        cancelled = 0
        for appointment in appointments:
            if appointment.state not in TO_COME:
                continue
            request = Request(
                command=CancelAppointment(AppointmentId(appointment.id), CancelledBy.ERASED),
                command_id=new_id(),
                actor=cause.actor,
                now_at=self._clock.now_at(),
            )
            try:
                answer = await self._lanes.do_on(hall, appointment.day, request)
            except (AppointmentNotFound, DayHasEnded, WrongState):
                continue  # its state or day has changed meanwhile
            cancelled += answer.done is not None
        return cancelled

    async def _people(self, hall: Hall, contact: Contact) -> list[ApplicantRecord]:
        rows = await read(self._database, _SQL["people"], hall.id, _last_digits(contact.phone), contact.email)
        people = [_fields(ApplicantRecord, dict(row)) for row in rows]
        return [person for person in people if _matches(person, contact, hall.document.country)]

    def _hashes(self, hall: HallId, contact: Contact) -> list[str]:
        """Return the keyed hashes of a phone number and a mail address, with every accepted secret."""
        parts = [Contact(contact.phone, None), Contact(None, contact.email)]
        return [digest for part in parts for digest in person_hashes(self._hashes_of, hall, part)]

    async def erase_old(self) -> None:
        """Erase rows older than the retention time, in each hall once a day; a failed hall is tried again later."""
        now_at = self._clock.now_at()
        for hall in self._halls.known():
            with isolated("people_not_forgotten", hall.id):
                today = hall.day_at(now_at)
                if self._erased_on.get(hall.id) == today:
                    continue
                count = await self.erase_old_of(hall, now_at)
                self._erased_on[hall.id] = today
                if count:
                    log.info("people_forgotten", hall=hall.id, people=count)

    async def erase_old_of(self, hall: Hall, now_at: datetime) -> int:
        """Erase a hall's rows older than the retention time; return how many.

        Raises:
            StorageUnavailable: the journal's; the database cannot be reached.
        """
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


def _matches(person: ApplicantRecord, contact: Contact, country: str | None) -> bool:
    """Tell whether a row has this contact. A phone number not in E.164 is read as a number of the country."""
    if contact.email is not None and person.email is not None and person.email.lower() == contact.email.lower():
        return True
    if contact.phone is None or person.phone is None:
        return False
    try:
        return e164("phone", person.phone, country) == contact.phone
    except BodyInvalid:
        return "".join(filter(str.isdigit, person.phone)) == contact.phone.removeprefix("+")


def _fields(kind: type[Row], row: Mapping[str, Any]) -> Row:
    """Convert a row to a struct, with ids as strings."""
    values = {name: row[name] for name in kind.__struct_fields__}
    return kind(**{name: str(value) if isinstance(value, UUID) else value for name, value in values.items()})
