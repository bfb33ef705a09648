"""Follow-on services (`then`) count as work, for people behind in the queue and for newcomers.

Source: docs/explanation/rules-of-the-hall.md, rules 3, 10 and 23.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from service.domain import commands
from service.domain.admission.walk_in_requests import next_request, request_of
from service.domain.admission.walk_ins import admission_of
from service.domain.commands import ChangeTicket, Finish, LeaveQueue, SweepStandby
from service.domain.events import TicketAdmitted, TicketTaken
from service.domain.forecast.start_state_builder import start_state_of
from service.domain.forecast.wait_quantiles import waits_and_newcomers_of
from service.domain.model import Admission, CounterId, Fit, Outcome, ServiceId, StageId, TicketClass, TicketId
from service.domain.queue.waits import outlook_of, wait_of_newcomer
from service.domain.refusals import HallFull
from tests.domain.halls import Hall, refold, town, values

ADMITTED, STANDBY = Admission.ADMITTED, Admission.STANDBY
ENQUIRY, PASSPORT = ServiceId("enquiry"), ServiceId("passport")
BOTH = ("enquiry", "passport")


def short_and_long(
    counters: Sequence[Iterable[str]] = (BOTH,),
    at: str = "15:00",
    cv: float = 0.0,
    stages: Iterable[str] = ("window",),
    **parts: Any,  # noqa: ANN401  (any part of the document)
) -> Hall:
    """Return a hall that closes at 17:00; an enquiry takes three minutes, a passport ten."""
    document = town(
        stages=[{"id": "precheck", "optional": True}, {"id": "window"}],
        services=[
            {"id": "enquiry", "prefix": "E", "stages": ["window"], "duration_s": {"mean": 180, "cv": cv}},
            {
                "id": "passport",
                "prefix": "P",
                "stages": list(stages),
                "duration_s": {"mean": 600, "cv": cv, "prechecked_mean": 300},
            },
        ],
        counters=[
            {
                "id": str(n + 1),
                "zone": "main",
                "stage": "precheck" if names == ("looks",) else "window",
                "services": ["passport"] if names == ("looks",) else list(names),
            }
            for n, names in enumerate(counters)
        ],
        **parts,
    )
    hall = Hall(document, at=at)
    hall.open(*(str(n + 1) for n in range(len(counters))))
    return hall


def p50_s(hall: Hall, service: ServiceId = ENQUIRY) -> int | None:
    hall.day.advance_to(hall.now_at)
    return wait_of_newcomer(hall.day, service, hall.now_at).p50_s


def told_s(hall: Hall, ticket: TicketId) -> int | None:
    return outlook_of(hall.day, hall.ticket(ticket), hall.now_at).wait.p50_s


def fit_of(hall: Hall, service: str = "enquiry", then: Iterable[str] = ()) -> Fit:
    """Return the values from which the admission of a newcomer is computed."""
    hall.day.advance_to(hall.now_at)
    asked = tuple(ServiceId(name) for name in then)
    planned = hall.day.plan.services[ServiceId(service)]
    verdict = admission_of(hall.day, next_request(hall.day, planned, 1, prechecked=False, then=asked), hall.now_at)
    assert verdict is not None
    assert verdict.fit is not None
    return verdict.fit


def forecast_s(hall: Hall, service: ServiceId = ENQUIRY) -> int:
    state = start_state_of(hall.day, hall.now_at)
    assert state is not None
    found = waits_and_newcomers_of(state).newcomers[service].p50_s
    assert found is not None
    return found


# The waits of newcomers.


@pytest.mark.parametrize("serving", [False, True])
@pytest.mark.parametrize("waiting", [1, 5, 15, 40])
@pytest.mark.parametrize("counters", [1, 3, 5])
def test_the_wait_of_a_newcomer_is_what_the_forecast_says(
    counters: int,
    waiting: int,
    serving: bool,  # noqa: FBT001
) -> None:
    hall = short_and_long((BOTH,) * counters, at="09:00", cv=0.6, admission="all")
    for n in range(waiting):
        hall.take(then=["passport"] if n % 3 else [])
    for n in range(min(counters, waiting) if serving else 0):
        hall.serve(str(n + 1))
    hall.after(60).day.advance_to(hall.now_at)

    assert p50_s(hall) == pytest.approx(forecast_s(hall), rel=0.07, abs=120)


def test_a_newcomer_waits_for_all_that_those_before_have_to_do() -> None:
    hall = short_and_long()
    waiting = [hall.take(then=["passport"]) for _ in range(4)]

    assert p50_s(hall) == 4 * 780
    assert [told_s(hall, ticket) for ticket in waiting] == [n * 780 for n in range(4)]
    assert hall.ticket(hall.take()).ahead == 4, "they are as many people as before"


def test_who_is_at_the_counter_and_goes_on_is_work_as_well() -> None:
    hall = short_and_long()
    present = hall.take(then=["passport", "enquiry"])
    hall.serve("1")

    assert p50_s(hall) == 180 + 600 + 180
    hall.after(180).finish(present)
    assert (hall.ticket(present).service, p50_s(hall)) == (PASSPORT, 600 + 180)
    assert hall.next("1") == present
    hall.after(600).finish(present)
    assert hall.next("1") == present
    hall.after(180).finish(present)
    assert p50_s(hall) == 0
    assert not hall.day.queue.follow_ons


def test_whose_place_is_later_is_no_work_before_a_place() -> None:
    hall = short_and_long()
    first = hall.take(then=["passport"])
    green = hall.after(60).take(then=["passport"])

    hall.do(ChangeTicket(green, class_=TicketClass.GREEN, reason="urgent"))

    assert [told_s(hall, ticket) for ticket in (green, first)] == [0, 780]


def test_nobody_waits_for_what_they_go_on_with_themselves() -> None:
    hall = short_and_long()
    waiting, called = (hall.take(then=["passport"]) for _ in range(2))
    for ticket in (waiting, called):
        hall.do(ChangeTicket(ticket, class_=TicketClass.GREEN, reason="urgent"))
    hall.call("1", called)

    for ticket in (waiting, called):
        hall.do(ChangeTicket(ticket, class_=TicketClass.WALK_IN, reason="urgent"))

    waits = [hall.ticket(ticket).wait for ticket in (waiting, called)]
    assert [wait and wait.p50_s for wait in waits] == [780, 180 + 780]


def test_a_counter_that_is_free_is_free_whatever_somebody_at_another_has_to_do() -> None:
    hall = short_and_long((BOTH, BOTH))
    hall.take(then=["passport", "passport"])
    hall.serve("1")

    assert p50_s(hall) == 0


def test_who_leaves_or_is_put_aside_goes_on_with_nothing() -> None:
    hall = short_and_long()
    left, parked, called = (hall.take(then=["passport"]) for _ in range(3))

    hall.do(LeaveQueue(left))
    hall.do(commands.ParkTicket(parked))
    hall.call("1", called)
    hall.do(commands.MarkNoShow(called))

    assert p50_s(hall) == 0
    assert not hall.day.queue.follow_ons
    hall.do(commands.ResumeTicket(parked))
    assert p50_s(hall) == 780


def test_a_finish_taken_back_brings_back_what_was_to_be_done() -> None:
    hall = short_and_long()
    ticket = hall.take(then=["passport"])
    hall.serve("1")

    hall.after(60).finish(ticket, Finish(Outcome.REFERRED))
    assert p50_s(hall) == 0
    hall.do(commands.UndoTicket(ticket))

    assert p50_s(hall) == 120 + 600


def test_who_goes_on_at_other_counters_is_no_work_at_these() -> None:
    hall = short_and_long((["enquiry"], ["passport"]))
    for _ in range(5):
        hall.take(then=["passport"])

    assert (p50_s(hall), p50_s(hall, PASSPORT)) == (5 * 180, 0)
    assert fit_of(hall, "passport").mean_s == 5 * 600, "but once all have been served, it is"


def test_papers_that_were_looked_at_are_so_for_the_same_service_again() -> None:
    hall = short_and_long((BOTH, ("looks",)), stages=("precheck", "window"))
    ticket = hall.take("passport", then=["passport", "enquiry", "passport"])
    hall.call("2", ticket)
    hall.after(60).finish(ticket)
    hall.do(commands.CloseCounter(CounterId("2")))

    assert hall.ticket(ticket).prechecked
    assert p50_s(hall) == 300 + 300 + 180 + 600


def test_a_change_of_counters_or_of_the_document_is_reckoned_with() -> None:
    hall = short_and_long((BOTH, ["passport"]), stages=("precheck", "window"), admission="all")
    hall.do(commands.CloseCounter(CounterId("2")))
    for _ in range(4):
        hall.take(then=["passport"])
    alone = p50_s(hall)

    hall.open("2")

    assert alone == 4 * 780
    shared = p50_s(hall)
    assert shared is not None
    assert shared < alone - 600
    assert wait_of_newcomer(refold(hall), ENQUIRY, hall.now_at).p50_s == shared


# Admission.


def fill(hall: Hall, then: Iterable[str]) -> tuple[list[TicketId], list[TicketId]]:
    """Take tickets until the hall is full; return the admitted ones and those on standby."""
    found: dict[Admission, list[TicketId]] = {ADMITTED: [], STANDBY: []}
    for _ in range(100):
        command = hall.new_ticket(then=then)
        try:
            hall.do(command)
        except HallFull:
            return found[ADMITTED], found[STANDBY]
        found[hall.ticket(command.ticket).admission].append(command.ticket)
    raise AssertionError("a hall is full some time")


def test_no_more_are_let_in_than_all_they_have_to_do_leaves_time_for() -> None:
    hall = short_and_long()

    admitted, standby = fill(hall, ["passport"])

    assert (len(admitted), len(standby)) == (9, 1)  # of 13 min each, in two hours
    assert isinstance(hall.refuses(hall.new_ticket(then=["passport"])), HallFull)
    assert values(refold(hall)) == values(hall.day)


def test_what_a_newcomer_goes_on_with_must_fit_too() -> None:
    hall = short_and_long((BOTH, ["enquiry"], ["enquiry"]), at="16:00")
    for _ in range(5):
        hall.take("passport")

    alone, both = fit_of(hall), fit_of(hall, then=["passport"])

    assert (alone.mean_s, alone.p) == (0, 1.0)
    assert both.mean_s == 3000
    assert both.p == pytest.approx(0.95, abs=0.01)
    assert fit_of(hall, then=["passport", "passport"]).mean_s == 3600
    assert taken(hall, then=["passport", "passport"]).admission is STANDBY


def taken(hall: Hall, then: Iterable[str], service: str = "enquiry") -> TicketTaken:
    return next(event for event in hall.do(hall.new_ticket(service, then=then)) if isinstance(event, TicketTaken))


def test_the_next_service_begins_when_the_one_before_is_done() -> None:
    hall = short_and_long((["enquiry"], ["passport"]), at="16:00")
    for _ in range(10):
        hall.take()

    assert fit_of(hall, "passport").mean_s == 0
    assert fit_of(hall, then=["passport"]).mean_s == 10 * 180 + 180


def test_a_service_behind_an_optional_stage_is_reckoned_with_where_somebody_is() -> None:
    hall = short_and_long((BOTH, ("looks",)), stages=("precheck", "window"), at="16:00")
    for _ in range(3):
        hall.take(then=["passport"])

    assert fit_of(hall, "passport").mean_s == 3 * (180 + 300), "whose papers are looked at first takes less long"
    hall.do(commands.CloseCounter(CounterId("2")))
    assert fit_of(hall, "passport").mean_s == 3 * (180 + 600)


def test_who_sleeps_goes_on_when_they_wake() -> None:
    hall = short_and_long()
    ticket = hall.take(then=["passport"])
    hall.do(ChangeTicket(ticket, not_before_at=hall.now_at + timedelta(minutes=30)))
    assert not hall.day.queue.follow_ons
    assert fit_of(hall).mean_s == 0
    for _ in range(11):
        hall.take()

    assert fit_of(hall).mean_s == 11 * 180 + 780
    hall.after(1801)
    assert fit_of(hall).mean_s == 11 * 180 + 780
    assert list(hall.day.queue.follow_ons) == [
        (StageId("window"), ENQUIRY, next(iter(hall.day.queue.follow_ons)).visit),
    ]


def test_nobody_is_let_in_on_the_time_of_what_somebody_on_standby_goes_on_with() -> None:
    hall = short_and_long((["enquiry"], ["passport"]))
    for _ in range(11):
        hall.take("passport")
    assert taken(hall, then=["passport"]).admission is STANDBY

    late = fit_of(hall, "passport")

    assert late.mean_s == 11 * 600 + 600
    assert taken(hall, then=["passport"]).admission is STANDBY
    assert hall.do(SweepStandby()) == []
    assert [ticket for _, ticket in hall.day.queue.standby] == ["ticket-00012", "ticket-00013"]


def test_who_stands_by_for_what_they_go_on_with_keeps_nobody_from_the_service_before() -> None:
    hall = short_and_long((["enquiry"], ["passport"]))
    for _ in range(11):
        hall.take("passport")
    assert taken(hall, then=["passport"]).admission is STANDBY

    enquiry = taken(hall, then=[])

    assert enquiry.admission is ADMITTED
    assert enquiry.fit is not None
    assert enquiry.fit.mean_s == 180, "after whom they would have come"


def standing_by_for_the_first() -> Hall:
    """Return a hall with a standby ticket for a passport and then two enquiries; passports have enough counters."""
    hall = short_and_long((*(["passport"],) * 5, *(["enquiry"],) * 3), at="16:00")
    for _ in range(100):
        if taken(hall, then=["enquiry", "enquiry"], service="passport").admission is STANDBY:
            return hall
    raise AssertionError("somebody stands by some time")


def test_nobody_is_let_in_on_the_time_of_what_somebody_on_standby_has_to_do_first() -> None:
    hall = standing_by_for_the_first()
    ((_, first),) = hall.day.queue.standby

    alone = taken(hall, then=[], service="passport")

    assert alone.fit is not None
    assert alone.fit.p is not None
    assert alone.fit.p > 0.9, "there would be time for a passport without more"
    assert alone.admission is STANDBY
    assert hall.do(SweepStandby()) == []
    assert [ticket for _, ticket in hall.day.queue.standby] == [first, alone.ticket]


def test_who_stands_by_for_what_they_do_first_keeps_nobody_from_what_they_go_on_with() -> None:
    hall = standing_by_for_the_first()

    assert taken(hall, then=[]).admission is ADMITTED


def test_whoever_comes_later_makes_nobody_on_standby_wait_for_longer() -> None:
    """After enough admissions a standby ticket would wait longer at another stage; newcomers are then on standby."""
    hall = short_and_long((*(["passport"],) * 5, ["enquiry"]), at="16:00")
    admitted = {ADMITTED: 0, STANDBY: 0}
    while not hall.day.queue.standby:
        hall.take("passport", then=["enquiry"])
    ((_, first),) = hall.day.queue.standby
    before = admission_of(hall.day, request_of(hall.ticket(first)), hall.now_at)

    for _ in range(12):
        admitted[taken(hall, then=[], service="passport").admission] += 1

    assert admitted[ADMITTED] > 0, "as long as they would wait for an enquiry"
    assert admitted[STANDBY] > 0
    assert admission_of(hall.day, request_of(hall.ticket(first)), hall.now_at) == before


def test_who_does_not_go_on_after_all_lets_somebody_in() -> None:
    hall = short_and_long(at="16:00")
    admitted, standby = fill(hall, ["passport"])
    assert hall.next("1") == admitted[0]

    decided = hall.after(180).do(commands.FinishTicket(admitted[0], Finish(Outcome.CONDITIONAL)))

    assert [event.ticket for event in decided if isinstance(event, TicketAdmitted)] == standby
