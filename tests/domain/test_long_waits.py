"""The optional rule for long waits: a walk-in who has waited too long goes before everybody who came later.

Source: ALGORITHMS 1.4 (guard).
"""

from datetime import timedelta

import pytest

from service.domain.commands import (
    CallNext,
    ChangeTicket,
    LiftSuspension,
    ParkTicket,
    ResumeTicket,
    Suspend,
    SweepLongWaits,
)
from service.domain.events import TicketRaised
from service.domain.forecast.wait_quantiles import forecast
from service.domain.model import CounterId, Rule, TicketClass, TicketId
from service.domain.queue import dispatch
from service.domain.queue.waits import outlook_of
from tests.domain.halls import DONE, Hall, called, reason_of, refold, town, values
from tests.domain.test_waits import enquiries

HOUR_S = 3600


def a_morning(most_s: int | None = HOUR_S, early: str = "09:30") -> tuple[Hall, TicketId, TicketId]:
    """Return a hall with a walk-in, and a person with an appointment who came later and is ahead of the walk-in."""
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

    assert [ticket.id for ticket in dispatch.waiting_in_order(hall.day)] == [appointment, walk_in]
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


def test_who_goes_on_and_has_waited_too_long_is_not_passed_by_who_came_later() -> None:
    hall = Hall(enquiries(cv=0, counters=1, rules={"max_walk_in_wait_s": HOUR_S}))
    hall.open("1")
    first = hall.take(then=["enquiry"])
    later = hall.after(60).take()
    hall.at("09:59").serve("1")

    decided = hall.at("10:02").do(CallNext(CounterId("1"), DONE))

    assert [(type(event).__name__, getattr(event, "ticket", None)) for event in decided] == [
        ("TicketAdvanced", first),
        ("TicketRaised", first),
        ("TicketRaised", later),
        ("TicketCalled", first),
    ]
    assert reason_of(decided).queue_at == hall.ticket(first).queue_at == hall.instant("07:30")


def test_everything_that_goes_by_the_order_goes_by_it() -> None:
    hall, walk_in, appointment = a_morning()

    (raised,) = hall.at("10:30").do(SweepLongWaits())

    assert isinstance(raised, TicketRaised)
    assert raised.ahead == 0
    assert [ticket.id for ticket in dispatch.waiting_in_order(hall.day)] == [walk_in, appointment]
    assert dispatch.count_ahead(hall.day, hall.ticket(appointment)) == 1
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


def came_back() -> tuple[Hall, TicketId]:
    """Return a hall whose only walk-in came at nine and was away until ten past ten, so that its queue time is ten."""
    hall = Hall(enquiries(cv=0, counters=1, rules={"max_walk_in_wait_s": HOUR_S}))
    walk_in = hall.take()
    hall.at("09:30").do(ParkTicket(walk_in))
    hall.at("10:10").do(ResumeTicket(walk_in))
    assert hall.ticket(walk_in).queue_at == hall.instant("10:00")
    return hall, walk_in


def test_who_came_back_and_has_waited_too_long_since_goes_before_all_who_came_later() -> None:
    hall, walk_in = came_back()
    stayed = hall.at("10:20").take()
    hall.at("10:59:59")
    assert hall.do(SweepLongWaits()) == []

    hall.at("11:00").do(SweepLongWaits())
    urgent = hall.take()
    hall.do(ChangeTicket(urgent, class_=TicketClass.GREEN, reason="urgent"))
    hall.open("1")

    assert hall.ticket(walk_in).queue_at == hall.instant("08:30")
    assert [hall.next("1", DONE) for _ in range(3)] == [walk_in, urgent, stayed]


def test_who_came_back_does_not_go_before_those_who_stayed() -> None:
    hall, walk_in = came_back()
    hall.at("10:12")
    others = [hall.take(), hall.after(60).take()]
    hall.do(ParkTicket(others[0]))
    hall.at("10:15").do(ResumeTicket(others[0]))

    hall.at("11:30").do(SweepLongWaits())

    assert all(hall.ticket(ticket).raised for ticket in (walk_in, *others))
    assert [ticket.id for ticket in dispatch.waiting_in_order(hall.day)] == [walk_in, *others]


def test_who_was_raised_and_leaves_comes_back_as_others_do_and_is_raised_again() -> None:
    hall, walk_in, _ = a_morning()
    hall.at("10:30").do(SweepLongWaits())
    hall.do(ParkTicket(walk_in))
    hall.at("11:10").do(ResumeTicket(walk_in))

    assert hall.ticket(walk_in).queue_at == hall.instant("11:00")
    assert hall.at("11:59:59").do(SweepLongWaits()) == []
    (raised,) = hall.at("12:00").do(SweepLongWaits())

    assert isinstance(raised, TicketRaised)
    assert hall.ticket(walk_in).queue_at == hall.instant("09:30")
    assert values(refold(hall)) == values(hall.day)


def test_who_came_back_and_was_raised_stays_so_whatever_becomes_of_the_class() -> None:
    hall, walk_in = came_back()
    hall.at("11:00").do(SweepLongWaits())

    for class_ in (TicketClass.GREEN, TicketClass.WALK_IN):
        hall.do(ChangeTicket(walk_in, class_=class_, reason="urgent"))
        assert hall.ticket(walk_in).queue_at == hall.instant("08:30")


@pytest.mark.parametrize("said", [False, True])
def test_nobody_has_waited_longer_for_a_suspension(said: bool) -> None:  # noqa: FBT001
    hall = Hall(town(rules={"max_walk_in_wait_s": HOUR_S}))
    hall.at("09:10").take()
    hall.at("09:26").do(Suspend({"en": "Fire alarm"}, hall.instant("10:15") if said else None))
    assert hall.at("10:14").do(SweepLongWaits()) == []
    hall.at("10:15").do(LiftSuspension())

    assert hall.at("10:58:59").do(SweepLongWaits()) == []
    assert hall.at("10:59").do(SweepLongWaits())
