"""Properties that hold after any sequence of commands on a day.

A state machine runs random commands while the clock moves forward. After each command, refused or not, the invariants
must hold, deciding must not have changed the day, and folding the journal must give the same day.
"""

# ruff: noqa: D102  (the names of rules and invariants say what they do)

import json
from collections import Counter as Tally
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from service.domain import commands, events
from service.domain.booking.appointment_index import AppointmentIndex, Visit
from service.domain.booking.grid import grid_of
from service.domain.commands import Command, Finish, Invited, Returned
from service.domain.day import Day
from service.domain.decide.decide import decide
from service.domain.events import Event, Record
from service.domain.evolve.evolve import evolve
from service.domain.hall.document import HallDocument
from service.domain.model import (
    APPOINTMENT_SUCCESSORS,
    LIVE,
    TICKET_SUCCESSORS,
    Admission,
    AppointmentId,
    AppointmentState,
    CancelledBy,
    Channel,
    CounterId,
    CounterState,
    Notice,
    Outcome,
    PapersThen,
    PrinterState,
    Rule,
    ServiceId,
    StageId,
    Ticket,
    TicketClass,
    TicketId,
    TicketState,
    ZoneId,
)
from service.domain.queue import dispatch
from service.domain.queue.follow_on_services import FollowOn
from service.domain.queue.waiting_lines import LineKey, Place, line_key_of, place_of
from service.domain.queue.waits import wait_of_newcomer
from service.domain.refusals import Refusal
from tests.domain.halls import TOWN, Hall, refold, town, values

AT_COUNTER = {TicketState.CALLED, TicketState.SERVING}
OVER = {TicketState.DONE, TicketState.LEFT, TicketState.NO_SHOW}
COUNTERS = st.sampled_from([CounterId(counter["id"]) for counter in TOWN["counters"]])
SERVICES = st.sampled_from([ServiceId(service["id"]) for service in TOWN["services"]])
STAGES = st.sampled_from([StageId(stage["id"]) for stage in TOWN["stages"]])
REASONS = st.sampled_from(["urgent", "break", "a whim"])
FINISHES = st.builds(Finish, st.sampled_from(Outcome), st.sampled_from([(), (), ("photo",), ("signature",)]))
MISSING = st.sampled_from([(), ("photo",), ("signature",), ("a whim",)])
STARTS = st.sampled_from(["10:00", "10:05", "10:05", "10:10", "10:30", "11:00", "11:02", "16:55", "17:00"])
WHO = st.sampled_from(["somebody", "another"])
INVITED = st.builds(
    Invited,
    id=st.sampled_from(["i1", "i2"]),
    partner=st.sampled_from([None, "school-1"]),
    service=st.sampled_from([None, ServiceId("passport")]),
    prechecked=st.booleans(),
)
KIOSKS = st.sampled_from(["kiosk-1", "kiosk-2"])
ROUNDED_S = 1e-3
"""Tolerance for rounding errors of totals in seconds."""

PICKS = st.integers(0, 9)
"""Index of a ticket, counted from the newest."""


def maybe(values_: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values_


BY_HAND = {"weekdays": [1], "from": "10:00", "to": "11:00", "every_min": 10, "places": 2, "services": ["enquiry"]}
KEPT = {"partner": "school-1", "weekdays": [1], "from": "09:00", "to": "17:00", "share": 0.5, "release_before_s": 3000}


def other_documents() -> list[HallDocument]:
    """Return documents that a manager may change the hall to during the day."""
    few = [service for service in TOWN["services"] if service["id"] != "enquiry"]
    for_few = [
        {**counter, "services": [name for name in counter["services"] if name != "enquiry"] or ["card"]}
        for counter in TOWN["counters"]
    ]
    return [
        town(),
        town(services=few, counters=for_few),
        town(counters=[counter for counter in TOWN["counters"] if counter["id"] not in {"2", "P1"}]),
        town(services=[{**service, "stages": ["window"]} for service in TOWN["services"]]),
        town(stages=[{"id": stage["id"]} for stage in TOWN["stages"]]),
        town(hours=[{"weekdays": [1], "from": "09:00", "to": "16:00"}], overtime=False),
        town(staffing=[{"on": "2026-11-23", "from": "09:00", "to": "12:00", "counters": 2}]),
        town(rules={"auto_no_show": True, "park_penalty_s": 60, "credit_s": {"green": 60}, "early_s": 0}),
        town(rules={"max_walk_in_wait_s": 300}),
        town(booking={"places": [BY_HAND], "reserved": [KEPT], "late_share": 0.2}),
    ]


def due_at(day: Day, ticket: Ticket) -> datetime | None:
    """Return when a ticket may be called; None for any time."""
    times = [] if ticket.not_before_at is None else [ticket.not_before_at]
    if ticket.class_ is TicketClass.APPOINTMENT and ticket.slot_at is not None:
        times.append(ticket.slot_at - timedelta(seconds=day.plan.rules.early_s))
    return max(times, default=None)


def naive_order(day: Day, hall: Hall) -> list[Ticket]:
    """Return the tickets that may be called, sorted by queue time, check-in and issue."""
    waiting = [
        ticket
        for ticket in day.tickets.values()
        if ticket.state is TicketState.WAITING
        and ticket.admission is not Admission.STANDBY
        and (due_at(day, ticket) or hall.now_at) <= hall.now_at
    ]
    return sorted(waiting, key=lambda ticket: (ticket.queue_at, ticket.issued_at, ticket.n))


def callable_by(day: Day, counter: CounterId, ticket: Ticket) -> bool:
    """Tell whether a counter may call a ticket, as CONTRACT 5 (`next`) and 4 (optional stages) say."""
    at = day.counters[counter]

    def serves(one: CounterId, stage: StageId) -> bool:
        return day.counters[one].stage == stage and ticket.service in day.counters[one].services

    stages: Sequence[StageId] = day.plan.services[ticket.service].stages
    begin = stages.index(ticket.stage) if ticket.stage in stages else 0
    now = next(
        stage
        for stage in stages[begin:]
        if stage == stages[-1]
        or stage not in day.plan.optional_stages
        or any(serves(one, stage) for one, there in day.counters.items() if there.state is CounterState.OPEN)
    )
    if at.stage != now or ticket.service not in at.services:
        return False
    wanted = ticket.for_counter
    return (
        wanted in {None, counter}
        or wanted not in day.counters
        or day.counters[wanted].state is CounterState.CLOSED
        or not serves(wanted, now)
    )


class AnyDay(RuleBasedStateMachine):
    """Runs random commands on a day and checks the invariants."""

    def __init__(self) -> None:
        super().__init__()
        self.hall = Hall(at="08:20")
        self.keyed: dict[str, list[Event]] = {}
        self.over_at: dict[TicketId, list[datetime]] = {}
        self.revision = 1

    def ask(self, command: Command, *, keyed: bool = False) -> None:
        """Decide a command on the day and on a copy, compare, and fold the events."""
        hall = self.hall
        hall.day.advance_to(hall.now_at)
        before, twin = values(hall.day), hall.day.copy()
        decided = outcome_of(hall.day, command, hall)
        assert outcome_of(twin, command, hall) == decided
        assert values(hall.day) == values(twin) == before
        if isinstance(decided, list):
            key = f"key-{len(self.keyed)}" if keyed or not decided else None
            done = hall.do(command, key)
            assert values(twin) == before
            if not decided:
                self.nothing_changes(command, done, before)
            if key is not None and done:
                self.keyed[key] = done
            for event in decided:
                ticket = getattr(event, "ticket", None)
                if ticket is not None and hall.ticket(ticket).state in OVER:
                    self.over_at.setdefault(ticket, []).append(hall.now_at)

    def nothing_changes(self, command: Command, done: list[Event], before: dict[str, Any]) -> None:
        """Assert that a command without effect records its key by one event, except an empty `next` and a document."""
        asked = command.command if isinstance(command, commands.AtOptionalStage) else command
        keeps_no_key = isinstance(asked, commands.CallNext | commands.ChangePlan)
        assert [type(event) for event in done] == ([] if keeps_no_key else [events.NothingChanged])
        after = values(self.hall.day)
        assert {name for name in after if after[name] != before[name]} <= {"seq", "at", "results"}

    def ticket(self, pick: int) -> TicketId:
        """Return one of the last tickets, or an unknown id."""
        tickets = list(self.hall.day.tickets)
        return tickets[-1 - pick] if pick < len(tickets) else TicketId("nobody")

    def appointment(self, pick: int) -> AppointmentId:
        """Return one of the last appointments, or an unknown id."""
        appointments = list(self.hall.day.appointments)
        return appointments[-1 - pick] if pick < len(appointments) else AppointmentId("nobody's")

    def later(self, seconds: int) -> datetime:
        """Return an instant some seconds from now."""
        return self.hall.now_at + timedelta(seconds=seconds)

    @initialize(minutes=st.sampled_from([0, 20, 40, 200, 500]), counters=st.lists(COUNTERS, unique=True))
    def begin(self, minutes: int, counters: list[CounterId]) -> None:
        self.hall.after(minutes * 60)
        for counter in counters:
            self.ask(commands.OpenCounter(counter))

    @rule(seconds=st.sampled_from([0.0, 0.001, 1.0, 20.0, 31.0, 60.0, 300.0, 1900.0]))
    def time_passes(self, seconds: float) -> None:
        self.hall.after(seconds)

    @rule(
        service=SERVICES,
        count=st.sampled_from([1, 1, 1, 2, 5]),
        then=st.lists(SERVICES, max_size=2),
        browser=maybe(st.sampled_from(["one browser", "another"])),
        keyed=st.booleans(),
    )
    def take(self, service: str, count: int, then: list[str], browser: str | None, keyed: bool) -> None:  # noqa: FBT001
        self.ask(self.hall.new_ticket(service, count=count, then=then, browser=browser), keyed=keyed)

    @rule(service=SERVICES, people=st.integers(1, 8))
    def people_come(self, service: str, people: int) -> None:
        for _ in range(people):
            self.ask(self.hall.new_ticket(service))

    @rule(counter=COUNTERS, finish=maybe(FINISHES), present=maybe(PICKS), keyed=st.booleans())
    def next(self, counter: CounterId, finish: Finish | None, present: int | None, keyed: bool) -> None:  # noqa: FBT001
        named = None if present is None else self.ticket(present)
        self.ask(commands.CallNext(counter, finish, named), keyed=keyed)

    @rule(pick=PICKS, keyed=st.booleans())
    def undo_and_release(self, pick: int, keyed: bool) -> None:  # noqa: FBT001
        self.ask(commands.UndoTicket(self.ticket(pick), release=True), keyed=keyed)

    @rule(counter=COUNTERS, finish=maybe(FINISHES))
    def a_volunteer_calls(self, counter: CounterId, finish: Finish | None) -> None:
        self.ask(commands.AtOptionalStage(commands.CallNext(counter, finish)))

    @rule(kind=st.sampled_from([commands.StartTicket, commands.MarkNoShow, commands.ResumeTicket]), pick=PICKS)
    def a_volunteer_acts(self, kind: type[Any], pick: int) -> None:
        self.ask(commands.AtOptionalStage(kind(self.ticket(pick))))

    @rule(counter=COUNTERS, services=maybe(st.lists(SERVICES, max_size=2, unique=True).map(tuple)), stage=maybe(STAGES))
    def open(self, counter: CounterId, services: tuple[ServiceId, ...] | None, stage: StageId | None) -> None:
        self.ask(commands.OpenCounter(counter, services, stage))

    @rule(
        counter=COUNTERS,
        release=st.booleans(),
        close=st.booleans(),
        seconds=maybe(st.sampled_from([0, 60, 1800, 20_000])),
        keyed=st.booleans(),
    )
    def stop(self, counter: CounterId, release: bool, close: bool, seconds: int | None, keyed: bool) -> None:  # noqa: FBT001
        until_at = None if seconds is None else self.later(seconds)
        paused = commands.PauseCounter(counter, until_at=until_at, release=release)
        self.ask(commands.CloseCounter(counter, release) if close else paused, keyed=keyed)

    @rule(
        kind=st.sampled_from(
            [
                commands.RecallTicket,
                commands.StartTicket,
                commands.MarkNoShow,
                commands.ParkTicket,
                commands.ResumeTicket,
                commands.UndoTicket,
                commands.LeaveQueue,
                commands.TransferTicket,
            ]
        ),
        pick=PICKS,
        keyed=st.booleans(),
    )
    def step(self, kind: type[Any], pick: int, keyed: bool) -> None:  # noqa: FBT001
        self.ask(kind(self.ticket(pick)), keyed=keyed)

    @rule(pick=PICKS, finish=FINISHES)
    def finish(self, pick: int, finish: Finish) -> None:
        self.ask(commands.FinishTicket(self.ticket(pick), finish))

    @rule(pick=PICKS, missing=MISSING, then=st.sampled_from(PapersThen), keyed=st.booleans())
    def papers(self, pick: int, missing: tuple[str, ...], then: PapersThen, keyed: bool) -> None:  # noqa: FBT001
        self.ask(commands.CheckPapers(self.ticket(pick), missing, then), keyed=keyed)

    @rule(raise_=st.booleans(), alarm=st.sampled_from(["a1", "a2"]), counter=maybe(COUNTERS))
    def alarm(self, raise_: bool, alarm: str, counter: CounterId | None) -> None:  # noqa: FBT001
        self.ask(commands.RaiseAlarm(alarm, counter) if raise_ else commands.ClearAlarm(alarm))

    @rule(minutes=maybe(st.sampled_from([-10, 0, 30, 600])), counters=maybe(st.integers(1, 9)))
    def overtime(self, minutes: int | None, counters: int | None) -> None:
        if minutes is None:
            self.ask(commands.EndOvertime())
            return
        closing_at = (
            self.hall.day.regular_plan.windows[-1].closes_at if self.hall.day.regular_plan.windows else self.hall.now_at
        )
        self.ask(commands.OpenOvertime(closing_at + timedelta(minutes=minutes), counters))

    @rule(pick=PICKS, counter=COUNTERS, reason=REASONS)
    def call(self, pick: int, counter: CounterId, reason: str) -> None:
        self.ask(commands.CallTicket(counter, self.ticket(pick), reason))

    @rule(pick=PICKS, service=maybe(SERVICES), stage=maybe(STAGES), counter=maybe(COUNTERS))
    def transfer(self, pick: int, service: ServiceId | None, stage: StageId | None, counter: CounterId | None) -> None:
        self.ask(commands.TransferTicket(self.ticket(pick), service, stage, counter))

    @rule(pick=PICKS, class_=st.sampled_from([TicketClass.GREEN, TicketClass.WALK_IN]), reason=REASONS)
    def change_class(self, pick: int, class_: TicketClass, reason: str) -> None:
        self.ask(commands.ChangeTicket(self.ticket(pick), class_=class_, reason=reason))

    @rule(pick=PICKS, seconds=maybe(st.sampled_from([-60, 0, 1, 300, 3600, 90_000])))
    def not_before(self, pick: int, seconds: int | None) -> None:
        at = None if seconds is None else self.later(seconds)
        self.ask(commands.ChangeTicket(self.ticket(pick), not_before_at=at))

    @rule(revision=st.sampled_from([0, 1]), document=st.sampled_from(other_documents()))
    def change_plan(self, revision: int, document: HallDocument) -> None:
        self.revision += revision
        self.ask(commands.ChangePlan(self.hall.plan(document, self.revision)))

    @rule(due=st.booleans())
    def lift(self, due: bool) -> None:  # noqa: FBT001
        self.ask(commands.LiftSuspension(due=due))

    @rule(seconds=maybe(st.sampled_from([0, 30, 600])))
    def suspend(self, seconds: int | None) -> None:
        until_at = None if seconds is None else self.later(seconds)
        self.ask(commands.Suspend({"en": "Alarm"}, until_at))

    @rule(remove=st.booleans(), zone=st.sampled_from(["main", "roof"]))
    def notice(self, remove: bool, zone: str) -> None:  # noqa: FBT001
        words = Notice("n1", {"en": "Hello"}, (ZoneId(zone),))
        self.ask(commands.RemoveNotice("n1") if remove else commands.PostNotice(words))

    @rule()
    def sweep(self) -> None:
        self.ask(commands.SweepNoShows())

    @rule(sure=st.integers(0, 15), end=st.booleans())
    def day_is_over(self, sure: int, end: bool) -> None:  # noqa: FBT001
        if sure == 0:
            self.ask(commands.EndDay() if end else commands.CloseDay())

    @rule(  # many bookings, so that some starts become full
        service=SERVICES,
        start=STARTS,
        people=st.integers(1, 4),
        count=st.sampled_from([1, 1, 2, 5]),
        hold=st.booleans(),
        person=maybe(WHO),
        holder=maybe(WHO),
        invitation=maybe(INVITED),
        staff=st.booleans(),
        keyed=st.booleans(),
    )
    def book(  # noqa: PLR0917
        self,
        service: str,
        start: str,
        people: int,
        count: int,
        hold: bool,  # noqa: FBT001
        person: str | None,
        holder: str | None,
        invitation: Invited | None,
        staff: bool,  # noqa: FBT001
        keyed: bool,  # noqa: FBT001
    ) -> None:
        for _ in range(people):
            asked: dict[str, Any] = {"count": count, "hold": hold, "person": person, "holder": holder}
            self.ask(self.hall.booking(service, start, **asked, invitation=invitation, staff=staff), keyed=keyed)

    @rule(pick=PICKS, start=maybe(STARTS), confirm=st.booleans(), person=maybe(WHO), count=st.sampled_from([0, 1, 3]))
    def change_appointment(
        self,
        pick: int,
        start: str | None,
        confirm: bool,  # noqa: FBT001
        person: str | None,
        count: int,
    ) -> None:
        self.ask(
            commands.ChangeAppointment(
                appointment=self.appointment(pick),
                starts_at=msgspec.UNSET if start is None else self.hall.instant(start),
                confirm=confirm,
                person=msgspec.UNSET if person is None else person,
                count=count or msgspec.UNSET,
            )
        )

    @rule(pick=PICKS, by=st.sampled_from(CancelledBy), keyed=st.booleans())
    def cancel(self, pick: int, by: CancelledBy, keyed: bool) -> None:  # noqa: FBT001
        self.ask(commands.CancelAppointment(self.appointment(pick), by), keyed=keyed)

    @rule(pick=PICKS, keyed=st.booleans())
    def check_in(self, pick: int, keyed: bool) -> None:  # noqa: FBT001
        self.ask(self.hall.checking_in(self.appointment(pick)), keyed=keyed)

    @rule(pick=PICKS, start=STARTS)
    def move_away_and_back(self, pick: int, start: str) -> None:
        appointment = self.hall.day.appointments.get(self.appointment(pick))
        self.ask(commands.MoveAppointmentAway(self.appointment(pick), self.hall.on + timedelta(days=1)))
        if appointment is not None and appointment.id not in self.hall.day.appointments:
            again = commands.TakeOverAppointment(
                appointment=appointment, starts_at=self.hall.instant(start), count=appointment.count
            )
            self.ask(again)

    @rule()
    def sweep_standby(self) -> None:
        self.ask(commands.SweepStandby())
        self.ask(commands.SweepLongWaits())

    @rule(pick=PICKS, start=STARTS)
    def book_from_standby(self, pick: int, start: str) -> None:
        booking = self.hall.booking("enquiry", start)
        self.ask(msgspec.structs.replace(booking, ticket=self.ticket(pick)))

    @rule(pick=PICKS)
    def leave_for_another_day(self, pick: int) -> None:
        self.ask(commands.LeaveForAppointment(self.ticket(pick)))

    @rule()
    def sweep_appointments(self) -> None:
        self.ask(commands.SweepAppointments())
        if not self.hall.day.ended:
            assert decide(self.hall.day, commands.SweepAppointments(), self.hall.now_at) == []

    @rule(service=SERVICES, which=st.integers(0, 2), days=st.sampled_from([1, 15]))
    def somebody_returns(self, service: ServiceId, which: int, days: int) -> None:
        self.hall.drawn += 1
        was = Returned(
            ticket=TicketId(f"earlier-{which}"),
            day=self.hall.on - timedelta(days=days),
            service=service,
            outcome=Outcome.CONDITIONAL,
        )
        command = commands.ReturnTicket(
            ticket=TicketId(f"again-{self.hall.drawn}"), code="A", channel=Channel.WEB, returned=was
        )
        self.ask(command)

    @rule(device=KIOSKS, count=st.integers(1, 3))
    def lease_numbers(self, device: str, count: int) -> None:
        self.ask(self.hall.leasing(device, count))

    @rule(
        device=KIOSKS,
        owner=KIOSKS,
        pick=st.integers(0, 5),
        service=SERVICES,
        before_s=st.sampled_from([-60, 0, 30, 600, 7200]),
    )
    def report_ticket(self, device: str, owner: str, pick: int, service: ServiceId, before_s: int) -> None:
        lease = self.hall.day.leases.get(owner)
        if lease is None:
            return
        number = list(lease.slips)[pick % len(lease.slips)]
        command = commands.ReportTicket(
            device=device,
            number=f"{lease.prefix}{number:03d}",
            code=lease.slips[number].code,
            service=service,
            issued_at=self.hall.now_at - timedelta(seconds=before_s),
        )
        self.ask(command)

    @rule(device=KIOSKS, state=st.sampled_from(PrinterState))
    def report_printer(self, device: str, state: PrinterState) -> None:
        self.ask(commands.ReportPrinter(device, "at the door", state))

    # Invariants.

    @invariant()
    def no_start_is_oversold(self) -> None:
        """Place numbers are unique and the lowest free; bookings fit as long as the plan does not change."""
        day = self.hall.day
        live = [one for one in day.appointments.values() if one.state in LIVE]
        assert len({(one.starts_at, one.place) for one in live}) == len(live)
        assert all(1 <= one.place <= one.places for one in day.appointments.values())
        if day.plan.revision > 1 or day.plan.places:
            return
        for group in grid_of(day.regular_plan).groups.values():
            sums = day.booking_totals.everybody.groups[group.id]
            for block, staffed_s in enumerate(group.staffed_s):
                spread = (group.walk_ins_variance[block] + sums.variance[block]) ** 0.5
                work_s = group.walk_ins_s[block] + sums.mean_ms[block] / 1000
                booked = sums.mean_ms[block] > 0
                assert not booked or work_s + day.regular_plan.booking.z * spread <= staffed_s + 0.1

    @invariant()
    def the_sums_and_indexes_are_those_of_the_appointments(self) -> None:
        day = self.hall.day
        assert day.appointment_index == AppointmentIndex.of(
            day.regular_plan, day.appointments.values(), closed=day.closed
        )

    @invariant()
    def a_person_has_no_more_appointments_than_they_may(self) -> None:
        day = self.hall.day
        live = [one for one in day.appointments.values() if day.state_of(one, self.hall.now_at) in LIVE]
        for person in ("somebody", "another"):
            mine = [one for one in live if one.person == person]
            assert len({one.starts_at for one in mine}) == len(mine)
            assert len(mine) <= self.hall.day.regular_plan.booking.per_person

    @invariant()
    def tickets_and_appointments_agree_on_who_came(self) -> None:
        day = self.hall.day
        came = {one.id: one.ticket for one in day.appointments.values() if one.state is AppointmentState.CHECKED_IN}
        assert came == {one.appointment: one.id for one in day.tickets.values() if one.appointment is not None}
        assert all(one.ticket is None for one in day.appointments.values() if one.id not in came)
        returned = [one.returns_of for one in day.tickets.values() if one.returns_of is not None]
        assert len(set(returned)) == len(returned)

    @invariant()
    def numbers_are_unique_and_without_gaps(self) -> None:
        tickets = self.hall.day.tickets.values()
        given: dict[str, list[int]] = {}
        for ticket in tickets:
            prefix = ticket.number.rstrip("0123456789")
            given.setdefault(prefix, []).append(int(ticket.number.removeprefix(prefix)))
        kiosks = {lease.prefix for lease in self.hall.day.leases.values()}
        for prefix, numbers in given.items():
            if prefix in kiosks:
                assert numbers == sorted(set(numbers)), "a kiosk's own are given in order, and some never"
            else:
                assert numbers == list(range(1, len(numbers) + 1))
        assert len(kiosks) == len(self.hall.day.leases), "no two kiosks share a prefix"
        assert kiosks.isdisjoint(service.prefix for service in self.hall.day.plan.services.values())
        assert [ticket.n for ticket in tickets] == list(range(1, len(tickets) + 1))

    @invariant()
    def counters_and_tickets_agree_on_who_is_where(self) -> None:
        day = self.hall.day
        by_ticket = {ticket.id: ticket.counter for ticket in day.tickets.values() if ticket.counter is not None}
        by_counter = {counter.ticket: counter.id for counter in day.counters.values() if counter.ticket is not None}
        assert by_ticket == by_counter
        assert by_ticket.keys() == {ticket.id for ticket in day.tickets.values() if ticket.state in AT_COUNTER}
        assert all(day.counters[counter].state is CounterState.OPEN for counter in by_counter.values())

    @invariant()
    def every_ticket_has_a_service_and_every_counter_a_plan(self) -> None:
        day = self.hall.day
        assert {ticket.service for ticket in day.tickets.values()} <= day.plan.services.keys()
        assert {one.service for one in day.appointments.values()} <= day.plan.services.keys()
        assert day.counters.keys() == day.plan.counters.keys()

    @invariant()
    def a_browser_has_one_number_but_for_those_who_came_back(self) -> None:
        day = self.hall.day
        taken: dict[str, list[Ticket]] = {}
        for ticket in day.tickets.values():
            if ticket.browser is not None:
                taken.setdefault(ticket.browser, []).append(ticket)
        assert day.browsers == {browser: tickets[-1].id for browser, tickets in taken.items()}
        for ticket, following in (pair for tickets in taken.values() for pair in pairwise(tickets)):
            ended_at = min(self.over_at[ticket.id])
            assert ended_at <= following.issued_at

    @invariant()
    def papers_say_what_is_missing_until_the_visit_is_over(self) -> None:
        for ticket in self.hall.day.tickets.values():
            if ticket.state is not TicketState.DONE:
                assert ticket.missing == (ticket.papers or ())
            assert not (ticket.papers and ticket.prechecked)

    @invariant()
    def the_plan_is_the_documents_with_its_closing_moved(self) -> None:
        day = self.hall.day
        plan, regular = day.plan, day.regular_plan
        assert (plan is regular) or day.overtime is not None
        assert [window.opens_at for window in plan.windows] == [window.opens_at for window in regular.windows]
        if plan is not regular:
            closings = {window.closes_at for window in plan.windows} - {window.closes_at for window in regular.windows}
            assert day.overtime is not None
            assert closings == {day.overtime.until_at}
        for one, later in pairwise(plan.windows):
            assert one.closes_at <= later.opens_at

    @invariant()
    def a_day_that_has_ended_is_empty(self) -> None:
        day = self.hall.day
        if day.ended:
            assert {counter.state for counter in day.counters.values()} <= {CounterState.CLOSED}
            assert {ticket.state for ticket in day.tickets.values()} <= {
                TicketState.DONE,
                TicketState.LEFT,
                TicketState.NO_SHOW,
            }
            open_states = {AppointmentState.HELD, AppointmentState.BOOKED}
            assert not open_states & {one.state for one in day.appointments.values()}

    @invariant()
    def the_indexes_are_those_of_the_values(self) -> None:
        hall, day = self.hall, self.hall.day
        day.advance_to(hall.now_at)
        lines: dict[LineKey, list[Place]] = {}
        for ticket in naive_order(day, hall):
            lines.setdefault(line_key_of(ticket), []).append(place_of(ticket))
        found = values(day)
        assert found["lines"] == lines
        waiting = [ticket for ticket in day.tickets.values() if ticket.state is TicketState.WAITING]
        assert found["counts"] == Tally((ticket.service, ticket.class_) for ticket in waiting)
        standby = [ticket for ticket in waiting if ticket.admission is Admission.STANDBY]
        assert found["standby"] == sorted((ticket.n, ticket.id) for ticket in standby)
        assert found["deferred"] == sorted(
            (at, ticket.id)
            for ticket in waiting
            if ticket not in standby and (at := due_at(day, ticket)) is not None and at > hall.now_at
        )

    @invariant()
    def what_people_go_on_with_is_what_their_tickets_say(self) -> None:
        hall, day = self.hall, self.hall.day
        day.advance_to(hall.now_at)
        here = naive_order(day, hall) + [ticket for ticket in day.tickets.values() if ticket.state in AT_COUNTER]
        follow_ons: dict[FollowOn, list[Place]] = {}
        for ticket in sorted(here, key=place_of):
            services = [ticket.service, *(name for name in ticket.then if name in day.plan.services)]
            for n, name in enumerate(services[1:], 1):
                prechecked = ticket.prechecked and set(services[: n + 1]) == {ticket.service}
                what = FollowOn(ticket.stage, ticket.service, Visit(name, ticket.count, prechecked))
                follow_ons.setdefault(what, []).append(place_of(ticket))
        assert values(day)["follow_ons"] == follow_ons

    @invariant()
    def todays_speed_is_learned_of_visits_that_were(self) -> None:
        assert all(min(spent) >= -ROUNDED_S for spent in self.hall.day.service_times.values())

    @invariant()
    def what_is_told_is_what_a_fresh_fold_would_tell(self) -> None:
        hall, day = self.hall, self.hall.day
        day.advance_to(hall.now_at)
        fresh = refold(hall)
        for service in day.plan.services:
            assert wait_of_newcomer(day, service, hall.now_at) == wait_of_newcomer(fresh, service, hall.now_at)

    @invariant()
    def the_first_is_the_smallest_of_all(self) -> None:
        hall, day = self.hall, self.hall.day
        day.advance_to(hall.now_at)
        order = naive_order(day, hall)
        for counter in day.counters.values():
            mine = [ticket for ticket in order if callable_by(day, counter.id, ticket)]
            found = dispatch.choose_next(day, counter)
            if mine:
                assert found is not None
                assert (found[0], found[1].rule) == (mine[0], Rule.CREDIT)
                assert found[1].ahead_of == len(mine) - 1
                continue
            early = [
                ticket
                for ticket in sorted(day.tickets.values(), key=lambda one: (due_at(day, one) or hall.now_at, one.id))
                if ticket.state is TicketState.WAITING
                and ticket.admission is not Admission.STANDBY
                and (ticket.not_before_at or hall.now_at) <= hall.now_at
                and callable_by(day, counter.id, ticket)
            ]
            standby = [
                ticket
                for ticket in sorted(day.tickets.values(), key=lambda one: one.n)
                if ticket.state is TicketState.WAITING
                and ticket.admission is Admission.STANDBY
                and (due_at(day, ticket) or hall.now_at) <= hall.now_at
                and callable_by(day, counter.id, ticket)
            ]
            rather = [*((one, Rule.EARLY) for one in early[:1]), *((one, Rule.STANDBY) for one in standby[:1]), None]
            assert (None if found is None else (found[0], found[1].rule)) == rather[0]

    @invariant()
    def the_journal_tells_the_same_day(self) -> None:
        self.hall.day.advance_to(self.hall.now_at)
        assert values(refold(self.hall)) == values(self.hall.day)

    @invariant()
    def a_command_with_a_key_is_remembered_with_all_it_did(self) -> None:
        done = self.hall.day.results
        assert {key: [part.event for part in one.parts] for key, one in done.items()} == self.keyed
        for key, one in done.items():
            assert one.fingerprint == key.encode()
            assert all(later.seq == part.seq + 1 for part, later in pairwise(one.parts))
            for part in one.parts:
                if isinstance(part.event, events.NothingChanged):
                    assert (part.ticket.id if part.ticket else None) == part.event.of_ticket
                    assert (part.appointment.id if part.appointment else None) == part.event.of_appointment
                    continue
                checked_in = isinstance(part.event, events.AppointmentCheckedIn)
                ticket = None if checked_in else getattr(part.event, "ticket", None)
                assert (part.ticket.id if part.ticket else None) == ticket
                moved_away = isinstance(part.event, events.AppointmentMovedAway)
                appointment = None if ticket or moved_away else getattr(part.event, "appointment", None)
                assert (part.appointment.id if part.appointment else None) == appointment
                assert part.appointment is None or part.appointment.seq == part.seq
                assert part.ticket is None or part.ticket.seq == part.seq
                assert part.counter is None or part.counter.seq == part.seq
            assert self.hall.day.find_result(key) == one

    def teardown(self) -> None:
        """At the end, decode the journal from its bytes: it gives the same day, and each transition is allowed."""
        day = Day(self.hall.day.hall, self.hall.day.on)
        for record in self.hall.records:
            before, appointments = dict(day.tickets), dict(day.appointments)
            read = msgspec.json.decode(msgspec.json.encode(record), type=Record)
            assert read == record
            evolve(day, read)
            for ticket in day.tickets.values():
                was = before.get(ticket.id, ticket).state
                assert ticket.state is was or ticket.state in TICKET_SUCCESSORS[was]
            for one in day.appointments.values():
                was_in = appointments.get(one.id, one).state
                assert one.state is was_in or one.state in APPOINTMENT_SUCCESSORS[was_in]
        day.advance_to(self.hall.now_at)
        assert values(day) == values(self.hall.day)


def outcome_of(day: Day, command: Command, hall: Hall) -> list[Event] | tuple[type[Refusal], str]:
    """Return the events of a command, or its refusal as a value that can be compared."""
    try:
        return decide(day, command, hall.now_at)
    except Refusal as refusal:
        return type(refusal), json.dumps(refusal.fields, sort_keys=True)


TestAnyDay = AnyDay.TestCase
