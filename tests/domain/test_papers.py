"""Papers checked before the window: the ticket lists missing papers, and its expected duration depends on them."""

from datetime import timedelta

import pytest

from service.domain.commands import ChangeTicket, CheckPapers, Finish, FinishTicket, TransferTicket, UndoTicket
from service.domain.events import PapersChecked, TicketAdvanced, TicketParked
from service.domain.model import Outcome, PapersThen, ServiceId, Ticket, TicketId, TicketState
from service.domain.queue import dispatch
from service.domain.queue.waits import outlook_of
from service.domain.refusals import BodyInvalid
from tests.domain.halls import DONE, Hall

STAY, ADVANCE, PARK = PapersThen


def check(hall: Hall, ticket: TicketId, *missing: str, then: PapersThen = STAY) -> Ticket:
    hall.do(CheckPapers(ticket, missing, then))
    return hall.ticket(ticket)


def a_prechecking(hall: Hall) -> TicketId:
    """Return a ticket called to the pre-check."""
    hall.open("P1")
    ticket = hall.take("passport")
    assert hall.next("P1") == ticket
    return ticket


@pytest.mark.parametrize("code", ["photo", "signature"])
def test_what_is_missing_is_a_paper_of_the_service_or_a_code_of_the_hall(code: str) -> None:
    hall = Hall()
    ticket = hall.take("passport")

    checked = check(hall, ticket, code)

    assert (checked.missing, checked.prechecked) == ((code,), False)


@pytest.mark.parametrize("code", ["urgent", "passport", "a-whim"])
def test_a_paper_that_nobody_knows_is_refused(code: str) -> None:
    hall = Hall()

    refusal = hall.refuses(CheckPapers(hall.take("passport"), ("photo", code)))

    assert isinstance(refusal, BodyInvalid)
    assert refusal.fields["errors"][0]["path"] == "missing"


def test_complete_papers_make_a_ticket_prechecked_and_keep_its_place() -> None:
    hall = Hall()
    tickets = [hall.after(1).take("passport") for _ in range(3)]
    before = hall.ticket(tickets[1])

    after = check(hall, tickets[1])

    assert (after.prechecked, after.missing, after.papers) == (True, (), ())
    assert (after.state, after.queue_at, after.number) == (before.state, before.queue_at, before.number)
    assert [ticket.id for ticket in dispatch.waiting_in_order(hall.day)] == tickets


def test_who_waits_behind_a_prechecked_ticket_waits_for_its_shorter_time() -> None:
    hall = Hall()
    hall.open("1")
    first, last = hall.take("passport"), hall.take("passport")
    hall.take("passport")
    hall.next("1")
    waiting = hall.ticket(last)
    behind = hall.ticket(hall.take("passport"))
    before_s = outlook_of(hall.day, behind, hall.now_at).wait.p50_s

    check(hall, waiting.id)

    after_s = outlook_of(hall.day, behind, hall.now_at).wait.p50_s
    assert before_s is not None
    assert after_s is not None
    assert before_s - after_s == pytest.approx(300 - 200, abs=2)
    assert hall.ticket(first).state is TicketState.CALLED


def test_a_check_that_finds_something_missing_takes_the_precheck_back() -> None:
    hall = Hall()
    ticket = hall.take("passport")
    check(hall, ticket)

    assert check(hall, ticket, "photo").prechecked is False
    assert check(hall, ticket).missing == ()


def test_a_waiting_ticket_is_told_its_place_again() -> None:
    hall = Hall()
    hall.take("passport")
    ticket = hall.take("passport")

    events = hall.do(CheckPapers(ticket, ("photo",)))

    assert isinstance(events[0], PapersChecked)
    assert (events[0].ahead, events[0].wait) == (1, hall.ticket(ticket).wait)
    assert events[0].wait is not None


@pytest.mark.parametrize("missing", [(), ("photo",)])
def test_advance_ends_the_stage_and_says_whether_the_papers_were_complete(missing: tuple[str, ...]) -> None:
    hall = Hall()
    ticket = a_prechecking(hall)

    events = hall.do(CheckPapers(ticket, missing, ADVANCE))

    assert [type(event) for event in events] == [PapersChecked, TicketAdvanced]
    after = hall.ticket(ticket)
    assert (after.state, after.stage, after.missing) == (TicketState.WAITING, "window", missing)
    assert after.prechecked is not bool(missing)
    assert hall.counter("P1").ticket is None


def test_the_last_stage_cannot_be_advanced_from() -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take("enquiry")
    hall.next("1")

    refusal = hall.refuses(CheckPapers(ticket, (), ADVANCE))

    assert isinstance(refusal, BodyInvalid)
    assert refusal.fields["errors"][0]["path"] == "then"


def test_a_ticket_that_was_not_called_cannot_be_advanced() -> None:
    hall = Hall()
    ticket = hall.take("passport")

    assert hall.refuses(CheckPapers(ticket, (), ADVANCE)).fields == {"state": "waiting"}


def test_park_keeps_what_is_missing() -> None:
    hall = Hall()
    ticket = a_prechecking(hall)

    events = hall.do(CheckPapers(ticket, ("photo",), PARK))

    assert [type(event) for event in events] == [PapersChecked, TicketParked]
    assert (hall.ticket(ticket).state, hall.ticket(ticket).missing) == (TicketState.PARKED, ("photo",))


def test_done_at_the_precheck_with_a_paper_missing_is_not_prechecked() -> None:
    hall = Hall()
    ticket = a_prechecking(hall)
    check(hall, ticket, "photo")

    hall.do(FinishTicket(ticket, DONE))

    assert (hall.ticket(ticket).prechecked, hall.ticket(ticket).missing) == (False, ("photo",))


def test_done_at_the_precheck_without_a_word_is_prechecked() -> None:
    hall = Hall()
    ticket = a_prechecking(hall)

    hall.do(FinishTicket(ticket, DONE))

    assert hall.ticket(ticket).prechecked


def test_undo_gives_back_what_the_precheck_found() -> None:
    hall = Hall()
    ticket = a_prechecking(hall)
    check(hall, ticket, "photo", then=ADVANCE)
    hall.open("1")
    hall.next("1")
    hall.finish(ticket, Finish(Outcome.CONDITIONAL, ("signature",)))
    assert hall.ticket(ticket).missing == ("signature",)

    hall.do(UndoTicket(ticket))

    assert hall.ticket(ticket).missing == ("photo",)


def test_papers_missing_for_one_service_are_not_missing_for_another() -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take("passport")
    hall.next("1")
    check(hall, ticket, "photo")

    hall.do(TransferTicket(ticket, service=ServiceId("enquiry")))

    assert (hall.ticket(ticket).missing, hall.ticket(ticket).papers) == ((), None)


def test_a_place_is_kept_when_papers_are_checked_while_the_ticket_sleeps() -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take("passport")
    hall.do(ChangeTicket(ticket, not_before_at=hall.now_at + timedelta(minutes=5)))
    check(hall, ticket)
    assert hall.next("1") is None

    assert hall.after(300).next("1") == ticket
