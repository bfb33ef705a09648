"""A day of a hall: the state that commands are decided on, and the sorted lines that make it quick.

`Day` holds frozen values (tickets, counters, the plan) in plain dictionaries; `evolve` is the only writer. Beside them
stand indexes that can always be made anew from the values:

* a `Line` holds the waiting tickets of one stage, service and expected work, in the order of calls, so that a place, a
  rank and the work ahead each cost one bisection per line, however many wait;
* `asleep` holds the tickets that must not be called before a time of theirs: people asked for it, or they came before
  their appointment, at whatever stage, which an idle counter does not wait for. Time only moves forward in a day, so
  `wake` moves those that are due into their lines, and asking later never gives an earlier answer;
* `standby` holds, in the order of issue, the tickets that wait outside the order of calls;
* `patient` holds, in the order of calls, the places of those whom a rule for long waits, where the hall has one, may
  still raise;
* `going_on` holds the places of those in a line or at a counter who have more to do (`then`), by what that is;
* the `Diary` holds what is reckoned of the appointments: places, sums, and who is expected;
* `kept` counts the first calls that kept, or broke, what was told with the ticket;
* `spent` is, by stage, what visits took that tell today's speed, beside what they were expected to take;
* `promises` is what was forecast last; nothing is decided by it, and a day folded anew has none;
* a `Pool` remembers which counters and lines compete for a ticket, until a counter or the plan changes; its
  `CounterSharing`, one for all who share work, knows those that compete by way of others.

Copies share the values and cost one pass over the dictionaries: the lanes need them after a lost race.
"""

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from heapq import merge
from itertools import chain
from operator import attrgetter
from typing import NamedTuple, Self

from msgspec import Struct
from sortedcontainers import SortedList

from service.domain.booking.booking_totals import Booked
from service.domain.booking.expected_visits import Diary
from service.domain.calendar.plan import Plan, PlannedCounter, PlannedService, Rate
from service.domain.events import Event, Record, TicketAdmitted
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
    TicketClass,
    TicketId,
    TicketState,
    state_at,
)
from service.domain.queue.follow_on_services import FollowOn, follow_ons_of
from service.domain.queue.promised_waits import Promises
from service.domain.queue.shared_counters import CounterSharing, Staffing, WorkKind
from service.domain.refusals import AppointmentNotFound, CounterNotFound, ServiceNotFound, TicketNotFound

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Place(NamedTuple):
    """A ticket's place in the order of calls: queue time, ties by check-in, then by issue."""

    queue_at: datetime
    issued_at: datetime
    n: int
    ticket: TicketId


def place_of(ticket: Ticket) -> Place:
    """The place of a waiting ticket."""
    return Place(ticket.queue_at, ticket.issued_at, ticket.n, ticket.id)


class LineKey(NamedTuple):
    """What the tickets of a line have in common; `counter` is set while they wait for that counter only."""

    stage: StageId
    service: ServiceId
    counter: CounterId | None
    people: int
    prechecked: bool


def line_key_of(ticket: Ticket) -> LineKey:
    """The kind of line a waiting ticket stands in."""
    return LineKey(ticket.stage, ticket.service, ticket.for_counter, ticket.count, ticket.prechecked)


class Line:
    """Waiting tickets of one kind, in the order of calls.

    Each is expected to take `mean_s`, with this variance, at the stage whose counters call them now.
    """

    __slots__ = ("key", "mean_s", "places", "variance")

    def __init__(self, key: LineKey, mean_s: float, variance: float) -> None:
        self.key = key
        self.mean_s = mean_s
        self.variance = variance
        self.places: SortedList[Place] = SortedList()

    def copy(self) -> "Line":
        """A line of its own with the same tickets."""
        other = Line(self.key, self.mean_s, self.variance)
        other.places = SortedList(self.places)
        return other


class Spent(NamedTuple):
    """What visits took, and what they were expected to take, in seconds."""

    actual_s: float
    expected_s: float


NOTHING_SPENT = Spent(0.0, 0.0)


class OpenFor(NamedTuple):
    """What a counter is open for."""

    services: tuple[ServiceId, ...]
    stage: StageId


class Pool(NamedTuple):
    """Who competes with a ticket: the counters that may call it, and the lines that these counters draw from.

    `crew` are its own counters, `services` those that the lines may be of, `stage` where they all wait. `sharing` is
    all that competes by way of others too, with its `shared_lines`, and `kind` is the ticket's kind of work there.
    """

    crew: Staffing
    lines: tuple[Line, ...]
    services: frozenset[ServiceId]
    stage: StageId
    sharing: CounterSharing
    shared_lines: tuple[tuple[int, Line], ...]
    kind: int


class _AtStage(NamedTuple):
    """The counters of a stage; sets of them are the bits of a number.

    `serving` has those of each service, `kinds` the services of the same ones, `staffed` those that are not closed.
    """

    counters: list[Counter]
    serving: dict[ServiceId, int]
    kinds: dict[int, list[ServiceId]]
    staffed: int

    def sharing_with(self, service: ServiceId) -> dict[int, list[ServiceId]]:
        """The kinds that share work with a service: by counters that are not closed, or where all of a kind's are."""
        own = self.serving.get(service, 0)
        if not own:
            return {own: [service]}  # services that no counter is for have none in common
        reached, reach = {own}, own & self.staffed or own
        while found := [counters for counters in self.kinds if counters not in reached and counters & reach]:
            for counters in found:
                reached.add(counters)
                reach |= counters & self.staffed or counters
        return {counters: names for counters, names in self.kinds.items() if counters in reached}


def _at_stage(stage: StageId, counters: Iterable[Counter], planned: Mapping[CounterId, PlannedCounter]) -> _AtStage:
    """Look at the counters of a stage; not at a closed one that the plan offers no more, for nobody can open it."""
    found = [
        counter
        for counter in counters
        if counter.stage == stage and (counter.state is not CounterState.CLOSED or planned[counter.id].offered)
    ]
    serving: dict[ServiceId, int] = {}
    for n, counter in enumerate(found):
        for name in counter.services:
            serving[name] = serving.get(name, 0) | 1 << n
    kinds: dict[int, list[ServiceId]] = {}
    for name, some in serving.items():
        kinds.setdefault(some, []).append(name)
    staffed = sum(1 << n for n, counter in enumerate(found) if counter.state is not CounterState.CLOSED)
    return _AtStage(found, serving, kinds, staffed)


def _beside(plan: Plan, counters: int, at_work: int, of_stage: int) -> tuple[Rate, ...]:
    """How many of some counters of a stage the plan gives beside those at work, for as long as it does not change.

    Those at work have their part of the staff: the others wait for its next change, where that gives them somebody.
    """
    found: list[Rate] = []
    later = 0
    planned = zip(plan.rates(counters, of_stage), plan.rates(of_stage, of_stage), strict=True)
    for share, staff in reversed(tuple(planned)):
        left = max(0, staff.counters - at_work)
        found.append(share._replace(counters=min(share.counters, left)) if left or later else share)
        later += share.counters
    return tuple(reversed(found))


def _serves(counter: Counter, service: ServiceId, stage: StageId) -> bool:
    return counter.stage == stage and service in counter.services


class Part(Struct, frozen=True, gc=False):
    """One event of a command, with the ticket, counter and appointment as it left them."""

    seq: int
    at: datetime
    event: Event
    ticket: Ticket | None
    counter: Counter | None
    appointment: Appointment | None = None


class Done(Struct, frozen=True, gc=False):
    """What a command did, from its own events alone: any process repeats the same answer from it."""

    fingerprint: bytes | None
    parts: tuple[Part, ...]

    @property
    def seq(self) -> int:
        """The day's `seq` after the command."""
        return self.parts[-1].seq

    @property
    def last(self) -> Part:
        """The last thing that was asked for: who was admitted from standby by the way does not count."""
        last = self.parts[-1]
        if not isinstance(last.event, TicketAdmitted):
            return last
        return next(part for part in reversed(self.parts) if not isinstance(part.event, TicketAdmitted))


class Day:
    """One hall on one date. Read freely; only `evolve` writes."""

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
        self.diary = Diary()
        self.invitations: dict[str, TicketId] = {}
        self.returned: dict[TicketId, TicketId] = {}
        self.counters: dict[CounterId, Counter] = {}
        self.open_before: dict[CounterId, OpenFor] = {}
        """What counters were open for when they were last closed."""
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
        self.done: dict[str, Done] = {}
        self.done_yesterday: Mapping[str, Done] = {}
        self.promises: Promises | None = None
        self.kept: Tally[bool] = Tally()
        self.spent: dict[StageId, Spent] = {}
        self._plan: Plan | None = None
        self._regular: Plan | None = None
        self.lines: dict[LineKey, Line] = {}
        self.asleep: SortedList[tuple[datetime, TicketId]] = SortedList()
        self.standby: SortedList[tuple[int, TicketId]] = SortedList()
        self.patient: SortedList[Place] = SortedList()
        self.going_on: dict[FollowOn, SortedList[Place]] = {}
        self.waiting: Tally[tuple[ServiceId, TicketClass]] = Tally()
        self._awake_at = LONG_AGO
        self._pools: dict[tuple[StageId, ServiceId], Pool] = {}
        self._shared: dict[tuple[StageId, frozenset[ServiceId]], CounterSharing] = {}
        self._there: dict[StageId, _AtStage] = {}
        self._draws: dict[CounterId, tuple[Line, ...]] = {}
        self._at_door: tuple[tuple[int, datetime], Mapping[ServiceId, AtDoor]] | None = None

    def copy(self) -> Self:
        """A day of its own that shares the frozen values."""
        other = self.__class__(self.hall, self.on)
        other.__dict__.update(self.__dict__)
        for name in ("tickets", "appointments", "counters", "notices", "alarms", "browsers", "spent", "open_before"):
            setattr(other, name, dict(getattr(self, name)))
        for name in ("invitations", "returned", "numbers", "leases", "printers", "done"):
            setattr(other, name, dict(getattr(self, name)))
        other.diary = self.diary.copy()
        other.lines = {key: line.copy() for key, line in self.lines.items()}
        other.asleep = SortedList(self.asleep)
        other.standby = SortedList(self.standby)
        other.patient = SortedList(self.patient)
        other.going_on = {what: SortedList(places) for what, places in self.going_on.items()}
        other.waiting = Tally(self.waiting)
        other.kept = Tally(self.kept)
        other.forget_pools()
        return other

    # What the day knows.

    @property
    def plan(self) -> Plan:
        """The plan of the day, overtime with it; every day begins with one."""
        assert self._plan is not None, "the first event of a day is day_opened"
        return self._plan

    @property
    def regular(self) -> Plan:
        """The plan as the hall document has it, without overtime."""
        assert self._regular is not None, "the first event of a day is day_opened"
        return self._regular

    @property
    def booked(self) -> Booked:
        """The running sums of the appointments."""
        return self.diary.booked

    @property
    def opened(self) -> bool:
        """Tell whether the day has begun."""
        return self._plan is not None

    def ticket(self, ticket: TicketId) -> Ticket:
        """A ticket of today. Raises TicketNotFound."""
        found = self.tickets.get(ticket)
        if found is None:
            raise TicketNotFound
        return found

    def appointment(self, appointment: AppointmentId) -> Appointment:
        """An appointment of today. Raises AppointmentNotFound."""
        found = self.appointments.get(appointment)
        if found is None:
            raise AppointmentNotFound
        return found

    def counter(self, counter: CounterId) -> Counter:
        """A counter of the hall. Raises CounterNotFound."""
        found = self.counters.get(counter)
        if found is None:
            raise CounterNotFound
        return found

    def service(self, service: ServiceId) -> PlannedService:
        """A service on offer today. Raises ServiceNotFound."""
        found = self.plan.services.get(service)
        if found is None or not found.offered:
            raise ServiceNotFound
        return found

    def suspended_at(self, now_at: datetime) -> Suspension | None:
        """The suspension in force at `now_at`."""
        suspension = self.suspension
        return suspension if suspension is not None and suspension.covers(now_at) else None

    def suspended_s(self, since_at: datetime, now_at: datetime) -> float:
        """Seconds from `since_at` to `now_at` in which the hall was suspended."""
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
        """Seconds from `since_at` to `now_at` in which the hall was not suspended: no-show clocks go by it."""
        return (now_at - since_at).total_seconds() - self.suspended_s(since_at, now_at)

    def late_from(self, slot_at: datetime, now_at: datetime) -> datetime:
        """When the grace begins, as of `now_at`, of who has not come to a slot; of a later slot it is never earlier."""
        return slot_at + self._suspended(slot_at, now_at)

    def expected_late(
        self, since_at: datetime, until_at: datetime | None, now_at: datetime
    ) -> Iterator[tuple[datetime, datetime]]:
        """The slots to which people have not come by `now_at`, in order, each with when the grace begins.

        Only those whose grace begins from `since_at` on, and before `until_at` unless that is None.
        """
        excused_s = self.suspended_s(self.plan.starts_at, now_at)
        earliest_at = since_at - timedelta(seconds=excused_s)
        for slot_at in self.diary.expected.irange(earliest_at, until_at, (True, False)):
            late_from_at = self.late_from(slot_at, now_at)
            if late_from_at >= since_at and (until_at is None or late_from_at < until_at):
                yield slot_at, late_from_at

    def state_of(self, appointment: Appointment, now_at: datetime) -> AppointmentState:
        """Where an appointment is at `now_at`, written down or not: a hold may be over, and who is expected late."""
        suspended_s = self.suspended_s(appointment.starts_at, now_at)
        return state_at(appointment.state, appointment.starts_at, appointment.expires_at, now_at, suspended_s)

    def find_done(self, command_id: str) -> Done | None:
        """What a command with this id did, today or the day before."""
        return self.done.get(command_id) or self.done_yesterday.get(command_id)

    # Who stands where.

    def stage_now(self, service: ServiceId, stage: StageId) -> StageId:
        """The stage whose counters may call a ticket that waits at `stage`.

        An optional stage with no open counter for the service is skipped (CONTRACT 4).
        """
        optional = self.plan.optional_stages
        stages = self.plan.services[service].stages
        if stage not in stages:
            stage = stages[0]  # the hall document changed, and the service begins anew
        if stage not in optional:
            return stage
        following = stages[stages.index(stage) :]
        for here in following[:-1]:
            if here not in optional or self._has_open_counter(here, service):
                return here
        return following[-1]

    def _has_open_counter(self, stage: StageId, service: ServiceId) -> bool:
        return any(
            counter.state is CounterState.OPEN and _serves(counter, service, stage)
            for counter in self.counters.values()
        )

    def lines_for(self, counter: Counter) -> tuple[Line, ...]:
        """The lines an open counter draws its next ticket from."""
        found = self._draws.get(counter.id)
        if found is None:
            found = tuple(line for line in self.lines.values() if self.draws_from(counter, line.key))
            self._draws[counter.id] = found
        return found

    def draws_from(self, counter: Counter, key: LineKey) -> bool:
        """Tell whether a counter may call the tickets of a line.

        A ticket sent to one counter is that counter's until it closes, or opens for other things; then it is
        anybody's who serves its kind.
        """
        stage = self.stage_now(key.service, key.stage)
        if not _serves(counter, key.service, stage):
            return False
        if key.counter is None or key.counter == counter.id:
            return True
        wanted = self.counters.get(key.counter)
        return wanted is None or wanted.state is CounterState.CLOSED or not _serves(wanted, key.service, stage)

    def pool(self, service: ServiceId, stage: StageId) -> Pool:
        """The counters that may call a ticket of this service and stage, and the lines that compete for them."""
        found = self._pools.get((stage, service))
        if found is None:
            found = self._pools[stage, service] = self._make_pool(service, self.stage_now(service, stage))
        return found

    def _make_pool(self, service: ServiceId, stage: StageId) -> Pool:
        there = self._there.get(stage)
        if there is None:
            there = self._there[stage] = _at_stage(stage, self.counters.values(), self.plan.counters)
        own = there.serving.get(service, 0)
        at_own = own & there.staffed or own
        kinds = there.sharing_with(service)
        among = frozenset(chain.from_iterable(kinds.values()))
        sharing = self._shared.get((stage, among))
        if sharing is None:
            sharing = self._shared[stage, among] = self._make_sharing(kinds, there.counters)
        lines = tuple(
            (sharing.kind_of[line.key.service], line)
            for line in self.lines.values()
            if line.key.service in sharing.kind_of and self.stage_now(line.key.service, line.key.stage) == stage
        )
        services = frozenset(name for name, counters in there.serving.items() if counters & at_own) | {service}
        return Pool(
            crew=sharing.crew_of(sharing.kind_of[service]),
            lines=tuple(line for _, line in lines if line.key.service in services),
            services=services,
            stage=stage,
            sharing=sharing,
            shared_lines=lines,
            kind=sharing.kind_of[service],
        )

    def _make_sharing(self, kinds: Mapping[int, list[ServiceId]], at_stage: Sequence[Counter]) -> CounterSharing:
        at_work = sum(
            1 << n
            for n, counter in enumerate(at_stage)
            if counter.state is CounterState.OPEN or counter.back_at is not None
        )

        def crew_of(ready: int, all_of_them: int) -> Staffing:
            theirs = [counter for n, counter in enumerate(at_stage) if ready & 1 << n]
            return Staffing(
                open=tuple(counter.id for counter in theirs if counter.state is CounterState.OPEN),
                back_at=tuple(sorted(counter.back_at for counter in theirs if counter.back_at is not None)),
                others=_beside(self.plan, others.bit_count(), at_work.bit_count(), len(at_stage))
                if (others := ready & ~at_work)
                else (),
                planned=self.plan.rates(all_of_them.bit_count(), len(at_stage)),
            )

        return CounterSharing(
            (WorkKind(frozenset(names), counters, counters & at_work or counters) for counters, names in kinds.items()),
            crew_of,
        )

    def line_holding(self, ticket: Ticket) -> Line | None:
        """The line a ticket stands in; None when it is not among those who may be called."""
        return self._line_of(ticket) if self.is_in_line(ticket) else None

    def is_here(self, ticket: Ticket) -> bool:
        """Tell whether somebody is in a line or at a counter."""
        return ticket.counter is not None or self.is_in_line(ticket)

    def standby_before(self, n: int) -> Iterator[Ticket]:
        """Who is on standby and took a number before the one that was issued as `n`."""
        for _, ticket in self.standby.irange(maximum=(n, TicketId(""))):
            yield self.tickets[ticket]

    def admission_at(self, at: datetime) -> Admission:
        """How people come in who are let in: by overtime, when the doors would be shut without it."""
        late = self.overtime is not None and not self.regular.doors_open_at(at)
        return Admission.OVERTIME if late else Admission.ADMITTED

    def at_door(self, now_at: datetime, find: Callable[[], Mapping[ServiceId, AtDoor]]) -> Mapping[ServiceId, AtDoor]:
        """What newcomers get: found once in each second in which nothing happens to the day."""
        moment = (self.seq, now_at.replace(microsecond=0))
        if self._at_door is None or self._at_door[0] != moment:
            self._at_door = (moment, find())
        return self._at_door[1]

    def forget_pools(self) -> None:
        """Drop what was remembered about counters and lines; it is made anew when asked for."""
        self._at_door = None
        self._pools = {}
        self._shared = {}
        self._there = {}
        self._draws = {}

    def wake(self, now_at: datetime) -> None:
        """Move the tickets whose time has come into their lines."""
        self._awake_at = max(self._awake_at, now_at)
        while self.asleep and self.asleep[0][0] <= self._awake_at:
            ticket = self.tickets[self.asleep.pop(0)[1]]
            self._line_of(ticket).places.add(place_of(ticket))
            self._go_on(ticket)

    # What only `evolve` calls.

    def put(self, ticket: Ticket) -> None:
        """Take over a ticket's new value, and its place with it."""
        before = self.tickets.get(ticket.id)
        if before is not None:
            self._go_on(before, no_more=True)
            if before.state is TicketState.WAITING:
                self._unplace(before)
        self.tickets[ticket.id] = ticket
        if ticket.state is TicketState.WAITING:
            self._place(ticket)
        self._go_on(ticket)

    def put_appointment(self, appointment: Appointment) -> None:
        """Take over an appointment's new value, and what is reckoned of it."""
        self.diary.put(self.regular, self.appointments.get(appointment.id), appointment)
        self.appointments[appointment.id] = appointment

    def forget_appointment(self, appointment: AppointmentId) -> None:
        """Let an appointment go that another day has taken over."""
        self.diary.put(self.regular, self.appointments.pop(appointment), None)

    def put_counter(self, counter: Counter) -> None:
        """Take over a counter's new value."""
        before = self.counters.get(counter.id)
        self.counters[counter.id] = counter
        if before is None or (before.state, before.stage, before.services) != (
            counter.state,
            counter.stage,
            counter.services,
        ):
            self.forget_pools()
            for line in self.lines.values():
                line.mean_s, line.variance = self._expected(line.key)  # an optional stage may be another's work now

    def put_plan(self, plan: Plan) -> None:
        """Take over a plan: counters and lines follow it."""
        self._regular = plan
        self.put_overtime(self.overtime)
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
        self.diary = Diary.of(plan, self.appointments.values(), closed=self.closed)
        self.lines = {}
        self.asleep = SortedList()
        self.standby = SortedList()
        self.patient = SortedList()
        self.going_on = {}
        self.waiting = Tally()
        self.forget_pools()
        for ticket in self.tickets.values():
            if ticket.state is TicketState.WAITING:
                self._place(ticket)
            self._go_on(ticket)

    def put_overtime(self, overtime: Overtime | None) -> None:
        """Take over the overtime, or that there is none any more."""
        self.overtime = overtime
        self._plan = self.regular if overtime is None else self.regular.with_overtime(overtime)
        self.forget_pools()

    def _line_of(self, ticket: Ticket) -> Line:
        key = line_key_of(ticket)
        line = self.lines.get(key)
        if line is None:
            line = self.lines[key] = Line(key, *self._expected(key))
            self.forget_pools()
        return line

    def _expected(self, key: LineKey) -> tuple[float, float]:
        """Mean and variance of what a ticket of a line takes where it is called now, in seconds."""
        service = self.plan.services[key.service]
        stage = self.stage_now(key.service, key.stage)
        return (
            service.expected_s(stage, key.people, prechecked=key.prechecked),
            service.variance(stage, key.people, prechecked=key.prechecked),
        )

    def wakes_at(self, ticket: Ticket) -> datetime:
        """When a waiting ticket is due: after `not_before_at`, and from when on its appointment counts.

        That is so at every stage, and for who was called before it rather than nobody, and waits again.
        """
        return max(ticket.not_before_at or LONG_AGO, self.counts_from(ticket))

    def counts_from(self, ticket: Ticket) -> datetime:
        """From when on the appointment that a ticket is checked in for counts: `early_s` before its slot."""
        if ticket.slot_at is None or ticket.class_ is not TicketClass.APPOINTMENT:
            return LONG_AGO
        return ticket.slot_at - timedelta(seconds=self.plan.rules.early_s)

    def early(self) -> Iterator[Ticket]:
        """Those who sleep only because they came before their appointment, by the time they wake."""
        for _, ticket_id in self.asleep:
            ticket = self.tickets[ticket_id]
            if ticket.not_before_at is None or ticket.not_before_at <= self._awake_at:
                yield ticket

    def standby_due(self, also: Ticket | None = None) -> Iterator[Ticket]:
        """Those on standby who may be called, in the order of issue; `also`, if on standby, is one more of them."""
        joins = () if also is None or also.admission is not Admission.STANDBY else (also,)
        for ticket in merge((self.tickets[ticket_id] for _, ticket_id in self.standby), joins, key=attrgetter("n")):
            if not self.sleeps(ticket):
                yield ticket

    def sleeps(self, ticket: Ticket) -> bool:
        """Tell whether a waiting ticket is not due yet, as of when the day was last awake."""
        return self.wakes_at(ticket) > self._awake_at

    def is_in_line(self, ticket: Ticket) -> bool:
        """Tell whether a ticket is among those who may be called now, in the order of calls."""
        outside = ticket.state is not TicketState.WAITING or ticket.admission is Admission.STANDBY
        return not outside and not self.sleeps(ticket)

    def _go_on(self, ticket: Ticket, *, no_more: bool = False) -> None:
        """Take over, or forget, what somebody goes on with who is here."""
        if not ticket.then or not self.is_here(ticket):
            return
        for what in follow_ons_of(self.plan, ticket):
            places = self.going_on.setdefault(what, SortedList())
            if no_more:
                places.remove(place_of(ticket))
            else:
                places.add(place_of(ticket))
            if not places:
                del self.going_on[what]

    def _is_patient(self, ticket: Ticket) -> bool:
        if self.plan.rules.max_walk_in_wait_s is None or ticket.admission is Admission.STANDBY:
            return False
        return ticket.may_be_raised

    def _place(self, ticket: Ticket) -> None:
        self.waiting[ticket.service, ticket.class_] += 1
        if self._is_patient(ticket):
            self.patient.add(place_of(ticket))
        if ticket.admission is Admission.STANDBY:
            self.standby.add((ticket.n, ticket.id))
        elif self.sleeps(ticket):
            self.asleep.add((self.wakes_at(ticket), ticket.id))
        else:
            self._line_of(ticket).places.add(place_of(ticket))

    def _unplace(self, ticket: Ticket) -> None:
        self.waiting[ticket.service, ticket.class_] -= 1
        if self._is_patient(ticket):
            self.patient.remove(place_of(ticket))
        if ticket.admission is Admission.STANDBY:
            self.standby.remove((ticket.n, ticket.id))
        elif self.sleeps(ticket):
            self.asleep.remove((self.wakes_at(ticket), ticket.id))
        else:
            self._line_of(ticket).places.remove(place_of(ticket))

    def remember(self, record: Record, part: Part) -> None:
        """Keep what a command with an idempotency key did, for whoever asks again."""
        if record.fingerprint is not None:
            before = self.done.get(record.command_id)
            parts = (*before.parts, part) if before else (part,)
            self.done[record.command_id] = Done(record.fingerprint, parts)
