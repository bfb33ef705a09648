"""Collect the figures of a day during a replay of its events.

A visit begins when its number is taken, also if an offline kiosk reports it later. The number of waiting people is the
one known at that time. A wait lasts from the ticket, or from the end of the previous stage, to the first call of the
stage. A booked person is called in time within ten minutes of the appointment, or of arriving if they came later. A
counter counts as open until it is closed, but not beyond the working time of the hall.

Source: CONTRACT 5 (`GET …/report`); DESIGN 6 (waits), 9.
"""

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
"""An appointment is called in time if the call comes at most this long after it."""

WAITING_STEP = timedelta(minutes=5)
"""The step at which the number of waiting tickets is recorded."""

OPEN_VISIT = "open"
"""The `end` of a visit that has not ended."""


class _CounterHistory(Struct):
    """The states of a counter so far.

    `since_at` is when the present state began, `used_at` when a person or clerk was last there. `spans` are the past
    open and paused times.
    """

    state: CounterState = CounterState.CLOSED
    stage: StageId | None = None
    since_at: datetime = LONG_AGO
    used_at: datetime = LONG_AGO
    spans: list[tuple[CounterState, StageId | None, datetime, datetime]] = field(default_factory=list)


class _CounterVisit(Struct, frozen=True):
    """The end of a person's time at a counter; `lasted_s` is None if the clerk forgot to finish it."""

    counter: CounterId
    service: ServiceId
    class_: TicketClass
    from_at: datetime
    to_at: datetime
    lasted_s: int | None


class FiguresObserver:
    """Observes the events of a day. `figures` can be requested at any time."""

    def __init__(self, hall: HallId, on: date, day: Day | None = None) -> None:
        """Start before the first event. With `day`, the caller applies the events to it and calls the observer."""
        self.day = Day(hall, on) if day is None else day
        self._waiting_history: list[tuple[datetime, int]] = []
        self._halves: dict[datetime, Tally[str]] = {}
        self._waits: dict[tuple[ServiceId, TicketClass], list[int]] = {}
        self._waited: set[tuple[TicketId, datetime]] = set()
        self._ends: dict[TicketId, list[_CounterVisit]] = {}
        self._counters: dict[CounterId, _CounterHistory] = {}
        self._in_time: set[TicketId] = set()
        self._called: set[TicketId] = set()
        self._cancelled: set[AppointmentId] = set()
        self._chosen: Tally[str] = Tally()
        self._green: Tally[str] = Tally()
        self._grades: Tally[int] = Tally()
        self._reasons: Tally[str] = Tally()

    @property
    def seq(self) -> int:
        """The number of the last observed event."""
        return self.day.seq

    def replay(self, records: Iterable[Record]) -> None:
        """Apply and observe the next events of the day, in order."""
        replay_with_observers(self.day, records, self)

    def before_event(self, record: Record) -> None:
        """Observe the day before an event."""
        if record.part == 0:  # between two events of one command the waiting number is not meaningful
            self._record_waiting_peak()
        self._record_waiting_until(record.at)
        self._record_cancellation(record)

    def after_event(self, record: Record, ticket: Ticket | None) -> None:
        """Observe the day after an event; `ticket` is the ticket of the event as it was before."""
        self._record(record, ticket)

    @property
    def waiting(self) -> int:
        """The number of tickets that wait in the order of calls."""
        return sum(self.day.queue.counts.values()) - len(self.day.queue.standby)

    def waiting_history(self, now_at: datetime) -> list[tuple[datetime, int]]:
        """Return the number of waiting tickets at each `WAITING_STEP` since the doors opened, and at `now_at`."""
        self._record_waiting_until(now_at)
        return [*self._waiting_history, (now_at, self.waiting)]

    def _record_waiting_peak(self) -> None:
        """Record the number of waiting tickets since the last event, if it is the largest of its half hour."""
        if self.day.opened:
            half = self._half_hour(self.day.at)
            half["most"] = max(half["most"], self.waiting)

    def _record_waiting_until(self, until_at: datetime) -> None:
        """Record the number of waiting tickets at each mark that has passed since the last event."""
        day = self.day
        if not day.opened or not day.plan.windows:
            return
        doors_at = day.plan.windows[0].opens_at - timedelta(seconds=day.plan.rules.doors_before_s)
        mark = self._waiting_history[-1][0] + WAITING_STEP if self._waiting_history else _floor(doors_at, WAITING_STEP)
        while mark <= until_at and mark < day.plan.ends_at:
            self._waiting_history.append((mark, self.waiting))
            half = self._half_hour(mark)
            half["most"] = max(half["most"], self.waiting)
            mark += WAITING_STEP

    def _half_hour(self, at: datetime) -> Tally[str]:
        """Return the counts of a half hour. Events after the end of the day count in its last half hour."""
        if self.day.opened:
            at = min(at, self.day.plan.ends_at - timedelta.resolution)
        return self._halves.setdefault(_floor(at, HALF), Tally())

    def _record_cancellation(self, record: Record) -> None:
        match record.event:
            case events.AppointmentCancelled(appointment=appointment):
                before = self.day.appointments.get(appointment)
                if before is not None and before.state is AppointmentState.BOOKED:
                    self._cancelled.add(appointment)
            case _:
                pass

    def _record(self, record: Record, before: Ticket | None) -> None:
        match record.event:
            case (
                events.CounterOpened(counter=counter)
                | events.CounterPaused(counter=counter)
                | events.CounterClosed(counter=counter)
            ):
                self._record_counter_state(counter, record.at)
            case events.TicketTaken() as taken:
                self._record_arrival(taken.issued_at or record.at, taken)
            case events.TicketReclassed(class_=TicketClass.GREEN, reason=reason):
                self._green[reason] += 1
            case events.TicketRated(grade=grade, reasons=reasons):
                self._grades[grade] += 1
                self._reasons.update(reasons)
            case _ if before is not None:
                self._record_visit(record, before)
            case _:
                pass

    def _record_visit(self, record: Record, before: Ticket) -> None:
        match record.event:
            case events.TicketCalled() as called:
                self._record_call(record.at, called, before)
            case events.TicketUndone() if before.state is TicketState.DONE:
                end = self._ends[before.id].pop()
                self._half_hour(end.to_at)["ends"] -= 1
            case events.TicketFinished() | events.TicketAdvanced():
                self._record_end(record, before, forgotten=getattr(record.event, "forgotten", False))
                self._half_hour(record.at)["ends"] += 1
            case events.TicketReleased() | events.TicketParked() | events.TicketNoShow():
                if before.state is TicketState.SERVING:
                    put_back = not getattr(record.event, "forgotten", False)
                    self._record_end(record, before, forgotten=True, put_back=put_back)
            case _:
                pass

    def _record_arrival(self, at: datetime, taken: events.TicketTaken) -> None:
        kind = "booked" if taken.class_ is TicketClass.APPOINTMENT else "walk_ins"
        self._half_hour(at)[kind] += taken.count

    def _record_call(self, at: datetime, called: events.TicketCalled, before: Ticket) -> None:
        self._half_hour(at)["calls"] += 1
        self._counters.setdefault(called.counter, _CounterHistory()).used_at = at
        if called.reason.rule is Rule.CHOSEN:
            assert called.reason.code is not None, "a call out of order has a reason code"
            self._chosen[called.reason.code] += 1
        wait_id = (before.id, before.waiting_since_at)
        if wait_id in self._waited:
            return  # called again after it was put back
        self._waited.add(wait_id)
        kind = (before.service, before.class_)
        self._waits.setdefault(kind, []).append(round((at - before.waiting_since_at).total_seconds()))
        if before.slot_at is not None and before.id not in self._called:
            self._called.add(before.id)
            if (at - max(before.issued_at, before.slot_at)).total_seconds() <= IN_TIME_S:
                self._in_time.add(before.id)

    def _record_end(self, record: Record, before: Ticket, *, forgotten: bool, put_back: bool = False) -> None:
        """Record that a person left a counter."""
        counter = before.counter
        if counter is None:
            return
        from_at = before.started_at or before.called_at or record.at
        lasted_s = None if forgotten else round((record.at - from_at).total_seconds())
        to_at = from_at if forgotten and not put_back else record.at  # the real end is not known
        end = _CounterVisit(counter, before.service, before.class_, from_at, to_at, lasted_s)
        self._ends.setdefault(before.id, []).append(end)
        history = self._counters.setdefault(counter, _CounterHistory())
        history.used_at = max(history.used_at, to_at)

    def _record_counter_state(self, counter: CounterId, at: datetime) -> None:
        """Record a new state of a counter."""
        history = self._counters.setdefault(counter, _CounterHistory())
        if history.state is not CounterState.CLOSED:
            history.spans.append((history.state, history.stage, history.since_at, at))
        counter_now = self.day.counters[counter]
        history.state, history.stage, history.since_at = counter_now.state, counter_now.stage, at
        if counter_now.state is not CounterState.CLOSED:  # the day's end may close it long after it was used
            history.used_at = at

    # Results.

    def counter_spans(
        self, now_at: datetime
    ) -> list[tuple[CounterId, CounterState, StageId | None, datetime, datetime]]:
        """Return the spans in which each counter was open or paused: counter, state, stage, begin and end."""
        found = []
        for counter, history in self._counters.items():
            spans = list(history.spans)
            if history.state is not CounterState.CLOSED:
                spans.append((history.state, history.stage, history.since_at, now_at))
            last_at = max(self._at_work_until(), history.used_at)
            found += [
                (counter, state, stage, from_at, min(to_at, last_at))
                for state, stage, from_at, to_at in spans
                if from_at < min(to_at, last_at)
            ]
        return found

    def arrivals(self) -> dict[datetime, tuple[int, int]]:
        """Return the people who came in each half hour, with and without an appointment, in the order of time."""
        return {at: (half["booked"], half["walk_ins"]) for at, half in sorted(self._halves.items())}

    def _at_work_until(self) -> datetime:
        windows = self.day.plan.windows
        return windows[-1].closes_at if windows else LONG_AGO

    def figures(self, now_at: datetime) -> Figures:
        """Return the figures of the day so far; for an ended day, `now_at` is its end."""
        day = self.day
        if not day.opened:
            return Figures(on=day.on)
        self._record_waiting_peak()
        ends = [end for of_ticket in self._ends.values() for end in of_ticket]
        spans = self.counter_spans(min(now_at, day.plan.ends_at))
        lasted: dict[tuple[ServiceId, TicketClass], list[int]] = {}
        for end in ends:
            if end.lasted_s is not None:
                lasted.setdefault((end.service, end.class_), []).append(end.lasted_s)
        states = Tally(appointment.state for appointment in day.appointments.values())
        booked, came, missed = (
            states[state] for state in (AppointmentState.BOOKED, AppointmentState.CHECKED_IN, AppointmentState.MISSED)
        )
        return Figures(
            on=day.on,
            visits=visits_by_end(day.tickets.values()),
            waits=_sorted(self._waits),
            lasted=_sorted(lasted),
            booked=Booked(
                booked=booked + came + missed + len(self._cancelled),
                checked_in=came,
                missed=missed,
                cancelled=len(self._cancelled),
                called_in_time=len(self._in_time),
            ),
            overtime=Overtime(
                tickets=sum(ticket.admission is Admission.OVERTIME for ticket in day.tickets.values()),
                serving_s=self._after_closing_s(ends),
            ),
            counters=_at_counters(spans, ends),
            chosen=dict(self._chosen),
            green=dict(self._green),
            promises=Promised(day.promises_kept.total(), day.promises_kept[True]),
            rated=Rated(tuple(self._grades[grade + 1] for grade in range(GRADES)), dict(self._reasons)),
            halves=self._profile(spans),
        )

    def _after_closing_s(self, ends: Iterable[_CounterVisit]) -> int:
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
            before = found.get(
                local, Half()
            )  # at the end of daylight saving time two half hours have the same local time
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
    """Yield the half hours that a span lies in, each with the seconds of the span in it."""
    half = _floor(from_at, HALF)
    while half < to_at:
        inside = min(to_at, half + HALF) - max(from_at, half)
        yield half, round(inside.total_seconds())
        half += HALF


def _floor(at: datetime, step: timedelta) -> datetime:
    """Return the last multiple of a step before an instant, counted in UTC.

    The offset of every zone is a multiple of a quarter of an hour, so the marks are whole quarters in local time too.
    """
    return LONG_AGO + (at - LONG_AGO) // step * step


def _sorted(found: dict[tuple[ServiceId, TicketClass], list[int]]) -> list[Seconds]:
    return [Seconds(service, class_, sorted(seconds)) for (service, class_), seconds in sorted(found.items())]


def _end_of(ticket: Ticket) -> str:
    match ticket.state:
        case TicketState.DONE:
            assert ticket.outcome is not None, "a visit that is done has an outcome"
            return ticket.outcome
        case TicketState.LEFT:
            assert ticket.left_reason is not None, "a ticket that left has a reason"
            return ticket.left_reason
        case TicketState.NO_SHOW:
            return "no_show"
        case _:
            return OPEN_VISIT


def visits_by_end(tickets: Iterable[Ticket]) -> list[Visits]:
    """Count tickets and people by service, class, channel, admission and end of the visit."""
    found: Tally[tuple[ServiceId, TicketClass, Channel, Admission, str]] = Tally()
    people: Tally[tuple[ServiceId, TicketClass, Channel, Admission, str]] = Tally()
    for ticket in tickets:
        kind = (ticket.service, ticket.class_, ticket.channel, ticket.admission, _end_of(ticket))
        found[kind] += 1
        people[kind] += ticket.count
    return [Visits(*kind, tickets=number, people=people[kind]) for kind, number in sorted(found.items())]


def _at_counters(
    spans: Iterable[tuple[CounterId, CounterState, StageId | None, datetime, datetime]], ends: Iterable[_CounterVisit]
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
