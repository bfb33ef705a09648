"""Overtime: the hall stays open until a later end, and all rules that depend on the closing use it."""

from datetime import datetime

import pytest

from service.domain.calendar.plan import Band, StaffLevel
from service.domain.commands import ChangePlan, CloseDay, EndOvertime, OpenOvertime
from service.domain.events import OvertimeEnded
from service.domain.model import Admission, Overtime, TicketId
from service.domain.queue.waits import wait_of_newcomer
from service.domain.refusals import BodyInvalid, HallClosed
from tests.domain.halls import MONDAY, Hall, town

SPLIT = [
    {"weekdays": [1], "from": "09:00", "to": "12:00"},
    {"weekdays": [1], "from": "14:00", "to": "17:00"},
]
STAFFED = [
    {"weekdays": [1], "from": "09:00", "to": "16:00", "counters": 3},
    {"weekdays": [1], "from": "16:00", "to": "18:30", "counters": 2},
]


def overtime(hall: Hall, until: str, counters: int | None = None) -> None:
    hall.do(OpenOvertime(hall.instant(until), counters))


def admitted(hall: Hall, ticket: TicketId) -> Admission:
    return hall.ticket(ticket).admission


def bands(hall: Hall) -> list[tuple[str, str, int]]:
    def local(at: datetime) -> str:
        return f"{at.astimezone(hall.zone):%H:%M}"

    return [(local(band.from_at), local(band.to_at), band.counters) for band in hall.day.plan.bands]


def test_tickets_taken_after_closing_are_overtime() -> None:
    hall = Hall().at("16:30")
    overtime(hall, "18:00")

    assert admitted(hall, hall.take()) is Admission.ADMITTED
    assert admitted(hall, hall.at("17:00").take()) is Admission.OVERTIME
    assert admitted(hall, hall.at("17:59:59").take()) is Admission.OVERTIME
    assert isinstance(hall.at("18:00").refuses(hall.new_ticket()), HallClosed)


def test_overtime_may_begin_after_closing() -> None:
    hall = Hall().at("17:20")
    assert isinstance(hall.refuses(hall.new_ticket()), HallClosed)

    overtime(hall, "18:00")

    assert admitted(hall, hall.take()) is Admission.OVERTIME


def test_people_of_overtime_are_called_in_their_order() -> None:
    hall = Hall().at("16:50")
    hall.open("1")
    overtime(hall, "18:00")
    first, second = hall.take(), hall.at("17:10").take()

    assert hall.at("17:30").next("1") == first
    hall.finish(first)
    assert hall.at("18:10").next("1") == second


def test_the_closing_follows() -> None:
    hall = Hall().at("16:00")
    closing_at = hall.day.plan.closing_at

    overtime(hall, "18:00")

    assert closing_at(hall.now_at) == hall.instant("17:00")
    assert hall.day.plan.closing_at(hall.now_at) == hall.instant("18:00")
    assert hall.day.plan.open_at(hall.instant("17:30"))
    assert hall.day.regular_plan.closing_at(hall.now_at) == hall.instant("17:00")


def test_overtime_ends_when_a_manager_says_so_and_only_once() -> None:
    hall = Hall().at("17:20")
    overtime(hall, "18:00")

    assert hall.do(EndOvertime()) == [OvertimeEnded()]

    assert isinstance(hall.refuses(hall.new_ticket()), HallClosed)
    assert hall.day.plan == hall.day.regular_plan
    assert hall.do(EndOvertime()) == []


def test_another_end_replaces_the_first() -> None:
    hall = Hall().at("16:00")
    overtime(hall, "18:00", 2)
    overtime(hall, "17:30")

    assert hall.day.overtime == Overtime(hall.instant("17:30"))
    assert hall.day.plan.closing_at(hall.now_at) == hall.instant("17:30")


def test_overtime_keeps_as_many_counters_as_at_closing() -> None:
    hall = Hall(town(staffing=STAFFED)).at("15:00")

    overtime(hall, "18:00")

    assert bands(hall) == [("09:00", "16:00", 3), ("16:00", "17:00", 2), ("17:00", "18:00", 2), ("18:00", "18:30", 2)]


def test_overtime_may_have_counters_of_its_own() -> None:
    hall = Hall(town(staffing=STAFFED)).at("15:00")

    overtime(hall, "18:00", 1)

    assert bands(hall)[2] == ("17:00", "18:00", 1)
    rates = hall.day.plan.staff_levels(3, 3)
    assert rates[-3:] == (
        StaffLevel(hall.instant("17:00"), 1),
        StaffLevel(hall.instant("18:00"), 0),
        StaffLevel(hall.instant("18:30"), 0),
    )


def test_in_a_hall_without_staffing_all_counters_work_until_closing() -> None:
    hall = Hall().at("15:00")

    overtime(hall, "18:00", 1)

    plan = hall.day.plan
    every = len(plan.counters)
    assert plan.bands == (
        Band(plan.starts_at, hall.instant("17:00"), every),
        Band(hall.instant("17:00"), hall.instant("18:00"), 1),
        Band(hall.instant("18:00"), plan.ends_at, every),
    )
    assert plan.staff_levels(3, 3)[1] == StaffLevel(hall.instant("09:00"), 3)


def test_waits_reckon_with_the_counters_of_overtime() -> None:
    staffing = [{"weekdays": [1], "from": "09:00", "to": "17:00", "counters": 1}]
    hall = Hall(town(staffing=staffing, admission="all")).at("16:55")
    for _ in range(12):
        hall.take()
    before = wait_of_newcomer(hall.day, hall.document.services[1].id, hall.now_at).p50_s

    overtime(hall, "18:00", 4)

    after = wait_of_newcomer(hall.day, hall.document.services[1].id, hall.now_at).p50_s
    assert before is not None
    assert after is not None
    assert after < before / 2


def test_overtime_follows_the_last_window_that_opens_before_its_end() -> None:
    hall = Hall(town(hours=SPLIT)).at("11:00")

    overtime(hall, "13:00")
    assert [window.closes_at for window in hall.day.plan.windows] == [hall.instant("13:00"), hall.instant("17:00")]

    overtime(hall, "18:00")
    assert [window.closes_at for window in hall.day.plan.windows] == [hall.instant("12:00"), hall.instant("18:00")]


@pytest.mark.parametrize(
    ("until", "why"),
    [
        ("16:00", "is in the past"),
        ("16:30", "is not after closing"),
        ("17:00", "is not after closing"),
        ("24:01", "is after the end of the day"),
    ],
)
def test_an_end_that_is_none_is_refused(until: str, why: str) -> None:
    hall = Hall().at("16:00")

    refusal = hall.refuses(OpenOvertime(hall.instant(until)))

    assert isinstance(refusal, BodyInvalid)
    assert refusal.fields == {"errors": [{"path": "until_at", "why": why}]}


def test_a_day_that_was_closed_has_no_overtime() -> None:
    hall = Hall().at("16:00")
    hall.do(CloseDay())

    assert isinstance(hall.refuses(OpenOvertime(hall.instant("18:00"))), HallClosed)


def test_a_hall_that_is_not_open_today_has_no_overtime() -> None:
    hall = Hall(holidays=[MONDAY], document=town(holidays=True, country="CN")).at("16:00")

    assert isinstance(hall.refuses(OpenOvertime(hall.instant("18:00"))), HallClosed)


def test_a_hall_may_do_without_overtime() -> None:
    hall = Hall(town(overtime=False)).at("16:00")

    assert isinstance(hall.refuses(OpenOvertime(hall.instant("18:00"))), HallClosed)


def test_a_document_that_closes_later_than_overtime_takes_its_place() -> None:
    hall = Hall().at("16:00")
    overtime(hall, "18:00")
    late = hall.plan(town(hours=[{"weekdays": [1], "from": "09:00", "to": "19:00"}]))

    hall.do(ChangePlan(late))

    assert hall.day.plan.closing_at(hall.now_at) == hall.instant("19:00")
    assert admitted(hall, hall.at("17:30").take()) is Admission.ADMITTED


def test_a_document_that_closes_earlier_moves_what_is_overtime() -> None:
    hall = Hall().at("15:00")
    overtime(hall, "18:00")

    hall.do(ChangePlan(hall.plan(town(hours=[{"weekdays": [1], "from": "09:00", "to": "16:00"}]))))

    assert admitted(hall, hall.at("16:30").take()) is Admission.OVERTIME
    assert hall.day.plan.closing_at(hall.now_at) == hall.instant("18:00")
