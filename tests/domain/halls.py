"""A hall for tests: a day in memory with a clock that the test moves.

`Hall.do` decides a command and folds its events as the journal would store them; the clock does not move. Ids are
consecutive. Times in tests are wall times of the hall, as in `hall.at("09:30")`.
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
    """Return the town hall's document with some parts replaced."""
    return msgspec.convert({**TOWN, **changes}, HallDocument)


class Hall:
    """An opened day of a hall, with a clock that the test moves."""

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
        """Return the instant of a wall time of the day, `HH:MM` or `HH:MM:SS`; `-12:00` is noon of the day before."""
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
        """Decide a command and fold its events; `key` is its idempotency key."""
        decided = (decide if key is None else decide_with_key)(self.day, command, self.now_at)
        self._append(decided, key)
        return decided

    def refuses(self, command: Command) -> Refusal:
        """Expect a refusal that leaves the day unchanged, and return it."""
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
        """Return a command that takes a number, with a new id and code."""
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
        """Return a command that leases numbers to a kiosk."""
        first = self.drawn + 1
        self.drawn += count
        drawn = range(first, first + count)
        return LeaseNumbers(device, tuple(Slip(TicketId(f"ticket-{n:05d}"), f"CODE{n:04d}") for n in drawn))

    def reporting(self, number: str, at: str, service: str = "enquiry", device: str = "kiosk-1") -> ReportTicket:
        """Return a command that reports a number given out by an offline kiosk at a wall time."""
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
        """Return a command that books a start, with a new id and code."""
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
        """Return a command that checks in, with a new ticket."""
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
        """Open counters for the services they are planned for."""
        for counter in counters:
            self.do(OpenCounter(CounterId(counter)))

    def next(self, counter: str, finish: Finish | None = None) -> TicketId | None:
        """Call the next ticket and return its id; None if no ticket waits."""
        return called(self.do(CallNext(CounterId(counter), finish)))

    def call(self, counter: str, ticket: TicketId) -> None:
        """Call a ticket out of order."""
        self.do(CallTicket(CounterId(counter), ticket, "urgent"))

    def serve(self, counter: str) -> TicketId:
        """Call the next ticket and start its visit."""
        ticket = self.next(counter)
        assert ticket is not None, "somebody waits"
        self.do(StartTicket(ticket))
        return ticket

    def finish(self, ticket: TicketId, finish: Finish = DONE) -> None:
        """End the visit at the counter."""
        self.do(FinishTicket(ticket, finish))

    # The state.

    def ticket(self, ticket: TicketId) -> Ticket:
        """Return the present value of a ticket."""
        return self.day.tickets[ticket]

    def appointment(self, appointment: AppointmentId) -> Appointment:
        """Return the present value of an appointment."""
        return self.day.appointments[appointment]

    def counter(self, counter: str) -> Counter:
        """Return the present value of a counter."""
        return self.day.counters[CounterId(counter)]

    def plan(self, document: HallDocument, revision: int = 2) -> Plan:
        """Return the plan of the same day for another document."""
        return plan_of(document, revision, self.on)


def called(decided: list[Event]) -> TicketId | None:
    """Return the ticket called by a command's events."""
    found = [event.ticket for event in decided if isinstance(event, TicketCalled)]
    assert len(found) <= 1, "a command calls one person"
    return found[0] if found else None


def reason_of(decided: list[Event]) -> CallReason:
    """Return the reason of the call among a command's events."""
    return next(event.reason for event in decided if isinstance(event, TicketCalled))


def values(day: Day) -> dict[str, Any]:
    """Return the whole state of a day as values that can be compared, with its indexes as plain lists."""
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
    """Return a day folded again from the hall's records, advanced to the same time."""
    day = Day(hall.day.hall, hall.day.on)
    for record in hall.records:
        evolve(day, record)
    day.advance_to(hall.now_at)
    return day
