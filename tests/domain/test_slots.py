"""Bookable slots of a day: the numbers of the study, and each part of the rule by itself."""

import random
from collections import Counter as Tally
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.booking.booking_totals import BookingTotals, totals_from_json
from service.domain.booking.grid import Start, grid_of
from service.domain.booking.slots import Slot, _FreePlaces, over_capacity, places_of_day, room, slots_of
from service.domain.calendar.day_plan import plan_of
from service.domain.calendar.learned import NOTHING_LEARNED, ExpectedDuration, Learned, LearnedArrivals
from service.domain.calendar.plan import Plan
from service.domain.hall.document import HallDocument
from service.domain.model import Appointment, AppointmentId, AppointmentState, Channel, ServiceId
from service.domain.stats.day_facts import DayFacts, OpenHour
from service.domain.stats.walk_in_learning import learned_walk_ins
from tests.domain.halls import MONDAY

STUDY: dict[str, Any] = {
    "time_zone": "Europe/Berlin",
    "languages": ["en"],
    "name": {"en": "The simulated hall"},
    "hours": [{"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "09:00", "to": "17:00"}],
    "zones": [{"id": "main"}],
    "stages": [{"id": "window"}],
    "services": [{"id": "visit", "prefix": "A", "stages": ["window"], "duration_s": {"mean": 480}, "count_max": 4}],
    "counters": [{"id": n, "zone": "main", "stage": "window", "services": ["visit"]} for n in "12345"],
    "booking": {"notice_s": 0},
}
"""The hall of the study: five windows, one service of eight minutes (ALGORITHMS, "The simulated day")."""

UNSCHEDULED = 99
"""Walk-ins and green-channel tickets of that day."""

BY_HOUR = (0.25, 0.21, 0.15, 0.07, 0.09, 0.12, 0.07, 0.04)
"""Their share by hour from 09:00 on; people waiting before the opening count in the first hour."""

CAPS = (10, 15, 22, 32, 29, 26, 32, 35)
"""Bookings for each hour by the rule of the study, with z = 0.5."""

VISIT = ServiceId("visit")
LEARNED = Learned(walk_ins={f"{9 + n:02d}": LearnedArrivals(UNSCHEDULED * share) for n, share in enumerate(BY_HOUR)})
NO_WALK_INS = {"notice_s": 0, "held_share_of_walk_ins": 0.0, "z": 0.0}


def study(learned: Learned = Learned(no_show=0.0), on: date = MONDAY, **changes: Any) -> Plan:  # noqa: ANN401, B008
    """Return the plan of the hall of the study, with some parts of its document replaced."""
    return plan_of(msgspec.convert({**STUDY, **changes}, HallDocument), 1, on, (), learned)


def long_before(plan: Plan) -> datetime:
    """Return an instant within the horizon at which no start is within the notice."""
    return plan.starts_at - timedelta(days=7)


def at(plan: Plan, local: str) -> datetime:
    """Return the instant of a wall time of the day."""
    hours, minutes = (int(part) for part in local.split(":"))
    on = plan.day
    return datetime(on.year, on.month, on.day, hours, minutes, tzinfo=ZoneInfo(plan.time_zone)).astimezone(UTC)


def made(
    starts_at: datetime,
    n: int = 1,
    *,
    service: str = "visit",
    count: int = 1,
    partner: str | None = None,
    state: AppointmentState = AppointmentState.BOOKED,
    expires_at: datetime | None = None,
) -> Appointment:
    """Return an appointment without applicant."""
    return Appointment(
        id=AppointmentId(f"a{n}"),
        n=n,
        code=f"A{n}",
        service=ServiceId(service),
        starts_at=starts_at,
        ends_at=starts_at,
        state=state,
        count=count,
        channel=Channel.WEB,
        partner=partner,
        place=n,
        places=n,
        per_person=2,
        made_at=starts_at,
        expires_at=expires_at,
    )


def slots(plan: Plan, booked: BookingTotals | None = None, **asked: Any) -> list[Slot]:  # noqa: ANN401  (of `slots_of`)
    """Return the slots of a day as of long before."""
    now_at = asked.pop("now_at", long_before(plan))
    service, count = ServiceId(asked.pop("service", "visit")), asked.pop("count", 1)
    return slots_of(plan, booked or BookingTotals.of(plan), service, count, now_at, **asked).all()


def fill(plan: Plan, draw: random.Random | None = None, **asked: Any) -> list[Appointment]:  # noqa: ANN401  (likewise)
    """Book until nothing is free: always the first free start, or a random one with `draw`."""
    booked, found = BookingTotals.of(plan), list[Appointment]()
    while free := [slot for slot in slots(plan, booked, **asked) if slot.free]:
        slot = draw.choice(free) if draw else free[0]
        found.append(made(slot.starts_at, len(found) + 1, count=asked.get("count", 1)))
        booked.update(plan, None, found[-1])
    return found


def by_hour(plan: Plan, appointments: list[Appointment]) -> Tally[int]:
    """Count the appointments by local hour of their start."""
    return Tally(one.starts_at.astimezone(ZoneInfo(plan.time_zone)).hour for one in appointments)


# The study.


@pytest.mark.parametrize("draw", [None, random.Random(1), random.Random(2)], ids=["in order", "one way", "another"])  # noqa: S311
def test_the_studys_caps_come_out_whatever_order_people_book_in(draw: random.Random | None) -> None:
    plan = study(LEARNED)

    booked = by_hour(plan, fill(plan, draw))

    assert [abs(booked[9 + n] - cap) <= 1 for n, cap in enumerate(CAPS)] == [True] * 8


def test_a_days_places_are_what_its_hours_take() -> None:
    assert abs(places_of_day(study(LEARNED), VISIT) - sum(CAPS)) <= 8


def test_an_uncertain_forecast_leaves_more_room_for_chance() -> None:
    unsure = Learned(
        walk_ins={hour: LearnedArrivals(one.per_h, 0.3 * one.per_h) for hour, one in LEARNED.walk_ins.items()}
    )

    assert places_of_day(study(unsure), VISIT) < places_of_day(study(LEARNED), VISIT)


def test_more_caution_books_fewer() -> None:
    places = [places_of_day(study(LEARNED, booking={"notice_s": 0, "z": z}), VISIT) for z in (0.0, 0.5, 1.0)]

    assert places == sorted(places, reverse=True)
    assert places[0] > places[2]


def test_people_who_often_do_not_come_leave_room_for_others() -> None:
    calm = places_of_day(study(Learned(no_show=0.0)), VISIT)

    assert places_of_day(study(Learned(no_show=0.3)), VISIT) > 1.2 * calm


def test_however_many_do_not_come_a_booking_weighs_something() -> None:
    assert places_of_day(study(Learned(no_show=1.0), booking=NO_WALK_INS), VISIT) == 8 * 375


def test_without_history_the_documents_share_is_held_for_walk_ins() -> None:
    booking = {"notice_s": 0, "z": 0.0}

    none, some = (
        places_of_day(study(booking=booking | {"held_share_of_walk_ins": share}), VISIT) for share in (0.0, 0.4)
    )

    assert none == 8 * 37  # 5 counters, 3600 s, 480 s each
    assert some == 8 * 22


def test_what_was_learned_takes_the_place_of_the_documents_duration() -> None:
    slow = Learned(durations={VISIT: ExpectedDuration(960.0, 0.6)}, no_show=0.0)

    assert places_of_day(study(slow, booking=NO_WALK_INS), VISIT) == 8 * 18


# Starts.


def test_starts_are_five_minutes_apart_and_end_before_closing() -> None:
    plan = study()

    found = slots(plan)

    assert found[0].starts_at == at(plan, "09:00")
    assert found[0].ends_at == at(plan, "09:10")
    assert {later.starts_at - one.starts_at for one, later in pairwise(found)} == {timedelta(minutes=5)}
    assert found[-1].ends_at == at(plan, "17:00")


def test_the_bookings_of_an_hour_are_spread_evenly_over_its_starts() -> None:
    plan = study(booking=NO_WALK_INS)

    hour = [slot for slot in slots(plan) if at(plan, "10:00") <= slot.starts_at < at(plan, "11:00")]

    assert [(slot.places, slot.free) for slot in hour] == [(4, 4), *[(3, 3)] * 11]  # 37 visits over twelve starts


def test_few_bookings_of_an_hour_stand_apart() -> None:
    plan = study(LEARNED)

    hour = [slot for slot in slots(plan) if slot.starts_at < at(plan, "10:00")]

    assert len(hour) == 10
    assert hour[0].starts_at == at(plan, "09:00")
    assert {slot.places for slot in hour} == {1}


def test_the_hour_is_full_when_its_work_fits_no_more() -> None:
    plan = study(booking=NO_WALK_INS)

    taken = by_hour(plan, fill(plan))

    assert set(taken.values()) <= {36, 37, 38}


def test_free_is_what_this_very_start_would_still_take() -> None:
    plan = study(booking=NO_WALK_INS)
    booked = BookingTotals.of(plan)
    starts_at = at(plan, "10:00")
    for n in range(4):
        found = room(plan, booked, VISIT, 1, starts_at, long_before(plan))
        assert found is not None
        assert (found.free, found.taken) == (4 - n, n)
        booked.update(plan, None, made(starts_at, n + 1))

    full = room(plan, booked, VISIT, 1, starts_at, long_before(plan))

    assert full is not None
    assert full.free == 0
    assert next(slot for slot in slots(plan, booked) if slot.starts_at == starts_at).places == 4


@given(
    mean_s=st.floats(100, 900),
    no_show=st.floats(0.02, 0.4),
    counters=st.integers(1, 5),
    hour=st.integers(9, 15),
)
def test_free_is_as_true_in_a_hall_that_has_learned(mean_s: float, no_show: float, counters: int, hour: int) -> None:
    learned = Learned(no_show=no_show, durations={VISIT: ExpectedDuration(mean_s, 0.6)})
    plan = study(learned, counters=STUDY["counters"][:counters])
    booked = BookingTotals.of(plan)
    starts_at = at(plan, f"{hour}:00")
    first = room(plan, booked, VISIT, 1, starts_at, long_before(plan))

    found, seen = first, []
    while found is not None and found.free > 0:
        seen.append(found.free)
        booked.update(plan, None, made(starts_at, len(seen)))
        found = room(plan, booked, VISIT, 1, starts_at, long_before(plan))

    assert seen == list(range(0 if first is None else first.free, 0, -1))


@pytest.mark.parametrize("local", ["00:00", "09:00", "10:07", "12:30", "12:31", "16:59", "23:00"])
def test_the_nearest_free_starts_are_those_of_all_sorted(local: str) -> None:
    plan = study(booking=NO_WALK_INS)
    draw = random.Random(local)  # noqa: S311
    booked, wanted_at = BookingTotals.of(plan), at(plan, local)
    for one in draw.sample(fill(plan), 150):
        booked.update(plan, None, one)
    free = [slot for slot in slots(plan, booked) if slot.free]
    nearest = sorted(free, key=lambda slot: abs(slot.starts_at - wanted_at))

    for number in (0, 1, 3, len(free), len(free) + 1):
        found = slots_of(plan, booked, VISIT, 1, long_before(plan))
        assert found.nearest_free(wanted_at, number) == nearest[:number]
        assert found.first_free(number) == free[:number]
        assert found.all() == slots(plan, booked)


def test_only_what_is_asked_for_is_reckoned(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = study(booking=NO_WALK_INS)
    booked = BookingTotals.of(plan)
    for one in fill(plan)[:100]:
        booked.update(plan, None, one)
    reckoned: list[Start] = []
    free = _FreePlaces.free

    def counted(self: _FreePlaces, start: Start) -> int:
        reckoned.append(start)
        return free(self, start)

    monkeypatch.setattr(_FreePlaces, "free", counted)
    found = slots_of(plan, booked, VISIT, 1, long_before(plan))

    for _ in range(2):
        assert len(found.nearest_free(at(plan, "16:00"), 3)) == 3
    assert len(reckoned) == 3


def test_a_closed_day_has_no_slots() -> None:
    assert slots(study(exceptions=[{"on": "2026-11-23", "closed": True}])) == []
    closed = BookingTotals.of(study())
    closed.closed = True
    assert slots(study(), closed) == []


def test_fewer_counters_at_lunch_mean_fewer_places() -> None:
    staffing = [
        {"weekdays": [1], "from": "09:00", "to": "12:00", "counters": 5},
        {"weekdays": [1], "from": "12:00", "to": "13:00", "counters": 2},
        {"weekdays": [1], "from": "13:00", "to": "17:00", "counters": 5},
    ]

    taken = by_hour(plan := study(booking=NO_WALK_INS, staffing=staffing), fill(plan))

    assert 14 <= taken[12] <= 16
    assert {36, 37, 38} >= {taken[hour] for hour in (9, 10, 14, 15)}


def test_nothing_starts_while_nobody_is_at_work() -> None:
    staffing = [
        {"weekdays": [1], "from": "09:00", "to": "11:30", "counters": 5},
        {"weekdays": [1], "from": "13:00", "to": "17:00", "counters": 5},
    ]

    plan = study(booking=NO_WALK_INS, staffing=staffing)

    starts = {slot.starts_at for slot in slots(plan)}
    assert at(plan, "11:20") in starts
    assert not {start for start in starts if at(plan, "11:30") <= start < at(plan, "13:00")}


def test_blocks_begin_at_each_opening_and_the_last_is_shorter() -> None:
    hours = [
        {"weekdays": [1], "from": "09:15", "to": "11:45"},
        {"weekdays": [1], "from": "13:00", "to": "14:00"},
    ]

    blocks = grid_of(study(hours=hours)).blocks

    assert [(block.from_s // 60, block.to_s // 60) for block in blocks] == [
        (555, 615),
        (615, 675),
        (675, 705),
        (780, 840),
    ]


def test_a_long_visit_weighs_on_every_block_it_covers() -> None:
    service = {**STUDY["services"][0], "duration_s": {"mean": 7200, "cv": 0.5}}
    plan = study(services=[service], booking=NO_WALK_INS)
    booked = BookingTotals.of(plan)
    booked.update(plan, None, made(at(plan, "09:30")))

    (sums,) = booked.everybody.groups.values()

    assert sums.mean_ms[:4] == [1_800_000, 3_600_000, 1_800_000, 0]
    assert slots(plan)[-1].ends_at == at(plan, "17:00")
    assert len(fill(plan)) <= 5 * 4


def test_a_visit_longer_than_the_day_is_never_offered() -> None:
    service = {**STUDY["services"][0], "duration_s": {"mean": 28_800}, "count_max": 2}
    plan = study(services=[service], booking=NO_WALK_INS)

    assert len(slots(plan)) == 1
    assert slots(plan, count=2) == []


def test_a_family_weighs_as_many() -> None:
    plan = study(booking=NO_WALK_INS)

    families = fill(plan, count=4)

    assert 8 * 8 <= len(families) <= 8 * 9 + 4
    assert slots(plan, count=5) == []


def test_prechecked_people_need_less() -> None:
    service = {**STUDY["services"][0], "duration_s": {"mean": 480, "prechecked_mean": 240}}
    plan = study(services=[service], booking=NO_WALK_INS)

    one, other = (
        room(plan, BookingTotals.of(plan), VISIT, 1, at(plan, "10:00"), long_before(plan), prechecked=prechecked)
        for prechecked in (False, True)
    )

    assert one is not None
    assert other is not None
    assert other.places > one.places


# Notice, horizon.


def test_notice_and_past_are_left_out_but_staff_book_inside_the_notice() -> None:
    plan = study(booking={"notice_s": 3600})
    now_at = at(plan, "10:02")

    assert slots(plan, now_at=now_at)[0].starts_at == at(plan, "11:05")
    assert slots(plan, now_at=now_at, staff=True)[0].starts_at == at(plan, "10:05")


def test_the_horizon_opens_with_the_halls_day() -> None:
    plan = study(booking={"notice_s": 0, "horizon_days": 7})
    opens_at = datetime(2026, 11, 15, 23, tzinfo=UTC)  # midnight in Berlin

    assert slots(plan, now_at=opens_at - timedelta(seconds=1)) == []
    assert slots(plan, now_at=opens_at)


@pytest.mark.parametrize(("on", "hours"), [(date(2027, 3, 28), 23), (date(2026, 10, 25), 25)])
def test_a_day_of_another_length_has_as_many_hours_of_places(on: date, hours: int) -> None:
    around_the_clock = [{"weekdays": [7], "from": "00:00", "to": "24:00"}]

    plan = study(on=on, hours=around_the_clock, booking=NO_WALK_INS)

    assert len(grid_of(plan).blocks) == hours
    assert len({slot.starts_at for slot in slots(plan)}) == len(slots(plan)) == hours * 12 - 1


def test_walk_ins_of_a_local_hour_count_where_the_clock_puts_it() -> None:
    learned = Learned(walk_ins={"03": LearnedArrivals(30.0)}, no_show=0.0)
    night = [{"weekdays": [7], "from": "00:00", "to": "06:00"}]
    plan = study(learned, date(2027, 3, 28), hours=night, booking=NO_WALK_INS)

    (group,) = grid_of(plan).groups.values()

    assert [round(seconds / 480, 6) for seconds in group.walk_ins_s] == [0, 0, 30, 0, 0]  # the clock skips 02:00


def test_an_hour_that_history_lacks_has_the_places_of_a_hall_without_history() -> None:
    """The hall is open until 20:00 for the first time: history has no walk-ins for the last hours."""
    longer = [{"weekdays": [1], "from": "09:00", "to": "20:00"}]
    taught, new = study(LEARNED, hours=longer), study(hours=longer, learned=NOTHING_LEARNED)
    usual = study(LEARNED)

    taken, taken_new, taken_usual = (by_hour(plan, fill(plan)) for plan in (taught, new, usual))

    assert [taken[hour] for hour in (17, 18, 19)] == [taken_new[hour] for hour in (17, 18, 19)]
    assert [taken[hour] for hour in range(9, 17)] == [taken_usual[hour] for hour in range(9, 17)]


def test_a_share_is_held_of_the_part_of_a_block_that_history_lacks() -> None:
    """Blocks begin at half past the hour, the hours of history do not."""
    learned = Learned(walk_ins={"10": LearnedArrivals(30.0)}, no_show=0.0)
    plan = study(
        learned,
        hours=[{"weekdays": [1], "from": "09:30", "to": "11:30"}],
        staffing=[{"weekdays": [1], "from": "09:00", "to": "11:00", "counters": 5}],
    )

    (group,) = grid_of(plan).groups.values()

    assert group.walk_ins_s == (0.4 * 1800 * 5 + 15 * 480, 15 * 480), "nobody is planned to work from eleven on"


def test_nothing_is_held_of_ten_minutes_before_closing_in_which_nobody_ever_came() -> None:
    seen = {f"{hour:02d}": OpenHour(5, 3600) for hour in range(9, 17)} | {"17": OpenHour(0, 600)}
    days = [DayFacts(on=MONDAY - timedelta(weeks=ago), hours=seen) for ago in range(8, 0, -1)]
    learned = Learned(walk_ins=learned_walk_ins(days, MONDAY)[1], no_show=0.0)
    plan = study(learned, hours=[{"weekdays": [1], "from": "09:00", "to": "17:10"}])

    (group,) = grid_of(plan).groups.values()

    assert group.staffed_s[-1] > 0
    assert group.walk_ins_s[-1] == 0


def test_a_plan_of_the_release_before_holds_nothing_in_hours_that_history_lacks() -> None:
    longer = [{"weekdays": [1], "from": "09:00", "to": "18:00"}]
    said = msgspec.to_builtins(study(LEARNED, hours=longer))
    del said["held_by_hour"]

    (group,) = grid_of(msgspec.convert(said, Plan)).groups.values()

    assert group.walk_ins_s[-1] == 0


# Groups of counters.


def mixed(**booking: Any) -> Plan:  # noqa: ANN401  (of the document)
    """Return a plan with one service at all counters and one at two of them."""
    services = [
        {"id": "any", "prefix": "A", "stages": ["window"], "duration_s": {"mean": 600, "cv": 0.0}},
        {"id": "few", "prefix": "F", "stages": ["window"], "duration_s": {"mean": 600, "cv": 0.0}},
    ]
    counters = [
        {"id": n, "zone": "main", "stage": "window", "services": ["any", "few"] if n in "12" else ["any"]}
        for n in "1234"
    ]
    return study(services=services, counters=counters, booking={**NO_WALK_INS, **booking})


def filled(plan: Plan, *services: str) -> Tally[str]:
    """Book the services in turn from 09:00 to 10:00 until none is free."""
    booked, found, n = BookingTotals.of(plan), Tally[str](), 0
    more = True
    while more:
        more = False
        for service in services:
            free = [s for s in slots(plan, booked, service=service) if s.free and s.starts_at < at(plan, "09:50")]
            if free:
                n += 1
                booked.update(plan, None, made(free[0].starts_at, n, service=service))
                found[service] += 1
                more = True
    return found


def test_a_service_of_few_counters_takes_no_more_than_they_do() -> None:
    assert 10 <= filled(mixed(), "few")["few"] <= 13


def test_services_that_share_counters_share_their_time() -> None:
    found = filled(mixed(), "few", "any")

    assert 20 <= found.total() <= 26
    assert found["few"] <= 13


def test_what_only_others_serve_takes_nothing_from_the_few() -> None:
    plan = mixed()
    booked = BookingTotals.of(plan)
    for n in range(12):
        booked.update(plan, None, made(at(plan, "09:00") + n * timedelta(minutes=5), n + 1, service="any"))

    few = room(plan, booked, ServiceId("few"), 1, at(plan, "09:30"), long_before(plan))

    assert few is not None
    assert few.free == few.places


def test_counters_that_overlap_are_reckoned_together() -> None:
    services = [
        {"id": name, "prefix": name.upper(), "stages": ["window"], "duration_s": {"mean": 600, "cv": 0.0}}
        for name in ("a", "b")
    ]
    counters = [
        {"id": n, "zone": "main", "stage": "window", "services": served}
        for n, served in (("1", ["a"]), ("2", ["a", "b"]), ("3", ["b"]))
    ]
    plan = study(services=services, counters=counters, booking=NO_WALK_INS)

    found = filled(plan, "a", "b")

    assert set(grid_of(plan).groups) == {"a", "b", "a+b"}
    assert 15 <= found.total() <= 20  # three counters; each service alone would have twelve places


AT_LUNCH = [
    {"weekdays": [1], "from": "09:00", "to": "10:00", "counters": 1},
    {"weekdays": [1], "from": "10:00", "to": "17:00", "counters": 2},
]


def apart(learned: Learned = NOTHING_LEARNED, **changes: Any) -> Plan:  # noqa: ANN401  (of the document)
    """Return a plan with two counters that share no service, staffed with one clerk until 10:00."""
    services = [
        {"id": name, "prefix": name.upper(), "stages": ["window"], "duration_s": {"mean": 300, "cv": 0.0}}
        for name in ("a", "b")
    ]
    counters = [
        {"id": n, "zone": "main", "stage": "window", "services": [served]} for n, served in (("1", "a"), ("2", "b"))
    ]
    parts = {"services": services, "counters": counters, "booking": NO_WALK_INS, "staffing": AT_LUNCH, **changes}
    return study(learned, **parts)


def test_counters_that_share_a_clerk_share_the_clerks_time() -> None:
    plan = apart()

    booked = [appointment for service in ("a", "b") for appointment in taken_of(plan, service)]

    share, by_hour_s = 1 - NOTHING_LEARNED.no_show, Tally[int]()
    for appointment in booked:
        by_hour_s[appointment.starts_at.astimezone(ZoneInfo("Europe/Berlin")).hour] += 300
    assert filled(plan, "a", "b").total() * 300 * share <= 3600  # with 300 s to spare: no visit starts after 09:45
    assert set(by_hour_s) == {9, 10, 11, 12, 13, 14, 15, 16}
    assert set(grid_of(plan).groups) == {"a", "b", "*window"}


def taken_of(plan: Plan, service: str) -> list[Appointment]:
    """Return a booking at each start of a service that is free while nothing is booked."""
    return [
        made(slot.starts_at, n, service=service) for n, slot in enumerate(slots(plan, service=service)) if slot.free
    ]


def test_where_no_staff_is_planned_every_counter_has_its_own() -> None:
    plan = apart(staffing=[])

    assert set(grid_of(plan).groups) == {"a", "b"}
    assert filled(plan, "a", "b").total() > 20


def test_walk_ins_of_some_counters_take_no_more_of_the_staff_than_is_at_them() -> None:
    """Ten times more walk-ins for `b` than its counter can serve: `a` still has the other clerk's time."""
    hours = {f"{hour:02d}": LearnedArrivals(240.0) for hour in range(9, 17)}
    plan = apart(
        Learned(no_show=0.0, walk_ins=hours, mix={ServiceId("a"): 0.0, ServiceId("b"): 1.0}),
        staffing=[{"weekdays": [1], "from": "09:00", "to": "17:00", "counters": 2}],
    )

    assert filled(plan, "a", "b") == {"a": 10}


def test_a_service_nobody_serves_or_that_is_done_online_or_not_booked_has_no_slots() -> None:
    services = [
        *STUDY["services"],
        {"id": "nobody", "prefix": "N", "stages": ["window"], "duration_s": {"mean": 300}},
        {"id": "web", "prefix": "W", "stages": ["window"], "duration_s": {"mean": 300}, "online_url": "https://x.org"},
        {"id": "walk", "prefix": "L", "stages": ["window"], "duration_s": {"mean": 300}, "bookable": False},
    ]
    counters = [{**counter, "services": ["visit", "web", "walk"]} for counter in STUDY["counters"]]
    plan = study(services=services, counters=counters)

    assert [slots(plan, service=name) for name in ("nobody", "web", "walk", "unheard-of")] == [[], [], [], []]
    assert slots(plan)


def test_a_services_work_is_at_its_last_stage_that_is_not_optional() -> None:
    stages = [{"id": "window"}, {"id": "cashier"}, {"id": "lobby", "optional": True}]
    service = {**STUDY["services"][0], "stages": ["window", "cashier", "lobby"]}
    cashier = {"id": "K", "zone": "main", "stage": "cashier", "services": ["visit"]}
    plan = study(stages=stages, services=[service], counters=[*STUDY["counters"], cashier], booking=NO_WALK_INS)

    assert places_of_day(plan, VISIT) == 8 * 7  # one cashier


@pytest.mark.parametrize("staffing", [[], [{"weekdays": [1], "from": "09:00", "to": "17:00", "counters": 200}]])
def test_of_a_hundred_services_with_a_counter_each_every_one_can_be_booked(staffing: list[dict[str, Any]]) -> None:
    names = [f"v{n}" for n in range(100)]
    prefixes = [f"{one}{other}" for one in "ABCDEFGHIJ" for other in "ABCDEFGHIJ"]
    services = [
        {**STUDY["services"][0], "id": name, "prefix": prefix} for name, prefix in zip(names, prefixes, strict=True)
    ]
    counters = [{**STUDY["counters"][0], "id": name, "services": [name]} for name in names]
    plan = study(services=services, counters=counters, staffing=staffing)

    assert all(slots(plan, service=name) for name in names)


def test_a_service_whose_main_stage_has_no_counter_yet_has_no_slots() -> None:
    stages = [{"id": "window"}, {"id": "cashier"}]
    service = {**STUDY["services"][0], "stages": ["window", "cashier"]}
    staffing = [{"weekdays": [1], "from": "09:00", "to": "17:00", "counters": 5}]
    plan = study(stages=stages, services=[service], staffing=staffing)

    assert slots(plan) == []


# Fixed places, late shares, partners.


def test_places_set_by_hand_are_exactly_those() -> None:
    by_hand = {"weekdays": [1], "from": "10:00", "to": "11:00", "every_min": 20, "places": 3}
    plan = study(LEARNED, booking={"notice_s": 0, "places": [by_hand]})
    starts = [at(plan, local) for local in ("10:00", "10:20", "10:40")]

    inside = [slot for slot in slots(plan) if at(plan, "10:00") <= slot.starts_at < at(plan, "11:00")]

    assert [(slot.starts_at, slot.places, slot.free) for slot in inside] == [(start, 3, 3) for start in starts]
    assert by_hour(plan, fill(plan))[10] == 9
    assert any(slot.starts_at == at(plan, "11:00") for slot in slots(plan))


def test_places_set_by_hand_count_as_work_in_what_they_cover() -> None:
    by_hand = {"on": "2026-11-23", "from": "09:00", "to": "10:00", "every_min": 10, "places": 50}
    plan = study(booking={**NO_WALK_INS, "places": [by_hand]})
    booked = BookingTotals.of(plan)
    for n in range(50):
        booked.update(plan, None, made(at(plan, "09:50"), n + 1))

    (sums,) = booked.everybody.groups.values()

    assert sums.mean_ms[:2] == [50 * 480_000, 0]


def test_places_of_some_services_leave_the_others_alone() -> None:
    by_hand = {"weekdays": [1], "from": "09:00", "to": "17:00", "every_min": 60, "places": 1, "services": ["few"]}
    plan = mixed(places=[by_hand])
    booked = BookingTotals.of(plan)
    booked.update(plan, None, made(at(plan, "09:00"), service="any"))

    assert [slot.free for slot in slots(plan, booked, service="few")] == [1] * 8
    assert len(slots(plan, booked, service="any")) > 8


def test_no_places_by_hand_close_a_span_for_booking() -> None:
    by_hand = {"weekdays": [1], "from": "09:00", "to": "12:00", "every_min": 10, "places": 0}
    plan = study(booking={"notice_s": 0, "places": [by_hand]})

    assert slots(plan)[0].starts_at == at(plan, "12:00")


def test_places_by_hand_are_for_the_hours_the_hall_is_open() -> None:
    by_hand = {"weekdays": [1], "from": "08:00", "to": "18:00", "every_min": 60, "places": 1}

    found = slots(plan := study(booking={"notice_s": 0, "places": [by_hand]}))

    assert (found[0].starts_at, found[-1].starts_at) == (at(plan, "09:00"), at(plan, "16:00"))


def test_a_late_share_is_released_shortly_before_the_start() -> None:
    late = {**NO_WALK_INS, "late_share": 0.5, "late_before_s": 86_400}
    plan = study(booking=late)

    before, after = (
        len(fill(plan, now_at=at(plan, "09:00") - timedelta(seconds=seconds))) for seconds in (8 * 86_400, 3600)
    )

    assert abs(before - after / 2) <= 8
    starts_at = at(plan, "10:00")
    a_day_before = [
        room(plan, BookingTotals.of(plan), VISIT, 1, starts_at, starts_at - timedelta(seconds=seconds))
        for seconds in (86_401, 86_400)
    ]
    assert [found.free for found in a_day_before if found] == [2, 4]


def test_a_late_share_of_places_by_hand_is_of_whole_places() -> None:
    by_hand = {"weekdays": [1], "from": "09:00", "to": "17:00", "every_min": 60, "places": 5}
    plan = study(booking={"late_share": 0.5, "places": [by_hand]})

    assert {slot.free for slot in slots(plan)} == {3}


RESERVED = {
    "partner": "school-1",
    "weekdays": [1],
    "from": "09:00",
    "to": "12:00",
    "share": 0.5,
    "release_before_s": 7200,
}


def test_what_is_kept_for_a_partner_is_its_guests_until_released() -> None:
    plan = study(booking={**NO_WALK_INS, "reserved": [RESERVED]})
    starts_at = at(plan, "10:00")

    def free(seconds: int, partner: str | None = None, booked: BookingTotals | None = None) -> int:
        now_at = starts_at - timedelta(seconds=seconds)
        found = room(plan, booked or BookingTotals.of(plan), VISIT, 1, starts_at, now_at, partner=partner)
        assert found is not None
        return found.free

    assert (free(7201), free(7200)) == (2, 4)
    assert free(7201, "school-1") == 4
    assert free(7201, "school-2") == 2
    came = BookingTotals.of(plan)
    for n in range(2):
        came.update(plan, None, made(starts_at, n + 1, partner="school-1"))
    assert free(7201, None, came) == 2  # the guests took their reserved places
    assert by_hour(plan, fill(plan))[10] in {18, 19}
    assert by_hour(plan, fill(plan))[14] in {36, 37, 38}


def test_what_is_kept_of_places_by_hand_is_of_whole_places() -> None:
    by_hand = {"weekdays": [1], "from": "09:00", "to": "17:00", "every_min": 60, "places": 5}
    plan = study(booking={"places": [by_hand], "reserved": [RESERVED]})
    booked = BookingTotals.of(plan)
    booked.update(plan, None, made(at(plan, "10:00"), partner="school-1"))

    found = {slot.starts_at: slot.free for slot in slots(plan, booked)}

    assert [found[at(plan, local)] for local in ("09:00", "10:00", "14:00")] == [3, 3, 5]
    assert {slot.free for slot in slots(plan, partner="school-1")} == {5}


# Totals.


def test_the_sums_leave_no_trace_of_what_is_gone() -> None:
    plan = mixed(reserved=[RESERVED])
    draw = random.Random(7)  # noqa: S311
    starts = [slot.starts_at for slot in slots(plan, service="any")]
    booked, there = BookingTotals.of(plan), dict[int, Appointment]()
    for n in range(200):
        if there and draw.random() < 0.4:
            gone = there.pop(draw.choice(list(there)))
            booked.update(plan, gone, None)
        else:
            one = made(
                draw.choice(starts), n, service=draw.choice(["any", "few"]), partner=draw.choice([None, "school-1"])
            )
            there[n] = one
            booked.update(plan, None, one)

    assert booked == BookingTotals.of(plan, there.values())
    for one in there.values():
        booked.update(plan, one, None)
    assert booked == BookingTotals.of(plan)


def test_the_sums_are_those_written_whole_and_what_appointments_have_changed_since() -> None:
    plan = mixed(reserved=[RESERVED])
    draw = random.Random(11)  # noqa: S311
    starts = [slot.starts_at for slot in slots(plan, service="any")]
    booked, there, changes = BookingTotals.of(plan), dict[int, Appointment](), list[bytes]()
    whole = msgspec.json.encode(booked).decode()
    for n in range(300):
        before, touched = booked.copy(), list[Appointment]()
        for _ in range(draw.randint(1, 3)):
            was = there.pop(draw.choice(list(there))) if there and draw.random() < 0.5 else None
            now = None
            if was is None or draw.random() < 0.3:
                now = made(
                    draw.choice(starts),
                    len(touched) + 10 * n,
                    service=draw.choice(["any", "few"]),
                    partner=draw.choice([None, "school-1"]),
                    state=(state := draw.choice([AppointmentState.HELD, AppointmentState.BOOKED])),
                    expires_at=long_before(plan) if state is AppointmentState.HELD else None,
                )
                there[len(touched) + 10 * n] = now
            booked.update(plan, was, now)
            touched += [one for one in (was, now) if one is not None]
        change = booked.changes_since(before, plan, touched)
        if change is not None:
            changes.append(msgspec.json.encode(change))

        assert totals_from_json(whole, f"[{b','.join(changes).decode()}]") == booked
    assert max(map(len, changes)) < len(msgspec.json.encode(booked)) / 4


def test_appointments_that_weigh_what_they_weighed_change_no_sums() -> None:
    plan = mixed()
    one = made(at(plan, "09:00"), service="any")
    booked = BookingTotals.of(plan, [one])
    before = booked.copy()
    checked_in = msgspec.structs.replace(one, state=AppointmentState.CHECKED_IN)
    booked.update(plan, one, checked_in)

    assert booked.changes_since(before, plan, [one, checked_in]) is None


def test_the_sums_are_read_as_they_were_written() -> None:
    plan = study(booking={"reserved": [RESERVED]})
    expires_at = at(plan, "08:00")
    appointments = [
        made(at(plan, "09:00"), 1, partner="school-1"),
        made(at(plan, "10:05"), 2, count=3, state=AppointmentState.HELD, expires_at=expires_at),
    ]
    booked = BookingTotals.of(plan, appointments)

    written = msgspec.json.encode(booked)

    assert msgspec.json.decode(written, type=BookingTotals) == booked
    assert len(written) < 1500


def test_a_hold_that_is_over_takes_no_place_in_what_is_told() -> None:
    plan = study(booking=NO_WALK_INS)
    expires_at = long_before(plan)
    held = made(at(plan, "09:00"), state=AppointmentState.HELD, expires_at=expires_at)
    booked = BookingTotals.of(plan, [held])

    before, after = (slots(plan, booked, now_at=expires_at - timedelta(seconds=seconds))[0].free for seconds in (1, 0))

    assert (before, after) == (3, 4)
    assert booked == BookingTotals.of(plan, [held])


def test_a_hold_of_a_service_that_is_no_more_ends_in_a_plan_made_without_it() -> None:
    other = {**STUDY["services"][0], "id": "other", "prefix": "B"}
    both = study(booking=NO_WALK_INS, services=[*STUDY["services"], other])
    expires_at = long_before(both)
    held = made(at(both, "09:00"), service="other", state=AppointmentState.HELD, expires_at=expires_at)
    plan = study(booking=NO_WALK_INS)  # made from the document alone, as for a day that is not in memory

    assert slots(plan, BookingTotals.of(both, [held]), now_at=expires_at) == slots(plan)


def test_a_smaller_plan_says_which_appointments_it_would_not_take() -> None:
    plan = study(booking=NO_WALK_INS)
    appointments = fill(plan)
    smaller = study(booking=NO_WALK_INS, staffing=[{"weekdays": [1], "from": "09:00", "to": "12:00", "counters": 5}])
    afternoon = {one.id for one in appointments if one.starts_at >= at(plan, "12:00")}

    over = over_capacity(smaller, appointments)

    assert over_capacity(plan, appointments) == []
    assert set(over) >= afternoon
    assert len(over) <= len(afternoon) + 1
    without_it = study(services=[{**STUDY["services"][0], "id": "other"}], counters=[])
    assert over_capacity(without_it, appointments) == [one.id for one in appointments]
    assert over_capacity(smaller, [msgspec.structs.replace(appointments[-1], state=AppointmentState.CANCELLED)]) == []
