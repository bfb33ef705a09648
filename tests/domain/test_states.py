"""States and transitions: each pair of a state and a command, and the time limits for undo and return.

Source: CONTRACT 4.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, get_args

import pytest

from service.domain import commands
from service.domain.calendar.times import stamp
from service.domain.commands import (
    CallNext,
    CallTicket,
    ChangePlan,
    ChangeTicket,
    CheckPapers,
    CloseCounter,
    CloseDay,
    Command,
    EndDay,
    Finish,
    FinishTicket,
    LeaveQueue,
    MarkNoShow,
    OpenCounter,
    ParkTicket,
    PauseCounter,
    RaiseAlarm,
    RecallTicket,
    ResumeTicket,
    StartTicket,
    TransferTicket,
    UndoTicket,
)
from service.domain.events import CounterOpened, TicketReleased, TicketUndone
from service.domain.hall.document import Rules
from service.domain.model import (
    TICKET_SUCCESSORS,
    CounterId,
    CounterState,
    LeftReason,
    Outcome,
    PapersThen,
    ServiceId,
    StageId,
    TicketClass,
    TicketId,
    TicketState,
)
from service.domain.queue import dispatch
from service.domain.refusals import (
    BodyInvalid,
    CounterBusy,
    CounterClosed,
    CounterNotFound,
    DayHasEnded,
    HallClosed,
    TicketNotFound,
    WrongState,
)
from service.domain.view import ticket_view
from tests.domain.halls import DONE, TOWN, Hall, called, refold, town, values

ONE, TWO = CounterId("1"), CounterId("2")
WAITING, CALLED, SERVING, PARKED, NO_SHOW, LEFT, ENDED = TicketState


def a_waiting(hall: Hall, service: str = "enquiry") -> TicketId:
    return hall.take(service)


def a_called(hall: Hall, service: str = "enquiry") -> TicketId:
    ticket = hall.take(service)
    assert hall.next("1") == ticket
    return ticket


def a_serving(hall: Hall, service: str = "enquiry") -> TicketId:
    ticket = a_called(hall, service)
    hall.do(StartTicket(ticket))
    return ticket


def a_parked(hall: Hall) -> TicketId:
    ticket = a_called(hall)
    hall.do(ParkTicket(ticket))
    return ticket


def a_no_show(hall: Hall) -> TicketId:
    ticket = a_called(hall)
    hall.do(MarkNoShow(ticket))
    return ticket


def a_left(hall: Hall) -> TicketId:
    ticket = a_waiting(hall)
    hall.do(LeaveQueue(ticket))
    return ticket


def a_done(hall: Hall) -> TicketId:
    ticket = a_serving(hall)
    hall.finish(ticket)
    return ticket


TICKETS: dict[TicketState, Callable[[Hall], TicketId]] = {
    WAITING: a_waiting,
    CALLED: a_called,
    SERVING: a_serving,
    PARKED: a_parked,
    NO_SHOW: a_no_show,
    LEFT: a_left,
    ENDED: a_done,
}

TICKET_COMMANDS: dict[str, Callable[[TicketId], Command]] = {
    "call": lambda ticket: CallTicket(TWO, ticket, "urgent"),
    "recall": RecallTicket,
    "start": StartTicket,
    "finish": lambda ticket: FinishTicket(ticket, DONE),
    "no-show": MarkNoShow,
    "park": ParkTicket,
    "resume": ResumeTicket,
    "put back": TransferTicket,
    "undo": UndoTicket,
    "papers": CheckPapers,
    "papers and park": lambda ticket: CheckPapers(ticket, ("signature",), PapersThen.PARK),
    "leave": LeaveQueue,
    "change class": lambda ticket: ChangeTicket(ticket, class_=TicketClass.GREEN, reason="urgent"),
    "not before": lambda ticket: ChangeTicket(ticket, not_before_at=None),
    "rate": lambda ticket: commands.RateTicket(ticket, 5),
}

ALLOWED: dict[tuple[TicketState, str], TicketState] = {
    (ENDED, "rate"): ENDED,
    (WAITING, "call"): CALLED,
    (WAITING, "park"): PARKED,
    (WAITING, "papers"): WAITING,
    (WAITING, "papers and park"): PARKED,
    (WAITING, "leave"): LEFT,
    (WAITING, "change class"): WAITING,
    (WAITING, "not before"): WAITING,
    (CALLED, "recall"): CALLED,
    (CALLED, "start"): SERVING,
    (CALLED, "finish"): ENDED,
    (CALLED, "no-show"): NO_SHOW,
    (CALLED, "park"): PARKED,
    (CALLED, "papers"): CALLED,
    (CALLED, "papers and park"): PARKED,
    (CALLED, "put back"): WAITING,
    (CALLED, "change class"): CALLED,
    (SERVING, "finish"): ENDED,
    (SERVING, "park"): PARKED,
    (SERVING, "papers"): SERVING,
    (SERVING, "papers and park"): PARKED,
    (SERVING, "put back"): WAITING,
    (PARKED, "resume"): WAITING,
    (PARKED, "papers"): PARKED,
    (PARKED, "leave"): LEFT,
    (PARKED, "change class"): PARKED,
    (PARKED, "not before"): PARKED,
    (NO_SHOW, "resume"): WAITING,
    (NO_SHOW, "undo"): CALLED,
    (ENDED, "undo"): SERVING,
}
"""The transitions of CONTRACT 4, with commands that leave the state unchanged; all other pairs are refused."""


@pytest.mark.parametrize("state", TicketState)
@pytest.mark.parametrize("name", TICKET_COMMANDS)
def test_a_ticket_goes_only_where_the_contract_says(state: TicketState, name: str) -> None:
    hall = Hall()
    hall.open("1", "2")
    ticket = TICKETS[state](hall)
    assert hall.ticket(ticket).state is state
    command = TICKET_COMMANDS[name](ticket)

    if (state, name) in ALLOWED:
        hall.do(command)
        assert hall.ticket(ticket).state is ALLOWED[state, name]
    else:
        refusal = hall.refuses(command)
        assert isinstance(refusal, WrongState)
        assert refusal.fields == {"state": state}


def test_the_table_of_pairs_has_every_command_about_a_ticket() -> None:
    about_a_ticket = {kind for kind in get_args(Command) if "ticket" in kind.__struct_fields__}

    walked = {type(make(TicketId("t"))) for make in TICKET_COMMANDS.values()}

    assert walked == about_a_ticket - {
        commands.TakeTicket,
        commands.CheckIn,
        commands.ReturnTicket,
        commands.BookAppointment,
        commands.LeaveForAppointment,
    }


def test_the_allowed_pairs_are_the_table_of_successors() -> None:
    moves = {(before, after) for (before, _), after in ALLOWED.items() if before is not after}

    assert moves == {(before, after) for before, successors in TICKET_SUCCESSORS.items() for after in successors}


@pytest.mark.parametrize("name", TICKET_COMMANDS)
def test_a_ticket_nobody_took_is_not_found(name: str) -> None:
    hall = Hall()
    hall.open("2")

    assert isinstance(hall.refuses(TICKET_COMMANDS[name](TicketId("nobody"))), TicketNotFound)


@pytest.mark.parametrize("outcome", [Outcome.CONDITIONAL, Outcome.REFERRED])
@pytest.mark.parametrize("make", [a_called, a_serving])
def test_conditional_and_referred_end_the_visit_at_any_stage(
    outcome: Outcome, make: Callable[[Hall, str], TicketId]
) -> None:
    hall = Hall()
    hall.open("1")
    ticket = make(hall, "card")

    hall.finish(ticket, Finish(outcome))

    ended = hall.ticket(ticket)
    assert (ended.state, ended.outcome, ended.stage) == (ENDED, outcome, "window")


@pytest.mark.parametrize("make", [a_called, a_serving])
def test_done_at_a_stage_that_is_not_the_last_waits_at_the_next_with_number_and_queue_time(
    make: Callable[[Hall, str], TicketId],
) -> None:
    hall = Hall()
    hall.open("1")
    ticket = make(hall, "card")
    before = hall.ticket(ticket)

    hall.after(100).finish(ticket)

    after = hall.ticket(ticket)
    assert (after.state, after.stage, after.counter, after.calls) == (WAITING, "cashier", None, 0)
    assert (after.number, after.queue_at, after.outcome) == (before.number, before.queue_at, None)
    assert hall.counter("1").ticket is None


@pytest.mark.parametrize("sent_on", [False, True])
def test_papers_that_were_looked_at_are_those_of_the_service(sent_on: bool) -> None:  # noqa: FBT001  (a column)
    hall = Hall()
    hall.open("P1", "1")
    ticket = hall.take("passport", then=() if sent_on else ("passport", "enquiry"))
    hall.serve("P1")
    hall.finish(ticket)
    hall.serve("1")
    assert hall.ticket(ticket).prechecked

    if sent_on:
        hall.do(TransferTicket(ticket, service=ServiceId("enquiry")))
    else:
        hall.finish(ticket)

    after = hall.ticket(ticket)
    assert after.prechecked == (after.service == "passport")
    assert values(refold(hall)) == values(hall.day)


def test_a_suspension_takes_nothing_from_the_half_hour_to_come_back_in() -> None:
    hall = Hall()
    hall.open("1")
    ticket = a_no_show(hall)
    hall.after(60).do(commands.Suspend({"en": "Fire alarm"}))
    hall.after(3600).do(commands.LiftSuspension())

    seen = ticket_view(hall.day, hall.ticket(ticket), hall.now_at)
    assert seen.back_by_at == stamp(hall.now_at + timedelta(seconds=1740))
    hall.after(1739).do(ResumeTicket(ticket))

    assert hall.ticket(ticket).state is WAITING


# Counters.


def closed(_hall: Hall) -> None:
    pass


def open_(hall: Hall) -> None:
    hall.open("1")


def paused(hall: Hall) -> None:
    hall.open("1")
    hall.do(PauseCounter(ONE, "break"))


def busy(hall: Hall) -> None:
    hall.open("1")
    hall.take()
    hall.next("1")


COUNTERS: dict[str, Callable[[Hall], None]] = {"closed": closed, "open": open_, "paused": paused, "busy": busy}

COUNTER_COMMANDS: dict[str, Command] = {
    "open": OpenCounter(ONE),
    "pause": PauseCounter(ONE),
    "pause and release": PauseCounter(ONE, release=True),
    "close": CloseCounter(ONE),
    "close and release": CloseCounter(ONE, release=True),
    "next": CallNext(ONE),
    "finish and next": CallNext(ONE, DONE),
    "finish the one there and next": CallNext(ONE, DONE, TicketId("ticket-00002")),
    "call": CallTicket(ONE, TicketId("ticket-00001"), "urgent"),
}

COUNTERS_ALLOWED: dict[tuple[str, str], CounterState] = {
    ("closed", "open"): CounterState.OPEN,
    ("open", "pause"): CounterState.PAUSED,
    ("open", "pause and release"): CounterState.PAUSED,
    ("open", "close"): CounterState.CLOSED,
    ("open", "close and release"): CounterState.CLOSED,
    ("open", "next"): CounterState.OPEN,
    ("open", "finish and next"): CounterState.OPEN,
    ("open", "finish the one there and next"): CounterState.OPEN,
    ("open", "call"): CounterState.OPEN,
    ("paused", "open"): CounterState.OPEN,
    ("paused", "close"): CounterState.CLOSED,
    ("paused", "close and release"): CounterState.CLOSED,
    ("busy", "pause and release"): CounterState.PAUSED,
    ("busy", "close and release"): CounterState.CLOSED,
    ("busy", "finish and next"): CounterState.OPEN,
    ("busy", "finish the one there and next"): CounterState.OPEN,
}

CALLS = {"next", "finish and next", "finish the one there and next", "call"}


@pytest.mark.parametrize("state", COUNTERS)
@pytest.mark.parametrize("name", COUNTER_COMMANDS)
def test_a_counter_goes_only_where_the_contract_says(state: str, name: str) -> None:
    hall = Hall()
    waiting = hall.take()
    if state == "busy":
        hall.do(LeaveQueue(waiting))
    COUNTERS[state](hall)
    command = COUNTER_COMMANDS[name]

    if (state, name) in COUNTERS_ALLOWED:
        hall.do(command)
        assert hall.counter("1").state is COUNTERS_ALLOWED[state, name]
        return
    refusal = hall.refuses(command)
    person = hall.counter("1").ticket
    if person is not None and name != "open":
        assert isinstance(refusal, CounterBusy)
        assert refusal.fields == {"ticket": person}
    elif name in CALLS:
        assert isinstance(refusal, CounterClosed)
    else:
        assert isinstance(refusal, WrongState)
        assert refusal.fields == {"state": "open" if state == "busy" else state}


def test_the_table_of_pairs_has_every_command_about_a_counter() -> None:
    about_a_counter = {kind for kind in get_args(Command) if "counter" in kind.__struct_fields__}

    assert {type(command) for command in COUNTER_COMMANDS.values()} == about_a_counter - {TransferTicket, RaiseAlarm}


@pytest.mark.parametrize("name", COUNTER_COMMANDS)
def test_a_counter_the_hall_has_not_is_not_found(name: str) -> None:
    hall = Hall()
    command = COUNTER_COMMANDS[name]
    fields = {field: getattr(command, field) for field in command.__struct_fields__}
    fields["counter"] = CounterId("99")

    assert isinstance(hall.refuses(type(command)(**fields)), CounterNotFound)


def test_released_people_stand_at_their_old_place_again() -> None:
    hall = Hall()
    hall.open("1")
    first = hall.take()
    second = hall.after(10).take()
    hall.next("1")

    hall.after(60).do(PauseCounter(ONE, release=True))

    assert hall.ticket(first).state is WAITING
    hall.open("1")
    assert hall.next("1") == first
    assert hall.ticket(second).state is WAITING


def test_a_counter_knows_its_break_and_forgets_it_when_it_opens_again() -> None:
    hall = Hall()
    hall.do(OpenCounter(ONE, services=(hall.document.services[1].id,)))
    until_at = hall.instant("09:15")

    hall.after(60).do(PauseCounter(ONE, "break", until_at))

    on_break = hall.counter("1")
    assert (on_break.reason, on_break.until_at, on_break.since_at) == ("break", until_at, hall.now_at)
    hall.after(60).open("1")
    back = hall.counter("1")
    assert (back.reason, back.until_at, back.since_at, back.staff) == (None, None, hall.now_at, "clerk")
    assert back.services == ("enquiry",)


def test_a_closed_counter_forgets_for_what_it_was_opened() -> None:
    hall = Hall()
    hall.do(OpenCounter(ONE, services=(hall.document.services[1].id,), stage=StageId("cashier")))

    hall.do(CloseCounter(ONE))

    counter = hall.counter("1")
    assert (counter.services, counter.stage, counter.staff) == (("passport", "enquiry", "card"), "window", None)


# Undo.


@pytest.mark.parametrize(("make", "back"), [(a_done, SERVING), (a_no_show, CALLED)])
@pytest.mark.parametrize(("seconds", "allowed"), [(0, True), (30, True), (30.001, False), (3600, False)])
def test_a_finish_and_a_no_show_can_be_taken_back_for_thirty_seconds(
    make: Callable[[Hall], TicketId],
    back: TicketState,
    seconds: float,
    allowed: bool,  # noqa: FBT001  (a column of the table)
) -> None:
    hall = Hall()
    hall.open("1")
    ticket = make(hall)
    ended = hall.ticket(ticket).state
    hall.after(seconds)

    if not allowed:
        refusal = hall.refuses(UndoTicket(ticket))
        assert isinstance(refusal, WrongState)
        assert refusal.fields == {"state": ended}
        return
    hall.do(UndoTicket(ticket))

    restored = hall.ticket(ticket)
    assert (restored.state, restored.counter) == (back, "1")
    assert (restored.outcome, restored.finished_at, restored.no_show_at) == (None, None, None)
    assert hall.counter("1").ticket == ticket


def test_what_undo_takes_back_can_be_done_again() -> None:
    hall = Hall()
    hall.open("1")
    ticket = a_serving(hall)
    hall.finish(ticket, Finish(Outcome.CONDITIONAL, missing=("signature",)))

    hall.do(UndoTicket(ticket))
    assert (hall.ticket(ticket).missing, hall.ticket(ticket).due_on) == ((), None)
    hall.finish(ticket)

    assert hall.ticket(ticket).outcome is Outcome.DONE


@pytest.mark.parametrize("stopped", [[PauseCounter(ONE)], [CloseCounter(ONE)], [PauseCounter(ONE), CloseCounter(ONE)]])
def test_an_undo_opens_the_counter_for_what_it_was_open_for(stopped: list[PauseCounter | CloseCounter]) -> None:
    hall = Hall()
    passport = ServiceId("passport")
    hall.do(OpenCounter(ONE, services=(passport,), stage=StageId("precheck")))
    ticket = hall.take("passport")
    hall.next("1")
    hall.do(MarkNoShow(ticket))
    for command in stopped:
        hall.do(command)

    hall.do(UndoTicket(ticket, reopen=True))

    counter = hall.counter("1")
    assert (counter.state, counter.ticket) == (CounterState.OPEN, ticket)
    assert (counter.services, counter.stage) == ((passport,), "precheck")
    assert values(refold(hall)) == values(hall.day)


def test_an_undo_opens_the_counter_for_what_the_plan_still_has() -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take()
    hall.next("1")
    hall.finish(ticket)
    hall.do(CloseCounter(ONE))
    hall.do(OpenCounter(ONE, services=(ServiceId("card"), ServiceId("enquiry")), stage=StageId("cashier")))
    hall.do(CloseCounter(ONE))
    services = [one for one in TOWN["services"] if one["id"] != "card"]
    counters = [{**one, "services": ["enquiry"]} for one in TOWN["counters"] if one["id"] in "1234"]
    stages = [one for one in TOWN["stages"] if one["id"] != "cashier"]
    hall.do(ChangePlan(hall.plan(town(services=services, counters=counters, stages=stages))))

    hall.do(UndoTicket(ticket, reopen=True))

    counter = hall.counter("1")
    assert (counter.services, counter.stage) == (("enquiry",), "window")


@pytest.mark.parametrize("make", [a_done, a_no_show])
def test_undo_needs_the_counter_free(make: Callable[[Hall], TicketId]) -> None:
    hall = Hall()
    hall.open("1")
    ticket = make(hall)
    another = a_called(hall)

    refusal = hall.refuses(UndoTicket(ticket))

    assert isinstance(refusal, CounterBusy)
    assert refusal.fields == {"ticket": another}


@pytest.mark.parametrize("serving", [False, True])
@pytest.mark.parametrize("make", [a_done, a_no_show])
def test_undo_puts_who_was_called_meanwhile_back_at_their_place(
    make: Callable[[Hall], TicketId],
    serving: bool,  # noqa: FBT001  (a column of the table)
) -> None:
    hall = Hall()
    hall.open("1")
    ticket = make(hall)
    another = a_called(hall)
    place = hall.ticket(another).queue_at
    later = hall.take()
    if serving:
        hall.do(StartTicket(another))

    decided = hall.do(UndoTicket(ticket, release=True))

    assert [type(event) for event in decided] == [TicketReleased, TicketUndone]
    assert hall.counter("1").ticket == ticket
    back = hall.ticket(another)
    assert (back.state, back.counter, back.queue_at, back.calls) == (WAITING, None, place, 0)
    assert [one.id for one in dispatch.waiting_in_order(hall.day)] == [another, later]
    assert values(refold(hall)) == values(hall.day)


def test_undo_that_may_release_needs_nobody_there() -> None:
    hall = Hall()
    hall.open("1")
    ticket = a_done(hall)

    decided = hall.do(UndoTicket(ticket, release=True))

    assert [type(event) for event in decided] == [TicketUndone]


def test_an_undo_that_comes_too_late_releases_nobody() -> None:
    hall = Hall()
    hall.open("1")
    ticket = a_done(hall)
    another = a_called(hall)
    hall.after(31)

    assert isinstance(hall.refuses(UndoTicket(ticket, release=True)), WrongState)
    assert hall.counter("1").ticket == another


def test_next_finishes_the_one_it_names_and_nobody_else() -> None:
    hall = Hall()
    hall.open("1")
    first, second, third = hall.take(), hall.take(), hall.take()
    hall.next("1")
    assert hall.do(CallNext(ONE, DONE, first))

    refusal = hall.refuses(CallNext(ONE, DONE, first))
    assert isinstance(refusal, CounterBusy)
    assert refusal.fields == {"ticket": second}

    hall.finish(second)
    assert called(hall.do(CallNext(ONE, DONE, second))) == third, "it is over already, and the counter is free"


@pytest.mark.parametrize("make", [a_done, a_no_show])
@pytest.mark.parametrize("command", [CloseCounter(ONE), PauseCounter(ONE)])
def test_undo_needs_the_counter_open(make: Callable[[Hall], TicketId], command: Command) -> None:
    hall = Hall()
    hall.open("1")
    ticket = make(hall)
    hall.do(command)

    assert isinstance(hall.refuses(UndoTicket(ticket)), CounterClosed)
    assert isinstance(hall.refuses(UndoTicket(ticket, release=True)), CounterClosed)


@pytest.mark.parametrize("make", [a_done, a_no_show])
@pytest.mark.parametrize("command", [CloseCounter(ONE), PauseCounter(ONE)])
def test_undo_opens_the_counter_again_when_it_is_to(make: Callable[[Hall], TicketId], command: Command) -> None:
    hall = Hall()
    hall.open("1")
    ticket = make(hall)
    hall.do(command)

    decided = hall.do(UndoTicket(ticket, reopen=True))

    assert [type(event) for event in decided] == [CounterOpened, TicketUndone]
    assert (hall.counter("1").state, hall.counter("1").ticket) == (CounterState.OPEN, ticket)


def test_an_undo_that_comes_too_late_opens_no_counter() -> None:
    hall = Hall()
    hall.open("1")
    ticket = a_done(hall)
    hall.do(PauseCounter(ONE))
    hall.after(31)

    assert isinstance(hall.refuses(UndoTicket(ticket, reopen=True)), WrongState)


def test_a_stage_done_cannot_be_taken_back() -> None:
    hall = Hall()
    hall.open("1")
    ticket = a_serving(hall, "card")
    hall.finish(ticket)

    assert isinstance(hall.refuses(UndoTicket(ticket)), WrongState)


# Returns.


def test_a_no_show_comes_back_once() -> None:
    hall = Hall()
    hall.open("1")
    ticket = a_no_show(hall)
    hall.after(60).do(ResumeTicket(ticket))
    assert hall.next("1") == ticket
    hall.do(MarkNoShow(ticket))

    refusal = hall.after(60).refuses(ResumeTicket(ticket))

    assert isinstance(refusal, WrongState)
    assert refusal.fields == {"state": NO_SHOW}


@pytest.mark.parametrize(("seconds", "allowed"), [(1800, True), (1800.001, False)])
def test_a_no_show_comes_back_within_half_an_hour(seconds: float, allowed: bool) -> None:  # noqa: FBT001
    hall = Hall()
    hall.open("1")
    ticket = a_no_show(hall)
    hall.after(seconds)

    if allowed:
        hall.do(ResumeTicket(ticket))
        assert hall.ticket(ticket).state is WAITING
    else:
        assert isinstance(hall.refuses(ResumeTicket(ticket)), WrongState)


def test_a_parked_ticket_comes_back_at_any_hour_and_as_often_as_it_was_parked() -> None:
    hall = Hall()
    hall.open("1")
    ticket = a_parked(hall)
    hall.at("12:00").do(ResumeTicket(ticket))
    hall.do(ParkTicket(ticket))
    hall.at("16:00").do(ResumeTicket(ticket))

    assert hall.ticket(ticket).state is WAITING
    assert hall.ticket(ticket).returns == 0


@pytest.mark.parametrize("make", [a_parked, a_no_show])
@pytest.mark.parametrize(("minutes", "queue"), [(5, "09:00"), (10, "09:00"), (25, "09:15")])
def test_who_comes_back_stands_at_the_later_of_the_queue_time_and_ten_minutes_ago(
    make: Callable[[Hall], TicketId], minutes: int, queue: str
) -> None:
    hall = Hall()
    hall.open("1")
    ticket = make(hall)

    hall.after(minutes * 60).do(ResumeTicket(ticket))

    assert hall.ticket(ticket).queue_at == hall.instant(queue)


def test_the_penalty_of_a_return_is_the_halls_own() -> None:
    hall = Hall(town(rules={"park_penalty_s": 0}))
    hall.open("1")
    ticket = a_parked(hall)

    hall.after(300).do(ResumeTicket(ticket))

    assert Rules().park_penalty_s == 600
    assert hall.ticket(ticket).queue_at == hall.now_at


def test_nobody_comes_back_to_a_closed_day() -> None:
    hall = Hall()
    hall.open("1")
    ticket = a_no_show(hall)
    hall.do(CloseDay())

    assert isinstance(hall.refuses(ResumeTicket(ticket)), HallClosed)


def test_a_parked_place_can_be_given_up() -> None:
    hall = Hall()
    hall.open("1")
    ticket = a_parked(hall)

    hall.do(LeaveQueue(ticket))

    assert (hall.ticket(ticket).state, hall.ticket(ticket).left_reason) == (LEFT, LeftReason.SELF)


@pytest.mark.parametrize("kind", get_args(Command))
def test_nothing_happens_to_a_day_that_has_ended(kind: type[Any]) -> None:
    hall = Hall()
    hall.do(EndDay())

    refusal = hall.refuses(kind(**dict.fromkeys(kind.__struct_fields__)))

    assert isinstance(refusal, DayHasEnded)
    assert (refusal.code, refusal.fields) == ("wrong-state", {"state": "ended"})


def test_a_break_cannot_end_in_the_past() -> None:
    hall = Hall().at("10:00")
    hall.open("1")

    refusal = hall.refuses(PauseCounter(ONE, until_at=hall.now_at))

    assert isinstance(refusal, BodyInvalid)
