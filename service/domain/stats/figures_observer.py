"""Observe the replay of a day and count its figures."""

from collections import Counter as Tally
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct, field

from service.domain import events
from service.domain.calendar.times import LONG_AGO
from service.domain.day import Day
from service.domain.events import Record
from service.domain.model import (
    Admission,
    AppointmentId,
    AppointmentState,
    Channel,
    CounterId,
    CounterState,
    HallId,
    Rule,
    ServiceId,
    StageId,
    Ticket,
    TicketClass,
    TicketId,
    TicketState,
)
from service.domain.stats.day_figures import (
    GRADES,
    HALF,
    AtCounter,
    Booked,
    Figures,
    Half,
    Overtime,
    Promised,
    Rated,
    Seconds,
    Visits,
)
from service.domain.stats.observed_replay import replay_with_observers

IN_TIME_S = 10 * 60
"""An appointment is kept when its person is called within this time of it."""


LINE_EVERY = timedelta(minutes=5)
"""How often it is noted how many wait."""


OPEN_VISIT = "open"
"""How a visit ended that has not."""


class _Open(Struct):
    """What is known of a counter while the day goes on; `serving` is what each end added, for an undo to take back."""

    state: CounterState = CounterState.CLOSED
    stage: StageId | None = None
    since_at: datetime = LONG_AGO
    used_at: datetime = LONG_AGO
    spans: list[tuple[CounterState, StageId | None, datetime, datetime]] = field(default_factory=list)


class _End(Struct, frozen=True):
    """A person left a counter; `lasted_s` is None when a clerk forgot to say so."""

    counter: CounterId
    service: ServiceId
    class_: TicketClass
    from_at: datetime
    to_at: datetime
    lasted_s: int | None


class FiguresObserver:
    """Lives a day again, chunk by chunk; `figures` may be asked for at any time."""

    def __init__(self, hall: HallId, on: date, day: Day | None = None) -> None:
        """Begin before the first event; with a `day` who watches it is told of its events by who folds them."""
        self.day = Day(hall, on) if day is None else day
        self.line: list[tuple[datetime, int]] = []
        self._halves: dict[datetime, Tally[str]] = {}
        self._waits: dict[tuple[ServiceId, TicketClass], list[int]] = {}
        self._waited: set[tuple[TicketId, datetime]] = set()
        self._ends: dict[TicketId, list[_End]] = {}
        self._counters: dict[CounterId, _Open] = {}
        self._in_time: set[TicketId] = set()
        self._called: set[TicketId] = set()
        self._given_up: set[AppointmentId] = set()
        self._chosen: Tally[str] = Tally()
        self._green: Tally[str] = Tally()
        self._grades: Tally[int] = Tally()
        self._reasons: Tally[str] = Tally()

    @property
    def seq(self) -> int:
        """The last event that was seen."""
        return self.day.seq

    def see(self, records: Iterable[Record]) -> None:
        """Take the next events of the day, in order."""
        replay_with_observers(self.day, records, self)

    def before(self, record: Record) -> None:
        """See the day before an event."""
        if record.part == 0:  # nobody stands anywhere between two events of one command
            self._note_most()
        self._note_line(record.at)
        self._note_before(record)

    def after(self, record: Record, ticket: Ticket | None) -> None:
        """See it with the event; `ticket` is as it was before."""
        self._note(record, ticket)

    @property
    def waiting(self) -> int:
        """How many tickets wait in the order of calls."""
        return sum(self.day.queue.counts.values()) - len(self.day.queue.standby)

    def line_until(self, now_at: datetime) -> list[tuple[datetime, int]]:
        """How many waited at each `LINE_EVERY` since the doors opened, and at `now_at`."""
        self._note_line(now_at)
        return [*self.line, (now_at, self.waiting)]

    def _note_most(self) -> None:
        """Note how many wait since the last event."""
        if self.day.opened:
            half = self._half(self.day.at)
            half["most"] = max(half["most"], self.waiting)

    def _note_line(self, until_at: datetime) -> None:
        """Note how many waited at each mark that has passed since the last event."""
        day = self.day
        if not day.opened or not day.plan.windows:
            return
        doors_at = day.plan.windows[0].opens_at - timedelta(seconds=day.plan.rules.doors_before_s)
        mark = self.line[-1][0] + LINE_EVERY if self.line else _floor(doors_at, LINE_EVERY)
        while mark <= until_at and mark < day.plan.ends_at:
            self.line.append((mark, self.waiting))
            half = self._half(mark)
            half["most"] = max(half["most"], self.waiting)
            mark += LINE_EVERY

    def _half(self, at: datetime) -> Tally[str]:
        """What is counted of a half hour; what is written after the day's end, such as that end, is of its last one."""
        if self.day.opened:
            at = min(at, self.day.plan.ends_at - timedelta.resolution)
        return self._halves.setdefault(_floor(at, HALF), Tally())

    def _note_before(self, record: Record) -> None:
        match record.event:
            case events.AppointmentCancelled(appointment=appointment):
                before = self.day.appointments.get(appointment)
                if before is not None and before.state is AppointmentState.BOOKED:
                    self._given_up.add(appointment)
            case _:
                pass

    def _note(self, record: Record, before: Ticket | None) -> None:
        match record.event:
            case (
                events.CounterOpened(counter=counter)
                | events.CounterPaused(counter=counter)
                | events.CounterClosed(counter=counter)
            ):
                self._turn(counter, record.at)
            case events.TicketTaken() as taken:
                self._note_taken(taken.issued_at or record.at, taken)
            case events.TicketReclassed(class_=TicketClass.GREEN, reason=reason):
                self._green[reason] += 1
            case events.TicketRated(grade=grade, reasons=reasons):
                self._grades[grade] += 1
                self._reasons.update(reasons)
            case _ if before is not None:
                self._note_visit(record, before)
            case _:
                pass

    def _note_visit(self, record: Record, before: Ticket) -> None:
        match record.event:
            case events.TicketCalled() as called:
                self._note_call(record.at, called, before)
            case events.TicketUndone() if before.state is TicketState.DONE:
                end = self._ends[before.id].pop()
                self._half(end.to_at)["ends"] -= 1
            case events.TicketFinished() | events.TicketAdvanced():
                self._note_end(record, before, forgotten=getattr(record.event, "forgotten", False))
                self._half(record.at)["ends"] += 1
            case events.TicketReleased() | events.TicketParked() | events.TicketNoShow():
                if before.state is TicketState.SERVING:
                    put_back = not getattr(record.event, "forgotten", False)
                    self._note_end(record, before, forgotten=True, put_back=put_back)
            case _:
                pass

    def _note_taken(self, at: datetime, taken: events.TicketTaken) -> None:
        kind = "booked" if taken.class_ is TicketClass.APPOINTMENT else "walk_ins"
        self._half(at)[kind] += taken.count

    def _note_call(self, at: datetime, called: events.TicketCalled, before: Ticket) -> None:
        self._half(at)["calls"] += 1
        self._counters.setdefault(called.counter, _Open()).used_at = at
        if called.reason.rule is Rule.CHOSEN:
            assert called.reason.code is not None, "who calls out of order says why"
            self._chosen[called.reason.code] += 1
        stage_of = (before.id, before.waiting_since_at)
        if stage_of in self._waited:
            return  # put back, and called again
        self._waited.add(stage_of)
        kind = (before.service, before.class_)
        self._waits.setdefault(kind, []).append(round((at - before.waiting_since_at).total_seconds()))
        if before.slot_at is not None and before.id not in self._called:
            self._called.add(before.id)
            if (at - max(before.issued_at, before.slot_at)).total_seconds() <= IN_TIME_S:
                self._in_time.add(before.id)

    def _note_end(self, record: Record, before: Ticket, *, forgotten: bool, put_back: bool = False) -> None:
        """Somebody has left a counter."""
        counter = before.counter
        if counter is None:
            return
        from_at = before.started_at or before.called_at or record.at
        lasted_s = None if forgotten else round((record.at - from_at).total_seconds())
        to_at = from_at if forgotten and not put_back else record.at  # nobody knows when it really ended
        end = _End(counter, before.service, before.class_, from_at, to_at, lasted_s)
        self._ends.setdefault(before.id, []).append(end)
        known = self._counters.setdefault(counter, _Open())
        known.used_at = max(known.used_at, to_at)

    def _turn(self, counter: CounterId, at: datetime) -> None:
        """A counter has another state."""
        known = self._counters.setdefault(counter, _Open())
        if known.state is not CounterState.CLOSED:
            known.spans.append((known.state, known.stage, known.since_at, at))
        now = self.day.counters[counter]
        known.state, known.stage, known.since_at = now.state, now.stage, at
        if now.state is not CounterState.CLOSED:  # which may be the day's end, long after anybody was there
            known.used_at = at

    # What has come of it.

    def spans(self, now_at: datetime) -> list[tuple[CounterId, CounterState, StageId | None, datetime, datetime]]:
        """Since when until when each counter was open or paused."""
        found = []
        for counter, known in self._counters.items():
            spans = list(known.spans)
            if known.state is not CounterState.CLOSED:
                spans.append((known.state, known.stage, known.since_at, now_at))
            last_at = max(self._at_work_until(), known.used_at)
            found += [
                (counter, state, stage, from_at, min(to_at, last_at))
                for state, stage, from_at, to_at in spans
                if from_at < min(to_at, last_at)
            ]
        return found

    def arrivals(self) -> dict[datetime, tuple[int, int]]:
        """People who came in each half hour, with and without an appointment."""
        return {at: (half["booked"], half["walk_ins"]) for at, half in sorted(self._halves.items())}

    def _at_work_until(self) -> datetime:
        windows = self.day.plan.windows
        return windows[-1].closes_at if windows else LONG_AGO

    def figures(self, now_at: datetime) -> Figures:
        """What is to be said of the day so far; `now_at` is its end when it has ended."""
        day = self.day
        if not day.opened:
            return Figures(on=day.on)
        self._note_most()
        ends = [end for of_ticket in self._ends.values() for end in of_ticket]
        spans = self.spans(min(now_at, day.plan.ends_at))
        lasted: dict[tuple[ServiceId, TicketClass], list[int]] = {}
        for end in ends:
            if end.lasted_s is not None:
                lasted.setdefault((end.service, end.class_), []).append(end.lasted_s)
        states = Tally(one.state for one in day.appointments.values())
        booked, came, missed = (
            states[state] for state in (AppointmentState.BOOKED, AppointmentState.CHECKED_IN, AppointmentState.MISSED)
        )
        return Figures(
            on=day.on,
            visits=visits_by_end(day.tickets.values()),
            waits=_sorted(self._waits),
            lasted=_sorted(lasted),
            booked=Booked(
                booked=booked + came + missed + len(self._given_up),
                checked_in=came,
                missed=missed,
                cancelled=len(self._given_up),
                called_in_time=len(self._in_time),
            ),
            overtime=Overtime(
                tickets=sum(one.admission is Admission.OVERTIME for one in day.tickets.values()),
                serving_s=self._after_closing_s(ends),
            ),
            counters=_at_counters(spans, ends),
            chosen=dict(self._chosen),
            green=dict(self._green),
            promises=Promised(day.promises_kept.total(), day.promises_kept[True]),
            rated=Rated(tuple(self._grades[grade + 1] for grade in range(GRADES)), dict(self._reasons)),
            halves=self._profile(spans),
        )

    def _after_closing_s(self, ends: Iterable[_End]) -> int:
        windows = self.day.regular_plan.windows
        if not windows:
            return 0
        closing_at = windows[-1].closes_at
        return round(sum(max(0.0, (end.to_at - max(end.from_at, closing_at)).total_seconds()) for end in ends))

    def _profile(
        self, spans: Iterable[tuple[CounterId, CounterState, StageId | None, datetime, datetime]]
    ) -> dict[str, Half]:
        open_s: Tally[datetime] = Tally()
        for _, state, _, from_at, to_at in spans:
            if state is CounterState.OPEN:
                for half, seconds in half_hours_in(from_at, to_at):
                    open_s[half] += seconds
        zone = ZoneInfo(self.day.plan.time_zone)
        found: dict[str, Half] = {}
        for at in sorted({at for at, half in self._halves.items() if any(half.values())} | set(open_s)):
            counted = self._halves.get(at, Tally())
            local = f"{at.astimezone(zone):%H:%M}"
            before = found.get(local, Half())  # of the hour that the clock shows twice
            found[local] = Half(
                booked=before.booked + counted["booked"],
                walk_ins=before.walk_ins + counted["walk_ins"],
                calls=before.calls + counted["calls"],
                ends=before.ends + counted["ends"],
                waiting_most=max(before.waiting_most, counted["most"]),
                open_s=before.open_s + open_s[at],
            )
        return found


def half_hours_in(from_at: datetime, to_at: datetime) -> Iterable[tuple[datetime, int]]:
    """The half hours that a span lies in, with its seconds in each."""
    half = _floor(from_at, HALF)
    while half < to_at:
        inside = min(to_at, half + HALF) - max(from_at, half)
        yield half, round(inside.total_seconds())
        half += HALF


def _floor(at: datetime, step: timedelta) -> datetime:
    """The last mark of a step before an instant; every zone's offset is a whole number of quarters of an hour."""
    return LONG_AGO + (at - LONG_AGO) // step * step


def _sorted(found: dict[tuple[ServiceId, TicketClass], list[int]]) -> list[Seconds]:
    return [Seconds(service, class_, sorted(seconds)) for (service, class_), seconds in sorted(found.items())]


def _end_of(ticket: Ticket) -> str:
    match ticket.state:
        case TicketState.DONE:
            assert ticket.outcome is not None, "a visit that is done has an outcome"
            return ticket.outcome
        case TicketState.LEFT:
            assert ticket.left_reason is not None, "who left has a reason"
            return ticket.left_reason
        case TicketState.NO_SHOW:
            return "no_show"
        case _:
            return OPEN_VISIT


def visits_by_end(tickets: Iterable[Ticket]) -> list[Visits]:
    """Count tickets and people by service, class, channel, admission and end of the visit."""
    found: Tally[tuple[ServiceId, TicketClass, Channel, Admission, str]] = Tally()
    people: Tally[tuple[ServiceId, TicketClass, Channel, Admission, str]] = Tally()
    for one in tickets:
        kind = (one.service, one.class_, one.channel, one.admission, _end_of(one))
        found[kind] += 1
        people[kind] += one.count
    return [Visits(*kind, tickets=number, people=people[kind]) for kind, number in sorted(found.items())]


def _at_counters(
    spans: Iterable[tuple[CounterId, CounterState, StageId | None, datetime, datetime]], ends: Iterable[_End]
) -> dict[CounterId, AtCounter]:
    open_s: Tally[CounterId] = Tally()
    paused_s: Tally[CounterId] = Tally()
    serving_s: Tally[CounterId] = Tally()
    for counter, state, _, from_at, to_at in spans:
        (open_s if state is CounterState.OPEN else paused_s)[counter] += round((to_at - from_at).total_seconds())
    for end in ends:
        serving_s[end.counter] += round((end.to_at - end.from_at).total_seconds())
    return {
        counter: AtCounter(open_s[counter], paused_s[counter], serving_s[counter])
        for counter in sorted(open_s.keys() | paused_s.keys() | serving_s.keys())
    }
