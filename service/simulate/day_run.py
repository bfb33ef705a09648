"""Run one day: a heap of scheduled actions, and the rules of the hall for everything else.

People book, come, check in and give up; counters open, call, serve and pause. All of this is done by commands, the same
that pages and clerks send. A clerk finishes a visit and calls the next person in one command, and never sends "start",
as most clerks do. A counter that finds nobody becomes idle. The next arrival makes the counter call that has been idle
for longest.
"""

from collections import deque
from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush
from typing import NamedTuple, Protocol

from service.domain.commands import (
    CallNext,
    ChangeTicket,
    CheckIn,
    Command,
    Finish,
    FinishTicket,
    LeaveQueue,
    OpenCounter,
    PauseCounter,
    SweepAppointments,
    SweepStandby,
    TakeTicket,
)
from service.domain.events import Event, TicketCalled, TicketTaken
from service.domain.model import AppointmentId, Channel, CounterId, CounterState, Outcome, Ticket, TicketClass, TicketId
from service.domain.refusals import Refusal
from service.simulate import alternating_dispatch
from service.simulate.bookings import BookedAppointment, BookedWish, book
from service.simulate.day_record import DayRecord, PromisedWait, Visit
from service.simulate.hall_setup import HallSetup, Shift
from service.simulate.people import MINUTE_MS, People, Person
from service.simulate.simulated_hall import SimulatedHall

DONE = Finish(Outcome.DONE)

MISSED_AFTER_MS = 30 * MINUTE_MS
"""After this time a person with an appointment counts as missed."""

HAPPENINGS_MAX = 1_000_000
"""The maximum number of actions on a day; more of them mean an endless loop."""


class Promiser(Protocol):
    """Returns the wait that the holder of a new ticket is promised."""

    def __call__(self, hall: SimulatedHall, ticket: Ticket) -> PromisedWait | None:
        """Return the promise; None if there is none."""


class Due(NamedTuple):
    """A scheduled action. At the same instant people come first, then counters call, then people give up."""

    at_ms: int
    order: int
    n: int
    action: Callable[[int], None]


COMES, COUNTER, GIVES_UP = range(3)


class DayRun:
    """One day of a simulated hall."""

    def __init__(
        self, setup: HallSetup, people: People, promiser: Promiser | None = None, *, keep_journal: bool = False
    ) -> None:
        """Prepare the day.

        Args:
            setup: the hall.
            people: the people of the day.
            promiser: returns the promised waits; without it none are recorded.
            keep_journal: whether the hall keeps its journal and the commands.
        """
        first_ms = min((person.books_ms for person in people.bookings), default=0)
        self.hall = SimulatedHall(setup.plan, min(first_ms, 0), keep_journal=keep_journal, truth=setup.truth)
        self._setup = setup
        self._people = people
        self._promiser = promiser
        self._heap: list[Due] = []
        self._count = 0
        self._pace = dict(zip(setup.shifts, people.pace, strict=True))
        self._resting: deque[CounterId] = deque()
        self._leaving: set[CounterId] = set()
        self._waiting: set[TicketId] = set()
        self._visits: dict[TicketId, Visit] = {}
        self._alternation_state = alternating_dispatch.AlternationState()
        self._booked: list[BookedWish] = []
        self._refused_wishes = 0
        self._refused: dict[str, list[Person]] = {}

    def run(self) -> DayRecord:
        """Run the day until no action is left."""
        for person in self._people.bookings:
            self._put(person.books_ms, COMES, partial(self._book, person))
        for person in self._people.unscheduled:
            self._put(person.arrives_ms, COMES, partial(self._come, person))
        for counter, shifts in self._setup.shifts.items():
            for shift in shifts:
                self._put_shift(counter, shift)
        for minute_ms in range(self._setup.opens_ms, self._setup.closes_ms, MINUTE_MS):
            self._put(minute_ms, COUNTER, self._sweep)
        happened = 0
        while self._heap:
            due = heappop(self._heap)
            due.action(due.at_ms)
            happened += 1
            assert happened < HAPPENINGS_MAX, "a day comes to an end"
        for ticket, admitted_ms in self.hall.admitted_ms.items():
            self._visits[ticket].admitted_ms = admitted_ms
        return DayRecord(
            setup=self._setup,
            visits=list(self._visits.values()),
            booked=self._booked,
            refused_wishes=self._refused_wishes,
            refused=self._refused,
        )

    def _put(self, at_ms: int, order: int, action: Callable[[int], None]) -> None:
        self._count += 1
        heappush(self._heap, Due(at_ms, order, self._count, action))

    def _put_shift(self, counter: CounterId, shift: Shift) -> None:
        self._put(shift.opens_ms, COUNTER, partial(self._open, counter))
        if shift.closes_ms is not None:
            self._put(shift.closes_ms, COUNTER, partial(self._end_shift, counter))

    # People.

    def _book(self, person: Person, at_ms: int) -> None:
        granted = book(self.hall, self._setup, person, at_ms)
        if granted is None:
            self._refused_wishes += 1
            return
        self._booked.append(granted.booked)
        if person.shows:
            arrives_ms = max(granted.booked.slot_ms + person.late_ms, self._setup.doors_ms)
            self._put(arrives_ms, COMES, partial(self._check_in, granted))
        self._put(granted.booked.slot_ms + MISSED_AFTER_MS, GIVES_UP, partial(self._look_for, granted.appointment))

    def _check_in(self, granted: BookedAppointment, at_ms: int) -> None:
        person = granted.booked.person
        ticket = ticket_of(person)
        command = CheckIn(
            appointment=granted.appointment, ticket=ticket, code=code_of(person, "0"), channel=Channel.KIOSK
        )
        self._arrive(person, command, at_ms, granted.booked.slot_ms)

    def _look_for(self, appointment: AppointmentId, at_ms: int) -> None:
        """Let the hall record that a person did not come, as its periodic job does."""
        if self.hall.day.appointments[appointment].ticket is None:
            self.hall.do(SweepAppointments(), at_ms)

    def _come(self, person: Person, at_ms: int) -> None:
        ticket = ticket_of(person)
        code = code_of(person, "0")
        self._arrive(
            person, TakeTicket(ticket=ticket, code=code, service=person.service, channel=Channel.KIOSK), at_ms, None
        )

    def _arrive(self, person: Person, command: Command, at_ms: int, slot_ms: int | None) -> None:
        try:
            decided = self.hall.do(command, at_ms)
        except Refusal as refusal:
            self._refused.setdefault(refusal.code, []).append(person)
            return
        taken = taken_in(decided)
        if person.class_ is TicketClass.GREEN:
            change = ChangeTicket(taken.ticket, class_=TicketClass.GREEN, reason="urgent")
            self.hall.do(change, at_ms)
        promise = None if self._promiser is None else self._promiser(self.hall, self.hall.day.tickets[taken.ticket])
        self._visits[taken.ticket] = Visit(person, taken.admission, at_ms, slot_ms, promise)
        self._waiting.add(taken.ticket)
        if person.patience_ms is not None:
            self._put(at_ms + person.patience_ms, GIVES_UP, partial(self._give_up, taken.ticket))
        if self._resting:
            self._put(at_ms, COUNTER, partial(self._call, self._resting.popleft()))

    def _sweep(self, at_ms: int) -> None:
        """Let the hall admit standby tickets that fit now, as its periodic job does."""
        if self.hall.day.queue.standby:
            self.hall.do(SweepStandby(), at_ms)

    def _give_up(self, ticket: TicketId, at_ms: int) -> None:
        if ticket in self._waiting:
            self.hall.do(LeaveQueue(ticket), at_ms)
            self._waiting.discard(ticket)
            self._visits[ticket].left_ms = at_ms

    # Counters.

    def _open(self, counter: CounterId, at_ms: int) -> None:
        self._leaving.discard(counter)
        if self.hall.day.counters[counter].state is not CounterState.OPEN:
            self.hall.do(OpenCounter(counter), at_ms)
            self._call(counter, at_ms)

    def _end_shift(self, counter: CounterId, at_ms: int) -> None:
        """Close the counter when its present visit is finished, or now if it is idle."""
        self._leaving.add(counter)
        if counter in self._resting:
            self._resting.remove(counter)
            self.hall.do(PauseCounter(counter), at_ms)

    def _call(self, counter: CounterId, at_ms: int) -> None:
        present = self.hall.day.counters[counter].ticket
        if present is not None:
            self._visits[present].over_ms = at_ms
        if counter in self._leaving:
            if present is not None:
                self.hall.do(FinishTicket(present, DONE), at_ms)
            self.hall.do(PauseCounter(counter), at_ms)
            return
        ticket = self._next(counter, present, at_ms)
        if ticket is None:
            self._resting.append(counter)
            return
        self._waiting.discard(ticket)
        visit = self._visits[ticket]
        visit.called_ms = at_ms
        lasts_ms = max(1, round(visit.person.service_ms * self._pace[counter]))
        self._put(at_ms + lasts_ms, COUNTER, partial(self._call, counter))

    def _next(self, counter: CounterId, present: TicketId | None, at_ms: int) -> TicketId | None:
        if self._setup.alternates:
            decided = alternating_dispatch.call(self.hall, self._alternation_state, counter, present, at_ms)
        else:
            decided = self.hall.do(CallNext(counter, DONE if present is not None else None), at_ms)
        return next((event.ticket for event in decided if isinstance(event, TicketCalled)), None)


def ticket_of(person: Person) -> TicketId:
    """Return the id of a person's ticket."""
    return TicketId(f"ticket-{person.n:06d}")


def code_of(person: Person, kind: str) -> str:
    """Return a code that is unique to this person."""
    return f"{kind}{person.n:07d}"


def taken_in(decided: list[Event]) -> TicketTaken:
    """Return the event that issued a ticket."""
    return next(event for event in decided if isinstance(event, TicketTaken))
