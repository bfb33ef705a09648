"""The analytic start, compared with a simulation of the same queue.

Source: DESIGN 6, "Waits"; ALGORITHMS 3 and 4.2.
"""

import math
from datetime import UTC, datetime
from heapq import heapify, heappop, heappush
from random import Random
from statistics import NormalDist, fmean
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.calendar.learned import NOTHING_LEARNED, Learned, Leaving
from service.domain.commands import (
    ChangePlan,
    ChangeTicket,
    CloseCounter,
    LeaveQueue,
    LiftSuspension,
    OpenCounter,
    ParkTicket,
    ResumeTicket,
    Suspend,
    UndoTicket,
)
from service.domain.forecast.stage_speed import current_speed
from service.domain.forecast.start_state_builder import start_state_of
from service.domain.forecast.wait_quantiles import waits_and_newcomers_of, waits_of
from service.domain.hall.document import HallDocument
from service.domain.model import CounterId, ServiceId, Shown, StageId, TicketClass, TicketId, Wait
from service.domain.queue import dispatch
from service.domain.queue.distributions import probability_unfinished, remaining_s
from service.domain.queue.todays_speed import SPEED_SD, todays_speed
from service.domain.queue.waits import outlook_of, unknown_wait, wait_of_newcomer
from service.domain.refusals import CounterNotFound
from tests.domain.halls import DONE, Hall, town

PATHS = 2000
NORMAL = NormalDist()
ENQUIRY, WINDOW = ServiceId("enquiry"), StageId("window")


def lognormal(random: Random, mean_s: float, cv: float, longer_than_s: float = 0.0) -> float:
    """Draw a duration, given that it has already lasted some time."""
    if cv == 0:
        return max(mean_s, longer_than_s)
    variance = math.log1p(cv * cv)
    sigma, mu = math.sqrt(variance), math.log(mean_s) - variance / 2
    passed = NORMAL.cdf((math.log(longer_than_s) - mu) / sigma) if longer_than_s > 0 else 0.0
    u = passed + (1 - passed) * random.random()
    return math.exp(mu + sigma * NORMAL.inv_cdf(min(max(u, 1e-12), 1 - 1e-12)))


class Staff(NamedTuple):
    """The number of counters at work, from some seconds after now."""

    from_s: float
    counters: int


def simulate(hall: Hall, ticket: TicketId, staff: list[Staff]) -> list[float]:
    """Return the seconds until a ticket's call in many simulated rests of the day, with no new arrivals.

    If a change of staff leaves a counter over, that counter rests until the staff grows again.
    """
    day = hall.day
    random = Random(20261123)  # noqa: S311  (draws, not secrets)
    earlier = [
        (day.plan.services[one.service], one.count)
        for one in dispatch.waiting_in_order(day)
        if (one.queue_at, one.n) < (day.tickets[ticket].queue_at, day.tickets[ticket].n)
    ]
    present = [day.tickets[counter.ticket] for counter in day.counters.values() if counter.ticket is not None]
    starts = []
    for _ in range(PATHS):
        speed = math.exp(random.gauss(-(SPEED_SD**2) / 2, SPEED_SD))
        free: list[tuple[float, bool]] = []  # when a counter is next free, and whether it rests until then
        for one in present:
            service = day.plan.services[one.service]
            assert one.started_at is not None
            elapsed_s = (hall.now_at - one.started_at).total_seconds()
            free.append((lognormal(random, service.mean_s * speed, service.cv, elapsed_s) - elapsed_s, False))
        free += [(staff[0].from_s, False)] * (staff[0].counters - len(free))
        heapify(free)
        for service, count in earlier:
            begin_s = next_free(free, staff)
            lasts_s = sum(lognormal(random, service.mean_s * speed, service.cv) for _ in range(count))
            heappush(free, (begin_s + lasts_s, False))
        starts.append(next_free(free, staff))
    return sorted(starts)


def next_free(free: list[tuple[float, bool]], staff: list[Staff]) -> float:
    """Return when the next counter can take a person. Surplus counters rest until the staff grows."""
    while True:
        at_s, _ = heappop(free)
        wanted = [one.counters for one in staff if one.from_s <= at_s][-1]
        if sum(not resting for _, resting in free) < wanted:
            return at_s
        grows_at_s = next(one.from_s for one in staff if one.from_s > at_s and one.counters > wanted)
        heappush(free, (grows_at_s, True))


def enquiries(mean: float = 180, cv: float = 0.6, counters: int = 5, **parts: Any) -> HallDocument:  # noqa: ANN401
    """Return a hall with one service and this number of counters for it."""
    return town(
        services=[{"id": "enquiry", "prefix": "E", "stages": ["window"], "duration_s": {"mean": mean, "cv": cv}}],
        counters=[
            {"id": str(n + 1), "zone": "main", "stage": "window", "services": ["enquiry"]} for n in range(counters)
        ],
        **parts,
    )


def a_queue(
    waiting: int,
    counters: int,
    document: HallDocument,
    services: tuple[str, ...] = ("enquiry",),
    learned: Learned = NOTHING_LEARNED,
) -> Hall:
    """Return a hall whose counters began one minute after the other, and waiting people for each service in turn."""
    hall = Hall(document, learned=learned)
    for counter in range(counters):
        hall.open(str(counter + 1))
        hall.take(services[0])
        hall.serve(str(counter + 1))
        hall.after(60)
    for n in range(waiting):
        hall.take(services[n % len(services)])
    return hall


def p50_of(hall: Hall, ticket: TicketId) -> int:
    wait = outlook_of(hall.day, hall.ticket(ticket), hall.now_at).wait
    assert wait.p50_s is not None
    return wait.p50_s


def holds(wait: Wait, starts: list[float], tolerance_s: float = 30, share: float = 0.1) -> None:
    """Expect the median near the mean of the simulated starts, and most of them between p10 and p90."""
    assert wait.p10_s is not None
    assert wait.p50_s is not None
    assert wait.p90_s is not None
    mean_s = fmean(starts)
    assert abs(wait.p50_s - mean_s) <= max(tolerance_s, share * mean_s)
    within = fmean(wait.p10_s - 1 <= start <= wait.p90_s + 1 for start in starts)
    assert 0.5 <= within <= 0.99


@pytest.mark.parametrize("waiting", [0, 1, 4, 12, 40])
@pytest.mark.parametrize("counters", [1, 3, 5])
def test_the_wait_is_what_a_simulation_of_the_queue_says(waiting: int, counters: int) -> None:
    hall = a_queue(waiting, counters, enquiries())
    ticket = hall.take()

    starts = simulate(hall, ticket, [Staff(0, counters)])

    holds(outlook_of(hall.day, hall.ticket(ticket), hall.now_at).wait, starts)


@pytest.mark.parametrize("waiting", [3, 25])
def test_the_wait_knows_that_services_differ(waiting: int) -> None:
    hall = a_queue(waiting, 3, town(), services=("passport", "enquiry", "enquiry", "card"))
    ticket = hall.take("card")

    starts = simulate(hall, ticket, [Staff(0, 3)])

    holds(outlook_of(hall.day, hall.ticket(ticket), hall.now_at).wait, starts)


@pytest.mark.parametrize("cv", [0.2, 1.2])
@pytest.mark.parametrize("waiting", [2, 20])
def test_the_wait_knows_how_much_services_vary(cv: float, waiting: int) -> None:
    hall = a_queue(waiting, 5, enquiries(cv=cv))
    ticket = hall.take()

    starts = simulate(hall, ticket, [Staff(0, 5)])

    holds(outlook_of(hall.day, hall.ticket(ticket), hall.now_at).wait, starts)


def test_several_people_on_one_ticket_take_as_long_as_several_tickets() -> None:
    hall = a_queue(0, 2, town())
    for _ in range(4):
        hall.take(count=3)
    ticket = hall.take()

    starts = simulate(hall, ticket, [Staff(0, 2)])

    holds(outlook_of(hall.day, hall.ticket(ticket), hall.now_at).wait, starts)


@pytest.mark.parametrize("line", [0, 2, 3, 5, 20])
def test_before_the_opening_the_wait_begins_with_it(line: int) -> None:
    hall = Hall(enquiries(counters=3), at="08:30")
    for _ in range(line):
        hall.take()
    ticket = hall.take()

    wait = outlook_of(hall.day, hall.ticket(ticket), hall.now_at).wait

    if line < 3:
        assert wait == Wait(1800, 1800, 1800, hall.now_at, Shown(30, 35))
    else:
        holds(wait, simulate(hall, ticket, [Staff(1800, 3)]))


def test_counters_that_open_early_call_nobody_before_the_opening() -> None:
    hall = Hall(enquiries(counters=3), at="08:30")
    hall.open("1", "2", "3")

    ticket = hall.ticket(hall.take())

    assert ticket.wait == Wait(1800, 1800, 1800, hall.now_at, Shown(30, 35))


def test_the_wait_knows_that_fewer_counters_are_staffed_at_lunch() -> None:
    staffing = [
        {"weekdays": [1], "from": "09:00", "to": "09:20", "counters": 5},
        {"weekdays": [1], "from": "09:20", "to": "10:00", "counters": 2},
        {"weekdays": [1], "from": "10:00", "to": "17:00", "counters": 5},
    ]
    before, at, after = 15, 40, 60
    hall = a_queue(before, 5, enquiries(staffing=staffing))
    staff = [Staff(0, 5), Staff(900, 2), Staff(3300, 5)]

    for waiting in (before, at, after):
        while len(hall.day.tickets) < waiting + 5:
            hall.take()
        ticket = hall.take()
        holds(
            outlook_of(hall.day, hall.ticket(ticket), hall.now_at).wait, simulate(hall, ticket, staff), tolerance_s=60
        )


# Other parts of the outlook.


def test_who_comes_to_an_idle_counter_does_not_wait() -> None:
    hall = Hall()
    hall.open("1", "2")
    hall.take()

    ticket = hall.ticket(hall.take())

    assert ticket.ahead == 1
    assert ticket.wait == Wait(0, 0, 0, hall.now_at, Shown(0, 5))


def test_nobody_knows_a_wait_for_which_no_counter_is_open_or_planned() -> None:
    counters = [{"id": "1", "zone": "main", "stage": "window", "services": ["enquiry"]}]
    hall = Hall(town(counters=counters, admission="all"))
    nobody = Wait(None, None, None, hall.now_at, None)

    assert hall.ticket(hall.take("card")).wait == nobody
    assert wait_of_newcomer(hall.day, ServiceId("card"), hall.now_at) == nobody
    assert hall.ticket(hall.take("enquiry")).wait != nobody
    hall.do(OpenCounter(CounterId("1"), services=(ServiceId("card"),)))
    assert hall.ticket(hall.take("card")).wait != nobody


def test_nobody_waits_for_a_counter_that_has_left_the_document_and_was_closed() -> None:
    one, two = (
        {"id": n, "zone": "main", "stage": "window", "services": [name]}
        for n, name in (("1", "enquiry"), ("2", "card"))
    )
    hall = Hall(town(counters=[one, two], admission="all"))
    hall.open("1", "2")
    hall.do(ChangePlan(hall.plan(town(counters=[one], admission="all"))))
    assert hall.ticket(hall.take("card")).wait != unknown_wait(hall.now_at), "it is still open"

    hall.do(CloseCounter(CounterId("2")))

    assert isinstance(hall.refuses(OpenCounter(CounterId("2"))), CounterNotFound)
    assert wait_of_newcomer(hall.day, ServiceId("card"), hall.now_at) == unknown_wait(hall.now_at)


def test_of_several_services_that_no_counter_is_for_nobody_knows_any_wait() -> None:
    counters = [{"id": "1", "zone": "main", "stage": "window", "services": ["card"]}]
    hall = Hall(town(counters=counters, admission="all"))
    hall.open("1")
    services = [ServiceId(name) for name in ("passport", "enquiry", "card")]

    newcomers = [wait_of_newcomer(hall.day, service, hall.now_at).p50_s for service in services]
    tickets = [hall.take(service) for service in services]

    assert newcomers == [None, None, 0]
    waits = [hall.ticket(ticket).wait for ticket in tickets]
    assert [wait and wait.p50_s for wait in waits] == newcomers


def test_nobody_knows_a_wait_when_no_staff_is_planned_and_nobody_is_there() -> None:
    staffing = [{"weekdays": [1], "from": "09:00", "to": "12:00", "counters": 5}]
    hall = Hall(enquiries(staffing=staffing), at="12:00")

    assert wait_of_newcomer(hall.day, ENQUIRY, hall.now_at).p50_s is None
    hall.open("1")
    assert wait_of_newcomer(hall.day, ENQUIRY, hall.now_at).p50_s == 0


def test_nobody_knows_a_wait_on_a_day_without_opening() -> None:
    hall = Hall(town(hours=[]))

    assert wait_of_newcomer(hall.day, ENQUIRY, hall.now_at).p50_s is None


def test_a_wait_counts_the_counters_that_are_planned_while_none_is_open() -> None:
    hall = Hall(enquiries(counters=2))
    for _ in range(6):
        hall.take()
    closed = wait_of_newcomer(hall.day, ENQUIRY, hall.now_at)

    hall.open("1", "2")

    assert wait_of_newcomer(hall.day, ENQUIRY, hall.now_at) == closed


def test_after_closing_the_wait_is_until_the_open_counters_have_served_everybody() -> None:
    hall = Hall(enquiries(counters=2, admission="all"), at="16:59")
    for _ in range(6):
        hall.take()
    hall.open("1")
    ticket = hall.ticket(hall.take())

    hall.at("18:00")

    wait = outlook_of(hall.day, ticket, hall.now_at).wait
    assert wait.p50_s == 6 * 180
    hall.do(CloseCounter(CounterId("1")))
    assert outlook_of(hall.day, ticket, hall.now_at).wait.p50_s is None


def test_who_stands_later_does_not_wait_less() -> None:
    hall = a_queue(40, 3, town(), services=("enquiry", "passport", "card"))
    line = list(dispatch.waiting_in_order(hall.day))

    waits = [outlook_of(hall.day, ticket, hall.now_at).wait for ticket in line]

    for quantile in ("p10_s", "p50_s", "p90_s"):
        told = [getattr(wait, quantile) for wait in waits]
        assert told == sorted(told)
    assert [ticket.ahead for ticket in line] == list(range(40))


def test_a_newcomer_is_told_what_the_ticket_then_says() -> None:
    hall = a_queue(7, 3, town(), services=("enquiry", "passport"))

    for service in ("enquiry", "passport", "card"):
        told = wait_of_newcomer(hall.day, ServiceId(service), hall.now_at)
        assert hall.ticket(hall.take(service)).wait == told


def test_whoever_leaves_shortens_the_wait_of_those_behind() -> None:
    hall = a_queue(10, 2, enquiries())
    line = list(dispatch.waiting_in_order(hall.day))
    before = [p50_of(hall, ticket.id) for ticket in line]

    hall.do(LeaveQueue(line[4].id))

    after = [p50_of(hall, ticket.id) for ticket in line]
    assert after[:4] == before[:4]
    assert all(now == pytest.approx(then - 90, abs=1) for now, then in zip(after[5:], before[5:], strict=True))


@pytest.mark.parametrize("leaving", [Leaving(left_per_h=3.0), Leaving(1.0, 4.0, 90.0)])
@pytest.mark.parametrize("waiting", [3, 40])
def test_the_wait_knows_that_some_give_up(waiting: int, leaving: Leaving) -> None:
    hall = a_queue(waiting, 2, enquiries(cv=0.0), learned=Learned(leaving=leaving))
    random = Random(1)  # noqa: S311  (draws, not secrets)
    starts = []
    for _ in range(400):
        free = [60.0, 120.0]  # they began two minutes ago, and one
        for _ in range(waiting):
            at_s = heappop(free)
            left = random.expovariate(leaving.left_per_h / 3600) < at_s
            gone = bool(leaving.no_show_per_h) and random.expovariate(leaving.no_show_per_h / 3600) < at_s
            heappush(free, at_s + (0.0 if left else leaving.no_show_s if gone else 180.0))
        starts.append(free[0])

    assert p50_of(hall, hall.take()) == pytest.approx(fmean(starts), rel=0.05, abs=20)


def test_who_comes_back_from_a_park_is_told_the_wait_of_the_new_place() -> None:
    hall = a_queue(5, 2, enquiries())
    ticket = hall.take()
    hall.do(ParkTicket(ticket))
    for _ in range(5):
        hall.after(300).take()

    hall.do(ResumeTicket(ticket))

    back = hall.ticket(ticket)
    assert back.ahead == dispatch.count_ahead(hall.day, back) == 7
    assert back.wait == outlook_of(hall.day, back, hall.now_at).wait


def test_who_turns_green_is_told_the_wait_of_the_new_place() -> None:
    hall = a_queue(9, 2, enquiries())
    ticket = hall.take()

    hall.do(ChangeTicket(ticket, class_=TicketClass.GREEN, reason="urgent"))

    assert hall.ticket(ticket).ahead == 0
    assert hall.ticket(ticket).wait == outlook_of(hall.day, hall.ticket(ticket), hall.now_at).wait


@pytest.mark.parametrize("waiting", [0, 3, 40])
def test_who_asks_not_to_be_called_before_a_time_waits_until_then_at_least(waiting: int) -> None:
    hall = a_queue(waiting, 2, enquiries(counters=3))
    if not waiting:
        hall.open("3")  # idle: it calls them no sooner
    ticket = hall.take()

    hall.do(ChangeTicket(ticket, not_before_at=hall.instant("10:00")))

    until_s = (hall.instant("10:00") - hall.now_at).total_seconds()
    wait = hall.ticket(ticket).wait
    assert wait is not None
    assert wait.p10_s is not None
    assert wait.p10_s >= until_s
    assert wait.p50_s == outlook_of(hall.day, hall.ticket(ticket), hall.now_at).wait.p50_s
    if waiting < 40:
        state = start_state_of(hall.day, hall.now_at)
        assert state is not None
        drawn = waits_of(state)[ticket]
        assert (wait.p10_s, wait.p50_s) == (drawn.p10_s, drawn.p50_s) == (until_s, until_s)
    if not waiting:
        assert hall.next("3") is None


# A suspension.


def suspended(waiting: int, until: str | None) -> Hall:
    """Return a hall with services of five minutes, suspended shortly after its two counters have begun."""
    hall = a_queue(waiting, 2, enquiries(mean=300, counters=2))
    hall.do(Suspend({"en": "Fire alarm"}, None if until is None else hall.instant(until)))
    return hall


@pytest.mark.parametrize(("until", "waiting"), [("09:03", 0), ("09:03", 6), ("09:20", 1), ("09:20", 12), ("10:30", 5)])
def test_the_wait_begins_with_the_end_of_a_suspension(until: str, waiting: int) -> None:
    hall = suspended(waiting, until)
    ticket = next(reversed(list(dispatch.waiting_in_order(hall.day))), None)
    state = start_state_of(hall.day, hall.now_at)
    assert state is not None

    if ticket is None:
        wait, drawn = wait_of_newcomer(hall.day, ENQUIRY, hall.now_at), waits_and_newcomers_of(state).newcomers[ENQUIRY]
    else:
        wait, drawn = outlook_of(hall.day, ticket, hall.now_at).wait, waits_of(state)[ticket.id]

    assert wait.p10_s is not None
    assert wait.p10_s >= (hall.instant(until) - hall.now_at).total_seconds()
    assert wait.p50_s == pytest.approx(drawn.p50_s, rel=0.1, abs=60)


def test_nobody_knows_a_wait_while_nobody_knows_when_calls_go_on() -> None:
    hall = suspended(4, None)

    assert wait_of_newcomer(hall.day, ENQUIRY, hall.now_at) == Wait(None, None, None, hall.now_at, None)


def test_a_suspension_that_ends_after_closing_is_waited_for() -> None:
    hall = Hall(enquiries(counters=2, admission="all"), at="16:30")
    ticket = hall.take()
    hall.open("1", "2")
    hall.do(Suspend({"en": "Fire alarm"}, hall.instant("17:10")))

    wait = outlook_of(hall.day, hall.ticket(ticket), hall.now_at).wait

    assert wait.p50_s == 40 * 60


def test_a_suspension_until_the_end_of_all_calendars_is_one() -> None:
    hall = Hall(enquiries(counters=2, admission="all"))
    hall.book("enquiry", "11:00")
    ticket = hall.take()
    hall.open("1", "2")
    hall.do(Suspend({"en": "Fire alarm"}, datetime.max.replace(tzinfo=UTC)))
    state = start_state_of(hall.day, hall.now_at)

    wait = outlook_of(hall.day, hall.ticket(ticket), hall.now_at).wait

    assert state is not None
    assert wait.p10_s is not None


def five_at_work(alarm_s: float) -> Hall:
    """Five counters begin, and 45 people wait; after two minutes an alarm suspends the hall for `alarm_s`."""
    hall = Hall(enquiries(mean=300, counters=5, admission="all"))
    for _ in range(50):
        hall.take()
    hall.open("1", "2", "3", "4", "5")
    for counter in "12345":
        hall.serve(counter)
    hall.after(120)
    if alarm_s:
        hall.do(Suspend({"en": "Fire alarm"}))
        hall.after(alarm_s).do(LiftSuspension())
    return hall.after(60)


@pytest.mark.parametrize("done", [False, True])
def test_whom_an_alarm_interrupted_makes_nobody_wait_longer_than_the_alarm(done: bool) -> None:  # noqa: FBT001
    with_it, without = five_at_work(12 * 60), five_at_work(0)
    for hall in (with_it, without):
        if done:
            hall.after(120)
            for counter in "12345":
                ticket = hall.counter(counter).ticket
                assert ticket is not None
                hall.finish(ticket)

    (found, drawn), (usual, usually_drawn) = (
        (wait_of_newcomer(hall.day, ENQUIRY, hall.now_at).p50_s, waits_and_newcomers_of(state).newcomers[ENQUIRY].p50_s)
        for hall in (with_it, without)
        for state in [start_state_of(hall.day, hall.now_at)]
        if state is not None
    )

    assert todays_speed(with_it.day, WINDOW)[0] == pytest.approx(1.0)
    assert current_speed(with_it.day, WINDOW, with_it.now_at)[0] == pytest.approx(1.0, abs=0.02)
    assert found == pytest.approx(usual, rel=0.01)
    assert drawn == pytest.approx(usually_drawn, rel=0.1)


def test_an_undo_takes_nothing_out_of_the_speed_that_was_not_in_it() -> None:
    hall = five_at_work(12 * 60)
    ticket = hall.counter("1").ticket
    assert ticket is not None

    hall.finish(ticket)
    hall.do(UndoTicket(ticket))
    hall.after(60).finish(ticket)

    assert todays_speed(hall.day, WINDOW)[0] == 1.0


@given(st.floats(30, 3600), st.floats(0.1, 2), st.floats(0, 3), st.floats(0, 3))
def test_how_likely_a_service_lasts_longer_is_the_ratio_of_its_tails(
    mean_s: float, cv: float, lasted: float, more: float
) -> None:
    variance = math.log1p(cv * cv)
    log = NormalDist(math.log(mean_s) - variance / 2, math.sqrt(variance))

    def longer(seconds: float) -> float:
        return 1.0 if seconds == 0 else 1 - log.cdf(math.log(seconds))

    found = probability_unfinished(mean_s, cv, lasted * mean_s, more * mean_s)

    if longer(lasted * mean_s) > 1e-5:
        assert found == pytest.approx(longer((lasted + more) * mean_s) / longer(lasted * mean_s), abs=1e-4)
    assert 0 <= found <= 1


def test_a_service_of_always_the_same_time_is_over_or_not() -> None:
    assert [probability_unfinished(300, 0, 100, more_s) for more_s in (100, 199, 200, 500)] == [1, 1, 0, 0]
    assert probability_unfinished(300, 0, 400, 100) == 1, "one that was forgotten is taken to begin anew"


def test_a_slow_day_makes_the_wait_longer_and_surer() -> None:
    hall = a_queue(0, 1, enquiries(counters=1))
    slow = a_queue(0, 1, enquiries(counters=1))
    for _ in range(40):
        for one, lasts_s in ((hall, 180), (slow, 270)):
            one.take()
            one.after(lasts_s).next("1", DONE)
    for one in (hall, slow):
        for _ in range(20):
            one.take()

    usual = wait_of_newcomer(hall.day, ENQUIRY, hall.now_at)
    longer = wait_of_newcomer(slow.day, ENQUIRY, slow.now_at)

    assert usual.p50_s is not None
    assert longer.p50_s is not None
    spent = slow.day.service_times[StageId("window")]
    learned = (9600 + spent.actual_s) / (9600 + spent.expected_s)
    assert 1.1 < learned < 1.5
    assert longer.p50_s == pytest.approx(learned * usual.p50_s, rel=0.03)


def test_the_range_shown_is_rounded_outward_to_the_halls_steps() -> None:
    for step in (1, 5, 10):
        hall = a_queue(9, 2, enquiries(rules={"promise": {"step_min": step}}))
        wait = wait_of_newcomer(hall.day, ENQUIRY, hall.now_at)

        assert wait.shown is not None
        assert wait.p10_s is not None
        assert wait.p90_s is not None
        assert wait.shown.from_min * 60 <= wait.p10_s < (wait.shown.from_min + step) * 60
        assert (wait.shown.to_min - step) * 60 < wait.p90_s <= wait.shown.to_min * 60
        assert wait.shown.from_min % step == wait.shown.to_min % step == 0


def test_a_forgotten_finish_counts_as_one_service_and_no_more() -> None:
    hall = a_queue(0, 1, enquiries(counters=1))
    ticket = hall.take()
    told = []
    for _ in range(7 * 60):
        hall.after(60)
        told.append(p50_of(hall, ticket))

    assert max(told) <= 3 * 180
    assert min(told) > 0


# The rest of a service.


def numeric_rest(mean_s: float, cv: float, elapsed_s: float) -> float:
    """Integrate P(X > t) from the elapsed time, divided by P(X > elapsed), by Simpson's rule in ln t."""
    variance = math.log1p(cv * cv)
    sigma, mu = math.sqrt(variance), math.log(mean_s) - variance / 2

    def longer(log_t: float) -> float:
        return 0.5 * math.erfc((log_t - mu) / sigma / math.sqrt(2))

    steps, start = 4000, math.log(elapsed_s)
    width = (mu + 12 * sigma - start) / steps
    weights = [1, *([4, 2] * (steps // 2 - 1)), 4, 1]
    integral = sum(weight * longer(start + n * width) * math.exp(start + n * width) for n, weight in enumerate(weights))
    return integral * width / 3 / longer(start)


@given(st.floats(30, 3600), st.floats(0.1, 2), st.floats(0.05, 3))
def test_the_rest_of_a_service_is_the_integral_of_its_tail(mean_s: float, cv: float, lasted: float) -> None:
    sigma = math.sqrt(math.log1p(cv * cv))
    elapsed_s = mean_s * math.exp(-sigma * sigma / 2 + (lasted - 1) * sigma)

    assert remaining_s(mean_s, cv, elapsed_s) == pytest.approx(numeric_rest(mean_s, cv, elapsed_s), rel=1e-4)


@pytest.mark.parametrize("elapsed_s", [0, -5])
def test_a_service_that_has_just_begun_has_all_its_mean_ahead(elapsed_s: float) -> None:
    assert remaining_s(300, 0.6, elapsed_s) == 300


def test_a_service_that_always_takes_the_same_time_has_the_difference_ahead() -> None:
    assert [remaining_s(300, 0, elapsed_s) for elapsed_s in (0, 100, 300, 400)] == [300, 200, 0, 0]


def test_a_service_far_over_its_time_is_expected_to_take_one_more() -> None:
    assert remaining_s(300, 0.3, 86_400) == 300
