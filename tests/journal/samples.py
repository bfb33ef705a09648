"""Minimal events, tickets and appends for tests of the journal."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count

import msgspec
import uuid_utils

from service.domain.calendar.day_plan import plan_of
from service.domain.events import AppointmentMade, DayEnded, DayOpened, Event, Record, TicketCalled, TicketTaken
from service.domain.hall.document import HallDocument
from service.domain.model import (
    Admission,
    Appointment,
    AppointmentId,
    AppointmentState,
    CallReason,
    Channel,
    CounterId,
    HallId,
    Outcome,
    Rule,
    ServiceId,
    Shown,
    StageId,
    Ticket,
    TicketClass,
    TicketId,
    TicketState,
    Wait,
)
from service.journal.append import Appender
from service.journal.values import Append, Applicant, Committed

HALL = HallId("demo")
DAY = date(2026, 11, 23)
NEXT_DAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
WITHIN_S = 20.0  # time limit of every wait in a test
WAIT = Wait(420, 660, 1080, NOW, Shown(5, 20))

_numbers = count(1)


def new_id() -> str:
    """Return a UUIDv7."""
    return str(uuid_utils.uuid7())


def document() -> HallDocument:
    """Return the document of a hall with one counter and one service."""
    return msgspec.convert(
        {
            "time_zone": "Asia/Shanghai",
            "languages": ["zh-CN", "en"],
            "name": {"en": "Demo"},
            "zones": [{"id": "main"}],
            "stages": [{"id": "window"}],
            "services": [{"id": "enquiry", "prefix": "A", "stages": ["window"], "duration_s": {"mean": 180}}],
            "counters": [{"id": "1", "zone": "main", "stage": "window", "services": ["enquiry"]}],
        },
        type=HallDocument,
    )


def day_opened(document_: HallDocument, revision: int, on: date = DAY) -> Record:
    """Return the first event of a day."""
    return record(DayOpened(plan=plan_of(document_, revision, on)), seq=1)


def record(event: Event, *, seq: int = 0, command_id: str | None = None, fingerprint: bytes | None = None) -> Record:
    """Return the record of an event; `Writer` numbers it."""
    return Record(seq, NOW, "tester", command_id or new_id(), 0, fingerprint, event)


def ticket(number: str | None = None, code: str | None = None) -> Ticket:
    """Return a waiting ticket."""
    n = next(_numbers)
    return Ticket(
        id=TicketId(new_id()),
        n=n,
        code=code or f"{n:08d}",
        number=number or f"A{n:03d}",
        service=ServiceId("enquiry"),
        stage=StageId("window"),
        class_=TicketClass.WALK_IN,
        first_class=TicketClass.WALK_IN,
        channel=Channel.KIOSK,
        state=TicketState.WAITING,
        admission=Admission.ADMITTED,
        count=1,
        then=(),
        prechecked=False,
        applicant=None,
        issued_at=NOW,
        waiting_since_at=NOW,
        reference_at=NOW,
        queue_at=NOW,
    )


def at_counter(waiting: Ticket, counter: str = "1", state: TicketState = TicketState.CALLED) -> Ticket:
    """Return the ticket after a call to a counter."""
    there = CounterId(counter)
    return msgspec.structs.replace(waiting, state=state, counter=there, last_counter=there, calls=1, called_at=NOW)


def done(there: Ticket) -> Ticket:
    """Return the ticket after it was finished."""
    return msgspec.structs.replace(there, state=TicketState.DONE, counter=None, outcome=Outcome.DONE, finished_at=NOW)


def taken(of: Ticket) -> TicketTaken:
    """Return the event that issued a ticket."""
    return TicketTaken(
        ticket=of.id,
        n=of.n,
        code=of.code,
        number=of.number,
        service=of.service,
        stage=of.stage,
        class_=of.class_,
        channel=of.channel,
        admission=of.admission,
        ahead=0,
        wait=WAIT,
    )


def called(of: Ticket) -> TicketCalled:
    """Return the event that called a ticket."""
    return TicketCalled(
        ticket=of.id,
        counter=of.counter or CounterId("1"),
        stage=of.stage,
        reason=CallReason(Rule.CREDIT, of.class_, of.queue_at, 0, 0),
    )


def appointment(
    *,
    place: int = 1,
    places: int = 4,
    at: datetime = NOW,
    state: AppointmentState = AppointmentState.BOOKED,
    person: str | None = None,
    per_person: int = 2,
    invitation: str | None = None,
    code: str | None = None,
) -> Appointment:
    """Return a booked appointment."""
    n = next(_numbers)
    return Appointment(
        id=AppointmentId(new_id()),
        n=n,
        code=code or f"A{n:07d}",
        service=ServiceId("enquiry"),
        starts_at=at,
        ends_at=at + timedelta(minutes=3),
        state=state,
        count=1,
        channel=Channel.WEB,
        person=person,
        invitation=invitation,
        place=place,
        places=places,
        per_person=per_person,
        made_at=NOW,
    )


def made(of: Appointment) -> AppointmentMade:
    """Return the event that made an appointment."""
    return AppointmentMade(
        appointment=of.id,
        n=of.n,
        code=of.code,
        service=of.service,
        starts_at=of.starts_at,
        ends_at=of.ends_at,
        state=of.state,
        channel=of.channel,
        person=of.person,
        invitation=of.invitation,
        place=of.place,
        places=of.places,
        per_person=of.per_person,
    )


async def until(condition: Callable[[], Awaitable[object]]) -> None:
    """Poll PostgreSQL until a condition holds; there is no notification when a backend waits for a lock."""
    async with asyncio.timeout(WITHIN_S):
        while not await condition():  # noqa: ASYNC110  (see above)
            await asyncio.sleep(0)


class Writer:
    """Writes one append after another to a day and keeps its position."""

    def __init__(self, appender: Appender, hall: HallId = HALL, day: date = DAY) -> None:
        self.appender = appender
        self.hall = hall
        self.day = day
        self.seq = 0
        self.head = ""

    async def open(self, *, begins: bool = True) -> "Writer":
        """Open the day."""
        append_id = new_id()
        opened = await self.appender.open_day(
            self.hall,
            self.day,
            append_id,
            lambda document_, revision: day_opened(document_, revision, self.day),
            begins=begins,
        )
        assert opened
        self.seq, self.head = 1, append_id
        return self

    def next(
        self, *records: Record, tickets: list[Ticket] | None = None, applicants: list[Applicant] | None = None
    ) -> Append:
        """Return the next append, with these events, or by default with a new ticket."""
        if not records:
            tickets = [ticket()]
            records = (record(taken(tickets[0])),)
        return Append(
            hall=self.hall,
            day=self.day,
            seq=self.seq,
            head=self.head,
            append_id=new_id(),
            records=[msgspec.structs.replace(one, seq=self.seq + nth) for nth, one in enumerate(records, 1)],
            tickets=tickets or [],
            applicants=applicants or [],
        )

    def booking(self, *booked: Appointment) -> Append:
        """Return the next append, with these appointments as if they were made now."""
        append = self.next(*(record(made(one)) for one in booked))
        return msgspec.structs.replace(append, appointments=list(booked), tickets=[])

    def wrote(self, append: Append) -> None:
        """Move the position to the end of a committed append."""
        self.seq, self.head = append.seq + len(append.records), append.append_id

    async def write(self, append: Append | None = None) -> Append:
        """Write an append, by default with a new ticket, and move the position."""
        append = append or self.next()
        assert isinstance(await self.appender.append(append), Committed)
        self.wrote(append)
        return append

    async def end(self) -> Append:
        """End the day."""
        return await self.write(self.next(record(DayEnded())))
