"""Collect the facts of a day that a hall learns from, during a replay of its events.

A visit during which the hall was suspended says nothing about durations and is left out, and so is a visit that the end
of the day had to finish. An hour that an alarm or an early closing shortened counts as far as the hall was open.

Source: ALGORITHMS 2.2 (walk-ins), 4.2 (service model); DESIGN 6.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import chain
from zoneinfo import ZoneInfo

from msgspec import Struct

from service.domain import events
from service.domain.calendar.plan import Plan
from service.domain.day import Day
from service.domain.events import Record
from service.domain.model import (
    Admission,
    AppointmentState,
    HallId,
    LeftReason,
    ServiceId,
    StageId,
    Ticket,
    TicketClass,
    TicketId,
    TicketState,
)
from service.domain.stats.day_facts import DayFacts, Lasted, OpenHour
from service.domain.stats.observed_replay import replay_with_observers, ticket_in

CUT_SHORT_MAX = 0.5
"""The largest part of its planned time that an hour may lose to an alarm or a closed day. An hour that loses more is
left out, because the people who stood outside come all at once afterwards."""


class _Visit(Struct, frozen=True):
    service: ServiceId
    stage: StageId
    prechecked: bool
    seconds: int
    interrupted: bool


class FactsObserver:
    """Observes the events of a day and collects its `DayFacts`."""

    def __init__(self, hall: HallId, on: date, day: Day | None = None) -> None:
        """Start before the first event. With `day`, the caller applies the events to it and calls the observer."""
        self._day = Day(hall, on) if day is None else day
        self._visits: dict[TicketId, list[_Visit]] = {}
        self._late_s: list[int] = []
        self._walk_ins: list[tuple[datetime, ServiceId, int]] = []
        self._waiting_since: dict[TicketId, datetime] = {}
        self._waited_s = 0.0
        self._left = 0
        self._absent_s: dict[TicketId, list[int]] = {}
        self._missed = 0
        self._closed_at: datetime | None = None

    def replay(self, records: Iterable[Record]) -> None:
        """Apply and observe the next events of the day, in order."""
        replay_with_observers(self._day, records, self)

    def before_event(self, record: Record) -> None:
        """Do nothing: the facts depend only on the day after each event."""

    def after_event(self, record: Record, ticket: Ticket | None) -> None:
        """Observe the day after an event; `ticket` is the ticket of the event as it was before."""
        self._note(record, ticket)
        if isinstance(record.event, events.DayClosed):
            self._closed_at = record.at
        if isinstance(record.event, events.AppointmentMissed):
            starts_at = self._day.appointments[record.event.appointment].starts_at
            self._missed += self._day.plan.open_at(starts_at) and not self._day.closed

    def _note(self, record: Record, before: Ticket | None) -> None:
        match record.event:
            case events.TicketTaken() as taken:
                came_at = taken.issued_at or record.at
                if taken.class_ in {TicketClass.WALK_IN, TicketClass.GREEN}:
                    self._walk_ins.append((came_at, taken.service, taken.count))
                elif taken.slot_at is not None:
                    self._late_s.append(round((came_at - taken.slot_at).total_seconds()))
            case events.TicketFinished(forgotten=False) | events.TicketAdvanced():
                self._note_visit(before)
            case events.TicketUndone(ticket=ticket) if before is not None and before.finished_at is not None:
                if self._visits.get(ticket):
                    self._visits[ticket].pop()
            case events.TicketUndone(ticket=ticket) if self._absent_s.get(ticket):
                self._absent_s[ticket].pop()
            case events.TicketNoShow(ticket=ticket):
                assert before is not None, "a no-show ticket was called"
                assert before.called_at is not None, "a no-show ticket was called"
                absent_s = self._day.unsuspended_s(before.called_at, record.at)
                self._absent_s.setdefault(ticket, []).append(round(absent_s))
            case events.TicketLeft(reason=LeftReason.SELF):
                self._left += _is_in_order(before)
            case _:
                pass
        self._note_wait(record, before)

    def _note_wait(self, record: Record, before: Ticket | None) -> None:
        after = ticket_in(self._day, record)
        waited_before, waits_now = _is_in_order(before), _is_in_order(after)
        if waited_before and before is not None and not waits_now:
            since_at = self._waiting_since.pop(before.id, record.at)
            self._waited_s += (record.at - since_at).total_seconds()
        elif waits_now and after is not None and not waited_before:
            self._waiting_since[after.id] = after.waiting_since_at if before is None else record.at

    def _note_visit(self, before: Ticket | None) -> None:
        assert before is not None, "a served person has a ticket"
        after = self._day.tickets[before.id]
        assert after.served is not None, "a finished visit has a duration"
        seconds = round(after.served.seconds / before.count)
        visit = _Visit(before.service, before.stage, before.prechecked, seconds, after.served.interrupted)
        self._visits.setdefault(before.id, []).append(visit)

    def facts(self) -> DayFacts:
        """Return the facts of the day so far."""
        visits = [visit for visit in chain.from_iterable(self._visits.values()) if not visit.interrupted]
        plan = self._day.plan if visits else None
        main = {} if plan is None else {service.id: plan.main_stage(service) for service in plan.services.values()}
        lasted: dict[bool, dict[ServiceId, list[int]]] = {False: {}, True: {}}
        at_stages: dict[ServiceId, dict[StageId, Lasted]] = {}
        for visit in visits:
            if visit.stage == main.get(visit.service, visit.stage):
                lasted[visit.prechecked].setdefault(visit.service, []).append(visit.seconds)
            else:
                durations = at_stages.setdefault(visit.service, {}).setdefault(visit.stage, Lasted([], []))
                (durations.prechecked_s if visit.prechecked else durations.plain_s).append(visit.seconds)
        states = Counter(appointment.state for appointment in self._day.appointments.values())
        return DayFacts(
            on=self._day.on,
            lasted_s=lasted[False],
            prechecked_lasted_s=lasted[True],
            main={visit.service: main[visit.service] for visit in visits if visit.service in main},
            at_stages=at_stages,
            came=states[AppointmentState.CHECKED_IN],
            missed=self._missed,
            late_s=self._late_s,
            hours=self._hours() if self._day.issued else {},  # without any ticket the hall did not use the service
            walk_ins=people_by_service((service, count) for _, service, count in self._walk_ins),
            waited_s=round(self._waited_s),
            left=self._left,
            absent_s=[seconds for of_ticket in self._absent_s.values() for seconds in of_ticket],
        )

    def _hours(self) -> dict[str, OpenHour]:
        plan = self._day.plan
        people: Counter[str] = Counter()
        for at, _, count in self._walk_ins:
            people[_local_hour(plan, _arrival_time(plan, at))] += count
        open_s = self._open_s()
        return {
            hour: OpenHour(people[hour], round(open_s[hour]))
            for hour, planned_s in open_hours(plan).items()
            if open_s[hour] >= (1 - CUT_SHORT_MAX) * planned_s
        }

    def _open_s(self) -> defaultdict[str, float]:
        """Return the seconds that the hall was open, by local hour, without suspensions and early closing."""
        found: defaultdict[str, float] = defaultdict(float)
        for hour, from_at, planned_until_at in _parts_of_hours(self._day.plan):
            until_at = min(planned_until_at, self._closed_at or planned_until_at)
            if from_at < until_at:
                found[hour] += self._day.unsuspended_s(from_at, until_at)
        return found


def _is_in_order(ticket: Ticket | None) -> bool:
    """Tell whether a ticket waits in the order of calls; a standby ticket does not."""
    return ticket is not None and ticket.state is TicketState.WAITING and ticket.admission is not Admission.STANDBY


def open_hours(plan: Plan) -> dict[str, int]:
    """Return the seconds that the hall is planned to be open, by local hour."""
    found: Counter[str] = Counter()
    for hour, from_at, until_at in _parts_of_hours(plan):
        found[hour] += round((until_at - from_at).total_seconds())
    return dict(found)


def _parts_of_hours(plan: Plan) -> Iterator[tuple[str, datetime, datetime]]:
    """Yield the local hours in which the hall is planned to be open, each with its span of opening time."""
    for window in plan.windows:
        at = window.opens_at
        while at < window.closes_at:
            local = at.astimezone(ZoneInfo(plan.time_zone))
            until_at = min(window.closes_at, at + timedelta(seconds=3600 - local.minute * 60 - local.second))
            yield f"{local.hour:02d}", at, until_at
            at = until_at


def _arrival_time(plan: Plan, at: datetime) -> datetime:
    """Return when an arrival counts: at the next opening, for a person who comes while the hall is closed."""
    if plan.open_at(at):
        return at
    return next((window.opens_at for window in plan.windows if window.opens_at > at), at)


def _local_hour(plan: Plan, at: datetime) -> str:
    return f"{at.astimezone(ZoneInfo(plan.time_zone)).hour:02d}"


def people_by_service(parts: Iterable[tuple[ServiceId, int]]) -> dict[ServiceId, int]:
    """Add up numbers of people by service."""
    found: Counter[ServiceId] = Counter()
    for service, count in parts:
        found[service] += count
    return dict(found)
