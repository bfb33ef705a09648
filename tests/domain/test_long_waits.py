"""The rule that a hall may have: a walk-in who has waited for too long goes before all who came later.

Source: ALGORITHMS 1.4 (guard).
"""

from datetime import timedelta

from service.domain import dispatch
from service.domain.commands import CallNext, ChangeTicket, SweepLongWaits
from service.domain.events import TicketRaised
from service.domain.forecast.waits import forecast
from service.domain.model import CounterId, Rule, TicketClass, TicketId
from service.domain.waits import outlook_of
from tests.domain.halls import Hall, called, reason_of, refold, town, values
from tests.domain.test_waits import enquiries

HOUR_S = 3600


def a_morning(most_s: int | None = HOUR_S, early: str = "09:30") -> tuple[Hall, TicketId, TicketId]:
    """A hall where somebody has come without an appointment; who came later with one is before them."""
    hall = Hall(enquiries(cv=0, counters=1, rules={"max_walk_in_wait_s": most_s}), at="08:31")
    booked = hall.book(at="10:15")
    walk_in = hall.at(early).take()
    hall.at("09:55")
    appointment = hall.check_in(booked)
    hall.at("10:29")
    hall.open("1")
    return hall, walk_in, appointment


def test_without_the_rule_who_has_booked_goes_first_however_long_others_wait() -> None:
    hall, walk_in, appointment = a_morning(None)

    hall.at("11:30")

    assert [ticket.id for ticket in dispatch.in_order(hall.day)] == [appointment, walk_in]
    assert hall.do(SweepLongWaits()) == []


def test_who_has_waited_too_long_is_called_first() -> None:
    hall, walk_in, appointment = a_morning()
    assert hall.do(SweepLongWaits()) == []

    decided = hall.at("10:30").do(CallNext(CounterId("1")))

    assert [type(event).__name__ for event in decided] == ["TicketRaised", "TicketCalled"]
    assert called(decided) == walk_in
    reason = reason_of(decided)
    assert (reason.rule, reason.credit_s, reason.ahead_of) == (Rule.CREDIT, 5400, 1)
    assert reason.queue_at == hall.instant("08:00")
    assert hall.ticket(appointment).calls == 0


def test_everything_that_goes_by_the_order_goes_by_it() -> None:
    hall, walk_in, appointment = a_morning()

    (raised,) = hall.at("10:30").do(SweepLongWaits())

    assert isinstance(raised, TicketRaised)
    assert raised.ahead == 0
    assert [ticket.id for ticket in dispatch.in_order(hall.day)] == [walk_in, appointment]
    assert dispatch.ahead(hall.day, hall.ticket(appointment)) == 1
    assert outlook_of(hall.day, hall.ticket(appointment), hall.now_at).wait.p50_s == 180
    foreseen = forecast(hall.day, hall.now_at).waits
    assert (foreseen[walk_in].p50_s, foreseen[appointment].p10_s) != (None, 0)
    assert hall.do(SweepLongWaits()) == []
    assert values(refold(hall)) == values(hall.day)


def test_a_counter_that_calls_nobody_says_nothing_of_others() -> None:
    hall = Hall(town(rules={"max_walk_in_wait_s": HOUR_S}))
    hall.take("card")
    hall.open("4")

    assert hall.at("10:30").do(CallNext(CounterId("4"))) == []


def test_who_asked_to_be_called_later_is_not_raised_before() -> None:
    hall, walk_in, _ = a_morning()
    hall.do(ChangeTicket(walk_in, not_before_at=hall.now_at + timedelta(minutes=30)))

    assert hall.at("10:40").do(SweepLongWaits()) == []
    assert hall.at("11:00").do(SweepLongWaits())


def test_who_was_raised_stays_so_whatever_becomes_of_the_class() -> None:
    hall, walk_in, _ = a_morning()
    hall.at("10:30").do(SweepLongWaits())
    before = hall.ticket(walk_in).queue_at

    hall.do(ChangeTicket(walk_in, class_=TicketClass.GREEN, reason="urgent"))
    hall.do(ChangeTicket(walk_in, class_=TicketClass.WALK_IN, reason="urgent"))

    assert hall.ticket(walk_in).queue_at == before
