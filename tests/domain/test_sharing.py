"""Waits where services share only some of their counters, compared with simulated queues.

Source: ALGORITHMS 3; DESIGN 6, "Waits" and "Admission of a walk-in".
"""

from collections.abc import Sequence
from random import Random
from statistics import fmean
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.admission import remaining_capacity
from service.domain.admission.walk_in_requests import next_request
from service.domain.admission.walk_ins import admission_of
from service.domain.booking.slots import slots_of
from service.domain.forecast.start_state_builder import start_state_of
from service.domain.forecast.wait_quantiles import waits_and_newcomers_of
from service.domain.hall.document import HallDocument
from service.domain.model import Admission, CounterId, ServiceId, TicketId
from service.domain.queue import analytic_start, dispatch
from service.domain.queue.analytic_start import start_distribution
from service.domain.queue.plan_change_effect import wait_profile
from service.domain.queue.shared_counters import KINDS_MAX, CounterSharing, Staffing, WorkKind
from service.domain.queue.todays_speed import SPEED_SD
from service.domain.queue.waits import outlook_of, wait_of_newcomer
from tests.domain.halls import Hall, town
from tests.domain.test_waits import PATHS, holds, lognormal

ADMITTED, STANDBY = Admission.ADMITTED, Admission.STANDBY
MEAN_S = 480

ONE_OF_FIVE = ("g", "g", "g", "g", "gs")
"""Four counters for `g` only, and one counter for `g` and `s`."""


def hall_of(counters: Sequence[str], **changes: Any) -> HallDocument:  # noqa: ANN401  (any part of the document)
    """Return a hall with one counter for each string; each letter is a service of the counter."""
    services = sorted(set("".join(counters)))
    return town(
        services=[
            {
                "id": name,
                "prefix": name.upper(),
                "stages": ["window"],
                "duration_s": {"mean": MEAN_S, "cv": 0.6},
            }
            for name in services
        ],
        counters=[
            {"id": str(n + 1), "zone": "main", "stage": "window", "services": list(names)}
            for n, names in enumerate(counters)
        ],
        **changes,
    )


def a_queue(counters: Sequence[str], waiting: str, **changes: Any) -> Hall:  # noqa: ANN401  (as above)
    """Return a hall whose counters all serve somebody if possible, with waiting people; one letter for each service."""
    hall = Hall(hall_of(counters, admission="all", **changes))
    hall.open(*(str(n + 1) for n in range(len(counters))))
    for service in waiting:
        hall.take(service)
    for n in range(len(counters)):
        hall.next(str(n + 1))
    hall.day.advance_to(hall.now_at)
    return hall


def simulated_starts(hall: Hall, ticket: TicketId) -> list[float]:
    """Simulate the rest of the day many times, and return the seconds until a ticket's call, sorted."""
    random = Random(20261123)  # noqa: S311  (draws, not secrets)
    day = hall.day
    able = {name: frozenset(counter.services) for name, counter in day.counters.items()}
    line = [one.service for one in dispatch.waiting_in_order(day) if one.n <= day.tickets[ticket].n]
    starts = []
    for _ in range(PATHS // 4):
        speed = random.lognormvariate(-(SPEED_SD**2) / 2, SPEED_SD)
        free = {
            name: 0.0 if counter.ticket is None else lognormal(random, MEAN_S * speed, 0.6)
            for name, counter in day.counters.items()
        }
        left = list(enumerate(line))
        while True:
            name = min(free, key=lambda one: free[one])
            index = next((index for index, (_, service) in enumerate(left) if service in able[name]), None)
            if index is None:
                del free[name]
                continue
            n, _ = left.pop(index)
            if n == len(line) - 1:
                starts.append(free[name])
                break
            free[name] += lognormal(random, MEAN_S * speed, 0.6)
    return sorted(starts)


@pytest.mark.parametrize(
    ("counters", "waiting", "service"),
    [
        (ONE_OF_FIVE, "g" * 40, "s"),
        (ONE_OF_FIVE, "g" * 8, "s"),
        (ONE_OF_FIVE, "gs" * 12, "g"),
        (ONE_OF_FIVE, "gs" * 12, "s"),
        (ONE_OF_FIVE, "ggggs" * 6, "g"),
        (("a", "ab", "b"), "abbb" * 6, "a"),
        (("a", "ab", "b"), "aab" * 8, "b"),
        (("a", "ab", "bc", "c"), "ccccb" * 6, "b"),
        (("a", "ab", "bc", "c"), "abc" * 8, "a"),
        (("ab", "b", "b", "bc", "c", "c"), "bbbbbc" * 4, "a"),
        (("ab", "b", "b", "bc", "c", "c"), "bbbbbc" * 4, "c"),
    ],
)
def test_the_wait_is_what_counters_do_that_share_some_of_their_work(
    counters: Sequence[str], waiting: str, service: str
) -> None:
    hall = a_queue(counters, waiting)
    ticket = hall.take(service)

    wait = outlook_of(hall.day, hall.ticket(ticket), hall.now_at).wait

    holds(wait, simulated_starts(hall, ticket), tolerance_s=150, share=0.12)


@pytest.mark.parametrize(("waiting", "service"), [("g" * 40, "s"), ("g" * 40, "g"), ("s" * 9 + "g" * 20, "g")])
def test_the_wait_is_what_the_forecast_says(waiting: str, service: str) -> None:
    hall = a_queue(ONE_OF_FIVE, waiting)
    state = start_state_of(hall.day, hall.now_at)
    assert state is not None

    wait = wait_of_newcomer(hall.day, ServiceId(service), hall.now_at)

    forecast = waits_and_newcomers_of(state).newcomers[ServiceId(service)]
    assert wait.p50_s is not None
    assert forecast.p50_s is not None
    assert wait.p50_s == pytest.approx(forecast.p50_s, rel=0.07, abs=60)


@pytest.mark.parametrize("alone", ["a", "b"])
def test_who_shares_no_counter_waits_as_if_they_were_alone(alone: str) -> None:
    both = a_queue(("a", "a", "b", "b", "b"), "a" * 12 + "b" * 7)
    one = a_queue({"a": ("a", "a"), "b": ("b", "b", "b")}[alone], {"a": "a" * 12, "b": "b" * 7}[alone])

    service = ServiceId(alone)

    assert wait_of_newcomer(both.day, service, both.now_at) == wait_of_newcomer(one.day, service, one.now_at)


def test_who_shares_all_counters_waits_as_one_service_does() -> None:
    both, one = a_queue(("ab",) * 3, "ab" * 9), a_queue(("a",) * 3, "a" * 18)

    told = [wait_of_newcomer(both.day, ServiceId(service), both.now_at) for service in "ab"]

    assert told == [wait_of_newcomer(one.day, ServiceId("a"), one.now_at)] * 2


@pytest.mark.parametrize(("service", "times"), [("g", 1), ("s", 2)])
def test_what_their_own_counters_do_is_reckoned_apart_only_where_others_do_the_work_too(
    monkeypatch: pytest.MonkeyPatch, service: str, times: int
) -> None:
    hall = a_queue(ONE_OF_FIVE, "g" * 30 + "s")
    reckoned: list[tuple[float, float]] = []

    def counted(*asked: Any) -> tuple[float, float]:  # noqa: ANN401  (as it is asked)
        reckoned.append(start_distribution(*asked))
        return reckoned[-1]

    monkeypatch.setattr(analytic_start, "start_distribution", counted)

    wait_of_newcomer(hall.day, ServiceId(service), hall.now_at)

    assert len(reckoned) == times


def test_a_counter_that_is_idle_is_no_help_to_whom_it_does_not_serve() -> None:
    hall = Hall(hall_of(ONE_OF_FIVE))
    hall.open("1", "2", "3", "4", "5")
    hall.take("s")
    hall.serve("5")

    assert wait_of_newcomer(hall.day, ServiceId("s"), hall.now_at).p50_s == MEAN_S
    assert wait_of_newcomer(hall.day, ServiceId("g"), hall.now_at).p50_s == 0


def test_who_is_ahead_are_those_who_share_a_counter() -> None:
    hall = a_queue(("a", "ab", "bc", "c"), "abc" * 8)
    waiting = [ticket.service for ticket in dispatch.waiting_in_order(hall.day)]

    ticket = hall.ticket(hall.take("a"))

    assert ticket.ahead == sum(service in "ab" for service in waiting)


def test_a_closed_counter_shares_nothing() -> None:
    hall = Hall(hall_of(ONE_OF_FIVE, admission="all"))
    hall.open("1", "2", "3", "4")
    for service in "s" * 30 + "g" * 8:
        hall.take(service)

    told = wait_of_newcomer(hall.day, ServiceId("g"), hall.now_at)

    alone = Hall(hall_of(("g",) * 4))
    alone.open("1", "2", "3", "4")
    for _ in range(8):
        alone.take("g")
    assert told == wait_of_newcomer(alone.day, ServiceId("g"), alone.now_at)


def planned(*bands: tuple[str, str, int]) -> list[dict[str, Any]]:
    return [{"weekdays": [1], "from": from_, "to": to, "counters": counters} for from_, to, counters in bands]


@pytest.mark.parametrize(("open_", "minutes"), [("123", 90), ("12", 0), ("1234", 90), ("", 0)])
def test_a_counter_that_the_plan_has_nobody_for_beside_those_at_work_is_waited_for(open_: str, minutes: int) -> None:
    """The plan staffs three of five counters over lunch. The only counter for `s` opens when more staff comes."""
    staffing = planned(("09:00", "12:00", 5), ("12:00", "13:30", 3), ("13:30", "17:00", 5))
    hall = Hall(hall_of(("g", "g", "g", "g", "s"), staffing=staffing), at="12:00")
    hall.open(*open_)

    ticket = hall.ticket(hall.take("s"))

    state = start_state_of(hall.day, hall.now_at)
    assert state is not None
    assert ticket.wait is not None
    assert ticket.wait.p50_s == waits_and_newcomers_of(state).waits[ticket.id].p50_s == minutes * 60


def test_a_counter_that_the_plan_never_has_anybody_else_for_is_somebodys_who_changes_to_it() -> None:
    hall = Hall(hall_of(("g", "g", "g", "s"), staffing=planned(("09:00", "17:00", 3))))
    hall.open("1", "2", "3")

    assert wait_of_newcomer(hall.day, ServiceId("s"), hall.now_at).p50_s == 0


# Admission.


def how(hall: Hall, service: str) -> Admission | None:
    """Return how a walk-in would be admitted."""
    visitor = next_request(hall.day, hall.day.plan.services[ServiceId(service)], 1, prechecked=False)
    verdict = admission_of(hall.day, visitor, hall.now_at)
    return None if verdict is None else verdict.admission


@pytest.mark.parametrize("waiting", [40, 60, 70])
def test_who_shares_a_counter_with_many_is_let_in_like_them(waiting: int) -> None:
    hall = Hall(hall_of(ONE_OF_FIVE))
    hall.open("1", "2", "3", "4", "5")
    for _ in range(waiting):
        hall.take("g")

    assert [how(hall, service) for service in "gs"] == [ADMITTED, ADMITTED]


def test_bookings_that_many_counters_will_serve_fill_none_of_them() -> None:
    hall = Hall(hall_of(ONE_OF_FIVE), at="-12:00")
    starts = slots_of(hall.day.plan, hall.day.booking_totals, ServiceId("g"), 1, hall.now_at).all()
    for slot in starts[:70]:
        hall.book("g", f"{slot.starts_at.astimezone(hall.zone):%H:%M}")
    hall.at("09:00").open("1", "2", "3", "4", "5")

    assert how(hall, "s") is ADMITTED


def standing_by(waiting: str, service: str) -> tuple[Hall, TicketId]:
    """Return a hall where all people but the last were admitted, and the last ticket, which is on standby."""
    hall = Hall(hall_of(ONE_OF_FIVE), at="15:00")
    hall.open("1", "2", "3", "4", "5")
    for one in waiting:
        assert hall.ticket(hall.take(one)).admission is ADMITTED
    while (ticket := hall.take(service)) and hall.ticket(ticket).admission is ADMITTED:
        assert hall.drawn < 100
    return hall, ticket


def test_nobody_stands_by_for_the_sake_of_somebody_whose_time_they_do_not_take() -> None:
    hall, standby = standing_by("gggg", "s")

    others = [hall.take("g") for _ in range(5)]

    assert hall.ticket(standby).admission is STANDBY
    assert {hall.ticket(ticket).admission for ticket in others} == {ADMITTED}
    assert how(hall, "s") is STANDBY, "who comes for the same counter comes after them"


def test_who_waits_with_the_same_bottleneck_comes_after_who_stands_by() -> None:
    hall, standby = standing_by("", "g")
    last = max(ticket.n for ticket in hall.day.tickets.values())

    assert how(hall, "s") is STANDBY
    assert hall.ticket(standby).n == last


def watched(monkeypatch: pytest.MonkeyPatch, name: str) -> list[Any]:
    """Record the arguments of each call of a function of `remaining_capacity`, from now on."""
    calls: list[Any] = []
    real = getattr(remaining_capacity, name)

    def watch(*args: Any) -> Any:  # noqa: ANN401  (whatever it takes and gives)
        calls.append(args)
        return real(*args)

    monkeypatch.setattr(remaining_capacity, name, watch)
    return calls


def test_who_stands_by_for_two_errands_keeps_their_time_at_the_counters_of_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hall = Hall(hall_of(("gs", "s")), at="15:30")
    hall.open("1", "2")
    for _ in range(18):
        assert hall.ticket(hall.take("s")).admission is ADMITTED
    assert how(hall, "s") is ADMITTED

    standby = hall.take("g", then="s")

    assert hall.ticket(standby).admission is STANDBY
    summed_up = watched(monkeypatch, "_work_in_lines")
    assert how(hall, "s") is STANDBY, "one counter more serves it, and who stands by needs it as well"
    assert len(summed_up) == 1, "whoever is asked about, those in the order are the same"


# The bottleneck itself.


def in_small_parts(able: Sequence[int], loads: Sequence[int], own: int) -> float:
    """Return when a counter is free for the last of a kind: parts of one second, mixed evenly, served in order."""
    mixed = [((part + 0.5) / load, kind) for kind, load in enumerate(loads) for part in range(load)]
    line = [kind for _, kind in sorted(mixed)]
    free = {n: 0.0 for n in range(max(able).bit_length()) if any(counters >> n & 1 for counters in able)}
    while True:
        n = min(free, key=lambda one: (free[one], one))
        index = next((index for index, kind in enumerate(line) if able[kind] >> n & 1), None)
        if index is not None:
            line.pop(index)
            free[n] += 1
        elif able[own] >> n & 1:
            return free[n]
        else:
            del free[n]


def of_kinds(able: Sequence[int]) -> CounterSharing:
    """Return one kind of work for each set of counters; all counters are open."""

    def staffing_of(ready: int, _: int) -> Staffing:
        return Staffing(tuple(CounterId(str(n)) for n in range(ready.bit_length()) if ready >> n & 1), (), (), ())

    return CounterSharing(
        (WorkKind(frozenset([ServiceId(str(n))]), counters, counters) for n, counters in enumerate(able)), staffing_of
    )


@given(
    kinds=st.lists(st.tuples(st.integers(1, 31), st.integers(0, 120)), min_size=1, max_size=5),
    own=st.integers(0, 4),
)
def test_the_bottleneck_is_what_a_queue_in_small_parts_comes_to(kinds: list[tuple[int, int]], own: int) -> None:
    own %= len(kinds)
    able, loads = [counters for counters, _ in kinds], [load for _, load in kinds]

    found = of_kinds(able).bottleneck(own, loads)

    level = sum(loads[kind] for kind in found.kinds) / len(found.staffing.open)
    assert level == pytest.approx(in_small_parts(able, loads, own), abs=4)
    assert own in found.kinds & found.own
    assert set(found.own_staffing.open) <= set(found.staffing.open)


def test_where_too_many_kinds_have_work_all_of_it_is_one_bottleneck() -> None:
    able = [0b1 << n | 0b1 << n + 1 for n in range(KINDS_MAX + 2)]

    found = of_kinds(able).bottleneck(0, [100.0] * len(able))

    assert found.kinds == frozenset(range(len(able)))
    assert (len(found.staffing.open), len(found.own_staffing.open)) == (len(able) + 1, 2)
    assert of_kinds(able).bottleneck(0, [100.0, *[0.0] * (KINDS_MAX + 1)]).kinds == {0}


def test_a_profile_knows_what_is_shared() -> None:
    hall = a_queue(ONE_OF_FIVE, "g" * 40)

    told = max(one.before_p90_s or 0 for one in wait_profile(hall.day, hall.day, hall.now_at)[:1])

    p90_s = wait_of_newcomer(hall.day, ServiceId("s"), hall.now_at).p90_s
    assert p90_s is not None
    assert told == pytest.approx(p90_s, rel=0.1)


def test_the_waits_that_were_drawn_are_not_far_from_those_told() -> None:
    """Check many random halls with up to five services and up to seven counters."""
    told, drawn = [], []
    for seed in range(12):
        random = Random(seed)  # noqa: S311  (as above)
        names = "abcde"[: random.randint(2, 5)]
        counters = ["".join(random.sample(names, random.randint(1, min(3, len(names))))) for _ in range(5)]
        served = sorted(set("".join(counters)))
        weights = [random.random() for _ in served]
        hall = a_queue(counters, "".join(random.choices(served, weights, k=random.choice([8, 30]))))
        state = start_state_of(hall.day, hall.now_at)
        assert state is not None
        forecast = waits_and_newcomers_of(state).newcomers
        for service in map(ServiceId, served):
            wait = wait_of_newcomer(hall.day, service, hall.now_at)
            assert wait.p50_s is not None
            assert forecast[service].p50_s is not None
            told.append(wait.p50_s)
            drawn.append(forecast[service].p50_s or 0)

    error_s = fmean(abs(one - other) for one, other in zip(told, drawn, strict=True))
    assert error_s < 0.1 * fmean(drawn)
