"""Whatever is asked of a day, in whatever order: what must hold after every command.

A machine asks a day for anything at all, with the clock going forward; refused or not, the day must stay sound, decide
purely, and be the day that its journal tells.
"""

# ruff: noqa: D102  (a rule's and an invariant's name is its sentence)

import json
from collections import Counter as Tally
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from service.domain import commands, dispatch
from service.domain.commands import Command, Finish
from service.domain.day import Day, LineKey, Place, line_key_of, place_of
from service.domain.decide import decide
from service.domain.document import HallDocument
from service.domain.events import Event, Record
from service.domain.evolve import evolve
from service.domain.model import (
    TICKET_SUCCESSORS,
    CounterId,
    CounterState,
    Notice,
    Outcome,
    PapersThen,
    ServiceId,
    StageId,
    Ticket,
    TicketClass,
    TicketId,
    TicketState,
    ZoneId,
)
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
PICKS = st.integers(0, 9)
"""Which of the tickets, counted from the newest."""


def maybe(values_: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values_


def other_documents() -> list[HallDocument]:
    """What a manager may make of the hall during the day."""
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
        town(rules={"auto_no_show": True, "park_penalty_s": 60, "credit_s": {"green": 60}}),
    ]


def naive_order(day: Day, hall: Hall) -> list[Ticket]:
    """Everybody who may be called, by queue time, check-in and issue."""
    waiting = [
        ticket
        for ticket in day.tickets.values()
        if ticket.state is TicketState.WAITING and (ticket.not_before_at is None or ticket.not_before_at <= hall.now_at)
    ]
    return sorted(waiting, key=lambda ticket: (ticket.queue_at, ticket.issued_at, ticket.n))


def callable_by(day: Day, counter: CounterId, ticket: Ticket) -> bool:
    """CONTRACT 5, `next`, and 4 on optional stages, word by word."""
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
    """Asks a day for anything, and looks whether it is still sound."""

    def __init__(self) -> None:
        super().__init__()
        self.hall = Hall(at="08:20")
        self.keyed: dict[str, list[Event]] = {}
        self.over_at: dict[TicketId, list[datetime]] = {}
        self.revision = 1

    def ask(self, command: Command, *, keyed: bool = False) -> None:
        """Decide a command twice, on the day and on a copy, and fold what comes of it."""
        hall = self.hall
        hall.day.wake(hall.now_at)
        before, twin = values(hall.day), hall.day.copy()
        decided = outcome_of(hall.day, command, hall)
        assert outcome_of(twin, command, hall) == decided
        assert values(hall.day) == values(twin) == before
        if isinstance(decided, list):
            key = f"key-{len(self.keyed)}" if keyed else None
            hall.do(command, key)
            assert values(twin) == before
            if key is not None and decided:
                self.keyed[key] = decided
            for event in decided:
                ticket = getattr(event, "ticket", None)
                if ticket is not None and hall.ticket(ticket).state in OVER:
                    self.over_at.setdefault(ticket, []).append(hall.now_at)

    def ticket(self, pick: int) -> TicketId:
        """One of the last tickets, or one that nobody took."""
        tickets = list(self.hall.day.tickets)
        return tickets[-1 - pick] if pick < len(tickets) else TicketId("nobody")

    def later(self, seconds: int) -> datetime:
        """An instant some seconds from now."""
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

    @rule(counter=COUNTERS, release=st.booleans(), close=st.booleans(), keyed=st.booleans())
    def stop(self, counter: CounterId, release: bool, close: bool, keyed: bool) -> None:  # noqa: FBT001
        command = commands.CloseCounter(counter, release) if close else commands.PauseCounter(counter, release=release)
        self.ask(command, keyed=keyed)

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
        closing_at = self.hall.day.regular.windows[-1].closes_at if self.hall.day.regular.windows else self.hall.now_at
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

    # What must hold.

    @invariant()
    def numbers_are_unique_and_without_gaps(self) -> None:
        tickets = self.hall.day.tickets.values()
        given: dict[str, list[int]] = {}
        for ticket in tickets:
            prefix = ticket.number.rstrip("0123456789")
            given.setdefault(prefix, []).append(int(ticket.number.removeprefix(prefix)))
        assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in given.values())
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
        plan, regular = day.plan, day.regular
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
            assert {counter.state for counter in day.counters.values()} == {CounterState.CLOSED}
            assert {ticket.state for ticket in day.tickets.values()} <= {
                TicketState.DONE,
                TicketState.LEFT,
                TicketState.NO_SHOW,
            }

    @invariant()
    def the_indexes_are_those_of_the_values(self) -> None:
        hall, day = self.hall, self.hall.day
        day.wake(hall.now_at)
        lines: dict[LineKey, list[Place]] = {}
        for ticket in naive_order(day, hall):
            lines.setdefault(line_key_of(ticket), []).append(place_of(ticket))
        found = values(day)
        assert found["lines"] == lines
        waiting = [ticket for ticket in day.tickets.values() if ticket.state is TicketState.WAITING]
        assert found["waiting"] == Tally((ticket.service, ticket.class_) for ticket in waiting)
        assert found["asleep"] == sorted(
            (ticket.not_before_at, ticket.id)
            for ticket in waiting
            if ticket.not_before_at is not None and ticket.not_before_at > hall.now_at
        )

    @invariant()
    def the_first_is_the_smallest_of_all(self) -> None:
        hall, day = self.hall, self.hall.day
        day.wake(hall.now_at)
        order = naive_order(day, hall)
        for counter in day.counters.values():
            mine = [ticket for ticket in order if callable_by(day, counter.id, ticket)]
            found = dispatch.first(day, counter)
            assert (None if found is None else found[0]) == (mine[0] if mine else None)
            assert found is None or found[1].ahead_of == len(mine) - 1

    @invariant()
    def the_journal_tells_the_same_day(self) -> None:
        self.hall.day.wake(self.hall.now_at)
        assert values(refold(self.hall)) == values(self.hall.day)

    @invariant()
    def a_command_with_a_key_is_remembered_with_all_it_did(self) -> None:
        done = self.hall.day.done
        assert {key: [part.event for part in one.parts] for key, one in done.items()} == self.keyed
        for key, one in done.items():
            assert one.fingerprint == key.encode()
            assert all(later.seq == part.seq + 1 for part, later in pairwise(one.parts))
            for part in one.parts:
                ticket = getattr(part.event, "ticket", None)
                assert (part.ticket.id if part.ticket else None) == ticket
                assert part.ticket is None or part.ticket.seq == part.seq
                assert part.counter is None or part.counter.seq == part.seq
            assert self.hall.day.find_done(key) == one

    def teardown(self) -> None:
        """At the end the journal's bytes are read again: the same day, each step of it allowed."""
        day = Day(self.hall.day.hall, self.hall.day.on)
        for record in self.hall.records:
            before = dict(day.tickets)
            read = msgspec.json.decode(msgspec.json.encode(record), type=Record)
            assert read == record
            evolve(day, read)
            for ticket in day.tickets.values():
                was = before.get(ticket.id, ticket).state
                assert ticket.state is was or ticket.state in TICKET_SUCCESSORS[was]
        day.wake(self.hall.now_at)
        assert values(day) == values(self.hall.day)


def outcome_of(day: Day, command: Command, hall: Hall) -> list[Event] | tuple[type[Refusal], str]:
    """The events of a command, or its refusal in a form that can be compared."""
    try:
        return decide(day, command, hall.now_at)
    except Refusal as refusal:
        return type(refusal), json.dumps(refusal.fields, sort_keys=True)


TestAnyDay = AnyDay.TestCase
