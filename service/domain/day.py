"""A day of a hall: the state that commands are decided on.

`Day` holds frozen values (tickets, appointments, counters, the plan) in dictionaries, and indexes over them that can be
rebuilt at any time: `queue` over the waiting tickets, `appointment_index` over the appointments. Only `evolve` changes
a day.

A copy shares the frozen values and costs one pass over the dictionaries. Lanes need copies after a lost race.
"""

from collections import Counter as Tally
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple, Self

from service.domain.booking.appointment_index import AppointmentIndex
from service.domain.booking.booking_totals import BookingTotals
from service.domain.calendar.plan import Plan, PlannedService
from service.domain.calendar.times import LONG_AGO
from service.domain.command_results import CommandResult, ResultPart
from service.domain.events import Record
from service.domain.model import (
    Admission,
    Alarm,
    Appointment,
    AppointmentId,
    AppointmentState,
    AtDoor,
    Counter,
    CounterId,
    CounterState,
    HallId,
    Lease,
    Notice,
    Overtime,
    Printer,
    ServiceId,
    StageId,
    Suspension,
    Ticket,
    TicketId,
    state_at,
)
from service.domain.queue.counter_pools import CounterPools
from service.domain.queue.promises import Promises
from service.domain.queue.waiting_queue import WaitingQueue
from service.domain.refusals import AppointmentNotFound, CounterNotFound, ServiceNotFound, TicketNotFound


class ServiceTimes(NamedTuple):
    """Total duration of visits and their total expected duration, in seconds."""

    actual_s: float
    expected_s: float


NO_SERVICE_TIMES = ServiceTimes(0.0, 0.0)


class CounterWork(NamedTuple):
    """The services and the stage that a counter serves."""

    services: tuple[ServiceId, ...]
    stage: StageId


class Day:
    """One hall on one date. Any code may read it; only `evolve` changes it.

    `seq` and `at` are those of the last event. `returned` maps a ticket of an earlier day to the ticket that used its
    right to return, `invitations` and `browsers` map to the tickets taken with them. `numbers` holds the last number
    issued by prefix, `issued` the count of issued tickets. `results` holds the results of commands with an idempotency
    key, `results_yesterday` those of the day before. `promises` is the latest wait forecast: no decision uses it, and
    a day folded again from its events has none. `promises_kept` counts first calls inside (True) and outside (False)
    the promised wait. `service_times` holds, by stage, the visits that tell today's speed. `work_before_closing` is
    what each counter served when it was last closed.
    """

    def __init__(self, hall: HallId, on: date) -> None:
        self.hall = hall
        self.on = on
        self.seq = 0
        self.at = LONG_AGO
        self.closed = False
        self.ended = False
        self.tickets: dict[TicketId, Ticket] = {}
        self.appointments: dict[AppointmentId, Appointment] = {}
        self.appointments_made = 0
        self.appointment_index = AppointmentIndex()
        self.invitations: dict[str, TicketId] = {}
        self.returned: dict[TicketId, TicketId] = {}
        self.counters: dict[CounterId, Counter] = {}
        self.work_before_closing: dict[CounterId, CounterWork] = {}
        self.notices: dict[str, Notice] = {}
        self.alarms: dict[str, Alarm] = {}
        self.browsers: dict[str, TicketId] = {}
        self.overtime: Overtime | None = None
        self.suspension: Suspension | None = None
        self.suspended_spans: tuple[tuple[datetime, datetime], ...] = ()
        self.numbers: dict[str, int] = {}
        self.leases: dict[str, Lease] = {}
        self.printers: dict[str, Printer] = {}
        self.issued = 0
        self.results: dict[str, CommandResult] = {}
        self.results_yesterday: Mapping[str, CommandResult] = {}
        self.promises: Promises | None = None
        self.promises_kept: Tally[bool] = Tally()
        self.service_times: dict[StageId, ServiceTimes] = {}
        self.queue = WaitingQueue(self.tickets, self.counters)
        self._regular_plan: Plan | None = None
        self._plan: Plan | None = None
        self._at_door: tuple[tuple[int, datetime, CounterPools], Mapping[ServiceId, AtDoor]] | None = None

    def copy(self) -> Self:
        """Return an independent day that shares the frozen values."""
        other = self.__class__(self.hall, self.on)
        other.__dict__.update(self.__dict__)
        for name in ("tickets", "appointments", "counters", "notices", "alarms", "browsers", "service_times"):
            setattr(other, name, dict(getattr(self, name)))
        for name in ("invitations", "returned", "numbers", "leases", "printers", "results", "work_before_closing"):
            setattr(other, name, dict(getattr(self, name)))
        other.appointment_index = self.appointment_index.copy()
        other.promises_kept = Tally(self.promises_kept)
        other.queue = self.queue.copy(other.tickets, other.counters)
        return other

    # Lookups.

    @property
    def opened(self) -> bool:
        """Tell whether the day has begun: its first event, `day_opened`, sets the plan."""
        return self._regular_plan is not None

    @property
    def plan(self) -> Plan:
        """The plan of the day, overtime included. The day must be opened."""
        assert self._plan is not None, "the first event of a day is day_opened"
        return self._plan

    @property
    def regular_plan(self) -> Plan:
        """The plan as the hall document has it, without overtime. The day must be opened."""
        assert self._regular_plan is not None, "the first event of a day is day_opened"
        return self._regular_plan

    @property
    def pools(self) -> CounterPools:
        """The counters and lines that compete for tickets."""
        return self.queue.pools

    @property
    def booking_totals(self) -> BookingTotals:
        """The running totals of the booked work."""
        return self.appointment_index.booked

    def ticket(self, ticket: TicketId) -> Ticket:
        """Return a ticket of today. Raises TicketNotFound."""
        found = self.tickets.get(ticket)
        if found is None:
            raise TicketNotFound
        return found

    def appointment(self, appointment: AppointmentId) -> Appointment:
        """Return an appointment of today. Raises AppointmentNotFound."""
        found = self.appointments.get(appointment)
        if found is None:
            raise AppointmentNotFound
        return found

    def counter(self, counter: CounterId) -> Counter:
        """Return a counter of the hall. Raises CounterNotFound."""
        found = self.counters.get(counter)
        if found is None:
            raise CounterNotFound
        return found

    def service(self, service: ServiceId) -> PlannedService:
        """Return a service on offer today. Raises ServiceNotFound."""
        found = self.plan.services.get(service)
        if found is None or not found.offered:
            raise ServiceNotFound
        return found

    def find_result(self, command_id: str) -> CommandResult | None:
        """Return the result of an earlier command with this id, of today or of the day before."""
        return self.results.get(command_id) or self.results_yesterday.get(command_id)

    def at_door(self, now_at: datetime, find: Callable[[], Mapping[ServiceId, AtDoor]]) -> Mapping[ServiceId, AtDoor]:
        """Return what newcomers get by service; call `find` at most once a second while the day does not change."""
        state = (self.seq, now_at.replace(microsecond=0), self.pools)
        if self._at_door is None or self._at_door[0] != state:
            self._at_door = (state, find())
        return self._at_door[1]

    def admission_at(self, at: datetime) -> Admission:
        """Return how a ticket admitted at `at` is marked: as overtime if only overtime keeps the doors open."""
        late = self.overtime is not None and not self.regular_plan.doors_open_at(at)
        return Admission.OVERTIME if late else Admission.ADMITTED

    # Suspensions and lateness.

    def suspended_at(self, now_at: datetime) -> Suspension | None:
        """Return the suspension in force at `now_at`."""
        suspension = self.suspension
        return suspension if suspension is not None and suspension.covers(now_at) else None

    def suspended_s(self, since_at: datetime, now_at: datetime) -> float:
        """Return for how many seconds between `since_at` and `now_at` the hall was suspended."""
        return self._suspended(since_at, now_at).total_seconds()

    def _suspended(self, since_at: datetime, now_at: datetime) -> timedelta:
        none = timedelta()
        if self.suspension is None and not self.suspended_spans:
            return none
        spans = list(self.suspended_spans)
        if self.suspension is not None:
            until_at = self.suspension.until_at
            spans.append((self.suspension.since_at, now_at if until_at is None else min(until_at, now_at)))
        return sum((max(none, min(to_at, now_at) - max(from_at, since_at)) for from_at, to_at in spans), none)

    def unsuspended_s(self, since_at: datetime, now_at: datetime) -> float:
        """Return for how many seconds between `since_at` and `now_at` the hall was not suspended.

        No-show times are measured in these seconds.
        """
        return (now_at - since_at).total_seconds() - self.suspended_s(since_at, now_at)

    def late_from(self, slot_at: datetime, now_at: datetime) -> datetime:
        """Return when lateness starts, as of `now_at`, for people not checked in to a slot: later by any suspension.

        It is never earlier for a later slot.
        """
        return slot_at + self._suspended(slot_at, now_at)

    def expected_late(
        self, since_at: datetime, until_at: datetime | None, now_at: datetime
    ) -> Iterator[tuple[datetime, datetime]]:
        """Yield the slots with expected people whose lateness starts in a span of time.

        Args:
            since_at: start of the span, included.
            until_at: end of the span, excluded; None for no end.
            now_at: the present instant.

        Yields:
            The start of the slot and the start of the lateness, in order.
        """
        excused_s = self.suspended_s(self.plan.starts_at, now_at)
        earliest_at = since_at - timedelta(seconds=excused_s)
        for slot_at in self.appointment_index.expected.irange(earliest_at, until_at, (True, False)):
            late_from_at = self.late_from(slot_at, now_at)
            if late_from_at >= since_at and (until_at is None or late_from_at < until_at):
                yield slot_at, late_from_at

    def state_of(self, appointment: Appointment, now_at: datetime) -> AppointmentState:
        """Return the state of an appointment at `now_at`: time ends holds and bookings before an event records it."""
        suspended_s = self.suspended_s(appointment.starts_at, now_at)
        return state_at(appointment.state, appointment.starts_at, appointment.expires_at, now_at, suspended_s)

    # Changes: `advance_to` for `decide` and for readers of the day, the rest for `evolve` only.

    def advance_to(self, now_at: datetime) -> None:
        """Let deferred tickets that are due at `now_at` join the order of calls."""
        self.queue.advance_to(now_at)

    def store_ticket(self, ticket: Ticket) -> None:
        """Store a new ticket, or a new value of a ticket."""
        before = self.tickets.get(ticket.id)
        self.tickets[ticket.id] = ticket
        self.queue.replace(before, ticket)

    def store_appointment(self, appointment: Appointment) -> None:
        """Store a new appointment, or a new value of an appointment."""
        self.appointment_index.update(self.regular_plan, self.appointments.get(appointment.id), appointment)
        self.appointments[appointment.id] = appointment

    def remove_appointment(self, appointment: AppointmentId) -> None:
        """Remove an appointment that was moved to another day."""
        self.appointment_index.update(self.regular_plan, self.appointments.pop(appointment), None)

    def store_counter(self, counter: Counter) -> None:
        """Store a new value of a counter."""
        before = self.counters.get(counter.id)
        self.counters[counter.id] = counter
        if before is None or (before.state, before.stage, before.services) != (
            counter.state,
            counter.stage,
            counter.services,
        ):
            self.queue.forget_pools()
            self.queue.update_service_times()

    def set_plan(self, plan: Plan) -> None:
        """Set the plan. Closed counters take its values, and counters it no longer has are removed."""
        self._regular_plan = plan
        self.set_overtime(self.overtime)
        for planned in plan.counters.values():
            now = self.counters.get(planned.id)
            if now is None or now.state is CounterState.CLOSED:
                self.counters[planned.id] = Counter(
                    id=planned.id,
                    zone=planned.zone,
                    stage=planned.stage,
                    services=planned.services,
                    since_at=now.since_at if now else None,
                    seq=self.seq,
                )
        for gone in self.counters.keys() - plan.counters.keys():
            del self.counters[gone]
        self.appointment_index = AppointmentIndex.of(plan, self.appointments.values(), closed=self.closed)
        self.queue.rebuild()

    def set_overtime(self, overtime: Overtime | None) -> None:
        """Set the overtime; None ends it."""
        self.overtime = overtime
        regular = self.regular_plan
        self._plan = regular if overtime is None else regular.with_overtime(overtime)
        self.queue.set_plan(self._plan)

    def record_result(self, record: Record, part: ResultPart) -> None:
        """Add an event to the result of its command, if the command has an idempotency key."""
        if record.fingerprint is not None:
            before = self.results.get(record.command_id)
            parts = (*before.parts, part) if before else (part,)
            self.results[record.command_id] = CommandResult(record.fingerprint, parts)
