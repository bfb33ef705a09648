"""Ratings: once per visit, after its end, with reasons from the hall document."""

import pytest

from service.domain.commands import Finish, FinishTicket, LeaveQueue, RateTicket, UndoTicket
from service.domain.events import TicketRated
from service.domain.model import Outcome, TicketId, TicketState
from service.domain.refusals import BodyInvalid, WrongState
from tests.domain.halls import DONE, Hall, town

RATED_TOWN = {"codes": {"reasons": ["urgent"], "missing": ["signature"], "ratings": ["long-wait", "friendly"]}}


def served(hall: Hall) -> TicketId:
    """Return a ticket whose visit is done."""
    hall.open("1")
    ticket = hall.take("enquiry")
    assert hall.next("1") == ticket
    hall.do(FinishTicket(ticket, DONE))
    return ticket


def test_a_visit_that_is_done_is_rated_with_reasons() -> None:
    hall = Hall(town(**RATED_TOWN))
    ticket = served(hall)

    events = hall.do(RateTicket(ticket, 4, ("friendly",)))

    assert events == [TicketRated(ticket=ticket, grade=4, reasons=("friendly",))]
    assert (hall.ticket(ticket).rating, hall.ticket(ticket).state) == (4, TicketState.DONE)


def test_a_visit_is_rated_once_also_when_its_end_was_taken_back_meanwhile() -> None:
    hall = Hall(town(**RATED_TOWN))
    ticket = served(hall)
    hall.do(RateTicket(ticket, 5))
    hall.do(UndoTicket(ticket))
    hall.do(FinishTicket(ticket, Finish(Outcome.REFERRED)))

    refusal = hall.refuses(RateTicket(ticket, 1))

    assert isinstance(refusal, WrongState)
    assert refusal.fields == {"state": "rated"}


@pytest.mark.parametrize("until", ["waiting", "called", "left"])
def test_a_visit_that_is_not_done_is_not_rated(until: str) -> None:
    hall = Hall(town(**RATED_TOWN))
    hall.open("1")
    ticket = hall.take("enquiry")
    if until == "called":
        hall.next("1")
    elif until == "left":
        hall.do(LeaveQueue(ticket))

    refusal = hall.refuses(RateTicket(ticket, 3))

    assert isinstance(refusal, WrongState)
    assert refusal.fields == {"state": until}


@pytest.mark.parametrize("code", ["urgent", "signature", "a-whim"])
def test_a_reason_that_is_not_for_ratings_is_refused(code: str) -> None:
    hall = Hall(town(**RATED_TOWN))

    refusal = hall.refuses(RateTicket(served(hall), 2, ("long-wait", code)))

    assert isinstance(refusal, BodyInvalid)
    assert refusal.fields["errors"][0]["path"] == "reasons[1]"
