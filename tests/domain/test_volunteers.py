"""Rights of volunteers: staff actions at counters of an optional stage and on the tickets there."""

from collections.abc import Callable
from typing import get_args

import pytest

from service.domain import commands
from service.domain.commands import AtOptionalStage, Command
from service.domain.decide.decide import DECIDERS
from service.domain.model import CounterId, Outcome, PapersThen, ServiceId, StageId, TicketId
from service.domain.refusals import CounterNotFound, OnlyAtOptionalStages, TicketNotFound, WrongState
from tests.domain.halls import DONE, Hall

P1, ONE = CounterId("P1"), CounterId("1")

Maker = Callable[[TicketId], Command]

OF_A_TICKET: dict[str, Maker] = {
    "recall": commands.RecallTicket,
    "start": commands.StartTicket,
    "finish": lambda ticket: commands.FinishTicket(ticket, DONE),
    "no-show": commands.MarkNoShow,
    "park": commands.ParkTicket,
    "put back": commands.TransferTicket,
    "papers and on": lambda ticket: commands.CheckPapers(ticket, (), PapersThen.ADVANCE),
    "papers and park": lambda ticket: commands.CheckPapers(ticket, ("photo",), PapersThen.PARK),
}
"""Commands on a ticket at a counter."""


def asked(hall: Hall, command: Command) -> None:
    """Assert that a volunteer's command has the same result as a clerk's."""
    expected = DECIDERS[type(command)](hall.day, command, hall.now_at)
    assert hall.do(AtOptionalStage(command)) == expected


def forbidden(hall: Hall, command: Command) -> bool:
    """Tell whether a command is refused because a volunteer gives it."""
    return isinstance(hall.refuses(AtOptionalStage(command)), OnlyAtOptionalStages)


def at_precheck() -> tuple[Hall, TicketId]:
    """Return a ticket called to the optional pre-check; more tickets wait."""
    hall = Hall()
    hall.open("P1")
    ticket = hall.take("passport")
    hall.take("passport")
    hall.next("P1")
    return hall, ticket


def at_window() -> tuple[Hall, TicketId]:
    """Return a ticket of the same service called to a window, because no counter of the pre-check is open."""
    hall = Hall()
    hall.open("1")
    ticket = hall.take("passport")
    hall.take("passport")
    hall.next("1")
    return hall, ticket


@pytest.mark.parametrize("name", OF_A_TICKET)
def test_a_volunteer_acts_on_who_is_at_an_optional_stage(name: str) -> None:
    hall, ticket = at_precheck()

    asked(hall, OF_A_TICKET[name](ticket))


@pytest.mark.parametrize("name", OF_A_TICKET)
def test_a_volunteer_does_not_act_on_who_is_at_a_window(name: str) -> None:
    hall, ticket = at_window()

    assert forbidden(hall, OF_A_TICKET[name](ticket))


@pytest.mark.parametrize("name", OF_A_TICKET)
def test_a_volunteer_does_not_act_on_who_waits(name: str) -> None:
    hall, _ = at_precheck()

    assert forbidden(hall, OF_A_TICKET[name](TicketId("ticket-00002")))


@pytest.mark.parametrize("then", [commands.MarkNoShow, commands.ParkTicket])
def test_a_volunteer_brings_back_who_left_an_optional_stage_and_nobody_else(then: Maker) -> None:
    for (hall, ticket), may in ((at_precheck(), True), (at_window(), False)):
        hall.do(then(ticket))

        if may:
            asked(hall, commands.ResumeTicket(ticket))
        else:
            assert forbidden(hall, commands.ResumeTicket(ticket))


@pytest.mark.parametrize("release", [False, True])
def test_a_volunteer_takes_back_what_ended_at_an_optional_stage_and_nothing_else(
    release: bool,  # noqa: FBT001  (a column of the table)
) -> None:
    for (hall, ticket), counter, may in ((at_precheck(), "P1", True), (at_window(), "1", False)):
        hall.finish(ticket, commands.Finish(Outcome.REFERRED))
        if release:
            hall.next(counter)

        if may:
            asked(hall, commands.UndoTicket(ticket, release))
        else:
            assert forbidden(hall, commands.UndoTicket(ticket, release))


def test_a_counter_that_is_for_windows_now_takes_nobody_back_from_a_volunteer() -> None:
    hall, ticket = at_precheck()
    hall.do(commands.MarkNoShow(ticket))
    hall.do(commands.CloseCounter(P1))
    hall.do(commands.OpenCounter(P1, stage=StageId("window")))

    assert forbidden(hall, commands.UndoTicket(ticket))
    assert forbidden(hall, commands.CallNext(P1))
    assert forbidden(hall, commands.CloseCounter(P1))


def test_a_volunteer_opens_and_runs_a_counter_of_an_optional_stage() -> None:
    hall = Hall()
    first, second = hall.take("passport"), hall.take("passport")

    asked(hall, commands.OpenCounter(P1))
    asked(hall, commands.CallNext(P1))
    asked(hall, commands.CallNext(P1, DONE, first))
    asked(hall, commands.PauseCounter(P1, release=True))
    asked(hall, commands.OpenCounter(P1, stage=StageId("precheck")))
    asked(hall, commands.CallTicket(P1, second, "urgent"))
    asked(hall, commands.CloseCounter(P1, release=True))


@pytest.mark.parametrize(
    "command",
    [
        commands.OpenCounter(ONE),
        commands.OpenCounter(ONE, stage=StageId("precheck")),
        commands.OpenCounter(P1, stage=StageId("window")),
        commands.PauseCounter(ONE),
        commands.CloseCounter(ONE),
        commands.CallNext(ONE),
        commands.CallNext(ONE, DONE),
        commands.CallTicket(ONE, TicketId("ticket-00002"), "urgent"),
    ],
)
def test_a_volunteer_does_not_run_a_window(command: Command) -> None:
    hall, _ = at_window()

    assert forbidden(hall, command)


def test_a_volunteer_does_not_call_back_who_was_sent_on() -> None:
    hall, ticket = at_precheck()
    hall.finish(ticket)

    assert forbidden(hall, commands.CallTicket(P1, ticket, "urgent"))


@pytest.mark.parametrize(
    "command",
    [
        commands.TransferTicket(TicketId("ticket-00001"), service=ServiceId("enquiry")),
        commands.TransferTicket(TicketId("ticket-00001"), stage=StageId("window")),
        commands.TransferTicket(TicketId("ticket-00001"), counter=ONE),
    ],
)
def test_a_volunteer_puts_back_and_sends_nobody_elsewhere(command: Command) -> None:
    hall, _ = at_precheck()

    assert forbidden(hall, command)


def test_a_volunteer_notes_papers_anywhere() -> None:
    for hall, ticket in (at_precheck(), at_window()):
        for one in (ticket, TicketId("ticket-00002")):
            asked(hall, commands.CheckPapers(one, ("photo",)))


def test_what_a_volunteer_may_do_is_refused_as_to_a_clerk() -> None:
    hall, ticket = at_precheck()
    hall.do(commands.StartTicket(ticket))

    assert isinstance(hall.refuses(AtOptionalStage(commands.StartTicket(ticket))), WrongState)
    assert isinstance(hall.refuses(AtOptionalStage(commands.CallNext(CounterId("99")))), CounterNotFound)
    assert isinstance(hall.refuses(AtOptionalStage(commands.StartTicket(TicketId("nobody")))), TicketNotFound)


def test_what_nobody_thought_of_is_not_for_volunteers() -> None:
    hall, ticket = at_precheck()
    thought_of = {type(make(ticket)) for make in OF_A_TICKET.values()} | {
        commands.ResumeTicket,
        commands.UndoTicket,
        commands.OpenCounter,
        commands.PauseCounter,
        commands.CloseCounter,
        commands.CallNext,
        commands.CallTicket,
    }
    others: list[Command] = [
        hall.new_ticket(),
        commands.ChangeTicket(ticket, reason="urgent"),
        commands.LeaveQueue(ticket),
        commands.Suspend({"en": "Fire drill"}),
        commands.CloseDay(),
        AtOptionalStage(commands.RecallTicket(ticket)),
    ]

    assert all(forbidden(hall, command) for command in others)
    assert thought_of <= set(get_args(Command))
    assert not thought_of & {type(command) for command in others}
