"""The effect of a changed plan on the rest of the day, as a manager sees it before saving."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from service.domain.commands import ChangePlan, CloseDay, LeaveQueue
from service.domain.day import Day
from service.domain.decide.decide import decide
from service.domain.events import Record
from service.domain.evolve.evolve import evolve
from service.domain.hall.document import HallDocument
from service.domain.model import ServiceId, StageId
from service.domain.queue.plan_change_effect import (
    counters_after_change,
    recent_arrival_rates,
    wait_after_change,
    wait_profile,
)
from service.domain.queue.waits import wait_of_newcomer
from tests.domain.halls import TOWN, Hall, town

ENQUIRY = ServiceId("enquiry")
WINDOW = StageId("window")
WINDOWS = [{"id": n, "zone": "main", "stage": "window", "services": ["enquiry"]} for n in "12345"]
SERVICES = [service for service in TOWN["services"] if service["id"] == "enquiry"]
STAFF = {"weekdays": [1, 2, 3, 4, 5], "from": "09:00", "to": "17:00", "counters": 5}


def hall_with(staff: int = 5, **changes: Any) -> HallDocument:  # noqa: ANN401  (any part of the document)
    """Return a hall of five counters and one service of 180 seconds."""
    return town(services=SERVICES, counters=WINDOWS, staffing=[{**STAFF, "counters": staff}], **changes)


def changed(hall: Hall, document: HallDocument) -> Day:
    """Return the hall's day as it would be with this document."""
    after = hall.day.copy()
    for event in decide(after, ChangePlan(hall.plan(document)), hall.now_at):
        evolve(after, Record(after.seq + 1, hall.now_at, "dry-run", "dry-run", 0, None, event))
    return after


def a_crowd(hall: Hall, people: int = 60) -> None:
    """Let this many people come within the last hour."""
    for _ in range(people):
        hall.after(3600 / people).take()


@pytest.mark.parametrize(
    ("planned", "open_", "new", "at_work"),
    [
        (5, 5, 3, 3),
        (5, 5, 5, 5),
        (3, 5, 3, 5),
        (3, 5, 2, 2),
        (3, 2, 4, 3),
        (3, 5, 4, 5),
        (5, 2, 3, 2),
        (5, 5, 0, 0),
        (5, 0, 3, None),
    ],
)
def test_a_plan_counts_where_it_changes_something_and_open_counters_where_it_does_not(
    planned: int, open_: int, new: int, at_work: int | None
) -> None:
    hall = Hall(hall_with(planned)).at("10:00")
    hall.open(*"12345"[:open_])

    assert counters_after_change(hall.day, changed(hall, hall_with(new)), ENQUIRY, hall.now_at) == at_work


def test_fewer_counters_than_are_open_make_the_wait_longer() -> None:
    hall = Hall(hall_with()).at("10:00")
    hall.open(*"12345")
    a_crowd(hall)
    after = changed(hall, hall_with(2))

    before_s = wait_of_newcomer(hall.day, ENQUIRY, hall.now_at).p50_s
    after_s = wait_after_change(hall.day, after, ENQUIRY, hall.now_at).p50_s

    assert before_s is not None
    assert after_s is not None
    assert after_s > 2 * before_s
    assert wait_of_newcomer(after, ENQUIRY, hall.now_at).p50_s == before_s, "though all are open yet"


def test_counters_that_leave_the_document_are_not_reckoned_with() -> None:
    hall = Hall(hall_with()).at("10:00")
    hall.open(*"12345")
    a_crowd(hall)
    fewer = town(services=SERVICES, counters=WINDOWS[:2], staffing=[STAFF])

    assert counters_after_change(hall.day, changed(hall, fewer), ENQUIRY, hall.now_at) == 2


def test_a_document_that_says_the_same_changes_nothing_at_any_hour() -> None:
    hall = Hall(hall_with()).at("10:00")
    hall.open(*"123")
    a_crowd(hall)

    points = wait_profile(hall.day, changed(hall, hall_with(texts={"urgent": {"en": "Urgent!"}})), hall.now_at)

    assert points
    assert all(point.before_p90_s == point.after_p90_s for point in points)


def test_a_profile_has_each_quarter_of_an_hour_until_closing() -> None:
    hall = Hall(hall_with()).at("10:07")

    points = wait_profile(hall.day, changed(hall, hall_with(2)), hall.now_at)

    assert points[0].at == hall.instant("10:15")
    assert points[-1].at == hall.instant("16:45")
    assert {later.at - one.at for one, later in pairwise(points)} == {timedelta(minutes=15)}


def test_a_profile_goes_on_to_the_later_closing_and_nobody_comes_after_ones_own() -> None:
    hall = Hall(hall_with()).at("16:20")
    staff = {**STAFF, "to": "18:00"}
    hours = [{"weekdays": [1], "from": "09:00", "to": "18:00"}]
    later = town(services=SERVICES, counters=WINDOWS, staffing=[staff], hours=hours)

    points = wait_profile(hall.day, changed(hall, later), hall.now_at)

    assert points[-1].at == hall.instant("17:45")
    assert [point.before_p90_s is None for point in points] == [point.at >= hall.instant("17:00") for point in points]
    assert all(point.after_p90_s is not None for point in points)


def test_one_clerk_short_until_two_is_felt_until_the_queue_is_gone() -> None:
    hall = Hall(hall_with()).at("10:00")
    hall.open(*"12345")
    a_crowd(hall, 85)
    for ticket in list(hall.day.tickets):
        hall.do(LeaveQueue(ticket))  # they came earlier, and no ticket waits now
    band = {"on": "2026-11-23", "from": "11:00", "to": "14:00", "counters": 4}
    short = town(services=SERVICES, counters=WINDOWS, staffing=[STAFF, band])

    points = wait_profile(hall.day, changed(hall, short), hall.now_at)

    assert {point.before_p90_s for point in points} == {0}, "five serve 100 an hour"
    waits_s = [point.after_p90_s or 0 for point in points]
    at_two = next(n for n, point in enumerate(points) if point.at == hall.instant("14:00"))
    assert waits_s[: at_two - 1] == sorted(waits_s[: at_two - 1]), "four serve 80"
    assert max(waits_s) > 600
    assert waits_s.index(max(waits_s)) in {at_two - 1, at_two}
    assert waits_s[-1] == 0, "and then they catch up"


def test_with_more_counters_the_queue_drains_and_without_them_it_grows() -> None:
    hall = Hall(hall_with(2)).at("10:00")
    hall.open("1", "2")
    a_crowd(hall, 60)

    points = wait_profile(hall.day, changed(hall, hall_with(5)), hall.now_at)

    before = [point.before_p90_s or 0 for point in points]
    after = [point.after_p90_s or 0 for point in points]
    assert before == sorted(before), "two serve 40 an hour"
    assert before[0] > after[0] > 0
    assert after == sorted(after, reverse=True), "five serve 100"
    assert after[-1] == 0


def test_before_the_doors_open_a_profile_begins_with_the_opening() -> None:
    hall = Hall(hall_with(), at="07:00")

    points = wait_profile(hall.day, changed(hall, hall_with(2)), hall.now_at)

    assert points[0].at == hall.instant("09:00")


@pytest.mark.parametrize("why", ["closed", "never open"])
def test_a_day_with_nobody_to_come_has_no_profile(why: str) -> None:
    hall = Hall(hall_with(hours=[]) if why == "never open" else hall_with()).at("10:00")
    if why == "closed":
        hall.do(CloseDay())
    after = changed(hall, hall_with(2, hours=[] if why == "never open" else TOWN["hours"]))

    assert wait_profile(hall.day, after, hall.now_at) == []


def test_in_a_break_nobody_comes() -> None:
    hours = [{"weekdays": [1], "from": "09:00", "to": "12:00"}, {"weekdays": [1], "from": "14:00", "to": "17:00"}]
    hall = Hall(hall_with(hours=hours)).at("11:00")

    points = wait_profile(hall.day, changed(hall, hall_with(2, hours=hours)), hall.now_at)

    nobody = [point.at for point in points if point.before_p90_s is None]
    assert (nobody[0], nobody[-1]) == (hall.instant("12:00"), hall.instant("13:15")), "doors open half an hour before"


def test_people_come_as_in_the_last_hour() -> None:
    hall = Hall(hall_with()).at("10:00")
    a_crowd(hall, 30)
    a_crowd(hall, 20)

    coming = recent_arrival_rates(hall.day, hall.now_at)[ENQUIRY, WINDOW]

    assert coming.people * 3600 == pytest.approx(20, abs=1)
    assert coming.work_s == pytest.approx(coming.people * 180)


def test_shortly_after_the_doors_opened_the_first_minutes_are_not_taken_for_all() -> None:
    hall = Hall(hall_with(), at="08:30")
    for _ in range(10):
        hall.after(6).take()

    assert recent_arrival_rates(hall.day, hall.now_at)[ENQUIRY, WINDOW].people * 3600 == pytest.approx(40)


def test_where_everything_is_done_online_nobody_waits_through_the_rest_of_the_day() -> None:
    hall = Hall(hall_with())
    online = [{**service, "online_url": "https://example.org/enquiry"} for service in SERVICES]

    changes = wait_profile(hall.day, changed(hall, town(services=online, counters=WINDOWS)), hall.now_at)

    assert [one.at for one in changes] == [hall.now_at + timedelta(minutes=15) * n for n in range(32)]
    assert {one.after_p90_s for one in changes} == {None}
    assert {one.before_p90_s for one in changes} == {0}


def test_a_counter_that_the_document_has_no_more_goes_on_until_it_is_closed() -> None:
    hall = Hall(hall_with())
    hall.open("1", "2")
    fewer = town(services=SERVICES, counters=WINDOWS[:1], staffing=[{**STAFF, "counters": 5}])
    without_it = changed(hall, fewer)
    assert counters_after_change(hall.day, without_it, ENQUIRY, hall.now_at) == 1

    hall.do(ChangePlan(hall.plan(fewer)))
    a_crowd(hall)

    assert counters_after_change(hall.day, changed(hall, fewer), ENQUIRY, hall.now_at) == 2
    changes = wait_profile(hall.day, changed(hall, fewer), hall.now_at)
    assert [one.after_p90_s for one in changes] == [one.before_p90_s for one in changes]
