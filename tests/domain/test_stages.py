"""Each stage has its own duration: the pre-check and the cashier take less time than the window."""

import random
from collections import Counter as Tally
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from service.domain.admission import walk_in_requests, walk_ins
from service.domain.admission.walk_ins import AdmissionDecision
from service.domain.booking.booking_totals import BookingTotals
from service.domain.booking.slots import places_of_day, room, slots_of
from service.domain.calendar.day_plan import plan_of
from service.domain.calendar.learned import ExpectedDuration, Learned, LearnedArrivals
from service.domain.calendar.plan import Plan
from service.domain.commands import UndoTicket
from service.domain.forecast.start_state_builder import start_state_of
from service.domain.forecast.wait_quantiles import waits_and_newcomers_of
from service.domain.hall.document import HallDocument, check
from service.domain.model import Admission, ServiceId, StageId
from service.domain.queue.todays_speed import todays_speed
from service.domain.queue.waits import wait_of_newcomer
from service.domain.stats.day_facts import DayFacts
from service.domain.stats.learned_changes import has_changed
from service.domain.stats.learning import learn
from tests.domain.halls import MONDAY, TOWN, Hall, town
from tests.domain.test_slots import at, long_before, made

PRECHECK, WINDOW, CASHIER = StageId("precheck"), StageId("window"), StageId("cashier")
LOAN, PAID, PLAIN = ServiceId("loan"), ServiceId("paid"), ServiceId("plain")


def desk(name: str, stage: str, *services: str) -> dict[str, Any]:
    return {"id": name, "zone": "main", "stage": stage, "services": list(services)}


def loans(**duration: Any) -> HallDocument:  # noqa: ANN401  (parts of `duration_s`)
    """Return a hall with an optional pre-check before five windows."""
    service = {"id": "loan", "prefix": "A", "stages": ["precheck", "window"], "duration_s": {"mean": 300, **duration}}
    windows = [desk(n, "window", "loan") for n in "12345"]
    return town(services=[service], counters=[*windows, desk("P1", "precheck", "loan")])


def offices(cashiers: int = 1, **changes: Any) -> HallDocument:  # noqa: ANN401  (parts of the document)
    """Return a hall with two windows for two services, one of which continues at a cashier."""
    services = [
        {"id": "plain", "prefix": "A", "stages": ["window"], "duration_s": {"mean": 600, "cv": 0.0}},
        {"id": "paid", "prefix": "B", "stages": ["window", "cashier"], "duration_s": {"mean": 600, "cv": 0.0}},
    ]
    return town(
        **{
            "services": services,
            "counters": [
                desk("1", "window", "plain", "paid"),
                desk("2", "window", "plain", "paid"),
                *(desk(f"K{n}", "cashier", "paid") for n in range(1, cashiers + 1)),
            ],
            **changes,
        }
    )


# Expected durations of stages.


def expected(document: HallDocument, stage: StageId, learned: Learned = Learned()) -> ExpectedDuration:  # noqa: B008
    service = next(iter(plan_of(document, 1, MONDAY, (), learned).services.values()))
    mean_s = service.expected_s(stage, 1, prechecked=False)
    return ExpectedDuration(mean_s, service.variance(stage, 1, prechecked=False) ** 0.5 / mean_s)


def test_the_documents_mean_is_that_of_the_last_stage_that_is_not_optional() -> None:
    assert expected(loans(), WINDOW) == ExpectedDuration(300, 0.6)
    assert expected(loans(), PRECHECK).mean_s == 112.5, "a look beforehand takes less than the window"
    assert expected(loans(stages={"precheck": {"mean": 60}}, cv=0.5), PRECHECK) == ExpectedDuration(60, 0.5)
    assert expected(loans(stages={"precheck": {"mean": 60, "cv": 0.2}}), PRECHECK).cv == pytest.approx(0.2)
    both = plan_of(offices(), 1, MONDAY).services[PAID]
    assert {both.expected_s(stage, 1, prechecked=False) for stage in (WINDOW, CASHIER)} == {600}, "nobody says more"


def test_what_was_learned_of_a_stage_takes_the_place_of_what_is_written() -> None:
    learned = Learned(
        durations={LOAN: ExpectedDuration(280.0, 0.5)}, at_stages={LOAN: {PRECHECK: ExpectedDuration(45.0, 0.3)}}
    )

    assert expected(loans(), WINDOW, learned) == ExpectedDuration(280.0, 0.5)
    assert expected(loans(), PRECHECK, learned) == ExpectedDuration(45.0, 0.3)
    assert expected(loans(), WINDOW, Learned(at_stages={LOAN: {WINDOW: ExpectedDuration(45.0, 0.3)}})).mean_s == 45, (
        "it was another stage when it was learned, and is the main one now"
    )


def paying(*passed: str, **duration: object) -> HallDocument:
    """Return a hall with one service of the given stages, three windows and one cashier."""
    service = {"id": "paid", "prefix": "B", "stages": passed, "duration_s": {"mean": 600, "cv": 0.5, **duration}}
    counters = [*(desk(n, "window", "paid") for n in "123"), desk("K1", "cashier", "paid")]
    return town(services=[service], counters=counters, booking={"notice_s": 0})


def test_what_was_learned_of_the_main_stage_is_not_believed_of_another_that_becomes_it() -> None:
    window = paying("window")
    both = paying("window", "cashier", mean=60, stages={"window": {"mean": 600}})
    learned = Learned(durations={PAID: ExpectedDuration(630.0, 0.4)}, main={PAID: WINDOW})

    plan = plan_of(both, 2, MONDAY, (), learned)
    paid = plan.services[PAID]

    assert expected(window, WINDOW, learned) == ExpectedDuration(630, 0.4)
    assert (paid.mean_s, paid.cv) == (60, 0.5), "as its document says"
    assert paid.at_stages == {WINDOW: ExpectedDuration(630.0, 0.4)}, "which it was learned of"
    assert places_of_day(plan, PAID) == places_of_day(plan_of(window, 1, MONDAY, (), learned), PAID)


def test_what_is_learned_says_of_which_stage_and_a_hall_that_did_not_say_it_hears_of_it() -> None:
    day = DayFacts(on=MONDAY, lasted_s={PAID: [600] * 20}, main={PAID: WINDOW})
    window = paying("window")

    learned = learn([day], window, MONDAY + timedelta(1)).every

    assert learned.main == {PAID: WINDOW}
    assert expected(paying("window", "cashier", mean=60), CASHIER, learned).mean_s == 60
    assert not has_changed(learned, learned)
    assert has_changed(replace(learned, main={}), learned)


def test_what_does_not_say_which_stage_was_the_main_one_is_of_the_present_one() -> None:
    written = msgspec.json.encode(Learned(durations={PAID: ExpectedDuration(90.0, 0.4)}))
    before = msgspec.json.decode(written.replace(b'"main":{},', b""), type=Learned)

    assert b'"main":{},' in written
    assert expected(paying("window", "cashier"), CASHIER, before) == ExpectedDuration(90, 0.4)
    assert expected(paying("window", "cashier"), WINDOW, before) == ExpectedDuration(600, 0.5)


def test_a_document_says_of_a_services_other_stages_alone_how_long_they_take() -> None:
    assert check(loans(stages={"precheck": {"mean": 60}})) == []
    assert check(loans(stages={"window": {"mean": 60}, "cashier": {"mean": 60}})) == [
        ("services[0].duration_s.stages", "'window' is its main stage, whose duration is mean"),
        ("services[0].duration_s.stages", "the service has no stage 'cashier'"),
    ]


def test_a_plan_of_before_takes_the_main_stages_time_at_all_stages_and_books_the_main_one() -> None:
    plan = msgspec.to_builtins(plan_of(offices(), 1, MONDAY))
    del plan["booked_by_stage"]
    for service in plan["services"].values():
        del service["at_stages"]

    old = msgspec.convert(plan, Plan)

    assert old.services[PAID].expected_s(WINDOW, 2, prechecked=False) == 1200
    assert BookingTotals.of(old).everybody.groups.keys() == {"plain", "paid"}
    booked = BookingTotals.of(old, [made(at(old, "09:00"), service="paid")])
    assert sum(booked.everybody.groups["plain"].mean_ms) == 0, "as the sums of before were written"
    assert booked.counts_stages_like(old)
    assert not booked.counts_stages_like(plan_of(offices(), 1, MONDAY))
    assert BookingTotals.of(plan_of(offices(services=TOWN["services"][1:2]), 1, MONDAY)).counts_stages_like(old), (
        "one stage is one stage"
    )


# Today's speed, waits and admission.


def a_morning(hall: Hall, people: int, precheck_s: float, window_s: float) -> None:
    """Serve people one after the other at the pre-check and at a window."""
    for _ in range(people):
        hall.take("loan")
        ticket = hall.serve("P1")
        hall.after(precheck_s).finish(ticket)
        ticket = hall.serve("1")
        hall.after(window_s).finish(ticket)


def test_short_pre_checks_do_not_make_the_windows_fast() -> None:
    hall = Hall(loans())
    hall.open("1", "P1")

    a_morning(hall, 20, precheck_s=40, window_s=300)

    assert todays_speed(hall.day, WINDOW)[0] == pytest.approx(1.0)
    assert todays_speed(hall.day, PRECHECK)[0] == pytest.approx((40 + 112.5) / (2 * 112.5)), (
        "twenty say as much as was said"
    )
    state = start_state_of(hall.day, hall.now_at)
    assert state is not None
    speeds = {hall.day.counters[part.counters[0]].stage: part.speed for part in state.parts}
    assert speeds[WINDOW] == pytest.approx(1.0, abs=0.01)
    assert speeds[PRECHECK] == pytest.approx(0.68, abs=0.02)


def test_an_undo_takes_a_visit_out_of_the_speed_of_its_own_stage() -> None:
    hall = Hall(loans())
    hall.open("1", "P1")
    a_morning(hall, 1, precheck_s=40, window_s=500)
    served = next(iter(hall.day.tickets))

    before = todays_speed(hall.day, PRECHECK)
    hall.do(UndoTicket(served))

    assert todays_speed(hall.day, WINDOW)[0] == 1.0
    assert todays_speed(hall.day, PRECHECK) == before


def test_who_waits_for_the_pre_check_waits_for_as_long_as_that_takes() -> None:
    hall = Hall(loans(stages={"precheck": {"mean": 60}}))
    for _ in range(20):
        hall.take("loan")
    hall.open("1", "2", "3", "4", "5", "P1")
    hall.serve("P1")

    wait = wait_of_newcomer(hall.day, LOAN, hall.now_at)
    state = start_state_of(hall.day, hall.now_at)
    assert state is not None

    assert wait.p50_s == pytest.approx(20 * 60, rel=0.02)
    assert waits_and_newcomers_of(state).newcomers[LOAN].p50_s == pytest.approx(20 * 60, rel=0.05)


def test_a_line_takes_what_its_tickets_take_where_they_are_called_now() -> None:
    hall = Hall(loans(stages={"precheck": {"mean": 60}}))
    for _ in range(10):
        hall.take("loan")
    hall.open("1")

    (line,) = hall.day.queue.lines.values()
    at_the_window = line.mean_s
    hall.open("P1")
    at_the_pre_check = line.mean_s, line.variance

    assert (at_the_window, at_the_pre_check) == (300, (60, (0.6 * 60) ** 2))
    assert wait_of_newcomer(hall.day, LOAN, hall.now_at).p50_s == pytest.approx(10 * 60, rel=0.05)


def verdict(hall: Hall) -> AdmissionDecision | None:
    newcomer = walk_in_requests.next_request(hall.day, hall.day.plan.services[LOAN], 1, prechecked=False)
    return walk_ins.admission_of(hall.day, newcomer, hall.now_at)


def test_a_pre_check_that_opens_with_many_waiting_turns_nobody_away_who_fitted() -> None:
    hall = Hall(loans(), at="08:40")
    for _ in range(60):
        hall.take("loan")
    hall.at("13:30").open("1", "2", "3", "4", "5")
    for counter in "12345":
        hall.serve(counter)

    without = verdict(hall)
    hall.open("P1")
    with_it = verdict(hall)

    assert without is not None
    assert with_it is not None
    assert (without.admission, with_it.admission) == (Admission.ADMITTED, Admission.ADMITTED)
    assert with_it.fit is not None
    assert with_it.fit.mean_s == pytest.approx(56 * 112.5, rel=0.05), "one pre-check is the bottleneck now"


def test_who_comes_out_of_a_stage_has_spent_that_stages_time_there() -> None:
    hall = Hall(offices(services=[{**TOWN["services"][2], "id": "paid", "duration_s": PAID_SHORT}], admission="fit"))
    hall.open("1", "2", "K1")
    for _ in range(2):
        hall.take("paid")
        hall.serve(str(len(hall.day.tickets)))

    newcomer = walk_in_requests.next_request(hall.day, hall.day.plan.services[PAID], 1, prechecked=False)
    found = walk_ins.admission_of(hall.day, newcomer, hall.now_at)

    assert found is not None
    assert found.fit is not None
    assert 1000 < (found.fit.mean_s or 0) < 1100, "a window first, then the cashier's minutes"


PAID_SHORT = {"mean": 60, "cv": 0.1, "stages": {"window": {"mean": 600}}}


# Bookings.


def filled(plan: Plan, *services: ServiceId, draw: random.Random) -> list[tuple[ServiceId, datetime]]:
    """Book until nothing is free; assert that each booking takes exactly one free place."""
    booked, found = BookingTotals.of(plan), list[tuple[ServiceId, datetime]]()
    while True:
        free = [
            slot
            for service in services
            for slot in slots_of(plan, booked, service, 1, long_before(plan)).all()
            if slot.free
        ]
        if not free:
            return found
        slot = draw.choice(free)
        for left in range(slot.free, 0, -1):
            there = room(plan, booked, slot.service, 1, slot.starts_at, long_before(plan))
            assert there is not None
            assert there.free == left, "it takes exactly as many as it said"
            booked.update(plan, None, made(slot.starts_at, len(found) + 1, service=slot.service))
            found.append((slot.service, slot.starts_at))


@pytest.mark.parametrize("window_s", [600, 240])
def test_bookings_have_room_at_each_stage_that_nobody_is_spared(window_s: int) -> None:
    """Counted by hand for each hour: work counts where it starts, and the cashier's work after the window's."""
    duration = {"mean": 400, "cv": 0.0, "stages": {"window": {"mean": window_s, "cv": 0.0}}}
    document = offices(
        services=[
            {"id": "plain", "prefix": "A", "stages": ["window"], "duration_s": {"mean": 600, "cv": 0.0}},
            {"id": "paid", "prefix": "B", "stages": ["window", "cashier"], "duration_s": duration},
        ],
        booking={"notice_s": 0, "z": 0.0, "held_share_of_walk_ins": 0.25},
    )
    plan = plan_of(document, 1, MONDAY, (), Learned(no_show=0.0))

    found = filled(plan, PLAIN, PAID, draw=random.Random(window_s))  # noqa: S311

    opens_at = at(plan, "09:00")
    work_s: Tally[tuple[StageId, int]] = Tally()
    for service, starts_at in found:
        stages = [(WINDOW, 600)] if service == PLAIN else [(WINDOW, window_s), (CASHIER, 400)]
        begin_s = (starts_at - opens_at).total_seconds()
        for stage, lasts_s in stages:
            work_s[stage, int(begin_s // 3600)] += lasts_s
            begin_s += lasts_s
    for hour in range(8):
        assert work_s[WINDOW, hour] <= 2 * 3600 * 0.75
        assert work_s[CASHIER, hour] <= 3600 * 0.75
    assert sum(work_s[WINDOW, hour] for hour in range(8)) > 0.9 * 2 * 8 * 3600 * 0.75, "and none is left unused"
    assert all(
        starts_at + timedelta(seconds=window_s + 400) <= at(plan, "17:00") for name, starts_at in found if name == PAID
    )


def test_who_pays_afterwards_takes_a_windows_time_from_all_who_need_one() -> None:
    plan = plan_of(offices(cashiers=2, booking={"notice_s": 0}), 1, MONDAY)

    both = Tally(service for service, _ in filled(plan, PAID, PLAIN, draw=random.Random(1)))  # noqa: S311
    alone = filled(plan, PLAIN, draw=random.Random(2))  # noqa: S311

    assert both.total() <= len(alone) + 2, "two cashiers make no third window"


def test_walk_ins_who_pay_are_foreseen_at_the_window_and_at_the_cashier() -> None:
    duration = {"mean": 60, "cv": 0.0, "stages": {"window": {"mean": 600}}}
    services = [{"id": "paid", "prefix": "B", "stages": ["window", "cashier"], "duration_s": duration}]
    counters = [desk("1", "window", "paid"), desk("K1", "cashier", "paid")]
    learned = Learned(walk_ins={f"{hour:02d}": LearnedArrivals(3.0) for hour in range(9, 17)})

    plan = plan_of(town(services=services, counters=counters), 1, MONDAY, (), learned)
    groups = BookingTotals.of(plan).everybody.groups

    assert groups.keys() == {"paid", "paid@window"}
    grid = plan.__dict__["grid"]
    assert {name: group.walk_ins_s[0] for name, group in grid.groups.items()} == {"paid": 180, "paid@window": 1800}


def test_a_slot_of_several_stages_ends_when_the_last_is_done() -> None:
    plan = plan_of(offices(booking={"notice_s": 0}), 1, MONDAY)

    (first, *_) = slots_of(plan, BookingTotals.of(plan), PAID, 1, long_before(plan)).all()

    assert first.ends_at - first.starts_at == timedelta(minutes=20)


def test_an_optional_stage_takes_no_booking_and_a_stage_that_nobody_is_planned_for_takes_none_away() -> None:
    with_precheck = plan_of(loans(), 1, MONDAY)
    without_cashier = plan_of(offices(cashiers=0), 1, MONDAY)

    assert BookingTotals.of(with_precheck).everybody.groups.keys() == {"loan"}
    assert BookingTotals.of(without_cashier).everybody.groups.keys() == {"plain"}
