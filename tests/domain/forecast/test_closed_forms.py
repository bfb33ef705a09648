"""The simulated calls of a part, compared with the results of queueing theory for the same queue."""

import math

import numpy as np
import pytest

from service.domain.forecast.call_simulation import (
    Abandonment,
    LaterArrivals,
    Lines,
    Raised,
    Reappearances,
    simulate_calls,
)
from service.domain.forecast.random_draws import Floats, lognormals, remaining_durations_s, truncated_normals
from service.domain.forecast.start_state import HallPart
from service.domain.model import CounterId
from service.domain.queue.distributions import remaining_s

PATHS = 40
PEOPLE = 3000
SETTLED = 500
"""The first people find an empty hall and are not counted."""


def waits(counters: int, come_s: Floats, durations_s: Floats, keys: Floats, gone: Abandonment | None = None) -> Floats:
    """Return the waits of people (rows) at a hall with identical counters, on each path (columns)."""
    everybody = frozenset(range(counters))
    part = HallPart(tuple(CounterId(str(n)) for n in everybody), ((),) * counters, (everybody,), 1.0, 0.0)
    nobody = np.empty((0, PATHS))
    starts = simulate_calls(
        part,
        np.zeros((PATHS, counters)),
        Lines(np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp), nobody, nobody, None),
        LaterArrivals(np.zeros(PEOPLE, dtype=np.intp), come_s, keys),
        Reappearances(np.empty(0, dtype=np.intp), nobody, nobody),
        durations_s,
        gone,
        np.ones(PEOPLE, dtype=bool),
    )
    return starts.T - come_s


def arriving(random: np.random.Generator, between_s: float) -> Floats:
    """Draw independent arrival times."""
    return np.cumsum(random.exponential(between_s, (PEOPLE, PATHS)), axis=0)


def mean_wait(found: Floats) -> tuple[float, float]:
    """Return the mean over paths, and three times its standard error."""
    of_path = found[SETTLED:].mean(axis=0)
    return float(of_path.mean()), 3 * float(of_path.std(ddof=1)) / math.sqrt(PATHS)


def erlang_c(counters: int, offered: float) -> float:
    """Return the probability that a person has to wait."""
    blocked = 1.0
    for k in range(1, counters + 1):
        blocked = offered * blocked / (k + offered * blocked)
    return counters * blocked / (counters - offered * (1 - blocked))


@pytest.mark.parametrize(("counters", "load"), [(1, 0.6), (3, 0.8), (5, 0.7)])
def test_exponential_services_wait_as_erlang_says(counters: int, load: float) -> None:
    random = np.random.default_rng(1)
    come_s = arriving(random, 300 / (counters * load))
    durations_s = random.exponential(300, (PEOPLE, PATHS))

    mean_s, error_s = mean_wait(waits(counters, come_s, durations_s, come_s))

    offered = counters * load
    assert mean_s == pytest.approx(erlang_c(counters, offered) * 300 / (counters - offered), abs=error_s)


@pytest.mark.parametrize("cv", [0.0, 0.6, 1.5])
def test_one_counter_waits_as_pollaczek_and_khinchine_say(cv: float) -> None:
    random = np.random.default_rng(2)
    come_s = arriving(random, 500)
    normals = random.standard_normal((PEOPLE, PATHS))
    durations_s = lognormals(np.full(PEOPLE, 300.0), np.full(PEOPLE, cv), normals)

    mean_s, error_s = mean_wait(waits(1, come_s, durations_s, come_s))

    assert mean_s == pytest.approx(300**2 * (1 + cv * cv) / 500 / (2 * (1 - 0.6)), abs=error_s)


def test_those_who_always_go_first_wait_as_cobham_says() -> None:
    random = np.random.default_rng(3)
    come_s = arriving(random, 400)
    durations_s = random.exponential(300, (PEOPLE, PATHS))
    first = random.random((PEOPLE, PATHS)) < 0.4

    found = waits(1, come_s, durations_s, come_s - 1e8 * first)

    rest_mean_s = 2 * 300**2 / 400 / 2
    for who, expected_s in ((first, rest_mean_s / (1 - 0.3)), (~first, rest_mean_s / (1 - 0.3) / (1 - 0.75))):
        of_path = np.array([found[SETTLED:, n][who[SETTLED:, n]].mean() for n in range(PATHS)])
        assert of_path.mean() == pytest.approx(expected_s, abs=3 * of_path.std(ddof=1) / math.sqrt(PATHS))


@pytest.mark.parametrize("load", [0.7, 1.4])
def test_those_who_give_up_leave_as_many_as_erlang_a_says(load: float) -> None:
    random = np.random.default_rng(8)
    counters, patience_s = 3, 400.0
    between_s = 300 / (counters * load)
    come_s = arriving(random, between_s)
    gone = Abandonment(come_s + random.exponential(patience_s, come_s.shape), np.zeros(come_s.shape))

    found = waits(counters, come_s, random.exponential(300, come_s.shape), come_s, gone)

    gave_up = (found > gone.from_s - come_s)[SETTLED:].mean(axis=0)
    chances = erlang_a(counters, between_s, 300, patience_s)
    waiting = sum(max(0, present - counters) * chance for present, chance in enumerate(chances))
    error = 3 * float(gave_up.std(ddof=1)) / math.sqrt(PATHS)
    assert float(gave_up.mean()) == pytest.approx(waiting / patience_s * between_s, abs=error)


def erlang_a(counters: int, between_s: float, service_s: float, patience_s: float) -> list[float]:
    """Return the distribution of the number of people present: a birth-death process, with people who give up."""
    weights = [1.0]
    for present in range(1, 200):
        ends_per_s = min(present, counters) / service_s + max(0, present - counters) / patience_s
        weights.append(weights[-1] / between_s / ends_per_s)
    return [weight / sum(weights) for weight in weights]


def test_who_left_without_a_word_keeps_the_counter_that_calls_them() -> None:
    come_s = np.cumsum(np.full((PEOPLE, PATHS), 100.0), axis=0)
    gone = Abandonment(np.full(come_s.shape, np.inf), np.full(come_s.shape, 120.0))
    gone.from_s[0::2] = come_s[0::2] - 1

    found = waits(1, come_s, np.full(come_s.shape, 30.0), come_s, gone)

    assert found[0::2] == pytest.approx(0)
    assert found[1::2] == pytest.approx(20), "the one before came 100 s earlier, and was waited for 120 s"


@pytest.mark.parametrize("elapsed_s", [0.0, 100.0, 600.0])
def test_what_is_left_of_a_service_has_the_mean_of_its_tail(elapsed_s: float) -> None:
    drawn = remaining_durations_s(300, 0.6, elapsed_s, np.ones(20_000), np.random.default_rng(4))

    assert drawn.min() >= 0
    assert drawn.mean() == pytest.approx(remaining_s(300, 0.6, elapsed_s), abs=3 * drawn.std() / math.sqrt(20_000))


def test_what_is_left_of_a_service_that_always_takes_the_same_time_is_the_difference() -> None:
    random = np.random.default_rng(4)

    assert [remaining_durations_s(300, 0, elapsed_s, np.ones(1), random)[0] for elapsed_s in (0, 100, 300, 400)] == [
        300,
        200,
        0,
        0,
    ]


def test_a_forgotten_finish_takes_one_more_service() -> None:
    drawn = remaining_durations_s(300, 0.3, 86_400, np.ones(20_000), np.random.default_rng(5))

    assert drawn.mean() == pytest.approx(300, rel=0.01)


@pytest.mark.parametrize("z", [-np.inf, -1.0, 0.0, 2.0, 6.0])
def test_normals_beyond_a_point_are_those_of_its_tail(z: float) -> None:
    drawn = truncated_normals(z, 1 - np.random.default_rng(6).random(20_000))

    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    mean = density / (0.5 * math.erfc(z / math.sqrt(2)))
    assert drawn.min() >= z
    assert drawn.mean() == pytest.approx(mean, abs=4 * drawn.std() / math.sqrt(20_000))


@pytest.mark.parametrize("rule", [False, True])
def test_those_in_lines_are_called_as_if_each_came_alone(rule: bool) -> None:  # noqa: FBT001
    """One of two counters is on a break for a while and serves only half of what the other serves.

    Every third person has a credit. With a `rule`, the others are raised after waiting for 700 s.
    """
    random = np.random.default_rng(7)
    count, paths = 60, 20
    counters = tuple(CounterId(name) for name in "AB")
    part = HallPart(counters, (((900.0, 1500.0),), ()), (frozenset({0, 1}), frozenset({1})), 1.0, 0.0)
    groups = np.arange(count) % 2
    credits_s = np.where(np.arange(count) // 2 % 3 == 0, 3000.0, 0.0)  # a person with a credit is never raised
    come_s = np.sort(random.uniform(0.0, 3600.0, (count, paths)), axis=0)
    come_s[:10] = -np.arange(10.0, 0.0, -1.0)[:, None]  # people who are here
    come_s[-5:, ::3] = np.inf
    appear_s, keys = np.maximum(come_s, 0.0), np.where(np.isfinite(come_s), come_s, 0.0) - credits_s[:, None]
    raised = Raised(
        np.where(credits_s[:, None] > 0, np.inf, np.maximum(0.0, come_s + 700.0))
        if rule
        else np.full_like(keys, np.inf),
        keys - 4000.0,
    )
    durations_s = random.exponential(110.0, (count, paths))
    free_s = random.uniform(0.0, 60.0, (paths, 2))
    nobody = np.empty((0, paths))
    none = np.empty(0, dtype=np.intp)
    wanted = np.ones(count, dtype=bool)

    alone = simulate_calls(
        part,
        free_s,
        Lines(none, none, nobody, nobody, None),
        LaterArrivals(groups, appear_s, keys),
        Reappearances(np.arange(count), raised.at_s, raised.keys),
        durations_s,
        None,
        wanted,
    )
    in_lines = simulate_calls(
        part,
        free_s,
        Lines(np.array([0, 1, 0, 1]), groups + 2 * (credits_s > 0), appear_s, keys, raised if rule else None),
        LaterArrivals(none, nobody, nobody),
        Reappearances(none, nobody, nobody),
        durations_s,
        None,
        wanted,
    )

    assert np.isfinite(alone).mean() > 0.9
    np.testing.assert_array_equal(in_lines, alone)
