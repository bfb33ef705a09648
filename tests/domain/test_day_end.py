"""How a day changes and ends: closing, end, changed documents and automatic no-shows.

Source: CONTRACT 5, "closing"; DESIGN 6, "No-show", "The door" and "Suspension".
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from service.domain.commands import (
    CallNext,
    ChangePlan,
    CheckPapers,
    CloseCounter,
    CloseDay,
    Command,
    EndDay,
    FinishTicket,
    LiftSuspension,
    MarkNoShow,
    OpenCounter,
    ParkTicket,
    PauseCounter,
    RecallTicket,
    ResumeTicket,
    StartTicket,
    Suspend,
    SweepNoShows,
    TransferTicket,
    UndoTicket,
)
from service.domain.day import NO_SERVICE_TIMES
from service.domain.events import (
    CounterClosed,
    DayClosed,
    DayEnded,
    PlanChanged,
    SuspensionEnded,
    TicketFinished,
    TicketLeft,
    TicketNoShow,
    TicketRecalled,
    TicketReleased,
)
from service.domain.model import (
    CounterId,
    CounterState,
    LeftReason,
    PapersThen,
    ServiceId,
    StageId,
    TicketId,
    TicketState,
)
from service.domain.queue.todays_speed import todays_speed
from service.domain.refusals import CounterNotFound, HallClosed, ServiceNotFound, WrongDay
from service.domain.stats.figures_observer import FiguresObserver
from tests.domain.halls import DONE, MONDAY, TOWN, Hall, town

ONE, TWO = CounterId("1"), CounterId("2")
WINDOW = StageId("window")


# Closing and ending.


def test_closing_the_day_sends_away_who_waits_with_a_right_to_return() -> None:
    hall = Hall()
    hall.open("1", "2")
    called, parked, waiting = hall.take(), hall.take(), hall.take()
    hall.next("1")
    hall.do(ParkTicket(parked))

    decided = hall.do(CloseDay())

    assert decided == [
        TicketLeft(ticket=parked, reason=LeftReason.UNSERVED),
        TicketLeft(ticket=waiting, reason=LeftReason.UNSERVED),
        DayClosed(),
    ]
    assert hall.ticket(waiting).left_reason is LeftReason.UNSERVED
    assert hall.ticket(called).state is TicketState.CALLED
    assert isinstance(hall.refuses(hall.new_ticket()), HallClosed)
    assert isinstance(hall.refuses(CallNext(TWO)), HallClosed)


def test_staff_finish_with_the_people_at_their_counters_after_the_day_was_closed() -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take()
    hall.serve("1")
    hall.do(CloseDay())

    hall.after(60).finish(ticket)
    hall.do(UndoTicket(ticket))
    hall.finish(ticket)
    hall.do(CloseCounter(ONE))

    assert hall.ticket(ticket).state is TicketState.DONE


def test_a_closed_day_is_not_closed_twice() -> None:
    hall = Hall()
    hall.do(CloseDay())

    assert hall.do(CloseDay()) == []


def test_the_end_of_a_day_leaves_nobody_waiting_or_at_a_counter_and_no_counter_open() -> None:
    hall = Hall()
    hall.open("1", "2", "3", "4")
    called, serving, waiting, parked = (hall.take() for _ in range(4))
    hall.next("1")
    hall.next("2")
    hall.do(StartTicket(serving))
    hall.do(PauseCounter(CounterId("3")))
    hall.do(ParkTicket(parked))

    decided = hall.do(EndDay())

    assert decided == [
        TicketLeft(ticket=waiting, reason=LeftReason.UNSERVED),
        TicketLeft(ticket=parked, reason=LeftReason.UNSERVED),
        TicketNoShow(ticket=called),
        CounterClosed(counter=ONE),
        TicketFinished(ticket=serving, outcome=DONE.outcome, forgotten=True),
        CounterClosed(counter=TWO),
        CounterClosed(counter=CounterId("3")),
        CounterClosed(counter=CounterId("4")),
        DayEnded(),
    ]
    assert {counter.state for counter in hall.day.counters.values()} == {CounterState.CLOSED}
    assert {counter.ticket for counter in hall.day.counters.values()} == {None}
    assert hall.day.ended


@pytest.mark.parametrize(("service", "then", "counter"), [("passport", "", "P1"), ("enquiry", ["card"], "4")])
@pytest.mark.parametrize("closed", [False, True])
def test_whose_visit_was_to_go_on_from_a_forgotten_finish_may_come_back(
    service: str,
    then: list[str],
    counter: str,
    closed: bool,  # noqa: FBT001
) -> None:
    hall = Hall()
    hall.open(counter)
    ticket = hall.take(service, then=then)
    hall.serve(counter)
    if closed:
        hall.do(CloseDay())

    decided = hall.at("20:00").do(EndDay())

    assert [type(event) for event in decided] == [TicketReleased, TicketLeft, CounterClosed, DayEnded]
    left = hall.ticket(ticket)
    assert (left.state, left.left_reason, left.service) == (TicketState.LEFT, LeftReason.UNSERVED, service)
    assert not left.prechecked, "nobody said so"
    told = FiguresObserver(hall.day.hall, hall.on)
    told.replay(hall.records)
    figures = told.figures(hall.now_at)
    assert figures.counters[CounterId(counter)].serving_s == 0, "nobody knows when it ended"
    assert figures.halves["09:00"].waiting_most == 1
    assert "20:00" not in figures.halves, "nobody waited then"


def test_a_forgotten_finish_teaches_no_speed() -> None:
    hall = Hall()
    hall.open("1")
    hall.take()
    hall.serve("1")

    hall.after(200).do(EndDay())

    assert hall.day.service_times == {}


def test_todays_speed_is_learned_from_what_was_finished() -> None:
    hall = Hall()
    hall.open("1")
    hall.take(count=2)
    ticket = hall.serve("1")

    hall.after(500).finish(ticket)

    assert hall.day.service_times == {WINDOW: (500, 360)}


@pytest.mark.parametrize(("seconds", "learned"), [(720, 720), (721, 0)])
def test_a_service_that_was_not_ended_in_time_teaches_no_speed(seconds: int, learned: int) -> None:
    hall = Hall()
    hall.open("1")
    hall.take()
    ticket = hall.serve("1")

    hall.after(seconds).finish(ticket)

    assert hall.day.service_times.get(WINDOW, NO_SERVICE_TIMES).actual_s == learned


def test_a_stage_done_teaches_todays_speed_as_well() -> None:
    hall = Hall()
    hall.open("1")
    hall.take("card")
    ticket = hall.serve("1")

    hall.after(300).finish(ticket)

    assert hall.day.service_times == {WINDOW: (300, 240)}


def test_an_undo_takes_back_what_the_finish_taught_whatever_the_document_says_by_then() -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take()
    hall.serve("1")
    hall.after(200).finish(ticket)
    longer = [{**service, "duration_s": {"mean": 28_800}} for service in TOWN["services"]]

    hall.do(ChangePlan(hall.plan(town(services=longer))))
    hall.do(UndoTicket(ticket))

    assert hall.day.service_times == {WINDOW: NO_SERVICE_TIMES}
    assert todays_speed(hall.day, WINDOW)[0] == 1.0


# A changed document.


def without(part: str, name: str) -> list[dict[str, Any]]:
    return [one for one in TOWN[part] if one["id"] != name]


def test_a_changed_document_holds_from_then_on() -> None:
    hall = Hall()
    plan = hall.plan(town(hours=[{"weekdays": [1], "from": "09:00", "to": "09:30"}]))

    hall.do(ChangePlan(plan))

    assert hall.day.plan == plan
    assert isinstance(hall.at("09:30").refuses(hall.new_ticket()), HallClosed)


def test_a_plan_of_another_date_is_refused() -> None:
    hall = Hall()
    tomorrow = Hall(on=MONDAY + timedelta(days=1)).plan(town(hours=[]))

    assert isinstance(hall.refuses(ChangePlan(tomorrow)), WrongDay)


def test_a_day_is_closed_by_who_means_it() -> None:
    hall = Hall()

    refused = hall.refuses(CloseDay(MONDAY - timedelta(days=1)))
    hall.do(CloseDay(MONDAY))

    assert isinstance(refused, WrongDay)
    assert hall.day.closed


@pytest.mark.parametrize("revision", [0, 1])
def test_an_old_revision_changes_nothing(revision: int) -> None:
    hall = Hall()

    assert hall.do(ChangePlan(hall.plan(town(hours=[]), revision))) == []


@pytest.mark.parametrize("said", ["held_by_hour", "booked_by_stage"])
def test_a_plan_of_the_release_before_gives_way_to_one_of_now_once(said: str) -> None:
    hall = Hall()
    hall.day.set_plan(replace(hall.day.plan, **{said: False}))
    now = hall.plan(hall.document, 1)

    first, second = hall.do(ChangePlan(now)), hall.do(ChangePlan(now))

    assert (first, second) == ([PlanChanged(plan=now)], [])
    assert hall.do(ChangePlan(replace(now, **{said: False}))) == [], "nor does it come back"


def no_enquiries() -> dict[str, Any]:
    """Return the parts of the town hall's document that change without the service `enquiry`."""
    counters = [
        {**counter, "services": [name for name in counter["services"] if name != "enquiry"]}
        for counter in without("counters", "4")
    ]
    return {"services": without("services", "enquiry"), "counters": counters}


def test_a_service_that_goes_is_served_to_who_waits_for_it_and_offered_to_nobody() -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take("enquiry")

    hall.do(ChangePlan(hall.plan(town(**no_enquiries()))))

    assert isinstance(hall.refuses(hall.new_ticket("enquiry")), ServiceNotFound)
    assert hall.next("1") == ticket
    hall.finish(ticket)


def test_a_counter_opened_after_the_service_went_serves_who_still_waits_for_it() -> None:
    hall = Hall()
    ticket = hall.take("enquiry")
    hall.do(ChangePlan(hall.plan(town(**no_enquiries()))))
    hall.do(ChangePlan(hall.plan(town(**no_enquiries()), revision=3)))

    hall.open("2")

    assert hall.next("2") == ticket


def test_a_service_that_goes_stays_for_visits_that_have_it_still_to_come() -> None:
    hall = Hall()
    hall.open("1", "2")
    ticket = hall.take("passport", then=["enquiry"])
    hall.serve("1")

    hall.do(ChangePlan(hall.plan(town(**no_enquiries()))))
    hall.finish(ticket)

    assert hall.ticket(ticket).service == "enquiry"
    assert hall.next("2") == ticket


def test_a_finish_can_be_taken_back_after_its_service_has_gone() -> None:
    hall = Hall()
    hall.open("1")
    hall.take("enquiry")
    ticket = hall.serve("1")
    hall.finish(ticket)
    hall.do(ChangePlan(hall.plan(town(**no_enquiries()))))

    hall.do(UndoTicket(ticket))
    hall.finish(ticket)

    assert hall.ticket(ticket).state is TicketState.DONE


def test_a_service_nobody_has_a_ticket_of_goes_at_once() -> None:
    hall = Hall()

    hall.do(ChangePlan(hall.plan(town(**no_enquiries()))))

    assert "enquiry" not in hall.day.plan.services


def test_a_counter_that_goes_is_kept_while_it_is_in_use() -> None:
    hall = Hall()
    hall.open("1", "2")
    ticket = hall.take()
    hall.serve("2")

    hall.do(ChangePlan(hall.plan(town(counters=without("counters", "2")))))
    hall.finish(ticket)
    hall.do(CloseCounter(TWO))

    assert isinstance(hall.refuses(OpenCounter(TWO)), CounterNotFound)


def test_a_closed_counter_that_goes_is_gone_and_frees_who_was_sent_to_it() -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take()
    hall.serve("1")
    hall.do(TransferTicket(ticket, counter=TWO))

    hall.do(ChangePlan(hall.plan(town(counters=without("counters", "2")))))

    assert TWO not in hall.day.counters
    assert hall.next("1") == ticket


def test_a_new_counter_and_a_new_service_can_be_used_at_once() -> None:
    hall = Hall()
    services = [*TOWN["services"], {"id": "dog", "prefix": "D", "stages": ["window"], "duration_s": {"mean": 60}}]
    counters = [*TOWN["counters"], {"id": "5", "zone": "main", "stage": "window", "services": ["dog"]}]

    hall.do(ChangePlan(hall.plan(town(services=services, counters=counters))))

    ticket = hall.take("dog")
    hall.open("5")
    assert hall.next("5") == ticket
    assert hall.ticket(ticket).number == "D001"


def test_numbers_go_on_after_a_change_of_the_document() -> None:
    hall = Hall()
    hall.take()

    hall.do(ChangePlan(hall.plan(town())))

    assert hall.ticket(hall.take()).number == "E002"


def test_who_waits_at_a_stage_that_goes_waits_at_the_first_that_is_left() -> None:
    hall = Hall()
    hall.open("1", "P1")
    ticket = hall.take("passport")
    assert hall.next("1") is None
    services = [{**service, "stages": ["window"]} for service in TOWN["services"]]

    hall.do(ChangePlan(hall.plan(town(services=services))))

    assert hall.next("1") == ticket


def test_who_waits_at_a_stage_that_another_replaces_begins_with_that() -> None:
    hall = Hall()
    hall.open("1", "P1", "K1")
    ticket = hall.take("passport")
    services = [{**TOWN["services"][0], "stages": ["cashier", "window"]}, *TOWN["services"][1:]]
    counters = [{**counter, "services": ["passport", "card"]} for counter in TOWN["counters"]]

    hall.do(ChangePlan(hall.plan(town(services=services, counters=counters))))
    hall.do(CloseCounter(CounterId("K1")))
    hall.open("K1")

    assert hall.next("1") is None
    assert hall.next("K1") == ticket


def test_the_order_of_calls_outlives_a_change_of_the_document() -> None:
    hall = Hall()
    tickets = [hall.after(1).take(service) for service in ("passport", "enquiry", "card", "passport")]
    hall.open("1")

    hall.do(ChangePlan(hall.plan(town())))

    assert [hall.next("1", DONE) for _ in range(4)] == tickets


# No-shows.


def an_automatic_hall() -> tuple[Hall, TicketId]:
    hall = Hall(town(rules={"auto_no_show": True}))
    hall.open("1")
    ticket = hall.take()
    hall.next("1")
    return hall, ticket


def sweep(hall: Hall) -> list[type[Any]]:
    return [type(event) for event in hall.do(SweepNoShows())]


def test_who_does_not_come_is_recalled_at_one_two_and_three_minutes_and_passed_over_at_four() -> None:
    hall, ticket = an_automatic_hall()

    assert sweep(hall.at("09:00:59")) == []
    assert sweep(hall.at("09:01")) == [TicketRecalled]
    assert sweep(hall) == []
    assert sweep(hall.at("09:02")) == [TicketRecalled]
    assert sweep(hall.at("09:03:10")) == [TicketRecalled]
    assert sweep(hall.at("09:03:59")) == []
    assert hall.ticket(ticket).calls == 4
    assert sweep(hall.at("09:04")) == [TicketNoShow]
    assert (hall.ticket(ticket).state, hall.counter("1").ticket) == (TicketState.NO_SHOW, None)


def test_who_has_come_is_not_recalled() -> None:
    hall, ticket = an_automatic_hall()

    hall.do(StartTicket(ticket))

    assert sweep(hall.at("10:00")) == []


def test_a_recall_by_hand_counts() -> None:
    hall, ticket = an_automatic_hall()

    hall.at("09:00:30").do(RecallTicket(ticket))

    assert sweep(hall.at("09:01:30")) == []
    assert sweep(hall.at("09:02")) == [TicketRecalled]
    assert (hall.ticket(ticket).called_at, hall.ticket(ticket).recalled_at) == (hall.instant("09:00"), hall.now_at)


def test_a_hall_that_leaves_it_to_the_clerks_sweeps_nobody() -> None:
    hall = Hall()
    hall.open("1")
    hall.take()
    hall.next("1")

    assert sweep(hall.at("12:00")) == []


def test_the_clocks_of_no_shows_stand_still_while_the_hall_is_suspended() -> None:
    hall, _ = an_automatic_hall()
    hall.at("09:00:50").do(Suspend({"en": "Fire alarm"}))
    assert sweep(hall.at("09:30")) == []
    hall.do(LiftSuspension())

    assert sweep(hall.at("09:30:09")) == []
    assert sweep(hall.at("09:30:10")) == [TicketRecalled]
    assert sweep(hall.at("09:33:09")) == [TicketRecalled]
    assert sweep(hall.at("09:33:10")) == [TicketNoShow]


def test_the_clocks_go_on_at_the_end_of_a_suspension_that_nobody_lifted() -> None:
    hall, _ = an_automatic_hall()
    hall.at("09:00:30").do(Suspend({"en": "Fire alarm"}, hall.instant("09:10:30")))
    assert sweep(hall.at("09:10")) == []

    assert sweep(hall.at("09:10:59")) == []
    assert sweep(hall.at("09:11")) == [TicketRecalled]


def test_a_recall_that_was_due_waits_for_the_end_of_the_suspension() -> None:
    hall, _ = an_automatic_hall()
    hall.at("09:01:05").do(Suspend({"en": "Fire alarm"}))

    assert sweep(hall.at("09:02")) == []
    hall.do(LiftSuspension())
    assert sweep(hall) == [TicketRecalled]


def test_a_suspension_lifted_late_counts_to_its_own_end() -> None:
    hall, _ = an_automatic_hall()
    hall.at("09:00:30").do(Suspend({"en": "Fire alarm"}, hall.instant("09:10:30")))
    hall.at("09:10:59").do(LiftSuspension(due=True))

    assert sweep(hall) == []
    assert sweep(hall.at("09:11")) == [TicketRecalled]


def test_a_suspension_given_another_end_is_counted_once() -> None:
    hall, _ = an_automatic_hall()
    hall.do(Suspend({"en": "Fire alarm"}, hall.instant("09:10")))
    hall.at("09:05").do(Suspend({"en": "Fire alarm"}, hall.instant("09:20")))
    hall.at("09:15").do(LiftSuspension())

    assert hall.day.unsuspended_s(hall.instant("09:00"), hall.instant("09:15")) == 0
    assert sweep(hall.at("09:15:59")) == []
    assert sweep(hall.at("09:16")) == [TicketRecalled]


def test_a_suspension_before_the_call_stops_no_clock() -> None:
    hall = Hall(town(rules={"auto_no_show": True}))
    hall.open("1")
    hall.take()
    hall.do(Suspend({"en": "Fire alarm"}))
    hall.at("09:30").do(LiftSuspension())
    hall.next("1")

    assert sweep(hall.at("09:31")) == [TicketRecalled]


def test_who_was_passed_over_and_came_back_has_a_clock_of_their_own() -> None:
    hall, ticket = an_automatic_hall()
    hall.do(MarkNoShow(ticket))
    hall.at("09:10").do(ResumeTicket(ticket))
    hall.next("1")

    assert sweep(hall.at("09:10:59")) == []
    assert sweep(hall.at("09:11")) == [TicketRecalled]


# A suspension that is due to end.


def test_a_suspension_is_lifted_by_its_timer_only_when_its_time_has_come() -> None:
    hall = Hall()
    hall.do(Suspend({"en": "Fire alarm"}, hall.instant("09:10")))

    assert hall.at("09:09:59").do(LiftSuspension(due=True)) == []
    assert hall.at("09:10").do(LiftSuspension(due=True)) == [SuspensionEnded()]
    assert hall.do(LiftSuspension(due=True)) == []


def test_a_suspension_without_an_end_is_not_lifted_by_a_timer() -> None:
    hall = Hall()
    hall.do(Suspend({"en": "Fire alarm"}))

    assert hall.at("16:00").do(LiftSuspension(due=True)) == []
    assert hall.do(LiftSuspension()) == [SuspensionEnded()]


def test_a_hall_that_is_not_suspended_has_nothing_to_lift() -> None:
    assert Hall().do(LiftSuspension()) == []


@pytest.mark.parametrize("aside", [ParkTicket, lambda ticket: CheckPapers(ticket, ("photo",), PapersThen.PARK)])
def test_who_is_put_aside_on_a_closed_day_leaves_unserved(aside: Callable[[TicketId], Command]) -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take("passport")
    hall.serve("1")
    hall.do(CloseDay())

    hall.do(aside(ticket))

    assert (hall.ticket(ticket).state, hall.ticket(ticket).left_reason) == (TicketState.LEFT, LeftReason.UNSERVED)
    assert hall.counter("1").ticket is None


def test_who_would_wait_again_on_a_closed_day_leaves_unserved() -> None:
    hall = Hall()
    hall.open("1")
    ticket = hall.take("card")
    hall.serve("1")
    hall.do(CloseDay())

    hall.do(FinishTicket(ticket, DONE))

    assert (hall.ticket(ticket).stage, hall.ticket(ticket).left_reason) == (StageId("cashier"), LeftReason.UNSERVED)
    hall.do(EndDay())
    assert ServiceId("card") in hall.day.plan.services
