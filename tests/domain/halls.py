"""A hall for tests: the pure day with a clock in hand.

`Hall.do` decides a command, folds its events as the journal would hold them, and moves nothing else; ids are drawn in
order. Times in tests are the hall's wall clock, as in `hall.at("09:30")`.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from service.domain.calendar.day_plan import plan_of
from service.domain.calendar.learned import NOTHING_LEARNED, Learned
from service.domain.calendar.plan import Plan
from service.domain.commands import (
    BookAppointment,
    CallNext,
    CallTicket,
    CheckIn,
    Command,
    Finish,
    FinishTicket,
    Invited,
    LeaseNumbers,
    OpenCounter,
    ReportTicket,
    StartTicket,
    TakeTicket,
)
from service.domain.day import Day
from service.domain.decide.decide import decide, decide_with_key
from service.domain.events import DayOpened, Event, Record, TicketCalled
from service.domain.evolve.evolve import evolve
from service.domain.hall.document import HallDocument
from service.domain.model import (
    Appointment,
    AppointmentId,
    CallReason,
    Channel,
    Counter,
    CounterId,
    HallId,
    Outcome,
    ServiceId,
    Slip,
    Ticket,
    TicketId,
)
from service.domain.refusals import Refusal

MONDAY = date(2026, 11, 23)
DONE = Finish(Outcome.DONE)

TOWN: dict[str, Any] = {
    "time_zone": "Asia/Shanghai",
    "languages": ["en"],
    "name": {"en": "Town hall"},
    "hours": [{"weekdays": [1, 2, 3, 4, 5], "from": "09:00", "to": "17:00"}],
    "zones": [{"id": "main"}, {"id": "upstairs"}],
    "stages": [{"id": "precheck", "optional": True}, {"id": "window"}, {"id": "cashier"}],
    "services": [
        {
            "id": "passport",
            "prefix": "P",
            "stages": ["precheck", "window"],
            "duration_s": {"mean": 300, "cv": 0.6, "prechecked_mean": 200},
            "papers": [{"id": "photo"}],
            "count_max": 4,
        },
        {"id": "enquiry", "prefix": "E", "stages": ["window"], "duration_s": {"mean": 180}, "count_max": 4},
        {"id": "card", "prefix": "C", "stages": ["window", "cashier"], "duration_s": {"mean": 240}},
        {
            "id": "renewal",
            "prefix": "R",
            "stages": ["window"],
            "duration_s": {"mean": 300},
            "online_url": "https://example.org/renewal",
        },
    ],
    "counters": [
        *({"id": n, "zone": "main", "stage": "window", "services": ["passport", "enquiry", "card"]} for n in "123"),
        {"id": "4", "zone": "main", "stage": "window", "services": ["enquiry"]},
        {"id": "P1", "zone": "upstairs", "stage": "precheck", "services": ["passport"]},
        {"id": "K1", "zone": "main", "stage": "cashier", "services": ["card"]},
    ],
    "codes": {"reasons": ["urgent", "break"], "missing": ["signature"]},
}
"""A small hall with an optional first stage, a second stage behind the window, and a counter for enquiries only."""


def town(**changes: Any) -> HallDocument:  # noqa: ANN401  (any part of the document)
    """The town hall's document with some of its parts replaced."""
    return msgspec.convert({**TOWN, **changes}, HallDocument)


class Hall:
    """A day of a hall, opened, with the clock in hand."""

    def __init__(
        self,
        document: HallDocument | None = None,
        *,
        at: str = "09:00",
        on: date = MONDAY,
        holidays: Iterable[date] = (),
        learned: Learned = NOTHING_LEARNED,
    ) -> None:
        self.document = document if document is not None else town()
        self.on = on
        self.zone = ZoneInfo(self.document.time_zone)
        self.now_at = self.instant(at)
        self.day = Day(HallId("town"), on)
        self.records: list[Record] = []
        self.drawn = 0
        self.commands = 0
        self._append([DayOpened(plan=plan_of(self.document, 1, on, holidays, learned))], None)

    # The clock.

    def instant(self, local: str) -> datetime:
        """The instant of a wall time of the day, `HH:MM` or `HH:MM:SS`; `-12:00` is noon of the day before."""
        hours, minutes, *seconds = (int(part) for part in local.split(":"))
        wall = datetime(self.on.year, self.on.month, self.on.day, tzinfo=self.zone)
        return wall + timedelta(hours=hours, minutes=minutes, seconds=seconds[0] if seconds else 0)

    def at(self, local: str) -> "Hall":
        """Move the clock forward to a wall time."""
        moment = self.instant(local)
        assert moment >= self.now_at, "a day only goes forward"
        self.now_at = moment
        return self

    def after(self, seconds: float) -> "Hall":
        """Move the clock forward by some seconds."""
        assert seconds >= 0, "a day only goes forward"
        self.now_at += timedelta(seconds=seconds)
        return self

    # Commands.

    def do(self, command: Command, key: str | None = None) -> list[Event]:
        """Decide a command and fold what comes of it; `key` is its idempotency key."""
        decided = (decide if key is None else decide_with_key)(self.day, command, self.now_at)
        self._append(decided, key)
        return decided

    def refuses(self, command: Command) -> Refusal:
        """Expect a refusal, and that nothing has happened by it."""
        before = values(self.day)
        with pytest.raises(Refusal) as caught:
            decide(self.day, command, self.now_at)
        assert values(self.day) == before
        return caught.value

    def _append(self, decided: list[Event], key: str | None) -> None:
        self.commands += 1
        command_id = key or f"command-{self.commands}"
        for part, event in enumerate(decided):
            fingerprint = None if key is None else key.encode()
            record = Record(
                self.day.seq + 1, self.now_at, "account:clerk/staff/local", command_id, part, fingerprint, event
            )
            self.records.append(record)
            evolve(self.day, record)

    def new_ticket(
        self, service: str = "enquiry", *, count: int = 1, then: Iterable[str] = (), browser: str | None = None
    ) -> TakeTicket:
        """A command to take a number, with an id and a code of its own."""
        self.drawn += 1
        return TakeTicket(
            ticket=TicketId(f"ticket-{self.drawn:05d}"),
            code=f"CODE{self.drawn:04d}",
            service=ServiceId(service),
            channel=Channel.KIOSK,
            count=count,
            then=tuple(ServiceId(name) for name in then),
            browser=browser,
        )

    def take(self, service: str = "enquiry", *, count: int = 1, then: Iterable[str] = ()) -> TicketId:
        """Take a number and return the ticket's id."""
        command = self.new_ticket(service, count=count, then=then)
        self.do(command)
        return command.ticket

    def leasing(self, device: str = "kiosk-1", count: int = 3) -> LeaseNumbers:
        """A command to put some numbers into a kiosk's stock."""
        first = self.drawn + 1
        self.drawn += count
        drawn = range(first, first + count)
        return LeaseNumbers(device, tuple(Slip(TicketId(f"ticket-{n:05d}"), f"CODE{n:04d}") for n in drawn))

    def reporting(self, number: str, at: str, service: str = "enquiry", device: str = "kiosk-1") -> ReportTicket:
        """A command to say that a kiosk gave a number out at a wall time."""
        lease = self.day.leases[device]
        code = lease.slips[int(number.removeprefix(lease.prefix))].code
        issued_at = self.instant(at)
        return ReportTicket(device=device, number=number, code=code, service=ServiceId(service), issued_at=issued_at)

    def booking(
        self,
        service: str = "enquiry",
        at: str = "11:00",
        *,
        count: int = 1,
        hold: bool = False,
        person: str | None = None,
        holder: str | None = None,
        invitation: Invited | None = None,
        staff: bool = False,
    ) -> BookAppointment:
        """A command to book a start, with an id and a code of its own."""
        self.drawn += 1
        return BookAppointment(
            appointment=AppointmentId(f"appointment-{self.drawn:05d}"),
            code=f"BOOK{self.drawn:04d}",
            service=ServiceId(service),
            starts_at=self.instant(at),
            count=count,
            channel=Channel.STAFF if staff else Channel.WEB,
            hold=hold,
            applicant=None if hold else f"applicant-{self.drawn}",
            person=person,
            holder=holder,
            invitation=invitation,
            staff=staff,
        )

    def book(self, service: str = "enquiry", at: str = "11:00", **asked: Any) -> AppointmentId:  # noqa: ANN401  (as above)
        """Book a start and return the appointment's id."""
        command = self.booking(service, at, **asked)
        self.do(command)
        return command.appointment

    def checking_in(self, appointment: AppointmentId) -> CheckIn:
        """A command to check in, with a ticket of its own."""
        self.drawn += 1
        return CheckIn(
            appointment=appointment,
            ticket=TicketId(f"ticket-{self.drawn:05d}"),
            code=f"CODE{self.drawn:04d}",
            channel=Channel.KIOSK,
        )

    def check_in(self, appointment: AppointmentId) -> TicketId:
        """Check in and return the ticket's id."""
        command = self.checking_in(appointment)
        self.do(command)
        return command.ticket

    def open(self, *counters: str) -> None:
        """Open counters for all they are planned for."""
        for counter in counters:
            self.do(OpenCounter(CounterId(counter)))

    def next(self, counter: str, finish: Finish | None = None) -> TicketId | None:
        """Call the next person and return the ticket's id; None when nobody waits."""
        return called(self.do(CallNext(CounterId(counter), finish)))

    def call(self, counter: str, ticket: TicketId) -> None:
        """Call this one, out of order."""
        self.do(CallTicket(CounterId(counter), ticket, "urgent"))

    def serve(self, counter: str) -> TicketId:
        """Call the next person and begin."""
        ticket = self.next(counter)
        assert ticket is not None, "somebody waits"
        self.do(StartTicket(ticket))
        return ticket

    def finish(self, ticket: TicketId, finish: Finish = DONE) -> None:
        """End the visit at the counter."""
        self.do(FinishTicket(ticket, finish))

    # What is there.

    def ticket(self, ticket: TicketId) -> Ticket:
        """A ticket as it is now."""
        return self.day.tickets[ticket]

    def appointment(self, appointment: AppointmentId) -> Appointment:
        """An appointment as it is now."""
        return self.day.appointments[appointment]

    def counter(self, counter: str) -> Counter:
        """A counter as it is now."""
        return self.day.counters[CounterId(counter)]

    def plan(self, document: HallDocument, revision: int = 2) -> Plan:
        """The plan of the same day after a change of the document."""
        return plan_of(document, revision, self.on)


def called(decided: list[Event]) -> TicketId | None:
    """The ticket that a command's events call."""
    found = [event.ticket for event in decided if isinstance(event, TicketCalled)]
    assert len(found) <= 1, "a command calls one person"
    return found[0] if found else None


def reason_of(decided: list[Event]) -> CallReason:
    """Why a command's events call somebody."""
    return next(event.reason for event in decided if isinstance(event, TicketCalled))


def values(day: Day) -> dict[str, Any]:
    """Everything a day knows, in values that can be compared; its indexes as plain lists."""
    state = {name: value for name, value in vars(day).items() if not name.startswith("_")}
    queue = state.pop("queue")
    state["plan"], state["regular_plan"] = day.plan, day.regular_plan
    state["lines"] = {key: list(line.places) for key, line in queue.lines.items() if line.places}
    state["follow_ons"] = {follow_on: list(places) for follow_on, places in queue.follow_ons.items()}
    state["deferred"] = list(queue.deferred)
    state["standby"] = list(queue.standby)
    state["raisable"] = list(queue.raisable)
    state["counts"], state["promises_kept"] = +queue.counts, +day.promises_kept
    state["appointment_index"] = day.appointment_index.copy()
    for name, value in state.items():
        if type(value) is dict:
            state[name] = dict(value)
    return state


def refold(hall: Hall) -> Day:
    """The day that a fresh fold of the hall's journal gives, awake as the hall's own."""
    day = Day(hall.day.hall, hall.day.on)
    for record in hall.records:
        evolve(day, record)
    day.advance_to(hall.now_at)
    return day
